"""Imports: CSV files of entities, people, front ends and SenderComps, all of a file or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, insert, select

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.people import MAY_OPERATE, Actor
from dropcopy_tui.services.base import Service
from dropcopy_tui.services.csv_lines import Cells, LineError, Tally, csv_rows
from dropcopy_tui.services.import_kinds import KEY_SEPARATOR, KINDS, Entry, ImportKind, Kind
from dropcopy_tui.services.rights import require
from dropcopy_tui.services.trail import record

__all__ = ["ImportKind", "ImportReport", "Imports", "LineError"]

_BATCH = 5_000
_LONGEST_KEY = 80
# The keys of the file's own lines. It lives as long as the import, in the connection alone.
_SEEN = Table(
    "import_seen",
    MetaData(),
    Column("key", String, primary_key=True),
    Column("line", Integer, nullable=False),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file: rows read, rows now in the store (none of a dry run), and bad lines.

    Every bad line is counted in `rejected`; `errors` explains the first hundred.
    """

    read: int
    imported: int
    rejected: int
    errors: tuple[LineError, ...]


class _NothingKept(Exception):
    """Ends the transaction without a trace: a line was bad, or it was a dry run."""


class Imports(Service):
    """Brings files into the store."""

    def import_csv(self, actor: Actor, kind: ImportKind, stream: BinaryIO, *, dry_run: bool = False) -> ImportReport:
        """Import every row of the file, or none when a line is bad. The file is never held whole.

        Args:
            actor: who imports.
            kind: what the file holds.
            stream: the file, opened in binary mode.
            dry_run: check everything, the store's constraints as well, and keep nothing.

        Raises:
            NotEntitled: the person does not operate the desk.
        """
        kind = ImportKind(kind)
        tally = Tally()
        try:
            with self._store.write() as session:
                require(session, actor, MAY_OPERATE)
                _Import(session.connection(), KINDS[kind](session.connection(), self._now()), tally).run(stream)
                if tally.rejected or dry_run:
                    raise _NothingKept
                counts = {"read": tally.read, "imported": tally.read}
                record(
                    session,
                    self._means,
                    actor,
                    "imports:done",
                    kind.value,
                    after={"kind": kind.value, **counts},
                )
        except _NothingKept:
            return ImportReport(tally.read, 0, tally.rejected, tuple(tally.errors))
        return ImportReport(tally.read, tally.read, 0, ())


class _Import:
    """One import, inside its transaction."""

    def __init__(self, connection: Connection, kind: Kind, tally: Tally) -> None:
        self._connection = connection
        self._kind = kind
        self._tally = tally

    def run(self, stream: BinaryIO) -> None:
        """Read the file to its end, batch by batch."""
        _SEEN.create(self._connection)
        rows = csv_rows(stream, self._kind.columns, self._tally)
        while batch := list(islice(rows, _BATCH)):
            self._take(batch)
            self._tally.settle()
        _SEEN.drop(self._connection)

    def _take(self, batch: Sequence[tuple[int, Cells | None]]) -> None:
        """Check a batch and insert it, unless a bad line made the import hopeless already."""
        entries = []
        for line, cells in batch:
            if cells is not None:
                try:
                    entries.append(self._kind.entry(line, cells))
                except InvalidValue as problem:
                    self._tally.bad(line, problem.message)
        if entries:
            self._refuse_repeats(entries)
        if not self._tally.rejected and entries:
            self._kind.insert(entries)

    def _refuse_repeats(self, entries: Sequence[Entry]) -> None:
        """Count the entries that the file or the store has already, and remember the rest of the keys.

        The file is asked first: rows of earlier batches are in the store too.
        """
        seen = self._seen([key for entry in entries for key in entry.keys])
        stored = self._kind.stored(entries)
        new: dict[str, int] = {}
        for entry in entries:
            problem = _repeat(entry, seen, stored)
            if problem:
                self._tally.bad(entry.line, problem)
            for key in entry.keys:
                if key not in seen:
                    seen[key] = new[key] = entry.line
        if new:
            self._connection.execute(insert(_SEEN), [{"key": k, "line": n} for k, n in new.items()])

    def _seen(self, keys: Sequence[str]) -> dict[str, int]:
        """The keys that earlier batches had, and the line of each."""
        found = self._connection.execute(select(_SEEN.c.key, _SEEN.c.line).where(_SEEN.c.key.in_(keys)))
        return {row.key: row.line for row in found}


def _repeat(entry: Entry, seen: dict[str, int], stored: set[str]) -> str:
    """What the entry repeats, in words, or nothing."""
    for key in entry.keys:
        if key in seen or key in stored:
            shown = shorten(" ".join(key.split(KEY_SEPARATOR)), _LONGEST_KEY)
            where = f"also on line {seen[key]}" if key in seen else "already in the store"
            return f"{shown} is {where}."
    return ""

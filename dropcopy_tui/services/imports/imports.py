"""Imports: CSV files of entities, people, front ends and SenderComps, all of a file or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.people import MAY_OPERATE, Actor
from dropcopy_tui.services.imports.csv_lines import LineError, LineTally, csv_rows
from dropcopy_tui.services.imports.kinds import (
    KEY_SEPARATOR,
    EntityFile,
    FileEntry,
    FileKind,
    FrontEndFile,
    ImportKind,
    PeopleFile,
    SenderCompFile,
)
from dropcopy_tui.services.imports.sessions import SessionFile
from dropcopy_tui.services.unit_of_work import Service
from dropcopy_tui.store.search import index_new

__all__ = ["ImportKind", "ImportReport", "Imports", "LineError"]

# Small enough for one IN of every database, and for what a batch makes to be gone before it grows old.
_BATCH = 1_000
_LONGEST_KEY = 80
KINDS: dict[ImportKind, type[FileKind]] = {
    ImportKind.ENTITIES: EntityFile,
    ImportKind.PEOPLE: PeopleFile,
    ImportKind.FRONT_ENDS: FrontEndFile,
    ImportKind.SENDERCOMPS: SenderCompFile,
    ImportKind.SESSIONS: SessionFile,
}


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
        tally = LineTally()
        try:
            with self._writing(actor) as uow:
                uow.require(MAY_OPERATE)
                made = KINDS[kind](uow.tx.connection(), uow.now)
                made.importer = actor.person_id
                _Import(made, tally).run(stream)
                index_new(uow.tx)
                # Only now: the constraints of the store have had their say about every line.
                if tally.rejected or dry_run:
                    raise _NothingKept
                counts = {"read": tally.read, "imported": tally.read}
                uow.record("imports:done", kind.value, after={"kind": kind.value, **counts})
        except _NothingKept:
            return ImportReport(tally.read, 0, tally.rejected, tuple(tally.errors))
        return ImportReport(tally.read, tally.read, 0, ())


class _Import:
    """One import, inside its transaction."""

    def __init__(self, kind: FileKind, tally: LineTally) -> None:
        self._kind = kind
        self._tally = tally

    def run(self, stream: BinaryIO) -> None:
        """Read the file to its end, batch by batch, whatever is wrong with it."""
        lines = self._entries(stream)
        while batch := list(islice(lines, _BATCH)):
            entries = self._fresh([entry for entry in batch if entry is not None])
            if entries:
                self._kind.insert(entries)
                self._kind.remember(entries)
            self._tally.settle()
        self._tally.settle()  # the line that ended the reading may stand after the last batch

    def _entries(self, stream: BinaryIO) -> Iterator[FileEntry | None]:
        """What each line says, or None for a bad one, which is counted here or where it was read."""
        for line, cells in csv_rows(stream, self._kind.columns, self._tally):
            try:
                yield None if cells is None else self._kind.entry(line, cells)
            except InvalidValue as problem:
                self._tally.bad(line, problem.message)
                yield None

    def _fresh(self, entries: Sequence[FileEntry]) -> list[FileEntry]:
        """The entries that neither the store nor a good line before them has; the rest is counted."""
        held = self._kind.held(entries) if entries else {}
        fresh = []
        for entry in entries:
            repeated = next((key for key in entry.keys if key in held), None)
            if repeated is None:
                fresh.append(entry)
                held.update(dict.fromkeys(entry.keys, entry.line))
            else:
                self._tally.bad(entry.line, _repeats(repeated, held[repeated]))
        return fresh


def _repeats(key: str, line: int) -> str:
    shown = shorten(" ".join(part for part in key.split(KEY_SEPARATOR) if part), _LONGEST_KEY)
    return f"{shown} is also on line {line}." if line else f"{shown} is already in the store."

"""Imports: CSV files of entities, people, front ends, SenderComps and sessions, all of a file or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO

from sqlalchemy.exc import IntegrityError

from dropcopy_tui.domain.errors import ChangedMeanwhile, InvalidValue
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.people import MAY_OPERATE, Actor
from dropcopy_tui.domain.work import Work, step
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.imports import sendercomps
from dropcopy_tui.services.imports.csv_lines import Cells, Columns, LineError, LineTally, csv_rows
from dropcopy_tui.services.imports.kinds import (
    KEY_SEPARATOR,
    EntityCodes,
    EntityFile,
    FileEntry,
    FileKind,
    FrontEndFile,
    ImportKind,
    PeopleFile,
)
from dropcopy_tui.services.imports.sendercomps import (
    WAITING,
    SenderCompLines,
    WaitingRow,
    check_repeats,
    insert_waiting,
)
from dropcopy_tui.services.imports.sessions import SessionFile
from dropcopy_tui.services.imports.updates import UpdateSummary, apply_update, summary_of
from dropcopy_tui.services.unit_of_work import Service, reading, writing
from dropcopy_tui.store.bulk import BulkStore, bulk_store, require_space

__all__ = ["ImportKind", "ImportReport", "Imports", "LineError", "UpdateReport", "UpdateSummary"]

# Small enough for one IN of every database, and for what a batch makes to be gone before it grows old.
_BATCH = 1_000
_LONGEST_KEY = 80
KINDS: dict[ImportKind, type[FileKind]] = {
    ImportKind.ENTITIES: EntityFile,
    ImportKind.PEOPLE: PeopleFile,
    ImportKind.FRONT_ENDS: FrontEndFile,
    ImportKind.SESSIONS: SessionFile,
}
# What each kind that `--update` does not change is changed with.
_CHANGED_WITH = {
    ImportKind.ENTITIES: "An entity that was imported keeps its name and its kind",
    ImportKind.PEOPLE: "Change people and their roles with: dropcopy people",
    ImportKind.FRONT_ENDS: "Change which front ends an entity may use with: dropcopy front-ends",
    ImportKind.SESSIONS: "A session keeps its kind and gateway; retire it with: dropcopy sessions retire",
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


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What became of a file that updates. `summary` is None where a line is bad; `done` is whether it was applied."""

    read: int
    rejected: int
    errors: tuple[LineError, ...]
    summary: UpdateSummary | None = None
    done: bool = False


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
            dry_run: check everything and keep nothing.

        Raises:
            NotEntitled: the person does not operate the desk.
            Interrupted: the long work that this is a part of was cancelled; nothing was imported.
        """
        kind = ImportKind(kind)
        if kind is ImportKind.SENDERCOMPS:
            return self._import_sender_comps(actor, stream, dry_run=dry_run)
        tally = LineTally()
        try:
            with self._writing(actor) as uow:
                uow.require(MAY_OPERATE)
                made = KINDS[kind](uow.tx, uow.now)
                made.importer = actor.person_id
                _Import(made, tally).run(stream)
                # Only now: the constraints of the store have had their say about every line.
                if tally.rejected or dry_run:
                    raise _NothingKept
                counts = {"read": tally.read, "imported": tally.read}
                uow.record("imports:done", kind.value, after={"kind": kind.value, **counts})
        except _NothingKept:
            return ImportReport(tally.read, 0, tally.rejected, tuple(tally.errors))
        return ImportReport(tally.read, tally.read, 0, ())

    def update_csv(
        self,
        actor: Actor,
        kind: ImportKind,
        stream: BinaryIO,
        *,
        dry_run: bool = False,
        confirm: Callable[[UpdateSummary], None] | None = None,
    ) -> UpdateReport:
        """Import new SenderComps, and change the status, guarantor and gateway of those that the store has.

        Args:
            actor: who imports.
            kind: SenderComps; nothing else is changed by a file.
            stream: the file, opened in binary mode.
            dry_run: say what would change, and change nothing.
            confirm: is asked with the summary before anything is changed, unless nothing would be; it raises to stop.

        Raises:
            InvalidValue: files of this kind change nothing.
            NotEntitled: the person does not operate the desk.
            ChangedMeanwhile: the store is not as it was when the summary was confirmed.
            Interrupted: the long work that this is a part of was cancelled; nothing was changed.
        """
        kind = ImportKind(kind)
        if kind in _CHANGED_WITH:
            raise InvalidValue(
                f"--update applies to sendercomps. {_CHANGED_WITH[kind]}. Nothing was changed.", "update"
            )
        with self._waiting(actor, stream, update=True) as (bulk, tally):
            if tally.rejected:
                return UpdateReport(tally.read, tally.rejected, tuple(tally.errors))
            resources = replace(self._resources, store=bulk)
            with reading(resources, actor) as uow:
                summary = summary_of(uow.tx, tally.header, tally.read)
            if dry_run or not summary.changes:
                return UpdateReport(tally.read, 0, (), summary)
            if confirm is not None:
                confirm(summary)
            _require_room(resources, tally.read)
            with writing(resources, actor) as uow:
                uow.require(MAY_OPERATE)
                if summary_of(uow.tx, tally.header, tally.read) != summary:
                    raise ChangedMeanwhile(
                        "The SenderComps were changed while you confirmed. Nothing was imported. Try again."
                    )
                apply_update(uow.tx, tally.header, summary)
                counts = {
                    "read": tally.read,
                    "new": summary.new,
                    "changed": summary.changed,
                    "unchanged": summary.unchanged,
                    "gone": summary.gone,
                    "deactivated_in_groups": summary.deactivated,
                }
                uow.record("imports:updated", kind.value, after={"kind": kind.value, **counts})
        return UpdateReport(tally.read, 0, (), summary, done=True)

    def _import_sender_comps(self, actor: Actor, stream: BinaryIO, *, dry_run: bool) -> ImportReport:
        with self._waiting(actor, stream) as (bulk, tally):
            if tally.rejected or dry_run:
                return ImportReport(tally.read, 0, tally.rejected, tuple(tally.errors))
            resources = replace(self._resources, store=bulk)
            _require_room(resources, tally.read)
            try:
                with writing(resources, actor) as uow:
                    uow.require(MAY_OPERATE)
                    insert_waiting(uow.tx, tally.read)
                    counts = {"read": tally.read, "imported": tally.read}
                    after = {"kind": ImportKind.SENDERCOMPS.value, **counts}
                    uow.record("imports:done", ImportKind.SENDERCOMPS.value, after=after)
            except IntegrityError:
                # Since the lines were checked, another import has brought some of them.
                with reading(resources, actor) as uow:
                    check_repeats(uow.tx, tally)
                if not tally.rejected:
                    raise
                return ImportReport(tally.read, 0, tally.rejected, tuple(tally.errors))
        return ImportReport(tally.read, tally.read, 0, ())

    @contextmanager
    def _waiting(
        self, actor: Actor, stream: BinaryIO, *, update: bool = False
    ) -> Iterator[tuple[BulkStore, LineTally]]:
        """The lines of a file of SenderComps, read and checked: they wait for the one transaction that takes them.

        Other writers and readers work meanwhile.
        """
        tally = LineTally()
        require_space(self._resources.store.place, _bytes_left(stream) * sendercomps.WAITING_GROWTH, "Reading the file")
        with bulk_store(self._resources.store, WAITING) as bulk:
            resources = replace(self._resources, store=bulk)
            with reading(resources, actor) as uow:
                uow.require(MAY_OPERATE)
                lines = SenderCompLines(EntityCodes(uow.tx.connection()))
            bulk.wait(WAITING, _sender_comps(lines, stream, tally))
            tally.settle()
            step("Sorting the lines")
            bulk.sort(WAITING, "market", "sender_comp_id")
            with reading(resources, actor) as uow:
                check_repeats(uow.tx, tally, update=update)
            yield bulk, tally


class _Import:
    """One import of a kind of which there are few rows, inside its transaction."""

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
        names = self._kind.columns.known
        for line, cells in _lines(stream, self._kind.columns, self._tally):
            try:
                yield None if cells is None else self._kind.entry(line, dict(zip(names, cells, strict=True)))
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


def _sender_comps(lines: SenderCompLines, stream: BinaryIO, tally: LineTally) -> Iterator[WaitingRow]:
    """The good lines; bad ones are counted."""
    for line, cells in _lines(stream, sendercomps.COLUMNS, tally):
        if cells is None:
            continue
        try:
            yield lines.row(line, cells)
        except InvalidValue as problem:
            tally.bad(line, problem.message)


def _lines(stream: BinaryIO, columns: Columns, tally: LineTally) -> Iterator[tuple[int, Cells | None]]:
    """The lines of the file, while the present work is told how far they are. Raises Interrupted."""
    size = _bytes_left(stream)
    work: Work = step("Reading the file", size)
    start = stream.tell() if size else 0
    for number, (line, cells) in enumerate(csv_rows(stream, columns, tally), start=1):
        if number % _BATCH == 0:
            tally.settle()
            work.tell(stream.tell() - start if size else number)
        yield line, cells


def _bytes_left(stream: BinaryIO) -> int:
    """How long the rest of the stream is; 0 where it cannot say."""
    if not stream.seekable():
        return 0
    here = stream.tell()
    end = stream.seek(0, os.SEEK_END)
    stream.seek(here)
    return end - here


def _require_room(resources: Resources, lines: int) -> None:
    """Raises StoreBusy where the disk is too small for what so many lines become."""
    require_space(resources.store.place, lines * sendercomps.STORE_BYTES, "The import")


def _repeats(key: str, line: int) -> str:
    shown = shorten(" ".join(part for part in key.split(KEY_SEPARATOR) if part), _LONGEST_KEY)
    return f"{shown} is also on line {line}." if line else f"{shown} is already in the store."

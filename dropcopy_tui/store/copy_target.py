"""A store that is filled with all rows of another: its indexes wait until the rows are there, and are built once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.schema import CreateIndex

from dropcopy_tui.domain.errors import StoreUnusable
from dropcopy_tui.domain.work import Work, step
from dropcopy_tui.store.copying import TABLES, Rows
from dropcopy_tui.store.engine import Store, create_store
from dropcopy_tui.store.engine_sqlite import prepare

# A file that has no name yet is thrown away if anything fails: it needs no journal, and no sync before its end.
_UNSEEN = (
    "journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "secure_delete=OFF", "temp_store=FILE",
    "cache_spill=-8000", "cache_size=-8000",
)  # fmt: skip
_INDEXES_OF_FILE = (
    "SELECT 'DROP INDEX ' || name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
)
# The index of pieces has what it had in the source: all that came up to the mark.
_PIECES = (
    "INSERT INTO sender_comp_search (rowid, sender_comp_id) SELECT id, sender_comp_id FROM sender_comp "
    "WHERE id <= (SELECT coalesce(max(up_to), 0) FROM sender_comp_mark)"
)
# The migrations leave one in a new file; the source has its own.
_NO_MARK = "DELETE FROM sender_comp_mark"
# Indexes that no constraint needs, and references: how each is dropped, and made again as it was.
_INDEXES_OF_SERVER = (
    "SELECT 'DROP INDEX ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid) FROM pg_index i "
    "JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace "
    "AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid) ORDER BY 1"
)
_REFERENCES_OF_SERVER = (
    "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname), "
    "format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) "
    "FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY 1"
)
_INDEXES = {str(index.name): index for table in TABLES for index in table.indexes}
# Whole tables are read for these, whatever sessions do otherwise.
_WHOLE = ("SET LOCAL enable_seqscan = on", "SET LOCAL maintenance_work_mem = '128MB'")


class Target:
    """An empty store in the making: first `hold_back`, then the rows, then `complete`."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._held_back: list[str] = []

    def hold_back(self) -> None:
        """Drop what would be kept up to date row by row."""
        if not self.rows.on_server:
            self.rows.run(_NO_MARK)
        # References first: they need the indexes.
        questions = (_REFERENCES_OF_SERVER, _INDEXES_OF_SERVER) if self.rows.on_server else (_INDEXES_OF_FILE,)
        for question in questions:
            found = self.rows.run(question)
            for drop, _ in found:
                self.rows.run(drop)
            self._held_back = [self._as_described(drop, make) for drop, make in found] + self._held_back

    def _as_described(self, drop: str, make: str) -> str:
        """How an index is made at first: a server says a condition in other words than it was told."""
        described = _INDEXES.get(drop.removeprefix("DROP INDEX "))
        if described is None or not self.rows.on_server:
            return make
        return str(CreateIndex(described).compile(dialect=self.rows.connection.dialect))

    def complete(self) -> None:
        """Make it again over all rows, and let numbers continue after the highest."""
        own = self._of_server() if self.rows.on_server else [_PIECES]
        statements = [*self._held_back, *own]
        work = step("Building indexes", len(statements))
        for done, statement in enumerate(statements):
            work.tell(done)
            self.rows.run(statement)
        if not self.rows.on_server and self.rows.run("PRAGMA foreign_key_check"):
            raise StoreUnusable("The source refers to rows that do not exist. Nothing was copied.")

    def _of_server(self) -> list[str]:
        numbered = [table for table in TABLES if table.autoincrement_column is not None]
        # Of a table without rows, nothing is set: both arguments must be there.
        next_numbers = [
            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {table.name}))"  # noqa: S608 - our own tables
            for table in numbered
        ]
        return [*next_numbers, "ANALYZE"]


def target_on_server(rows: Rows) -> Target:
    """The store in the making in a database, whose tables are laid."""
    for setting in _WHOLE:
        rows.run(setting)
    return Target(rows)


@contextmanager
def target_file(path: Path) -> Iterator[Target]:
    """A new file; on the disk as a whole when the block has ended."""
    with Work().doing():  # not the end of the present work
        create_store(path)
    store = Store(path)
    try:
        with store._engine.connect() as connection:
            rows = Rows(connection, path)
            for setting in _UNSEEN:
                rows.run(f"PRAGMA {setting}")
            with rows.errors(), connection.begin():
                yield Target(rows)
    finally:
        store.close()
    prepare(path)
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

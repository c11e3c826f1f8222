"""A store for one large change: its rows wait outside the store until one transaction takes them all.

Rows are read, checked and sorted without any lock; then statements inside the database do the change, in the order in
which the store keeps its rows. No row passes through this process a second time, and its memory does not grow.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.schema import CreateTable
from sqlmodel import Session

from dropcopy_tui.domain.errors import StoreBusy
from dropcopy_tui.domain.places import Place
from dropcopy_tui.store.engine import Store
from dropcopy_tui.store.engine_sqlite import SPILLS
from dropcopy_tui.store.watch import watched_driver

# So many rows wait in memory for the file in which they wait.
_CHUNK = 10_000
_SCHEMA = "waiting"
_MB = 1_000_000
# What is changed of the store waits in memory up to this size (some 30,000 SenderComps), and locks no reader out.
_CACHE_KB = 8_000
# The same for sets of SenderComps: some 90,000 members.
_SETS_KB = 8_000


class BulkStore(Store):
    """The same store through one connection of its own, which is closed afterwards.

    A transaction of it may write pages to the store before it commits: its memory stays small, and readers of a store
    without a write-ahead log wait until it is over (ADR 27).
    """

    def __init__(self, store: Store, connection: Connection) -> None:
        super().__init__(store.place, store._side.through(connection))
        self._connection = connection

    def wait(self, table: Table, rows: Iterable[Sequence[Any]]) -> None:
        """Let the rows wait in the table, whose columns they have in this order."""
        names = ", ".join("?" * len(table.columns))
        driver = self._connection.connection.driver_connection
        rows = iter(rows)
        if isinstance(driver, sqlite3.Connection):
            with _disk_errors():
                # The driver itself: SQLAlchemy would make a dictionary of each row.
                driver.execute("BEGIN")
                driver.executemany(f"INSERT INTO {_SCHEMA}.{table.name} VALUES ({names})", rows)  # noqa: S608 - our own table
                driver.execute("COMMIT")
            return
        columns = table.columns.keys()
        with self._writing() as connection:
            while chunk := list(islice(rows, _CHUNK)):
                connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in chunk])

    def sort(self, table: Table, *first: str) -> None:
        """Sort the waiting rows by these columns, once for everything that is asked of them later."""
        sqlite = isinstance(self._connection.connection.driver_connection, sqlite3.Connection)
        # With every column in it, the table itself is not read again; the number of a row is in every index.
        others = [column.name for column in table.columns if column.name not in first and not column.primary_key]
        columns = ", ".join([*first, *others])
        place = f"{_SCHEMA}." if sqlite else ""
        self._run(f"CREATE INDEX {place}ix_{table.name} ON {table.name} ({columns})")

    def _run(self, text: str) -> None:
        """Run a statement that SQLAlchemy does not know, in a transaction of its own."""
        driver = self._connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            with _disk_errors(), watched_driver(driver):
                driver.execute(text)
            return
        with self._writing() as connection:
            connection.exec_driver_sql(text)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """The connection, in a transaction that writes to tables of its own: no other writer waits for it."""
        connection = self._connection.execution_options(isolation_level="READ COMMITTED", postgresql_readonly=False)
        with connection.begin():
            yield connection


@contextmanager
def bulk_store(store: Store, *tables: Table) -> Iterator[BulkStore]:
    """Open the store for one large change, with tables that only this change sees and that are empty."""
    with store._desk_errors(), store._engine.connect() as connection:
        try:
            driver = connection.connection.driver_connection
            if isinstance(driver, sqlite3.Connection):
                with _disk_errors():
                    _attach(driver, store.beside.parent)
            opened = BulkStore(store, connection)
            for table in tables:
                text = str(CreateTable(table).compile(connection)).strip()
                opened._run(text.replace("CREATE TABLE ", _create_words(driver), 1))
            yield opened
        finally:
            # What was set and attached for the change does not go back to the pool.
            connection.invalidate()


def spill_early(session: Session) -> None:
    """Let the session's transaction write changed pages to the store before it commits (ADR 34).

    Only up to a size do they wait in memory: readers of a store without a write-ahead log wait from then on.
    """
    connection = session.connection().connection
    driver = connection.driver_connection
    if not isinstance(driver, sqlite3.Connection) or connection.info.get(SPILLS):
        return
    # The pool's next user has the usual settings again (`engine_sqlite`).
    connection.info[SPILLS] = True
    for setting in (f"cache_spill=-{_SETS_KB}", f"cache_size=-{_SETS_KB}"):
        driver.execute(f"PRAGMA {setting}")


def require_space(place: Place, needed: int, what: str) -> None:
    """Refuse what the disk of a store in a file has no room for, before it is begun. Raises StoreBusy."""
    if not isinstance(place, Path):
        return  # the server's disk is the server's
    folder = place.parent
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StoreBusy(
            f"{what} needs about {needed // _MB + 1:,} MB of free disk space in {folder}, "
            f"which has {free // _MB:,} MB. Nothing was changed. Free some space and try again."
        )


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Errors of the driver where the rows wait, which is a file and no more."""
    try:
        yield
    except (sqlite3.DatabaseError, OSError) as error:  # what is read back may look damaged, where the disk fails
        raise StoreBusy(
            f"The rows cannot be prepared ({error}). Nothing was changed. Check the disk and try again."
        ) from error


def _create_words(driver: object) -> str:
    return f"CREATE TABLE {_SCHEMA}." if isinstance(driver, sqlite3.Connection) else "CREATE TEMPORARY TABLE "


def _attach(driver: sqlite3.Connection, folder: Path) -> None:
    """Attach a file that has no name once it is open: a process that is killed leaves nothing of it."""
    path = folder / f".dropcopy-{secrets.token_hex(8)}.part"
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    try:
        # What is sorted goes to files as well, and a full cache is written early.
        for setting in ("temp_store=FILE", f"cache_spill=-{_CACHE_KB}", f"cache_size=-{_CACHE_KB}"):
            driver.execute(f"PRAGMA {setting}")
        driver.execute(f"ATTACH ? AS {_SCHEMA}", (str(path),))
        for setting in ("journal_mode=OFF", "synchronous=OFF"):
            driver.execute(f"PRAGMA {_SCHEMA}.{setting}")
        # It is opened by the first page that is written.
        driver.execute(f"CREATE TABLE {_SCHEMA}.opened (it)")
    finally:
        path.unlink()

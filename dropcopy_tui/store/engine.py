"""The store's engine: pragmas, the gate file of writers, transactions, and driver errors as desk errors."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import Session

from dropcopy_tui.domain.errors import DeskError, StoreBusy, StoreUnusable
from dropcopy_tui.store.location import APPLICATION_ID, SCHEMA_VERSION, check_place

_PRAGMAS = (
    "foreign_keys=ON",
    "busy_timeout=10000",
    "trusted_schema=OFF",
    "secure_delete=ON",
    "cell_size_check=ON",
    "temp_store=MEMORY",
)
# Before these releases, SQLite can corrupt a WAL store that two connections write and checkpoint at the same time.
_WAL_IS_SAFE = sqlite3.sqlite_version_info >= (3, 51, 3) or sqlite3.sqlite_version_info in (
    (3, 50, 7),
    (3, 44, 6),
)


class Store:
    """The open store; it is accessed only through `read()` and `write()`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = _engine(path)
        self._gate = path.with_name(path.name + ".gate")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a database session on one consistent snapshot of the store. Raises StoreBusy."""
        with _desk_errors(), Session(self._engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open one transaction: committed when the block ends, rolled back when it raises. Raises StoreBusy.

        A refusal with `remembered` commits what was written before it (a wrong code counts as an attempt).
        """
        with _desk_errors(), self._through_gate():
            engine = self._engine.execution_options(immediate=True)
            with Session(engine, expire_on_commit=False) as session:
                try:
                    yield session
                except DeskError as refusal:
                    if refusal.remembered:
                        session.commit()
                    raise
                session.commit()

    @contextmanager
    def _through_gate(self) -> Iterator[None]:
        """Queue writers at a file lock.

        The lock serves waiting writers in order. SQLite's busy handler polls instead, so that one writer may wait until
        its time-out while others keep overtaking it.
        """
        handle = os.open(self._gate, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True, pool_size=4, max_overflow=8)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: `_on_begin` does, so that reads are consistent, too.
    connection.isolation_level = None
    wal = connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    for pragma in (*_PRAGMAS, "synchronous=FULL" if wal else "synchronous=EXTRA"):
        connection.execute(f"PRAGMA {pragma}")
    if not wal:
        connection.execute("PRAGMA journal_mode=TRUNCATE")


def _on_begin(connection: Any) -> None:
    # A writer takes the write lock immediately: a read lock that is upgraded later fails if another writer came first.
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def _desk_errors() -> Iterator[None]:
    """Turn driver errors that a person can act on into desk errors."""
    try:
        yield
    except IntegrityError:
        raise
    except OperationalError as error:
        raise _explained(error) from error
    except DBAPIError as error:
        raise StoreUnusable(f"The store cannot be read ({error.orig}). Restore it from a backup.") from error


def _explained(error: OperationalError) -> StoreBusy | StoreUnusable:
    said = str(error.orig)
    if "full" in said:
        return StoreBusy("The disk is full. Nothing was changed. Free some space and try again.")
    if "locked" in said or "busy" in said:
        return StoreBusy("The store is busy. Nothing was changed. Try again.")
    if "readonly" in said or "I/O" in said or "unable to open" in said:
        return StoreBusy(f"The store cannot be written ({said}). Nothing was changed. Check its disk and file mode.")
    return StoreUnusable(f"The store cannot be used ({said}).")


def create_store(path: Path) -> None:
    """Create an empty store by migrating a new file (mode 0600). Raises StoreUnusable if the file exists."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True, mode=0o700)
    check_place(path)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise StoreUnusable(f"A store already exists at {path}. Nothing was changed.") from None
    try:
        _prepare(path)
        migrate(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _prepare(path: Path) -> None:
    """Set the properties that a store keeps for good: the journal mode and the application id."""
    connection = sqlite3.connect(path)
    try:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode=WAL" if _WAL_IS_SAFE else "PRAGMA journal_mode=TRUNCATE")
    finally:
        connection.close()


def migrate(path: Path, revision: str = "head") -> None:
    """Migrate the store to this version's tables in one transaction. Only this function imports Alembic."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    store = Store(path)
    try:
        with store._through_gate(), store._engine.execution_options(immediate=True).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            version = SCHEMA_VERSION if revision == "head" else int(revision)
            connection.exec_driver_sql(f"PRAGMA user_version={version}")
    finally:
        store.close()

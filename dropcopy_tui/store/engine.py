"""The store's engine: pragmas, the gate file of writers, transactions, and driver errors as desk errors."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import Session

from dropcopy_tui.domain.errors import DeskError, StoreBusy, StoreUnusable
from dropcopy_tui.store.gate import PATIENCE, Gate
from dropcopy_tui.store.location import APPLICATION_ID, SCHEMA_VERSION, check_place

_PRAGMAS = (
    "foreign_keys=ON",
    "busy_timeout=10000",
    "trusted_schema=OFF",
    "secure_delete=ON",
    "cell_size_check=ON",
    "temp_store=MEMORY",
    # A full cache is not written to the store early: that would lock out every reader until the commit.
    "cache_spill=OFF",
)
# Where a transaction's session keeps the id and digest of its last audit event (`Session.info`).
WITNESS = "witness"
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
        self._gate = Gate(path)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a database session on one consistent snapshot of the store. Raises StoreBusy."""
        with _desk_errors(), Session(self._engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self, who: str = "", patience: float = PATIENCE) -> Iterator[Session]:
        """Open one transaction: committed when the block ends, rolled back when it raises. Raises StoreBusy.

        A refusal with `remembered` commits what was written before it (a wrong code counts as an attempt).
        """
        with _desk_errors(), self._gate.through(who, patience):
            engine = self._engine.execution_options(immediate=True)
            with Session(engine, expire_on_commit=False) as session:
                try:
                    yield session
                except DeskError as refusal:
                    if refusal.remembered:
                        self._commit(session)
                    raise
                self._commit(session)

    def _commit(self, session: Session) -> None:
        """Commit; if that fails, the store itself says what stands.

        An error at the last sync of a commit leaves it open whether the change was stored.
        """
        session.flush()  # fails before the commit: nothing is unknown then
        try:
            session.commit()
        except OperationalError as error:
            if "locked" in str(error.orig) or "busy" in str(error.orig):
                raise
            session.invalidate()
            if not self._stands(session.info.get(WITNESS), error):
                raise

    def _stands(self, witness: tuple[int, str] | None, error: OperationalError) -> bool:
        """Whether the transaction's last audit event is in the store. Raises StoreBusy if that cannot be known."""
        self._engine.dispose()
        try:
            if witness is None:
                raise sqlite3.OperationalError("no event")
            connection = sqlite3.connect(self.path)
            try:
                look = "SELECT 1 FROM audit_event WHERE id = ? AND digest = ?"
                return connection.execute(look, witness).fetchone() is not None
            finally:
                connection.close()
        except sqlite3.Error:
            raise StoreBusy(
                f"The disk failed while the change was being stored ({error.orig}); it is not known whether it was. "
                "Check the disk, then look at what is there before you try again."
            ) from error

    def give_up(self) -> None:
        """End every wait of this process for other writers."""
        self._gate.give_up()

    def stamp(self) -> tuple[int, ...]:
        """A mark that differs after every committed change, whichever process made it; reading it opens nothing."""
        facts: list[int] = []
        for path in (self.path, self.path.with_name(self.path.name + "-wal")):
            with suppress(OSError):
                found = path.stat()
                facts += [found.st_mtime_ns, found.st_size]
        return tuple(facts)

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


def _explained(error: BaseException) -> StoreBusy | StoreUnusable:
    said = [str(cause.orig) for cause in _causes(error) if isinstance(cause, DBAPIError)]
    if any("full" in words for words in said):
        return StoreBusy("The disk is full. Nothing was changed. Free some space and try again.")
    if any("locked" in words or "busy" in words for words in said):
        return StoreBusy("The store is busy. Nothing was changed. Try again.")
    why = next((words for words in said if "readonly" in words or "I/O" in words or "unable to open" in words), "")
    if why:
        return StoreBusy(f"The store cannot be written ({why}). Nothing was changed. Check its disk and file mode.")
    return StoreUnusable(f"The store cannot be used ({said[0]}).")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and those it came up over: SQLite forgets the savepoints of a transaction that it had to end itself."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


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
        with store._gate.through("migration"), store._engine.execution_options(immediate=True).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            version = SCHEMA_VERSION if revision == "head" else int(revision)
            connection.exec_driver_sql(f"PRAGMA user_version={version}")
    finally:
        store.close()

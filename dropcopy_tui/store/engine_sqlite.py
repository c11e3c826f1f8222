"""The engine of a store in a file: pragmas, the gate file of writers, and SQLite's errors as desk errors."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, Engine, create_engine, event
from sqlalchemy.dialects.sqlite import DATETIME
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlmodel import Session

from dropcopy_tui.domain.errors import DeskError, StoreBusy, StoreUnusable
from dropcopy_tui.store.gate import Gate
from dropcopy_tui.store.location import APPLICATION_ID, check_place
from dropcopy_tui.store.watch import watched_driver

_PRAGMAS = (
    "foreign_keys=ON",
    "busy_timeout=10000",
    "trusted_schema=OFF",
    "secure_delete=ON",
    "cell_size_check=ON",
    "temp_store=MEMORY",
    # A full cache is not written to the store early: that would lock out every reader until the commit.
    # The size is in pages, and not OFF: a transaction can lower it, but no longer turn it on.
    "cache_spill=1000000",
)
# What a connection knows of itself (`info`): its transaction writes a full cache early (`store/bulk.py`).
SPILLS = "spills"
_USUAL_CACHE = ("cache_spill=1000000", "cache_size=-2000")
# Before these releases, SQLite can corrupt a WAL store that two connections write and checkpoint at the same time.
_WAL_IS_SAFE = sqlite3.sqlite_version_info >= (3, 51, 3) or sqlite3.sqlite_version_info in (
    (3, 50, 7),
    (3, 44, 6),
)


_DECODER = json.JSONDecoder()
_EMPTY: dict[str, Callable[[], Any]] = {"{}": dict, "[]": list}


class SqliteSide:
    """A store in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.engine = _engine(path)
        self.gate = Gate(path)
        self._only: Connection | None = None

    def through(self, connection: Connection) -> SqliteSide:
        """The same, with this one connection for whatever is read and written."""
        other = copy(self)
        other._only = connection
        return other

    def _bind(self, *, immediate: bool) -> Engine | Connection:
        if self._only is not None:
            return self._only.execution_options(immediate=immediate)
        return self.engine.execution_options(immediate=True) if immediate else self.engine

    def reading(self) -> Session:
        """A session that reads one consistent snapshot."""
        return Session(self._bind(immediate=False), expire_on_commit=False, autoflush=False)

    @contextmanager
    def turn(self, who: str, patience: float) -> Iterator[Session]:
        """A session that writes, once it is this writer's turn. Raises StoreBusy."""
        with self.gate.through(who, patience), Session(self._bind(immediate=True), expire_on_commit=False) as session:
            yield session

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection in a transaction, while every writer waits."""
        with self.gate.through("migration"), self.engine.execution_options(immediate=True).connect() as connection:
            driver: Any = connection.connection.driver_connection
            # A store of any size: what is sorted and what is changed does not wait in memory. Other versions that read
            # it meanwhile wait, as they do for its end.
            for setting in ("temp_store=FILE", "cache_spill=-8000"):
                driver.execute(f"PRAGMA {setting}")
            with connection.begin(), watched_driver(driver):
                yield connection

    def stamp_version(self, connection: Connection, version: int) -> None:
        """Say of which version the store's tables are."""
        connection.exec_driver_sql(f"PRAGMA user_version={version}")

    def refusal(self, error: DBAPIError) -> DeskError:
        """The desk's error for one of the driver."""
        if not isinstance(error, OperationalError):
            return StoreUnusable(f"The store cannot be read ({error.orig}). Restore it from a backup.")
        return refusal_in_words([str(cause.orig) for cause in _causes(error) if isinstance(cause, DBAPIError)])

    def stands(self, session: Session, witness: tuple[int, str] | None, error: DBAPIError) -> bool:
        """Whether a transaction whose commit failed is in the store. Raises StoreBusy if unknown.

        An error at the last sync of a commit leaves that open. `witness` is the transaction's last audit event.
        """
        if isinstance(error, IntegrityError) or "locked" in str(error.orig) or "busy" in str(error.orig):
            return False
        session.invalidate()
        self.engine.dispose()
        try:
            if witness is None:
                raise sqlite3.OperationalError("no event")
            connection = sqlite3.connect(self._path)
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

    def lets_writers_pass(self) -> bool:
        """Whether writers commit while a reader keeps its snapshot: with a write-ahead log only."""
        with self.engine.connect() as connection:
            return bool(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal")

    def give_up(self) -> None:
        """End every wait of this process for other writers."""
        self.gate.give_up()

    def stamp(self) -> tuple[int, ...]:
        """A mark that differs after every committed change; reading it opens nothing."""
        facts: list[int] = []
        for path in (self._path, self._path.with_name(self._path.name + "-wal")):
            with suppress(OSError):
                found = path.stat()
                facts += [found.st_mtime_ns, found.st_size]
        return tuple(facts)

    def listen(self, _tell: Callable[[str], None]) -> None:
        """A file does not tell of commits: whoever wants to know looks at its stamp."""

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()


def _engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}", hide_parameters=True, pool_size=4, max_overflow=8, json_deserializer=_decoded
    )
    engine.dialect.colspecs = {**engine.dialect.colspecs, DateTime: _Moment}
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    seen = _Seen(path)
    event.listen(engine, "connect", seen.note)
    event.listen(engine, "begin", seen.require_same)
    event.listen(engine, "checkin", _on_checkin)
    return engine


class _Moment(DATETIME):
    """A time, which a file keeps in UTC and without an offset. Read with one, because adding it later takes long."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], datetime | None]:
        """What makes a time of a text."""
        return _moment


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text + "+00:00")


class _Seen:
    """Which file each connection has open: another one may have been put in its place, such as a restored backup.

    A connection would read and write the old file, which has lost its name, without an error.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, _connection: sqlite3.Connection, record: Any) -> None:
        """The connection was opened."""
        record.info["file"] = self._now()

    def require_same(self, connection: Any) -> None:
        """Refuse a transaction in a file that has been replaced. Raises StoreUnusable."""
        if connection.info.get("file") != self._now():
            raise StoreUnusable(
                f"{self._path} was replaced while it was open, such as by a restored backup. "
                "Nothing was changed. Close dropcopy and start it again."
            )

    def _now(self) -> tuple[int, int] | None:
        with suppress(OSError):
            facts = self._path.stat()
            return facts.st_dev, facts.st_ino
        return None


def _decoded(text: str) -> Any:
    """What `json.loads` makes of it, without its look for spaces around: an audit trail has millions of such values."""
    if text in _EMPTY:
        return _EMPTY[text]()
    value, end = _DECODER.raw_decode(text)
    return value if end == len(text) else json.loads(text)


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: `_on_begin` does, so that reads are consistent, too.
    connection.isolation_level = None
    wal = connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    for pragma in (*_PRAGMAS, "synchronous=FULL" if wal else "synchronous=EXTRA"):
        connection.execute(f"PRAGMA {pragma}")
    if not wal:
        connection.execute("PRAGMA journal_mode=TRUNCATE")


def _on_checkin(connection: sqlite3.Connection | None, record: Any) -> None:
    if connection is not None and record.info.pop(SPILLS, False):
        for pragma in _USUAL_CACHE:
            connection.execute(f"PRAGMA {pragma}")


def _on_begin(connection: Any) -> None:
    # A writer takes the write lock immediately: a read lock that is upgraded later fails if another writer came first.
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def refusal_in_words(said: Sequence[str]) -> DeskError:
    """The desk's error for what SQLite said, and said before."""
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


@contextmanager
def new_file(path: Path) -> Iterator[None]:
    """An empty file of mode 0600 for a store, removed when the block fails. Raises StoreUnusable if there is one."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True, mode=0o700)
    check_place(path)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        raise StoreUnusable(f"A store already exists at {path}. Nothing was changed.") from None
    try:
        prepare(path)
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def prepare(path: Path) -> None:
    """Set the properties that a store keeps for good: the journal mode and the application id."""
    connection = sqlite3.connect(path)
    try:
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    finally:
        connection.close()
    set_journal_mode(path)


def set_journal_mode(path: Path) -> None:
    """Give a store that is new here the journal that this SQLite can be trusted with."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode=WAL" if _WAL_IS_SAFE else "PRAGMA journal_mode=TRUNCATE")
    finally:
        connection.close()

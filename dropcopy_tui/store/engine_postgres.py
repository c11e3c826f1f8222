"""The engine of a store on a PostgreSQL server: the queue of writers, snapshots, and what a lost connection leaves."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import copy
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session

from dropcopy_tui.domain.errors import DeskError, StoreBusy
from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.store.gate import PATIENCE, in_vain
from dropcopy_tui.store.listener import CHANNEL, SNAPSHOT, StoreListener, Tell, numbers
from dropcopy_tui.store.server import SCHEMA_KEY, connected, driver, parameters
from dropcopy_tui.store.server_errors import refusal_of

# The writers' queue: one lock of the database, which ends with the transaction that holds it.
WRITERS = 0x44435455
# `Session.info`: the number of the transaction at the server.
_NUMBER = "transaction"
# One statement, so that a write costs one more round trip only. The lock's own time-out ends the wait; the name tells
# those who wait whom they wait for. Screens that are open are notified when the transaction commits.
_ENTER = text(
    "SELECT set_config('lock_timeout', :patience, true), set_config('application_name', :name, true), "
    f"pg_notify('{CHANNEL}', ''), pg_advisory_xact_lock(:lock), pg_current_xact_id()::text"
)
_TRY = text(
    f"SELECT set_config('application_name', :name, true), pg_notify('{CHANNEL}', ''), "
    "CASE WHEN pg_try_advisory_xact_lock(:lock) THEN pg_current_xact_id()::text END"
)
_HOLDER = (
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' "
    "AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND l.classid = 0 AND l.objid = %s AND l.objsubid = 1"
)
# libpq's numbers of a transaction that has not ended: a statement runs, none runs, one failed.
_OPEN = (1, 2, 3)
# Seconds in which a server that was lost during a commit is asked what became of it. Less than one that fell silent is
# left alone (`attentive`): one more answer to wait for would take longer than a person waits.
_ASK_AGAIN = 1.5


class PostgresSide:
    """A store on a server."""

    _listener: StoreListener | None = None

    def __init__(self, place: ServerPlace) -> None:
        self._place = place
        self.engine = engine_of(place)
        # The lock must not be taken inside a snapshot that is older than it: a writer sees each statement's own.
        self._writer = self.engine.execution_options(isolation_level="READ COMMITTED")
        self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._only: Connection | None = None
        self._waiting: set[Any] = set()
        self._closed = False

    def reading(self) -> Session:
        """A session that reads one consistent snapshot, and cannot write."""
        if self._only is None:
            return Session(self._reader, expire_on_commit=False, autoflush=False)
        reader = self._only.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return Session(reader, expire_on_commit=False, autoflush=False)

    def through(self, connection: Connection) -> PostgresSide:
        """The same, with this one connection for whatever is read and written."""
        other = copy(self)
        other._only = connection
        return other

    @contextmanager
    def turn(self, who: str, patience: float) -> Iterator[Session]:
        """A session that writes, once it is this writer's turn. Raises StoreBusy."""
        writer: Engine | Connection = self._writer
        if self._only is not None:
            writer = self._only.execution_options(isolation_level="READ COMMITTED", postgresql_readonly=False)
        with Session(writer, expire_on_commit=False) as session:
            session.info[_NUMBER] = self._enter(session.connection(), who, patience)
            yield session

    def _enter(self, connection: Connection, who: str, patience: float) -> str:
        """Wait for the turn; the number of the transaction. Raises StoreBusy."""
        number = self._number(connection, who, patience)
        if number is None:
            connection.rollback()
            raise StoreBusy(in_vain(self._holder(), patience))
        return number

    def _number(self, connection: Connection, who: str, patience: float) -> str | None:
        asked = {"name": name_of(who), "lock": WRITERS}
        if self._closed or patience <= 0:
            number: str | None = connection.execute(_TRY, asked).one()[-1]
            return number
        waiting = connection.connection.driver_connection
        self._waiting.add(waiting)
        try:
            found = connection.execute(_ENTER, asked | {"patience": f"{max(1, round(patience * 1000))}ms"})
            return str(found.one()[-1])
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) in ("55P03", "57014"):
                return None
            raise
        finally:
            self._waiting.discard(waiting)

    def _holder(self) -> bytes:
        """Who is inside, as it named itself; b"" where that cannot be known."""
        with suppress(DeskError), connected(self._place, autocommit=True) as connection:
            found = connection.execute(_HOLDER, (WRITERS,)).fetchone()
            named = re.fullmatch(r"dropcopy (\d{1,10} .*)", str(found[0] or "")) if found else None
            return f"{named[1]}\n".encode() if named else b""
        return b""

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A connection in a transaction, while every writer waits."""
        with self._writer.begin() as connection:
            self._enter(connection, "migration", PATIENCE)
            yield connection

    def stamp_version(self, connection: Connection, version: int) -> None:
        """Say of which version the store's tables are."""
        stamp = text("UPDATE setting SET value = :version WHERE key = :key")
        connection.execute(stamp, {"version": str(version), "key": SCHEMA_KEY})

    def refusal(self, error: DBAPIError) -> DeskError:
        """The desk's error for one of the driver."""
        orig = error.orig
        if isinstance(orig, DeskError):
            return orig
        return refusal_of(orig or error, self._place)

    def stands(self, session: Session, _witness: tuple[int, str] | None, error: DBAPIError) -> bool:
        """Whether a transaction whose commit failed is in the store. Raises StoreBusy if unknown.

        The server knows what became of a transaction by its number, also after a crash.
        """
        if isinstance(error, IntegrityError):
            return False
        session.invalidate()
        return self.committed(session.info.get(_NUMBER), error)

    def committed(self, number: str | None, error: DBAPIError) -> bool:
        """What became of the transaction with this number. Raises StoreBusy where that cannot be known."""
        self.engine.dispose()
        until = time.monotonic() + _ASK_AGAIN
        while number is not None:
            with suppress(DeskError), connected(self._place, autocommit=True, connect_timeout=2) as connection:
                found = connection.execute("SELECT pg_xact_status(%s::text::xid8)", (number,)).fetchone()
                if found and found[0] in ("committed", "aborted"):
                    return bool(found[0] == "committed")
            if time.monotonic() > until:
                break
            time.sleep(0.1)
        raise StoreBusy(
            f"The connection to the server {self._place.server} was lost while the change was being stored; it is not "
            "known whether it was. When the server answers again, look at what is there before you try again."
        ) from error

    def lets_writers_pass(self) -> bool:
        """Whether writers commit while a reader keeps its snapshot."""
        return True

    def give_up(self) -> None:
        """End every wait of this process for other writers, and listen no longer."""
        self._closed = True
        self._deafen()
        for waiting in tuple(self._waiting):
            with suppress(Exception):  # it has ended meanwhile
                waiting.cancel_safe(timeout=1.0)

    def listen(self, tell: Tell) -> None:
        """Have `tell` called in a thread (see `Store.listen`)."""
        if self._listener is None:
            self._listener = StoreListener(self._place, self._snapshot(), tell)

    def stamp(self) -> tuple[int, ...]:
        """A mark that differs after every committed change; a server that does not answer has none."""
        heard = self._listener.stamp if self._listener is not None else None
        return self._snapshot() if heard is None else heard

    def _snapshot(self) -> tuple[int, ...]:
        asking = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        with suppress(DBAPIError, DeskError), asking.connect() as connection:
            return numbers(tuple(connection.exec_driver_sql(SNAPSHOT).one()))
        return ()

    def _deafen(self) -> None:
        if self._listener is not None:
            self._listener.end()
            self._listener = None

    def close(self) -> None:
        """Close the connections."""
        self._deafen()
        self.engine.dispose()


def name_of(who: str) -> str:
    """How a writer is named to those who wait for it: its process and its person, as the gate file has them."""
    return f"dropcopy {os.getpid()} {re.sub(r'[^A-Za-z0-9@._+-]', '', who)[:40]}"


def engine_of(place: ServerPlace) -> Engine:
    """SQLAlchemy's engine, with connections that are tried before they are used again."""
    driver()
    from dropcopy_tui.store.attentive import Attentive

    engine = create_engine(
        "postgresql+psycopg://", hide_parameters=True, pool_size=4, max_overflow=8, pool_pre_ping=True
    )

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, _args: Any, given: dict[str, Any]) -> Any:
        # The password file is read each time: it may have been changed since.
        return Attentive.open(**(given | parameters(place)))

    @event.listens_for(engine, "reset")
    def _end(connection: Any, _record: Any, _state: Any) -> None:
        # A commit that was interrupted leaves the transaction open, though SQLAlchemy takes it for ended.
        if connection.info.transaction_status in _OPEN:
            connection.rollback()

    @event.listens_for(engine, "checkin")
    def _forget(connection: Any, _record: Any) -> None:
        # A reader leaves READ WRITE behind, which would override what a replica or an administrator says.
        if connection is not None:
            connection.read_only = None

    return engine

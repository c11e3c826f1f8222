"""The store: its transactions, for readers and for writers, on SQLite or on PostgreSQL.

What the two do differently is behind `Side`: `engine_sqlite` has a file's, `engine_postgres` a server's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import Session

from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.domain.places import Place, ServerPlace, beside
from dropcopy_tui.domain.work import current, step
from dropcopy_tui.store.gate import PATIENCE
from dropcopy_tui.store.location import SCHEMA_VERSION
from dropcopy_tui.store.watch import watched

# Where a transaction's session keeps the id and digest of its last audit event (`Session.info`).
WITNESS = "witness"
# The same of who makes and checks the proofs of its rows (`store/proofs.py`).
PROVER = "prover"
# Steps of the database for each byte of a store that is migrated: an estimate, for the bar alone.
_MIGRATING = 1
# The store and the session of an open snapshot.
_SNAPSHOT: ContextVar[tuple[Store, Session] | None] = ContextVar("snapshot", default=None)


class Side(Protocol):
    """What an engine does in its own way."""

    engine: Engine

    def reading(self) -> Session:
        """A session that reads one consistent snapshot, and cannot write where the engine can refuse it."""

    def turn(self, who: str, patience: float) -> AbstractContextManager[Session]:
        """A session whose transaction begins when it is this writer's turn. Raises StoreBusy, saying whose it is."""

    def through(self, connection: Connection) -> Side:
        """The same, with this one connection for whatever is read and written."""

    def migrating(self) -> AbstractContextManager[Connection]:
        """A connection in a transaction, while every writer waits; committed when the block ends."""

    def stamp_version(self, connection: Connection, version: int) -> None:
        """Say of which version the store's tables are."""

    def refusal(self, error: DBAPIError) -> DeskError:
        """The desk's error for one of the driver."""

    def stands(self, session: Session, witness: tuple[int, str] | None, error: DBAPIError) -> bool:
        """Whether a transaction whose commit failed is in the store. Raises StoreBusy if unknown."""

    def give_up(self) -> None:
        """End every wait of this process for other writers."""

    def stamp(self) -> tuple[int, ...]:
        """A mark that differs after every committed change, whichever process made it."""

    def listen(self, tell: Callable[[str], None]) -> None:
        """Have `tell` called in a thread, where the engine tells of commits by itself (see `Store.listen`)."""

    def close(self) -> None:
        """Close the connections."""

    def lets_writers_pass(self) -> bool:
        """Whether writers commit while a reader keeps its snapshot."""


class Store:
    """The open store; it is accessed only through `read()` and `write()`.

    `beside` is where this machine keeps what belongs to it; for a store in a file, the file itself.
    """

    def __init__(self, place: Place, side: Side | None = None) -> None:
        self.place = place
        self.beside = beside(place)
        # Who makes and checks the proofs of rows; None where they are neither made nor checked.
        self.prover: object = None
        self._side = side or _side(place)
        self._engine = self._side.engine

    @property
    def path(self) -> Path:
        """The file of a store in a file."""
        assert isinstance(self.place, Path)
        return self.place

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a database session on one consistent snapshot of the store. Raises StoreBusy."""
        shared = _SNAPSHOT.get()
        if shared is not None and shared[0] is self:
            with self._desk_errors():
                yield shared[1]
            return
        with self._desk_errors(), self._side.reading() as session, watched(session):
            session.info[PROVER] = self.prover
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let every `read` of this thread in the block see the store as it was at one moment, however long it takes.

        A file without a write-ahead log would hold up every writer meanwhile: its reads are each of their own moment.
        """
        if not self._side.lets_writers_pass():
            yield
            return
        with self._desk_errors(), self._side.reading() as session, watched(session):
            session.info[PROVER] = self.prover
            token = _SNAPSHOT.set((self, session))
            try:
                yield
            finally:
                _SNAPSHOT.reset(token)

    @contextmanager
    def write(self, who: str = "", patience: float = PATIENCE) -> Iterator[Session]:
        """Open one transaction: committed when the block ends, rolled back when it raises. Raises StoreBusy.

        A refusal with `remembered` commits what was written before it (a wrong code counts as an attempt).
        """
        with self._desk_errors(), self._side.turn(who, patience) as session:
            session.info[PROVER] = self.prover
            try:
                with watched(session):
                    yield session
            except DeskError as refusal:
                if refusal.remembered:
                    self._commit(session)
                raise
            work = current()
            if work is not None:
                work.finish()
            self._commit(session)

    def _commit(self, session: Session) -> None:
        """Commit; if that fails, the store itself says what stands."""
        session.flush()  # fails before the commit: nothing is unknown then
        try:
            session.commit()
        except DBAPIError as error:
            if not self._side.stands(session, session.info.get(WITNESS), error):
                raise

    @contextmanager
    def _desk_errors(self) -> Iterator[None]:
        """Turn driver errors that a person can act on into desk errors."""
        try:
            yield
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise self._side.refusal(error) from error

    def give_up(self) -> None:
        """End every wait of this process for other writers."""
        self._side.give_up()

    def stamp(self) -> tuple[int, ...]:
        """A mark that differs after every committed change, whichever process made it."""
        return self._side.stamp()

    def listen(self, tell: Callable[[str], None]) -> None:
        """Have `tell` called in a thread until the store is closed, where it is on a server.

        With "" after every committed change, whichever process made it; with a sentence once the server is lost, and
        with "" when it answers again. A file does not tell: its `stamp` must be looked at.
        """
        self._side.listen(tell)

    def close(self) -> None:
        """Close the connections."""
        self._side.close()


def _side(place: Place) -> Side:
    # Each imports its own driver: a store in a file does without the other's.
    if isinstance(place, ServerPlace):
        from dropcopy_tui.store.engine_postgres import PostgresSide

        return PostgresSide(place)
    from dropcopy_tui.store.engine_sqlite import SqliteSide

    return SqliteSide(place)


def create_store(place: Place) -> None:
    """Create an empty store: a new file (mode 0600), or the tables in an empty database. Raises StoreUnusable."""
    if isinstance(place, ServerPlace):
        from dropcopy_tui.store.founding import create_tables

        create_tables(place)
        return
    from dropcopy_tui.store.engine_sqlite import new_file

    with new_file(place):
        migrate(place)


def _size(place: Place) -> int:
    """The bytes of a store in a file; 0 for one on a server."""
    return place.stat().st_size if isinstance(place, Path) else 0


def migrate(place: Place, revision: str = "head") -> None:
    """Migrate the store to this version's tables in one transaction. Only this function imports Alembic."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    store = Store(place)
    try:
        with store._desk_errors(), store._side.migrating() as connection:
            config.attributes["connection"] = connection
            step("Migrating the store", _size(place), _MIGRATING)
            command.upgrade(config, revision)
            store._side.stamp_version(connection, SCHEMA_VERSION if revision == "head" else int(revision))
            if (work := current()) is not None:
                work.finish()
    finally:
        store.close()

"""A new store on a PostgreSQL server: everything in one transaction, so that it is there whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from dropcopy_tui.domain.errors import DeskError, StoreMissing, StoreUnusable
from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.store.engine import Store
from dropcopy_tui.store.engine_postgres import WRITERS, PostgresSide
from dropcopy_tui.store.location import SCHEMA_VERSION
from dropcopy_tui.store.server import SCHEMA_KEY, check_kind, connected, driver
from dropcopy_tui.store.tables import METADATA

# What no table of the metadata describes: the migrations' own table, and the index of pieces that searching reads.
_BESIDE = (
    "CREATE TABLE alembic_version (version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY)",
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    # What was added lately is read row by row until it is sorted in: a megabyte of it at most.
    "CREATE INDEX sender_comp_search ON sender_comp USING gin (sender_comp_id gin_trgm_ops) "
    "WITH (gin_pending_list_limit = 1024)",
)
# A role that uses a store and does not own it cannot rewrite its audit trail: events are added and read.
_GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "REVOKE UPDATE, DELETE ON audit_event FROM {role}",
    "REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}",
    # What later versions add belongs to the owner, and is used by the role as well.
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
)


class Founding:
    """A store in the making, whose tables are seen from `commit` on."""

    def __init__(self, side: PostgresSide, place: ServerPlace, connection: Connection) -> None:
        self._side, self.connection = side, connection
        # Whether the store may be there: from the commit on, unless the server says that it is not.
        self.may_stand = False
        self._number = connection.execute(text("SELECT pg_current_xact_id()::text")).scalar_one()
        self.store = Store(place, _OneTransaction(side, connection))

    def grant(self, role: str) -> None:
        """Let a role use the store, and not rewrite its audit trail. Raises StoreUnusable if there is no such role."""
        known = text("SELECT quote_ident(rolname) FROM pg_roles WHERE rolname = :role")
        name = self.connection.execute(known, {"role": role}).scalar()
        if name is None:
            raise StoreUnusable(
                f"Role {role} does not exist on the server. Create it with: CREATE ROLE {role} LOGIN. "
                "Nothing was changed."
            )
        for statement in _GRANTS:
            self.connection.exec_driver_sql(statement.format(role=name))

    def commit(self) -> None:
        """Make it appear. Raises StoreBusy where it cannot be known whether it did."""
        self.may_stand = True
        try:
            self.connection.commit()
        except DBAPIError as error:
            if not self._side.committed(self._number, error):
                self.may_stand = False
                raise


class _OneTransaction(PostgresSide):
    """Every transaction of the store in the making is a savepoint of the one in which it is made."""

    def __init__(self, side: PostgresSide, connection: Connection) -> None:
        self.engine = side.engine
        self._place, self._connection = side._place, connection

    def reading(self) -> Session:
        return Session(
            self._connection, join_transaction_mode="create_savepoint", expire_on_commit=False, autoflush=False
        )

    @contextmanager
    def turn(self, who: str, patience: float) -> Iterator[Session]:
        with Session(self._connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session


@contextmanager
def founding(place: ServerPlace) -> Iterator[Founding]:
    """Lay the tables in an empty database, which is created if there is none: all is undone unless committed.

    Raises StoreUnusable where something is there already, or the role may not.
    """
    created, found = _create_database(place), None
    try:
        with _founding(place) as found:
            yield found
    except BaseException:
        if created and not (found and found.may_stand):
            _drop_database(place)
        raise


@contextmanager
def _founding(place: ServerPlace) -> Iterator[Founding]:
    side = PostgresSide(place)
    try:
        with side.engine.connect() as connection:
            _lay(connection, place)
            yield Founding(side, place, connection)
    except DBAPIError as error:
        raise side.refusal(error) from error
    finally:
        side.engine.dispose()


def tables_of_a_server() -> MetaData:
    """The tables with all that only a server is told: which indexes are over some of the rows.

    It is said here and not with the tables, because saying it loads the driver's half of SQLAlchemy, which a desk on
    SQLite does without.
    """
    for index in (index for table in METADATA.tables.values() for index in table.indexes):
        where = index.dialect_options["sqlite"]["where"]
        if where is not None:
            index.dialect_options["postgresql"]["where"] = where
    return METADATA


def create_tables(place: ServerPlace) -> None:
    """Create an empty store in an empty database. Raises StoreUnusable when something is there."""
    with _founding(place) as made:
        made.commit()


def _lay(connection: Connection, place: ServerPlace) -> None:
    check_kind(_driven(connection), place)
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": WRITERS})
    there = text("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')")
    if connection.execute(there).scalar_one():
        raise StoreUnusable(
            f"The database {place.database} on {place.server} is not empty. Nothing was changed. Use another database."
        )
    tables_of_a_server().create_all(connection)
    for statement in _BESIDE:
        connection.execute(text(statement))
    version = {"key": SCHEMA_KEY, "version": str(SCHEMA_VERSION), "revision": f"{SCHEMA_VERSION:04d}"}
    connection.execute(text("INSERT INTO setting (key, value) VALUES (:key, :version)"), version)
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:revision)"), version)


def _driven(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _create_database(place: ServerPlace) -> bool:
    """Create the database if there is none; whether it was. Raises StoreUnusable where the role may not."""
    psycopg = driver()
    try:
        with connected(place, autocommit=True):
            return False
    except StoreMissing:
        pass
    how = psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
    with connected(place.in_database("postgres"), autocommit=True) as connection:
        try:
            connection.execute(how.format(psycopg.sql.Identifier(place.database)))
        except psycopg.errors.InsufficientPrivilege:
            raise StoreUnusable(
                f"The database {place.database} does not exist on {place.server}, and role {place.user} may not create "
                f"it. Create it with: CREATE DATABASE {place.database} OWNER {place.user} TEMPLATE template0 "
                "ENCODING 'UTF8' LOCALE 'C'"
            ) from None
        except psycopg.errors.DuplicateDatabase:
            return False
    return True


def _drop_database(place: ServerPlace) -> None:
    psycopg = driver()
    try:
        with connected(place.in_database("postgres"), autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("DROP DATABASE {}").format(psycopg.sql.Identifier(place.database)))
    except DeskError:
        pass  # an empty database is left: the next attempt uses it


def drop_tables(place: ServerPlace) -> None:
    """Remove a store from its database, in one transaction."""
    side = PostgresSide(place)
    try:
        with side.engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": WRITERS})
            METADATA.drop_all(connection)
            connection.execute(text("DROP TABLE alembic_version"))
    except DBAPIError as error:
        raise side.refusal(error) from error
    finally:
        side.engine.dispose()

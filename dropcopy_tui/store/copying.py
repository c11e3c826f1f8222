"""All rows of a store, table by table and in the order of their keys, in one form for both engines.

The form is a file's: times, documents and truth values as SQLite keeps them. What is read from one engine in it is
written to the other, and equal rows have equal digests wherever they are.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

from dropcopy_tui.domain.errors import DeskError, Interrupted, StoreUnusable
from dropcopy_tui.domain.places import Place, ServerPlace
from dropcopy_tui.domain.work import current, step
from dropcopy_tui.store.engine_sqlite import refusal_in_words
from dropcopy_tui.store.server import SCHEMA_KEY, driver
from dropcopy_tui.store.server_errors import first_line, refusal_of
from dropcopy_tui.store.tables import METADATA, SettingRow
from dropcopy_tui.store.watch import watched_driver

# So many rows are in memory.
_CHUNK = 5_000
TABLES: Sequence[Table] = METADATA.sorted_tables
# How a server says a value of a type in a file's form.
_AS_IN_A_FILE = {
    "TIMESTAMP WITH TIME ZONE": "to_char({}, 'YYYY-MM-DD HH24:MI:SS.US')",
    "JSON": "{}::text",
    "BOOLEAN": "{}::int",
}
# A copy may wait for its other side for longer than a server lets a transaction stand still.
_PATIENT = "SET LOCAL idle_in_transaction_session_timeout = 0"
Chunk = list[tuple[Any, ...]]


class Rows:
    """The rows of an open transaction of one store."""

    def __init__(self, connection: Connection, place: Place) -> None:
        self.connection = connection
        self.place = place
        self.driver: Any = connection.connection.driver_connection
        self.on_server = isinstance(place, ServerPlace)
        self._errors: tuple[type[Exception], ...] = (DBAPIError, sqlite3.Error)
        if self.on_server:
            self._errors += (driver().Error,)
            self.run(_PATIENT)

    def count(self) -> int:
        """How many rows there are in all tables."""
        return sum(int(self.run(f"SELECT count(*) FROM {self._name(table)}")[0][0]) for table in TABLES)  # noqa: S608 - our own tables

    def size(self) -> int:
        """About how many bytes a file of them has."""
        if isinstance(self.place, ServerPlace):
            return int(self.run("SELECT pg_database_size(current_database())")[0][0])
        return self.place.stat().st_size

    def identity(self) -> str:
        """What two URLs of one database have in common, and a replica with its primary server; "" for a file."""
        if not self.on_server:
            return ""
        return str(self.run("SELECT concat(system_identifier, ' ', current_database()) FROM pg_control_system()")[0][0])

    def chunks(self, table: Table) -> Generator[Chunk, None, None]:
        """The rows of a table in the order of its key, some thousand at a time."""
        with self.errors(), watched_driver(self.driver), closing(self._cursor(table)) as cursor:
            while rows := cursor.fetchmany(_CHUNK):
                yield rows

    def put(self, table: Table, chunks: Iterable[Chunk]) -> None:
        """Add rows to a table. Raises StoreUnusable for one that this engine cannot keep."""
        columns = ", ".join(map(self._name, table.columns))
        name = self._name(table)
        with self.errors(table), watched_driver(self.driver):
            if self.on_server:
                with self.driver.cursor() as cursor, cursor.copy(f"COPY {name} ({columns}) FROM STDIN") as copy:
                    for chunk in chunks:
                        for row in chunk:
                            copy.write_row(row)
                return
            values = ", ".join("?" * len(table.columns))
            for chunk in chunks:
                self.driver.executemany(f"INSERT INTO {name} ({columns}) VALUES ({values})", chunk)  # noqa: S608 - our own table

    def run(self, statement: str) -> Chunk:
        """Run a statement of the copy's own; its rows."""
        with self.errors(), watched_driver(self.driver):
            found = self.driver.execute(statement)
            return found.fetchall() if found.description else []

    def _cursor(self, table: Table) -> Any:
        columns = ", ".join(map(self._asked, table.columns))
        # Which version the tables are of, a file says in its header.
        own = f" WHERE key <> '{SCHEMA_KEY}'" if table.name == SettingRow.__tablename__ else ""
        order = ", ".join(map(self._name, table.primary_key.columns))
        # The names come from our own tables.
        statement = f"SELECT {columns} FROM {self._name(table)}{own} ORDER BY {order}"  # noqa: S608
        # On a server, a cursor with a name: it hands out rows as they are asked for.
        cursor = self.driver.cursor("copying") if self.on_server else self.driver.cursor()
        return cursor.execute(statement)

    def _asked(self, column: Any) -> str:
        name = self._name(column)
        if not self.on_server:
            return name
        kind = column.type.compile(self.connection.dialect)
        return _AS_IN_A_FILE.get(kind, "{}").format(name)

    def _name(self, named: Any) -> str:
        return self.connection.dialect.identifier_preparer.quote(named.name)

    @contextmanager
    def errors(self, table: Table | None = None) -> Iterator[None]:
        """Turn the driver's errors into the desk's; `table` is the one that is written to."""
        try:
            yield
        except self._errors as error:
            raise self._refusal(error, table) from error

    def _refusal(self, error: Exception, table: Table | None) -> DeskError:
        said: BaseException = (error.orig or error) if isinstance(error, DBAPIError) else error
        if isinstance(self.place, ServerPlace):
            # The connection may have ended: what is closed next must not ask it to roll back.
            self.connection.invalidate()
        work = current()
        if work is not None and work.is_cancelled:
            return Interrupted()
        if table is not None and _is_unfit(said):
            return StoreUnusable(
                f"A row of the table {table.name} cannot be stored in the target ({first_line(said)}). "
                "Nothing was copied. Correct the row in the source and try again."
            )
        return refusal_of(said, self.place) if isinstance(self.place, ServerPlace) else refusal_in_words([str(said)])


def _is_unfit(error: BaseException) -> bool:
    """Whether it is about the row: a value that the engine has no room for, or a broken constraint."""
    state = getattr(error, "sqlstate", None) or ""
    return state[:2] in ("22", "23") or type(error).__name__ in ("DataError", "IntegrityError")


class Digest:
    """SHA-256 over rows in their order."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()
        self.rows = 0

    def add(self, chunk: Chunk) -> None:
        """Take in some rows."""
        self._sum.update("".join(map(repr, chunk)).encode("utf-8", "surrogatepass"))
        self.rows += len(chunk)

    @property
    def value(self) -> str:
        """The digest of all of them."""
        return f"{self.rows}:{self._sum.hexdigest()}"


Digests = dict[str, str]


def copy_rows(source: Rows, target: Rows) -> Digests:
    """Copy all rows; the digest of each table as it was read. Raises Interrupted."""
    work = step("Copying", source.count())
    done, found = 0, {}
    for table in TABLES:
        digest = Digest()

        def rows(table: Table = table, digest: Digest = digest, before: int = done) -> Generator[Chunk, None, None]:
            with closing(source.chunks(table)) as chunks:
                for chunk in chunks:
                    digest.add(chunk)
                    yield chunk
                    work.tell(before + digest.rows)

        # Closed here and now if the target fails: what it reads from may be closed next.
        with closing(rows()) as chunks:
            target.put(table, chunks)
        done += digest.rows
        found[table.name] = digest.value
    return found


def digests_of(rows: Rows, what: str) -> Digests:
    """The digest of each table, read from the store."""
    work = step(what, rows.count())
    done, found = 0, {}
    for table in TABLES:
        digest = Digest()
        with closing(rows.chunks(table)) as chunks:
            for chunk in chunks:
                digest.add(chunk)
                work.tell(done + digest.rows)
        done += digest.rows
        found[table.name] = digest.value
    return found


def different(one: Digests, other: Digests) -> list[str]:
    """The tables whose rows are not the same."""
    return [name for name in one if one[name] != other.get(name)]


def rows_in(found: Digests) -> int:
    """How many rows the digests are of."""
    return sum(int(value.partition(":")[0]) for value in found.values())

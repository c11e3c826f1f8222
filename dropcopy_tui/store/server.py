"""A store's server, with the driver alone: connections, and whether a database is a store that can be used.

What `location` is for files. SQLAlchemy is not imported: the first screen is drawn before.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dropcopy_tui.domain.errors import DeskError, StoreMissing, StoreTooNew, StoreUnusable
from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.store.server_errors import refusal_of

if TYPE_CHECKING:
    from psycopg import Connection

LEAST_VERSION = 14
# Seconds that a server may be silent while a connection is made.
PATIENCE_TO_CONNECT = 3
_LONGEST_PASSWORD = 1_024
_LOOSE = stat.S_IRWXG | stat.S_IRWXO
# For all sessions: times in UTC; names are looked up in one schema; a process that stands still inside a transaction
# is let go by the server after a minute, so that others can write; short queries are not compiled. Sets are filled in
# one statement from nothing to a million rows: the planner, which believes the statistics of an hour ago, must not
# choose to read a small table whole for each row of another. Every statement has an index that serves it.
_SESSION = {
    "timezone": "UTC",
    "search_path": "public",
    "idle_in_transaction_session_timeout": "60s",
    "jit": "off",
    "enable_seqscan": "off",
    "random_page_cost": "1.1",
}
# The row of `setting` that says that a database is a store, and of which version.
SCHEMA_KEY = "schema"
_SORTS = (
    "SELECT pg_encoding_to_char(encoding), datcollate, to_jsonb(d)->>'datlocprovider' "
    "FROM pg_database d WHERE datname = current_database()"
)
_TABLES = (
    "SELECT count(*), coalesce(bool_or(relname = 'setting'), false), coalesce(bool_or(relname = 'audit_event'), false) "
    "FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')"
)
_FACTS = "SELECT key, value FROM setting"


def parameters(place: ServerPlace) -> dict[str, Any]:
    """libpq's parameters of a connection. Raises StoreUnusable for a password file that others can read."""
    given = dict(place.options)
    _check_passfile(given.get("passfile"))
    found: dict[str, Any] = {
        "host": place.host,
        "port": place.port,
        "dbname": place.database,
        "connect_timeout": PATIENCE_TO_CONNECT,
        # A host that is gone is noticed within seconds, also while nothing is sent.
        "keepalives_idle": 2,
        "keepalives_interval": 1,
        "keepalives_count": 3,
        "tcp_user_timeout": 4_000,
        "application_name": "dropcopy",
        "client_encoding": "utf8",
        "options": " ".join(f"-c {name}={value}" for name, value in _SESSION.items()),
    }
    if not place.is_local:
        found["sslmode"] = "verify-full"
    if place.user:
        found["user"] = place.user
    if place.password_file is not None:
        found["password"] = _read_password(place.password_file)
    return found | given


def _read_password(path: Path) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise StoreUnusable(f"The password file {path} cannot be read: {error.strerror}.") from None
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode):
            raise StoreUnusable(f"The password file {path} is not a regular file.")
        _must_be_private(path, facts)
        secret = os.read(handle, _LONGEST_PASSWORD + 1).removesuffix(b"\n").removesuffix(b"\r")
    finally:
        os.close(handle)
    try:
        password = secret.decode()
    except UnicodeDecodeError:
        password = ""
    if not 0 < len(secret) <= _LONGEST_PASSWORD or not password.isprintable():
        raise StoreUnusable(f"{path} must contain one line: the password of the store's role.")
    return password


def _check_passfile(named: str | None) -> None:
    """A passfile that others can read is left aside by libpq, which says so on the terminal only."""
    path = Path(named or os.environ.get("PGPASSFILE") or Path.home() / ".pgpass")
    try:
        facts = path.stat()
    except OSError as error:
        if named:
            raise StoreUnusable(f"The password file {path} cannot be read: {error.strerror}.") from None
        return
    if stat.S_ISREG(facts.st_mode):
        _must_be_private(path, facts)


def _must_be_private(path: Path, facts: os.stat_result) -> None:
    if facts.st_uid != os.geteuid():
        raise StoreUnusable(f"The password file {path} is owned by another account.")
    if facts.st_mode & _LOOSE:
        raise StoreUnusable(f"Other accounts can read the password file. Run: chmod 600 {path}")


def connect(place: ServerPlace, **more: Any) -> Connection[Any]:
    """A connection of the driver. Raises psycopg's errors, and StoreUnusable where the driver is not installed."""
    driver()
    from dropcopy_tui.store.attentive import Attentive

    return Attentive.open(**(parameters(place) | more))


def driver() -> Any:
    """psycopg, which is imported only here: a store in a file does without. Raises StoreUnusable."""
    try:
        import psycopg
    except ImportError:
        raise StoreUnusable(
            "A store on a PostgreSQL server needs the driver psycopg. Install it: pip install 'dropcopy-tui[postgres]'"
        ) from None
    return psycopg


@contextmanager
def connected(place: ServerPlace, **more: Any) -> Iterator[Connection[Any]]:
    """A connection while the block runs, and psycopg's errors as the desk's."""
    psycopg = driver()
    try:
        with connect(place, **more) as connection:
            yield connection
    except psycopg.Error as error:
        raise refusal_of(error, place) from None


def check_server(place: ServerPlace) -> None:
    """Refuse a database that is not a usable store. Raises StoreMissing, StoreTooNew, StoreUnusable, StoreBusy."""
    facts_of_server(place)


def facts_of_server(place: ServerPlace) -> dict[str, str]:
    """The settings of the store, once it is known to be one that this version can use."""
    from dropcopy_tui.store.location import SCHEMA_VERSION

    with connected(place, autocommit=True) as connection:
        check_kind(connection, place)
        tables, has_settings, has_audit = _row(connection, _TABLES)
        if not tables:
            raise StoreMissing(
                f"The database {place.database} is empty. Create a store in it with: dropcopy --store URL init"
            )
        if not (has_settings and has_audit):
            raise _foreign(place)
        facts = dict(_settings(connection, place))
    version = facts.get(SCHEMA_KEY, "")
    if not version.isdecimal():
        raise _foreign(place)
    if int(version) > SCHEMA_VERSION:
        raise StoreTooNew(
            f"{place.database} was created by a newer version of dropcopy. Update dropcopy. Nothing was changed."
        )
    return facts


def check_kind(connection: Connection[Any], place: ServerPlace) -> None:
    """Refuse an old server, and a database in which texts have another order than in a file. Raises StoreUnusable."""
    version = connection.info.server_version // 10_000
    if version < LEAST_VERSION:
        raise StoreUnusable(
            f"The server {place.server} is PostgreSQL {version}. Use version {LEAST_VERSION} or newer. "
            "Nothing was changed."
        )
    encoding, collation, provider = _row(connection, _SORTS)
    # "b" is the server's own provider (PostgreSQL 17): it sorts by code points, as "C" does.
    if encoding != "UTF8" or not (collation in ("C", "POSIX") or provider == "b"):
        raise StoreUnusable(
            f"The database {place.database} has the encoding {encoding} and the locale {collation}, a store needs UTF8 "
            f"and C. Create another one with: CREATE DATABASE NAME TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
        )


def _settings(connection: Connection[Any], place: ServerPlace) -> list[tuple[str, str]]:
    psycopg = driver()
    try:
        return connection.execute(_FACTS).fetchall()
    except (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable):
        raise _foreign(place) from None


def _foreign(place: ServerPlace) -> DeskError:
    return StoreUnusable(
        f"{place.database} on {place.server} is the database of another application. Nothing was changed."
    )


def _row(connection: Connection[Any], question: str) -> tuple[Any, ...]:
    found = connection.execute(question).fetchone()
    assert found is not None
    return tuple(found)

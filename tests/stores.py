"""Stores for tests, on the engine under test: files, or databases of a real PostgreSQL server.

`--engine postgres` (or DROPCOPY_TEST_ENGINE=postgres) makes every store that a test asks for by a path one on the
server. A test that speaks to one engine only says so with the marks `sqlite_only` and `postgres`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dropcopy_tui.domain.places import Place, ServerPlace
from dropcopy_tui.store.engine import create_store
from tests.server import Server, shared_server

_VARIABLE = "DROPCOPY_TEST_ENGINE"
_SHARE = "DROPCOPY_TEST_SHARE"
# Database -> the path that stands for it.
_made: dict[str, Path] = {}
_templates = threading.Lock()


def on_postgres() -> bool:
    """Whether stores are on PostgreSQL, unless a test says which engine it wants."""
    return os.environ.get(_VARIABLE, "sqlite") == "postgres"


def use(engine: str) -> None:
    """Choose the engine for this process and those that it starts."""
    os.environ[_VARIABLE] = engine


def repeats(number: int) -> int:
    """How often a long test does again what it does: so often on a file, and on a server with DROPCOPY_TEST_SHARE=5
    a fifth of it, because each round asks the server some hundred times."""
    return max(1, number // int(os.environ.get(_SHARE, "1"))) if on_postgres() else number


def place_of(path: Path, postgres: bool | None = None) -> Place:
    """Where a store is that a test names by this path: the path itself, or a database with a name made from it."""
    if not (on_postgres() if postgres is None else postgres):
        return path
    name = "t_" + hashlib.sha256(os.fspath(path).encode()).hexdigest()[:20]
    return shared_server().place(name, beside=path)


def new_store(path: Path, postgres: bool | None = None) -> Place:
    """An empty store. On PostgreSQL, a copy of one that was made once."""
    place = place_of(path, postgres)
    if isinstance(place, ServerPlace):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _create(place, _empty())
    else:
        create_store(place)
    return place


def new_database(path: Path, template: str = "template0") -> ServerPlace:
    """An empty database on the server, which is no store yet."""
    place = place_of(path, postgres=True)
    assert isinstance(place, ServerPlace)
    _create(place, template)
    return place


def copy_store(store: Place, path: Path) -> Place:
    """A copy of a store, at this path. Whoever has a store on a server open is disconnected from it."""
    if isinstance(store, ServerPlace):
        place = place_of(path, postgres=True)
        assert isinstance(place, ServerPlace)
        _disconnect(shared_server(), store.database)
        _create(place, store.database)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return place
    shutil.copy2(store, path)
    return path


def drop_below(folder: Path) -> None:
    """Remove the databases of the stores that were made below this folder."""
    for name, path in tuple(_made.items()):
        if path.is_relative_to(folder):
            shared_server().drop(name)
            del _made[name]


def _create(place: ServerPlace, template: str) -> None:
    server = shared_server()
    server.drop(place.database)
    server.create(place.database, template)
    _made[place.database] = place.beside


def _empty() -> str:
    with _templates:
        if "empty" not in _made:
            server = shared_server()
            place = server.place("empty")
            _create(place, "template0")
            create_store(place)
            _disconnect(server, "empty")
    return "empty"


def _disconnect(server: Server, database: str) -> None:
    server.do(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")


def restore(store: Place, place: Place) -> None:
    """Put a store's copy back as the store is. Whoever has the copy open on a server is disconnected."""
    if isinstance(place, ServerPlace):
        copy_store(store, place.beside)
    else:
        shutil.copyfile(store, place)  # type: ignore[arg-type]


def plain(value: Any) -> Any:
    """A value as SQLite keeps it: times and documents are texts there, and what is true is 1."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return int(value) if isinstance(value, bool) else value


class Eyes:
    """A connection of the driver's own to a store, beside the application's; every statement is a transaction."""

    def __init__(self, place: Place) -> None:
        self._connection: Any
        self._server = isinstance(place, ServerPlace)
        if isinstance(place, ServerPlace):
            import psycopg

            self._connection = psycopg.connect(
                host=place.host, port=place.port, user=place.user, dbname=place.database, autocommit=True,
                options="-c timezone=UTC",
            )  # fmt: skip
        else:
            self._connection = sqlite3.connect(place, isolation_level=None)

    def read(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of a statement, whose parameters are written as `:name`."""
        if self._server:
            sql = re.sub(r"(?<!:):([a-z_]+)", r"%(\1)s", sql)
        found = self._connection.execute(sql, values)
        return [tuple(map(plain, row)) for row in found.fetchall()] if found.description else []

    def tables(self) -> list[str]:
        """The names of the tables."""
        which = (
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            if self._server
            else "SELECT name FROM sqlite_master WHERE type = 'table'"
        )
        return sorted(name for (name,) in self.read(which))

    def mark(self) -> list[tuple[Any, ...]]:
        """What differs once another connection has committed."""
        return self.read("SELECT pg_current_snapshot()::text" if self._server else "PRAGMA data_version")

    def broken(self) -> list[tuple[Any, ...]]:
        """What is wrong with the store as such: a server checks its references by itself."""
        if self._server:
            return []
        whole = self.read("PRAGMA integrity_check")
        return [*(row for row in whole if row != ("ok",)), *self.read("PRAGMA foreign_key_check")]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def as_the_desk(store: Path) -> None:
    """Prove the rows of a store in a file as they are: a test changed them as the desk would have."""
    from dropcopy_tui.store.chain import say_sealed
    from dropcopy_tui.store.engine import Store
    from dropcopy_tui.store.location import store_facts
    from dropcopy_tui.store.proofs import prove_all
    from dropcopy_tui.store.row_proofs import Prover
    from dropcopy_tui.store.vault import Vault

    vault = Vault(store.with_suffix(".key").read_bytes(), store_facts(store)["store_id"])
    opened = Store(store)
    with opened.write() as session:
        prove_all(session, Prover(vault))
        say_sealed(session, vault)
    opened.close()

"""A store made by migrations is the one that the tables describe."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from dropcopy_tui.store.engine import Store, create_store, migrate
from dropcopy_tui.store.place import APPLICATION_ID, SCHEMA_VERSION
from dropcopy_tui.store.tables import METADATA


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "store.db"
    create_store(path)
    return path


def checks(path: Path) -> dict[str, set[str]]:
    """The constraints of each table, as its text has them: Alembic does not compare CHECKs."""
    found = sqlite3.connect(path).execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    return {
        name: {" ".join(line.split()) for line in re.findall(r"CONSTRAINT .*?\)(?=,? *\n)", sql)}
        | ({"WITHOUT ROWID"} if "WITHOUT ROWID" in sql else set())
        for name, sql in found
        if name != "alembic_version"
    }


def test_nothing_is_left_to_migrate(path: Path) -> None:
    with Store(path)._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_every_constraint_is_there_too(path: Path, tmp_path: Path) -> None:
    described = tmp_path / "described.db"
    METADATA.create_all(create_engine(f"sqlite:///{described}"))
    assert checks(path) == checks(described)
    assert sum(len(found) for found in checks(path).values()) > 30


def test_the_store_says_whose_it_is_and_how_new(path: Path) -> None:
    header = path.read_bytes()[:72]
    assert int.from_bytes(header[68:72], "big") == APPLICATION_ID == int.from_bytes(b"DCTU", "big")
    assert int.from_bytes(header[60:64], "big") == SCHEMA_VERSION


def test_migrating_again_changes_nothing(path: Path) -> None:
    before = list(sqlite3.connect(path).iterdump())
    migrate(path)
    assert list(sqlite3.connect(path).iterdump()) == before


def test_a_migration_that_fails_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE session (id)")  # in the way of the first migration, which makes others before it
    connection.close()
    with pytest.raises(Exception, match="session"):
        migrate(path)
    tables = sqlite3.connect(path).execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert tables == [("session",)]

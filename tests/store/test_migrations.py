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
from dropcopy_tui.store.location import APPLICATION_ID, SCHEMA_VERSION, needs_migration
from dropcopy_tui.store.tables import METADATA

# The index of the search, with the tables that SQLite keeps for it: no table of the metadata describes it.
SEARCH = "sender_comp_search"


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
        if name != "alembic_version" and not name.startswith(SEARCH)
    }


def test_nothing_is_left_to_migrate(path: Path) -> None:
    with Store(path)._engine.connect() as connection:
        described = {"compare_type": True, "include_name": lambda name, *_: not str(name).startswith(SEARCH)}
        context = MigrationContext.configure(connection, opts=described)
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


def test_a_store_of_the_first_version_keeps_its_approvals(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    sqlite3.connect(path).close()
    migrate(path, "0001")
    connection = sqlite3.connect(path)
    now = "2026-11-23 16:45:00.000000"
    for line in (
        "INSERT INTO entity (id, code, name, clearing_firm, approvals) VALUES (1, 'A', 'A', 0, 'always'), (2, 'B', 'B', 1, 'never')",  # noqa: E501
        f"INSERT INTO person (id, user_id, name, email, failed_tries, disabled, created_at) VALUES (1, 'p', 'P', 'p@x', 0, 0, '{now}')",  # noqa: E501
        f"INSERT INTO request (id, reference, type, status, entity_id, subject, waits_for, asked, reasons, submitted_by, submitted_at, version) VALUES (1, 'R', 'create_group', 'in_progress', 1, 'G', '[1, 2]', '{{}}', '[]', 1, '{now}', 1)",  # noqa: E501
        f"INSERT INTO decision (request_id, person_id, entity_id, verdict, reason, at) VALUES (1, 1, 2, 'approve', '', '{now}')",  # noqa: E501
    ):
        connection.execute(line)
    connection.commit()
    connection.close()
    assert needs_migration(path)
    migrate(path)
    assert not needs_migration(path)
    found = sqlite3.connect(path).execute("SELECT entity_id, given_by, given_at FROM approval ORDER BY entity_id")
    assert found.fetchall() == [(1, None, None), (2, 1, now)]

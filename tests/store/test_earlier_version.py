"""A store that 0.3.2 made, sandbox and sample data, opens here with everything that was in it."""

from __future__ import annotations

import gzip
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dropcopy_tui.config import Config, Paths
from dropcopy_tui.desk import open_desk
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.store.engine import migrate
from dropcopy_tui.store.location import SCHEMA_VERSION, needs_migration
from tests.services.kept import assert_counts_hold, assert_orders_hold

DATA = Path(__file__).parent / "data"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """The store and its master key, as 0.3.2 left them."""
    paths = Paths(
        store=tmp_path / "dropcopy.db",
        master_key=tmp_path / "dropcopy.key",
        config=tmp_path / "none.toml",
        incident_log=tmp_path / "incidents.log",
        downloads=tmp_path,
    )
    paths.store.write_bytes(gzip.decompress((DATA / "store-0.3.2.gz").read_bytes()))
    paths.master_key.write_bytes((DATA / "master-0.3.2").read_bytes())
    for file in (paths.store, paths.master_key):
        os.chmod(file, 0o600)
    return Config(paths, Settings())


def columns(path: Path) -> dict[str, list[str]]:
    """The columns of each table."""
    with closing(sqlite3.connect(path)) as store:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: [row[1] for row in store.execute(f"PRAGMA table_info({name})")] for name in tables}


def everything(path: Path, named: dict[str, list[str]]) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, by these columns."""
    with closing(sqlite3.connect(path)) as store:
        return {
            table: sorted(store.execute(f"SELECT {', '.join(names)} FROM {table}"), key=repr)
            for table, names in named.items()
        }


def test_migrating_keeps_every_row(config: Config) -> None:
    path = config.paths.store
    named = columns(path)
    before = everything(path, named)
    assert (needs_migration(path), len(before["sender_comp"]) > 2_000) == (True, True)
    migrate(path)
    after = everything(path, named)
    for table in set(before) - {"alembic_version"}:
        assert after[table] == before[table], table
    with closing(sqlite3.connect(path)) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        for table in ("group_source", "draft_source"):
            parts = f"SELECT s.sender_comp_id || s.gfid = m.sender_comp_id || m.gfid FROM {table} AS m"
            assert set(store.execute(f"{parts} JOIN sender_comp AS s ON s.id = sender_comp_pk")) == {(1,)}
        assert_counts_hold(lambda sql: store.execute(sql).fetchall())
        assert_orders_hold(lambda sql: store.execute(sql).fetchall())
        assert store.execute("PRAGMA foreign_key_check").fetchall() == []
        assert store.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert store.execute("PRAGMA writable_schema").fetchone() == (0,)


def test_the_desk_works_on_it(config: Config) -> None:
    desk = open_desk(config)
    actor = desk.identity.act_as("acme-operator", "test")
    groups = desk.groups.page(actor, PageRequest())
    assert "US-RATES-RISK" in [line.name for line in groups.rows]
    group = next(line.id for line in groups.rows if line.name == "US-RATES-RISK")
    assert desk.groups.show(actor, group).line.sources == 695
    pairs = [key for view in desk.sessions.page(actor, PageRequest(limit=500)).rows for key in view.keys]
    assert len(pairs) > 20
    auditor = desk.identity.act_as("auditor", "test")
    assert desk.audit.verify(auditor).valid
    desk.close()

"""A store that 0.3.2 made, sandbox and sample data, opens here with everything that was in it."""

from __future__ import annotations

import gzip
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dropcopy_tui.config import Config, Paths
from dropcopy_tui.desk import open_desk
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.restoring import rehearse
from dropcopy_tui.store.engine import migrate
from dropcopy_tui.store.location import SCHEMA_VERSION, needs_migration
from dropcopy_tui.store.row_proofs import PROVEN
from tests.services.kept import assert_counts_hold, assert_orders_hold
from tests.trust.tampers import recomputed

DATA = Path(__file__).parent / "data"
# Later versions have tables of their own.
OLD_TABLES = sorted(set(PROVEN) - {"recovery_code", "ssh_key"})


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
    verified = desk.audit.verify(auditor)
    assert (verified.valid, verified.why) == (True, "")
    desk.close()


def test_its_audit_trail_is_sealed_when_it_is_first_opened(config: Config) -> None:
    with closing(sqlite3.connect(config.paths.store)) as store:
        events = store.execute("SELECT count(*) FROM audit_event").fetchone()[0]
        last = store.execute("SELECT max(id) FROM audit_event").fetchone()[0]
        proven = sum(store.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in OLD_TABLES)
    open_desk(config).close()
    desk = open_desk(config)
    auditor = desk.identity.act_as("auditor", "test")
    sealed = [event for event in desk.audit.page(auditor, PageRequest()).rows if event.action == "audit:sealed"]
    assert [(event.id, event.person, event.after) for event in sealed] == [
        (last + 1, "desk", {"events": events, "intact": True, "rows": proven})
    ]
    assert desk.audit.verify(auditor).sealed_from == last + 1
    desk.close()
    with closing(sqlite3.connect(config.paths.store)) as store, store:
        store.execute("UPDATE audit_event SET person = 'someone' WHERE id = 3")
    desk = open_desk(config)
    assert desk.audit.verify(auditor).first_bad == 3
    desk.close()


def test_events_from_before_the_seal_cannot_be_recomputed(config: Config) -> None:
    open_desk(config).close()
    with closing(sqlite3.connect(config.paths.store)) as store, store:
        last = store.execute("SELECT first_event - 1 FROM audit_chain").fetchone()[0]
        store.execute("UPDATE audit_event SET person = 'someone' WHERE id = ?", (last,))
        recomputed(store, last, last, None)
    desk = open_desk(config)
    found = desk.audit.verify(desk.identity.act_as("auditor", "test"))
    assert (found.valid, found.first_bad) == (False, last + 1)
    assert "not the ones that were sealed" in found.why
    desk.close()


def test_an_application_of_the_earlier_version_that_is_still_open_changes_nothing_any_more(config: Config) -> None:
    path = config.paths.store
    with closing(sqlite3.connect(path, isolation_level=None)) as earlier:
        earlier.execute("SELECT count(*) FROM audit_event").fetchone()
        desk = open_desk(config)
        operations = desk.identity.act_as("operations", "test")
        earlier.execute("BEGIN IMMEDIATE")
        earlier.execute("UPDATE person SET mobile = '+15550100'")
        with pytest.raises(sqlite3.IntegrityError, match="start the newer version of dropcopy"):
            earlier.execute(
                "INSERT INTO audit_event (at, person, origin, action, entity, subject, before, after, digest) "
                "VALUES ('2026-11-23 16:45:00.000000', 'operator', 'tui', 'draft:started', 'ACME', '1', '{}', '{}', '')"
            )
        earlier.execute("ROLLBACK")
    operator = desk.identity.act_as("acme-operator", "test")
    desk.drafts.start(operator, "brokertec_us", "ACME")
    check = desk.audit.verify(operations)
    desk.close()
    assert (check.valid, check.why) == (True, "")


def test_a_drill_says_what_the_backup_has(config: Config, tmp_path: Path) -> None:
    """The restored copy is migrated, and that is an event of its own: the person looks for the last of theirs."""
    backup = tmp_path / "backup.db"
    backup.write_bytes(config.paths.store.read_bytes())
    with closing(sqlite3.connect(backup)) as store:
        last, at = store.execute("SELECT id, at FROM audit_event ORDER BY id DESC LIMIT 1").fetchone()
        events = store.execute("SELECT count(*) FROM audit_event").fetchone()[0]
    found = rehearse(config, backup).trail
    assert (found.events, found.last_event) == (events, last)
    assert found.last_at is not None
    assert f"{found.last_at:%Y-%m-%d %H:%M:%S.%f}" == at


def test_the_first_command_says_that_it_migrated(config: Config) -> None:
    call = [sys.executable, "-m", "dropcopy_tui", "--store", str(config.paths.store), "--as", "acme-operator", "status"]
    first, second = (subprocess.run(call, capture_output=True, text=True, check=True) for _ in range(2))
    assert "The store was migrated to this version of dropcopy." in first.stderr
    assert second.stderr == ""
    assert first.stdout == second.stdout

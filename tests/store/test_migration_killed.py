"""A large store of 0.3.2 that is migrated in place: with progress, and killed in the middle it is the old one."""

from __future__ import annotations

import gzip
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from dropcopy_tui.domain.errors import Interrupted, StoreBusy
from dropcopy_tui.domain.work import Work
from dropcopy_tui.store import bulk
from dropcopy_tui.store.engine import migrate
from dropcopy_tui.store.location import SCHEMA_VERSION, needs_migration

DATA = Path(__file__).parent / "data"
# So many more SenderComps, all of them sources of the first group: a migration of a second or two.
MORE = 60_000
_FILL = f"""
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {MORE - 1}),
c(s) AS (SELECT 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')
INSERT INTO sender_comp (entity_id, market, sender_comp_id, session_id, gfid, fti, gateway, status)
SELECT e, 'brokertec_us', x || g || 'P', x, g, 'P', 'msgw', 'active' FROM (
  SELECT (SELECT min(id) FROM entity) AS e, 'BG' || (i / 46656) || 'Z' AS g,
    substr(s, 1 + i / 1296 % 36, 1) || substr(s, 1 + i / 36 % 36, 1) || substr(s, 1 + i % 36, 1) AS x FROM n, c)
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "dropcopy.db"
    path.write_bytes(gzip.decompress((DATA / "store-0.3.2.gz").read_bytes()))
    with closing(sqlite3.connect(path)) as store:
        store.execute(_FILL)
        store.execute(
            "INSERT INTO group_source (group_id, sender_comp_pk) SELECT (SELECT min(id) FROM drop_copy_group), id "
            "FROM sender_comp WHERE gfid LIKE 'BG%Z'"
        )
        store.commit()
    return path


@pytest.fixture
def old(large: Path, tmp_path: Path) -> Path:
    path = tmp_path / "dropcopy.db"
    path.write_bytes(large.read_bytes())
    for name in (path, tmp_path / "dropcopy.key"):
        if name != path:
            name.write_bytes((DATA / "master-0.3.2").read_bytes())
        os.chmod(name, 0o600)
    return path


def content(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return list(store.iterdump())


def test_a_migration_that_is_killed_leaves_the_old_store(old: Path, large: Path) -> None:
    size = old.stat().st_size
    program = f"from pathlib import Path; from dropcopy_tui.store.engine import migrate; migrate(Path({str(old)!r}))"
    process = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[2])
    end = time.monotonic() + 60
    # It writes to the store before it commits.
    while old.stat().st_size == size and process.poll() is None and time.monotonic() < end:
        time.sleep(0.002)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert content(old) == content(large)
    assert needs_migration(old)
    migrate(old)
    assert not needs_migration(old)
    with closing(sqlite3.connect(old)) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert store.execute("SELECT count(*) FROM group_source WHERE gfid LIKE 'BG%Z'").fetchone() == (MORE,)


def test_a_migration_tells_how_far_it_is(old: Path) -> None:
    seen: list[tuple[str, float | None]] = []
    work = Work(lambda: seen.append((work.what, work.part)))
    with work.doing():
        migrate(old)
    parts = [part for what, part in seen if what == "Migrating the store" and part is not None]
    assert len(set(parts)) > 5
    assert parts == sorted(parts)


def test_a_migration_that_is_cancelled_leaves_the_old_store(old: Path, large: Path) -> None:
    work = Work(lambda: (work.part or 0) > 0.3 and work.cancel())  # type: ignore[func-returns-value]
    with work.doing(), pytest.raises(Interrupted):
        migrate(old)
    assert content(old) == content(large)


def test_a_disk_without_room_is_told_before_the_migration(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dropcopy_tui.config import Config, Paths
    from dropcopy_tui.desk import open_desk
    from dropcopy_tui.domain.settings import Settings

    class Full:
        free = 1_000

    monkeypatch.setattr(bulk.shutil, "disk_usage", lambda _: Full)
    folder = old.parent
    paths = Paths(
        store=old,
        master_key=folder / "dropcopy.key",
        config=folder / "none.toml",
        incident_log=folder / "incidents.log",
        downloads=folder,
    )
    with pytest.raises(StoreBusy, match=r"The migration of the store to this version needs about \d+ MB"):
        open_desk(Config(paths, Settings()))
    assert needs_migration(old)
    assert SCHEMA_VERSION > 4

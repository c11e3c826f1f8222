"""Backups: of one moment while others write, proven on the copy, never over a file, and nothing left of a failure."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from dropcopy_tui.domain.errors import FileRefused, Interrupted, NotEntitled, StoreUnusable
from dropcopy_tui.domain.work import Work
from dropcopy_tui.new_file import clear_interrupted
from dropcopy_tui.services.backups import Backups, examine
from dropcopy_tui.services.base import Resources
from tests.services.conftest import World
from tests.services.factories import change, one, open_resources

pytestmark = pytest.mark.sqlite_only("a server has tools of its own")
_ROOT = str(Path(__file__).parents[2])
# Writes events until it is ended, each with a row that must be there with it.
_WRITER = """
import sys
from pathlib import Path
from tests.services.factories import open_resources
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.unit_of_work import writing
resources = open_resources(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(100_000):
    with writing(resources, DESK) as uow:
        uow.record("test:wrote", f"{sys.argv[2]}-{number}")
        uow.tx.connection().exec_driver_sql(
            "INSERT INTO setting VALUES (?, ?)", (f"w-{sys.argv[2]}-{number}", str(number)))
"""
_BACKUP = """
import sys
from pathlib import Path
from tests.services.factories import open_resources
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services import backups
resources = open_resources(Path(sys.argv[1]))
def stop(*_):
    print("here", flush=True)
    import time
    time.sleep(60)
backups.digest_of_file = stop
backups.Backups(resources).create(Actor(int(sys.argv[2]), "operations", "operations"), Path(sys.argv[3]))
"""


def _python(program: str, *args: object) -> subprocess.Popen[str]:
    environ = {"PYTHONPATH": _ROOT, "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", program, *map(str, args)]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    assert process.stdout is not None
    process.stdout.close()


def _files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir(mode=0o700)
    return folder / "backup.db"


def test_a_backup_is_the_store_without_its_key(world: World, out: Path) -> None:
    made = Backups(world.resources).create(world.operations, out)
    assert _files(out.parent) == {"backup.db"}
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert made.size == out.stat().st_size
    assert made.digest == hashlib.sha256(out.read_bytes()).hexdigest()
    copy = open_resources(out)
    faults, trail = examine(copy)
    assert (faults, trail) == ((), made.trail)
    assert one(copy, "SELECT count(*) FROM person") == one(world.resources, "SELECT count(*) FROM person")
    copy.store.close()


def test_the_record_is_in_the_store(world: World, out: Path) -> None:
    made = Backups(world.resources).create(world.operations, out)
    action, subject, after = _last(world.resources)
    assert (action, subject) == ("store:backed_up", "backup.db")
    assert made.digest in after
    assert str(out.parent) in after


def _last(resources: Resources) -> tuple[str, str, str]:
    with resources.store.read() as session:
        rows = session.execute(text("SELECT action, subject, after FROM audit_event ORDER BY id DESC LIMIT 1"))
        action, subject, after = rows.one()
        return action, subject, str(after)


def test_it_needs_operations(world: World, out: Path) -> None:
    with pytest.raises(NotEntitled):
        Backups(world.resources).create(world.operator, out)
    assert _files(out.parent) == set()


def test_a_file_that_exists_stays(world: World, out: Path) -> None:
    out.write_text("mine")
    with pytest.raises(FileRefused, match="already exists"):
        Backups(world.resources).create(world.operations, out)
    assert out.read_text() == "mine"


def test_a_store_with_faults_is_not_backed_up_unless_asked(world: World, out: Path) -> None:
    change(world.resources, "UPDATE audit_event SET subject = 'other' WHERE id = 1")
    change(world.resources, "INSERT INTO audit_event SELECT 1, at, person, origin, action, entity, subject, before, "
           "after, digest, states FROM audit_event WHERE id = 99")  # fmt: skip
    with world.resources.store.write() as session:
        session.execute(
            text(
                "INSERT INTO audit_event (at, person, origin, action, subject, before, after, digest) "
                "VALUES ('2026-03-04 15:00:00.000000', 'x', '', 'a:b', '', '{}', '{}', 'wrong')"
            )
        )
    with pytest.raises(StoreUnusable, match="audit"):
        Backups(world.resources).create(world.operations, out)
    assert _files(out.parent) == set()
    made = Backups(world.resources).create(world.operations, out, with_faults=True)
    assert [fault for fault in made.faults if fault.startswith("audit.trail")]


def test_twenty_writers_go_ahead_and_the_copy_is_of_one_moment(world: World, out: Path) -> None:
    path = world.resources.store.path
    writers = [_python(_WRITER, path, number) for number in range(20)]
    try:
        copies = [Backups(world.resources).create(world.operations, out.with_name(f"{n}.db")) for n in range(3)]
        assert all(writer.poll() is None for writer in writers)
    finally:
        for writer in writers:
            _end(writer)
    counts = []
    for made in copies:
        assert made.faults == ()
        with sqlite3.connect(made.path) as connection:
            events = connection.execute("SELECT count(*) FROM audit_event WHERE action = 'test:wrote'").fetchone()[0]
            rows = connection.execute("SELECT count(*) FROM setting WHERE key LIKE 'w-%'").fetchone()[0]
        connection.close()
        assert events == rows
        counts.append(events)
    assert counts == sorted(counts)
    assert counts[-1] > 0


def test_whoever_is_killed_leaves_nothing_after_the_next_start(world: World, out: Path) -> None:
    path = world.resources.store.path
    process = _python(_BACKUP, path, world.operations.person_id, out)
    assert [name for name in _files(out.parent) if name.startswith(".dropcopy-")]
    _end(process)
    (said,) = clear_interrupted(path)
    assert "backup" in said
    assert _files(out.parent) == set()


def test_cancelling_leaves_nothing(world: World, out: Path) -> None:
    def heard() -> None:
        if work.what == "Computing the digest":
            work.cancel()

    work = Work(heard)
    with work.doing(), pytest.raises(Interrupted):
        Backups(world.resources).create(world.operations, out)
    assert _files(out.parent) == set()


def test_a_full_disk_is_one_clear_line(world: World, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A real disk of 64 pages: SQLite itself says that it is full.
    real = sqlite3.connect

    def small(name: Any, **how: Any) -> sqlite3.Connection:
        connection = real(name, **how)
        if str(name).endswith(".part"):
            connection.execute("PRAGMA max_page_count=64")
        return connection

    monkeypatch.setattr("dropcopy_tui.store.backup.sqlite3.connect", small)
    with pytest.raises(FileRefused, match=r"disk of .* is full\. No file was created"):
        Backups(world.resources).create(world.operations, out)
    assert _files(out.parent) == set()


def test_a_store_that_was_replaced_is_not_written_to(world: World, out: Path) -> None:
    Backups(world.resources).create(world.operations, out)
    before = world.resources.store.path.with_name("old.db")
    os.link(world.resources.store.path, before)
    os.replace(out, world.resources.store.path)
    with pytest.raises(StoreUnusable, match="was replaced while it was open"):
        change(world.resources, "UPDATE person SET name = 'x'")
    with pytest.raises(StoreUnusable, match="was replaced"):
        one(world.resources, "SELECT 1")

"""The gate: writers wait in turn, not for ever, and learn who is inside."""

from __future__ import annotations

import errno
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from dropcopy_tui.domain.errors import StoreBusy, StoreUnusable
from dropcopy_tui.domain.places import Place
from dropcopy_tui.store import bulk, gate
from dropcopy_tui.store.bulk import bulk_store
from dropcopy_tui.store.engine import Store, create_store
from dropcopy_tui.store.gate import refusal_of
from dropcopy_tui.store.tables import METADATA, SettingRow
from tests.services.failing import fail_at_commit

HOLD = """
import pickle, sys, time
from dropcopy_tui.store.engine import Store
with Store(pickle.loads(bytes.fromhex(sys.argv[1]))).write("acme-operator"):
    print("inside", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "folder" / "store.db"
    create_store(path)
    return path


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store(path)
    yield store
    store.close()


@contextmanager
def stopped_inside(place: Place) -> Iterator[int]:
    """A real process that is stopped while it holds the gate."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, pickle.dumps(place).hex()], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGSTOP)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def put(store: Store, key: str, patience: float = 10.0) -> None:
    with store.write("viewer", patience) as session:
        session.add(SettingRow(key=key, value="x"))


def test_a_stopped_writer_holds_nobody_up_for_longer_than_the_time_out(path: Path, store: Store) -> None:
    with stopped_inside(path) as pid:
        begun = time.monotonic()
        with pytest.raises(StoreBusy) as caught:
            put(store, "a", 0.4)
        assert 0.3 < time.monotonic() - begun < 5
        assert f"Process {pid} (acme-operator) is writing to the store" in caught.value.message
        assert "Nothing was changed" in caught.value.message
        with store.read() as session:  # reading goes on
            assert session.execute(text("SELECT count(*) FROM setting")).scalar_one() == 0
    put(store, "b")  # and who gave up does not hold the gate afterwards
    put(store, "c")


def test_a_writer_that_waits_has_its_turn(path: Path, store: Store) -> None:
    done: list[str] = []

    def wait() -> None:
        put(Store(path), "b")
        done.append("b")

    with store.write() as session:
        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.2)
        assert done == []
        session.add(SettingRow(key="a", value="x"))
    thread.join(10)
    assert done == ["b"]


def test_whoever_leaves_does_not_wait(path: Path, store: Store) -> None:
    refusals: list[StoreBusy] = []

    def wait() -> None:
        try:
            put(store, "a", 60)
        except StoreBusy as refusal:
            refusals.append(refusal)

    with stopped_inside(path):
        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.2)
        begun = time.monotonic()
        store.give_up()
        thread.join(5)
        assert time.monotonic() - begun < 2
    assert len(refusals) == 1


@pytest.mark.parametrize("kind", ["link", "dangling link", "folder", "fifo"])
def test_a_gate_that_is_no_plain_file_is_refused(path: Path, store: Store, kind: str) -> None:
    gate, other = path.with_name("store.db.gate"), path.with_name("other")
    gate.unlink()
    if kind == "link":
        other.write_text("theirs")
    if "link" in kind:
        gate.symlink_to(other)
    elif kind == "folder":
        gate.mkdir()
    else:
        os.mkfifo(gate)
    with pytest.raises((StoreUnusable, StoreBusy)):
        put(store, "a", 0.2)
    assert other.exists() == (kind == "link")
    assert kind != "link" or other.read_text() == "theirs"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "The disk is full"),
        (errno.EDQUOT, "The disk is full"),
        (errno.EROFS, "can be read, not changed"),
        (errno.EIO, "Input/output error"),
        (errno.EACCES, "Permission denied"),
    ],
)
def test_an_error_of_the_disk_is_one_clear_line(tmp_path: Path, number: int, words: str) -> None:
    refusal = refusal_of(OSError(number, os.strerror(number)), tmp_path / "store.db.gate")
    assert isinstance(refusal, StoreBusy)
    assert words in refusal.message
    assert "Nothing was changed" in refusal.message


@pytest.mark.parametrize(("of", "call"), [("fcntl", "flock"), ("os", "fstat")])
def test_a_disk_that_fails_under_the_gate_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch, of: str, call: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(getattr(gate, of), call, fail)
        handles = len(os.listdir("/proc/self/fd"))
        with pytest.raises(StoreBusy, match="Input/output error"):
            put(store, "a")
        assert len(os.listdir("/proc/self/fd")) == handles
    put(store, "a")


@pytest.mark.sqlite_only("the rows wait in a file")
def test_a_disk_that_fails_under_the_rows_of_a_large_change_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk.secrets, "token_hex", lambda _: "no/such/folder")
    with pytest.raises(StoreBusy, match="rows cannot be prepared"), bulk_store(store):
        pass
    monkeypatch.undo()

    def rows() -> Iterator[tuple[str, str]]:
        yield "key", "value"
        raise sqlite3.DatabaseError("database disk image is malformed")

    table = METADATA.tables["setting"]
    with bulk_store(store, table) as opened, pytest.raises(StoreBusy, match="malformed"):
        opened.wait(table, rows())


@pytest.mark.parametrize("stored", [True, False])
def test_what_nobody_can_know_is_said(store: Store, stored: bool) -> None:
    """Without an event there is nothing to look for."""
    fail_at_commit(store, stored=stored)
    with pytest.raises(StoreBusy, match="not known whether it was"):
        put(store, "a")


def test_a_full_disk_within_a_savepoint_is_called_so(store: Store) -> None:
    """SQLite ends the whole transaction then, and the savepoint's own end fails over that."""

    def write() -> None:
        with store.write() as session, session.begin_nested():
            session.execute(text("PRAGMA max_page_count=1"))
            session.execute(text("INSERT INTO setting VALUES ('a', :long)"), {"long": "x" * 100_000})

    with pytest.raises(StoreBusy, match="The disk is full"):
        write()

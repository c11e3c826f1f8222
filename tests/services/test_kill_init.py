"""kill -9 while a store is made: nothing stays of it, and the same command works at the next try."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dropcopy_tui.config import load
from dropcopy_tui.desk import open_desk
from dropcopy_tui.new_store import make_store
from dropcopy_tui.workshop import clear_unfinished

# Makes a store, and says when it has come to a place; there it waits to be killed.
_PROGRAM = """
import sys, time
from dropcopy_tui import new_store
from dropcopy_tui.config import load

def wait(*_):
    print("here", flush=True)
    time.sleep(60)

at, store = sys.argv[1:]
put = new_store.put_in_place
if at == "key":
    def slow(made, place):
        put(made, place)
        wait()
    new_store.put_in_place = slow
if at == "store":
    def slow(made, place):
        put(made, place)
        if place.suffix == ".db":
            wait()
    new_store.put_in_place = slow
new_store.make_store(load(store=store, environ={}), sandbox=False, fill=wait if at == "fill" else None)
"""


def begun(store: Path, at: str) -> subprocess.Popen[str]:
    root = str(Path(__file__).parents[2])
    environ = {"HOME": str(store.parent), "PYTHONPATH": root, "PATH": os.environ["PATH"]}
    maker = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, at, str(store)], env=environ, stdout=subprocess.PIPE, text=True
    )
    assert maker.stdout is not None
    assert maker.stdout.readline() == "here\n"
    return maker


def killed(store: Path, at: str) -> None:
    maker = begun(store, at)
    maker.send_signal(signal.SIGKILL)
    maker.wait(30)
    assert any(name.startswith(".making-") for name in os.listdir(store.parent))


@pytest.mark.parametrize("at", ["fill", "key"])
def test_the_next_try_finds_nothing_in_its_way(tmp_path: Path, at: str) -> None:
    store = tmp_path / "desk" / "real.db"
    killed(store, at)
    assert not store.exists()
    make_store(load(store=str(store), environ={}), sandbox=False)
    assert sorted(os.listdir(store.parent)) == ["real.db", "real.db.gate", "real.key"] or sorted(
        os.listdir(store.parent)
    ) == ["real.db", "real.key"]


def test_a_store_that_was_whole_keeps_its_key(tmp_path: Path) -> None:
    store = tmp_path / "desk" / "real.db"
    killed(store, "store")
    open_desk(load(store=str(store), environ={})).close()
    assert store.with_suffix(".key").exists()
    assert not [name for name in os.listdir(store.parent) if name.startswith(".making-")]


def test_opening_another_store_beside_it_clears_it_too(tmp_path: Path) -> None:
    other = tmp_path / "desk" / "other.db"
    make_store(load(store=str(other), environ={}), sandbox=True)
    killed(tmp_path / "desk" / "real.db", "key")
    assert (tmp_path / "desk" / "real.key").exists()
    open_desk(load(store=str(other), environ={})).close()
    assert not [name for name in os.listdir(other.parent) if name.startswith((".making-", "real"))]


def test_a_process_that_is_at_work_is_left_alone(tmp_path: Path) -> None:
    store = tmp_path / "desk" / "real.db"
    maker = begun(store, "fill")
    try:
        before = sorted(os.listdir(store.parent))
        clear_unfinished(store.parent)
        assert sorted(os.listdir(store.parent)) == before
    finally:
        maker.kill()
        maker.wait(30)

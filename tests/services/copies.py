"""Two stores side by side: what they have, and copying from one to the other in a process that can be stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from dropcopy_tui.config import Config, load
from dropcopy_tui.domain.places import Place, ServerPlace
from dropcopy_tui.store.copying import TABLES
from tests.stores import Eyes

# Runs the command, and says when it has come to a place; there it waits to be killed.
_PROGRAM = """
import sys, time
from dropcopy_tui import copy_store
from dropcopy_tui.cli import main
from dropcopy_tui.store.copy_target import Target
from dropcopy_tui.store.copying import Rows

def wait():
    print("here", flush=True)
    time.sleep(60)

def then(owner, name, after=lambda *_: True):
    real = getattr(owner, name)
    def slow(*given, **more):
        found = real(*given, **more)
        if after(*given):
            wait()
        return found
    setattr(owner, name, slow)

at = sys.argv[1]
if at == "rows":
    then(Rows, "put", lambda rows, table, chunks: table.name == "sender_comp")
if at == "indexes":
    then(Target, "complete")
if at == "compared":
    then(copy_store, "_filled")
if at == "complete":
    then(copy_store, "copy_store")
sys.exit(main(sys.argv[2:]))
"""
MOMENTS = ("rows", "indexes", "compared", "complete")


def config_at(place: Place, key: Path) -> Config:
    """What the command line would have for a store whose master key is in this file."""
    from dataclasses import replace

    found = load(store=str(place), environ={})
    return replace(found, paths=replace(found.paths, store=place, master_key=key))


def rows_of(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of a store by table, as a file keeps them, read by the driver alone."""
    eyes = Eyes(place)
    try:
        found = {}
        for table in TABLES:
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            rows = eyes.read(f"SELECT {columns} FROM {table.name}")
            found[table.name] = sorted((row for row in rows if row[0] != "schema"), key=repr)
        return found
    finally:
        eyes.close()


def stopped(at: str, source: Place, target: Place, home: Path, config: Path) -> subprocess.Popen[str]:
    """A process that copies, and has come to this place."""
    copying = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, at, *_words(source, target, config)],
        env=environ(home), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert copying.stdout is not None
    assert copying.stdout.readline() == "here\n"
    return copying


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    assert process.stdout is not None
    process.stdout.close()


def copied(source: Place, target: Place, home: Path, config: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The command, as a person runs it."""
    return subprocess.run(
        [sys.executable, "-m", "dropcopy_tui", *_words(source, target, config), *more],
        env=environ(home), capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def document(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done
    return json.loads(done.stdout)


def environ(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[2]), "PATH": os.environ["PATH"]}


def key_config(folder: Path, key: Path) -> Path:
    """A configuration that says where the master key of every store is."""
    path = folder / "config.toml"
    path.touch(mode=0o600)
    path.write_text(f'master_key = "{key}"\n')
    return path


def _words(source: Place, target: Place, config: Path) -> list[str]:
    return ["copy-store", str(source), str(target), "--config", str(config)]


def is_server(place: Place) -> bool:
    return isinstance(place, ServerPlace)

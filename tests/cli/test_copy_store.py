"""`dropcopy copy-store` from file to file: what it prints, what it refuses, and that nothing is half done."""

from __future__ import annotations

import os
import pty
import select
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from dropcopy_tui.store import copy_target
from tests.cli.conftest import Cli
from tests.services.copies import MOMENTS, copied, document, key_config, kill, rows_of, stopped


@pytest.fixture
def config(sandbox: Path, tmp_path: Path) -> Path:
    """Where the master key of both stores is."""
    return key_config(tmp_path, sandbox.with_suffix(".key"))


def test_a_store_is_copied_and_can_be_used(cli: Cli, sandbox: Path, tmp_path: Path, config: Path) -> None:
    before, rows = sandbox.read_bytes(), rows_of(sandbox)
    there = tmp_path / "new" / "copy.db"
    found = cli.json("copy-store", sandbox, there, "--config", config)
    assert found["rows"] == sum(map(len, rows.values()))
    assert found["audit_events"] == found["last_event"] == len(rows["audit_event"])
    assert found["copied_before"] is False
    assert rows_of(there) == rows
    assert sandbox.read_bytes() == before
    shutil.copy2(sandbox.with_suffix(".key"), there.with_suffix(".key"))
    assert cli.on(there, "auditor").json("audit", "verify")["valid"]
    some = cli.on(sandbox, "acme-operator").json("sendercomps", "list", "--match", "1")
    assert some["total"] > 0
    assert cli.on(there, "acme-operator").json("sendercomps", "list", "--match", "1") == some


def test_it_says_what_comes_next(cli: Cli, sandbox: Path, tmp_path: Path) -> None:
    there = tmp_path / "copy.db"
    ran = cli("copy-store", sandbox, there)
    assert ran.code == 0, ran
    assert "copied; both stores are the same" in ran.out
    assert (
        f"Copy the master key {sandbox.with_suffix('.key')} to {there.with_suffix('.key')} with mode 0600." in ran.out
    )
    assert f'store = "{there}" in config.toml' in ran.out
    assert "FROM can still be changed after audit event" in ran.out
    assert not there.with_suffix(".key").exists()
    again = cli("copy-store", sandbox, there)
    assert again.code == 0
    assert "copied before; both stores are the same" in again.out


@pytest.mark.parametrize("at", MOMENTS)
def test_a_copy_that_was_killed_is_made_by_the_same_command(
    at: str, sandbox: Path, tmp_path: Path, config: Path
) -> None:
    there = tmp_path / "new" / "copy.db"
    kill(stopped(at, sandbox, there, tmp_path, config))
    assert there.exists() is (at == "complete")
    found = document(copied(sandbox, there, tmp_path, config, "--json"))
    assert found["copied_before"] is (at == "complete")
    assert rows_of(there) == rows_of(sandbox)
    assert not [file.name for file in there.parent.iterdir() if file.name.startswith(".making-")]


def test_what_is_refused_leaves_nothing(cli: Cli, sandbox: Path, tmp_path: Path, config: Path) -> None:
    there = tmp_path / "copy.db"

    def refused(*words: object, code: int = 2) -> str:
        ran = cli("copy-store", *words, "--config", config)
        assert ran.code == code, ran
        assert ran.err.count("\n") == 1
        assert not there.exists()
        return ran.err

    assert "is both source and target" in refused(sandbox, sandbox)
    link = tmp_path / "link.db"
    link.symlink_to(sandbox)
    assert "is both source and target" in refused(sandbox, link)
    assert "No store exists at" in refused(tmp_path / "none.db", there)
    assert "without --store" in refused("--store", sandbox, sandbox, there)
    assert "--app-role is for a store on a PostgreSQL server" in refused(sandbox, there, "--app-role", "x", code=1)
    other = tmp_path / "other.db"
    assert cli("--store", other, "init", "--sandbox").code == 0
    assert "There is another store at" in refused(sandbox, other)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE invoices (id int)")
    connection.close()
    foreign.chmod(0o600)
    assert "is the database of another application" in refused(sandbox, foreign)


def test_the_master_key_must_be_the_right_one(cli: Cli, sandbox: Path, tmp_path: Path) -> None:
    key, there = sandbox.with_suffix(".key"), tmp_path / "copy.db"
    there.with_suffix(".key").write_bytes(b"\x07" * 32)
    there.with_suffix(".key").chmod(0o600)
    ran = cli("copy-store", sandbox, there)
    assert ran.code == 2
    assert f"{there.with_suffix('.key')} is the master key of another store" in ran.err
    there.with_suffix(".key").unlink()
    held = key.read_bytes()
    key.write_bytes(b"\x07" * 32)
    assert f"{key} is the master key of another store" in cli("copy-store", sandbox, there).err
    key.unlink()
    assert (
        f"The master key file {key} is missing. Restore it. Nothing was copied."
        in cli("copy-store", sandbox, there).err
    )
    key.write_bytes(held)
    assert not there.exists()


def test_a_store_of_an_older_version_is_migrated_first(cli: Cli, sandbox: Path, tmp_path: Path, config: Path) -> None:
    with sqlite3.connect(sandbox) as connection:
        connection.execute("PRAGMA user_version = 5")
    connection.close()
    ran = cli("copy-store", sandbox, tmp_path / "copy.db", "--config", config)
    assert ran.code == 2
    assert "was created by an older version of dropcopy. Nothing was copied." in ran.err


def test_a_full_disk_is_told(
    cli: Cli, sandbox: Path, tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite itself finds no room: a file of 400 kB, as a full disk would leave."""
    monkeypatch.setattr(copy_target, "_UNSEEN", (*copy_target._UNSEEN, "max_page_count=200"))
    folder = tmp_path / "new"
    ran = cli("copy-store", sandbox, folder / "copy.db", "--config", config)
    assert ran.code == 1
    assert ran.err == "dropcopy: The disk is full. Nothing was changed. Free some space and try again.\n"
    assert list(folder.iterdir()) == []


def test_over_ssh_it_is_refused(cli: Cli, sandbox: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dropcopy_tui.seat.here", lambda: object())
    ran = cli("copy-store", sandbox, tmp_path / "copy.db")
    assert ran.code == 2
    assert "runs on the desk's host only and is not available over SSH" in ran.err
    assert not (tmp_path / "copy.db").exists()


def test_ctrl_c_at_a_terminal_leaves_nothing(cli: Cli, sandbox: Path, tmp_path: Path, config: Path) -> None:
    """A bar is drawn, and the keyboard ends the copy: a real terminal, and a disk that is slow to fill."""
    program = (
        "import sys, time\n"
        "from dropcopy_tui.cli import main\n"
        "from dropcopy_tui.store.copying import Digest\n"
        "real = Digest.add\n"
        "def add(self, chunk):\n    time.sleep(0.3); real(self, chunk)\n"
        "Digest.add = add\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    folder = tmp_path / "new"
    words = ["copy-store", str(sandbox), str(folder / "copy.db"), "--config", str(config)]
    mine, theirs = pty.openpty()
    import sys

    copying = subprocess.Popen(
        [sys.executable, "-c", program, *words], env=cli.environ, stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    assert b"Copying" in read_until(mine, b"Copying")
    copying.send_signal(signal.SIGINT)
    assert b"Interrupted. Nothing was copied." in read_until(mine, b"copied.")
    assert copying.wait(30) == 130
    os.close(mine)
    assert list(folder.iterdir()) == []


def read_until(terminal: int, words: bytes) -> bytes:
    """What the terminal shows until these words, or two minutes."""
    shown, end = b"", time.monotonic() + 120
    while words not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                shown += os.read(terminal, 65_536)
            except OSError:
                break
    return shown

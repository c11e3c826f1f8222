"""backup, restore and store check as a person types them: word for word what a bad night needs."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.stores import as_the_desk


@pytest.fixture
def site(cli: Cli, sandbox: Path) -> Cli:
    return cli.on(sandbox, "operations")


@pytest.fixture
def backup(site: Cli, tmp_path: Path) -> Path:
    out = tmp_path / "safe" / "backup.db"
    out.parent.mkdir(mode=0o700)
    site.json("backup", out)
    return out


def test_what_a_backup_prints(site: Cli, tmp_path: Path) -> None:
    out = tmp_path / "backup.db"
    ran = site("backup", out)
    assert ran.code == 0, ran
    assert str(out) in ran.out
    assert f"{out.stat().st_size:,} bytes" in ran.out
    # The sandbox has its key in this folder: a thief of one has both.
    assert "folder of the master key" in ran.err


def test_a_backup_and_its_drill_name_the_same_last_event(site: Cli, tmp_path: Path) -> None:
    out = tmp_path / "backup.db"
    said = re.search(r"last event +(.+ \(number [\d,]+\))", site("backup", out).out)
    assert said
    assert said[1] in site("restore", "--drill", out).out


def test_a_backup_never_goes_over_a_file(site: Cli, backup: Path) -> None:
    before = backup.read_bytes()
    ran = site("backup", backup)
    assert (ran.code, backup.read_bytes()) == (1, before)
    assert "already exists" in ran.err


def test_a_drill_changes_nothing_and_verifies_a_logon(site: Cli, sandbox: Path, backup: Path) -> None:
    before = sandbox.read_bytes(), sorted(path.name for path in sandbox.parent.iterdir())
    found = site.json("restore", "--drill", backup)
    assert found["store"] is None
    assert found["logon_verified"]
    assert found["faults"] == []
    assert (sandbox.read_bytes(), sorted(path.name for path in sandbox.parent.iterdir())) == before


def test_destroyed_and_restored(site: Cli, sandbox: Path, backup: Path) -> None:
    groups = site.json("--as", "acme-operator", "groups", "list")
    for path in sandbox.parent.glob("sandbox.db*"):
        path.unlink()
    found = site.json("restore", backup)
    assert found["store"] == str(sandbox)
    assert found["replaced"] is None
    assert site.json("--as", "acme-operator", "groups", "list") == groups
    assert site.json("store", "check")["sound"]
    assert site.json("audit", "verify")["valid"]
    assert site.json("audit", "list", "--action", "store:restored")[0]["after"]["sha256"]


def test_a_living_store_is_replaced_only_by_its_name(site: Cli, sandbox: Path, backup: Path) -> None:
    before = sandbox.read_bytes()
    for options in ((), ("--replace", "other.db")):
        ran = site("restore", backup, *options)
        assert ran.code == 1, ran
        assert "Nothing was changed" in ran.err
    assert sandbox.read_bytes() == before
    found = site.json("restore", backup, "--replace", sandbox.name)
    assert Path(found["replaced"]).read_bytes() == before
    assert sandbox.stat().st_mode & 0o777 == 0o600
    assert backup.exists()


def test_a_backup_that_is_not_there_is_named_before_the_store_that_is(site: Cli, tmp_path: Path) -> None:
    ran = site("restore", tmp_path / "none.db")
    assert ran.code == 1
    assert f"The backup {tmp_path / 'none.db'} cannot be read" in ran.err
    assert "--replace" not in ran.err


def test_a_drill_replaces_nothing(site: Cli, backup: Path) -> None:
    assert site("restore", "--drill", backup, "--replace", "x").code == 2


def test_without_the_master_key_nothing_is_restored(site: Cli, sandbox: Path, backup: Path) -> None:
    sandbox.with_suffix(".key").unlink()
    ran = site("restore", "--drill", backup)
    assert ran.code == 1
    assert "Put your copy of the key there first" in ran.err


def test_another_stores_key_is_refused(site: Cli, sandbox: Path, backup: Path) -> None:
    sandbox.with_suffix(".key").write_bytes(b"k" * 32)
    ran = site("restore", backup, "--replace", sandbox.name)
    assert ran.code == 2
    assert "master key of another store" in ran.err


@pytest.mark.parametrize("content", [b"", b"nothing like it", b"SQLite format 3\0" + b"\0" * 100])
def test_what_is_not_a_backup_is_refused(site: Cli, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd.db"
    file.write_bytes(content)
    ran = site("restore", "--drill", file)
    assert ran.code == 2
    assert "Nothing was changed" in ran.err


def test_a_damaged_backup_is_never_put_in_place(site: Cli, sandbox: Path, backup: Path) -> None:
    before = sandbox.read_bytes()
    _damage(backup, "ix_audit_event_at")
    ran = site("restore", backup, "--replace", sandbox.name)
    assert ran.code in (1, 2), ran
    assert sandbox.read_bytes() == before
    assert site("restore", "--drill", backup).code in (1, 2)


def _damage(store: Path, index: str) -> None:
    with sqlite3.connect(store) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (index,)).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    with store.open("r+b") as file:
        file.seek((page - 1) * size + 5)
        file.write(b"\xff\xff")


def test_store_check_names_what_is_wrong(site: Cli, sandbox: Path) -> None:
    assert site.json("store", "check")["sound"]
    with sqlite3.connect(sandbox) as connection:
        connection.execute("UPDATE drop_copy_group SET sources = sources + 1")
    connection.close()
    as_the_desk(sandbox)
    found = site.json("store", "check", code=1)
    assert [each["check"] for each in found["checks"] if not each["ok"]] == ["groups.sources"]
    assert "groups.sources: " in site("store", "check").out


def test_store_check_works_without_a_key_and_without_signing_in(cli: Cli, sandbox: Path) -> None:
    sandbox.with_suffix(".key").unlink()
    ran = cli.on(sandbox)("store", "check")
    assert ran.code == 0, ran
    assert "Sealed values and audit events were not checked" in ran.err


# A writer that dies in the middle of a change: the journal is on disk, the store half changed.
_DIES = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode=TRUNCATE")
connection.execute("PRAGMA cache_size=5")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE sender_comp SET status = 'inactive'")
print("here", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def _killed_while_writing(store: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _DIES, str(store)], capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert os.stat(f"{store}-journal").st_size > 0


def test_after_a_kill_the_store_is_looked_through_and_opened(site: Cli, sandbox: Path) -> None:
    _killed_while_writing(sandbox)
    assert site("status").code == 0
    assert not Path(f"{sandbox}.unclean").exists()


def test_after_a_kill_a_damaged_store_is_refused_until_it_is_restored(site: Cli, sandbox: Path, backup: Path) -> None:
    _damage(sandbox, "ix_audit_event_at")
    _killed_while_writing(sandbox)
    for _ in range(2):  # the second start finds no journal, and the note
        ran = site("status")
        assert ran.code == 2, ran
        assert "was not closed properly and is damaged" in ran.err
    site.json("restore", backup, "--replace", sandbox.name)
    assert site("status").code == 0


def test_config_says_where_each_setting_comes_from(cli: Cli, tmp_path: Path) -> None:
    file = Path(cli.environ["XDG_CONFIG_HOME"]) / "dropcopy-tui" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('fee = "USD 100"\nlock_minutes = 30\n[mail]\nhost = "localhost"\nsecurity = "none"\n'
                    'sender = "desk@firm.example"\n')  # fmt: skip
    found = {each["setting"]: each for each in cli.json("config", "show", "--origin")}
    assert (found["fee"]["value"], found["fee"]["origin"], found["fee"]["line"]) == ("USD 100", str(file), 1)
    assert (found["lock_minutes"]["value"], found["lock_minutes"]["line"]) == ("30", 2)
    assert found["code_tries"]["origin"] == "default"
    assert (found["mail.host"]["value"], found["mail.host"]["line"]) == ("localhost", 4)
    assert found["mail.port"]["origin"] == "default"
    store = cli.json("--store", tmp_path / "x.db", "config", "show", "--origin")
    assert {each["setting"]: each for each in store}["store"]["origin"] == "option --store"


def test_the_environment_is_named(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPCOPY_STORE", str(tmp_path / "env.db"))
    found = {each["setting"]: each for each in cli.json("config", "show", "--origin")}
    assert found["store"]["origin"] == "environment DROPCOPY_STORE"


def test_validate_checks_keys(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    for keys, said in (
        ('"groups.creat" = "n"', "unknown binding 'groups.creat'. Did you mean 'groups.create'?"),
        ('"groups.create" = "ctrl+h"', "which is Backspace"),
        ('"groups.create" = "d"', "the same key 'd'"),
    ):
        file.write_text(f"[keys]\n{keys}\n")
        ran = cli("config", "validate", file)
        assert ran.code == 2
        assert said in ran.err
    file.write_text('[keys]\n"groups.create" = "z"\n')
    assert cli.json("config", "validate", file)["valid"]


def test_validate_says_what_is_wrong(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "new.toml"
    file.write_text('fe = "USD 100"\n')
    ran = cli("config", "validate", file)
    assert ran.code == 2
    assert "Did you mean 'fee'" in ran.err
    file.write_text('fee = "USD 100"\n')
    assert cli.json("config", "validate", file)["valid"]
    assert cli("config", "validate", tmp_path / "none.toml").code == 2

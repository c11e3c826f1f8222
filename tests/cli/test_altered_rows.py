"""A store that was changed with another program: what sshd, the first screen and the commands make of it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dropcopy_tui import key_answer
from dropcopy_tui.domain.errors import MasterKeyMissing, StoreMissing
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.domain.ssh_keys import PublicKey, read_public_key
from dropcopy_tui.services.home import HomeView, home
from tests.cli.conftest import Cli
from tests.e2e.pty import ROOT
from tests.services.factories import NOW, ssh_line
from tests.stores import as_the_desk

OPERATOR = "acme-operator"


def tamper(store: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute(sql, values)


def first_look(store: Path) -> HomeView:
    return home(store, Settings(), NOW, user_id=OPERATOR, key=store.with_suffix(".key"))


@pytest.mark.parametrize(
    "how",
    [
        "UPDATE person SET os_account = 'mallory' WHERE user_id = 'acme-operator'",
        "INSERT INTO entitlement (person_id, role) SELECT id, 'operations' FROM person WHERE user_id = 'acme-operator'",
        "UPDATE entitlement SET role = 'key_management' WHERE person_id = "
        "(SELECT id FROM person WHERE user_id = 'acme-operator') AND role = 'full_access'",
    ],
)
def test_the_first_screen_shows_nothing_to_an_account_that_was_changed(sandbox: Path, how: str) -> None:
    assert first_look(sandbox).actor is not None
    if "key_management" in how:
        tamper(sandbox, "DELETE FROM entitlement WHERE role = 'key_management'")
    tamper(sandbox, how)
    assert first_look(sandbox).actor is None
    as_the_desk(sandbox)
    assert first_look(sandbox).actor is not None


def test_without_the_master_key_the_first_screen_shows_nothing(sandbox: Path) -> None:
    sandbox.with_suffix(".key").unlink()
    with pytest.raises(MasterKeyMissing):
        first_look(sandbox)


def planted(store: Path) -> Callable[[Cli], str]:
    """An SSH key of the operator, as an INSERT makes it; what sshd is answered when it asks for it."""
    key = read_public_key(ssh_line())
    tamper(
        store,
        "INSERT INTO ssh_key (person_id, fingerprint, kind, blob, label, added_by, added_at) SELECT "
        "id, ?, ?, ?, '', id, '2026-01-01 00:00:00.000000' FROM person WHERE user_id = ?",
        key.fingerprint, key.kind, key.blob, OPERATOR,
    )  # fmt: skip
    return lambda cli: _answered(cli, store, key)


def _answered(cli: Cli, store: Path, key: PublicKey) -> str:
    """What the command says, and the program that sshd runs instead of it."""
    said = cli("ssh", "authorized-keys", key.fingerprint, key.kind, key.blob).out
    words = ["--store", str(store), key.fingerprint, key.kind, key.blob]
    run = subprocess.run(
        [sys.executable, "-m", "dropcopy_tui.key_answer", *words], cwd=ROOT, check=True, text=True, capture_output=True
    )
    assert run.stdout == said
    return said


def test_sshd_is_told_in_one_line_that_there_is_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--store", str(tmp_path / "none.db"), "SHA256:" + "a" * 43, "ssh-ed25519", "AAAA"]
    assert key_answer.main(words) == StoreMissing.exit_code
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("dropcopy: No store exists at ")
    assert err.count("\n") == 1


def test_sshd_is_not_given_a_key_that_was_planted(cli: Cli, sandbox: Path) -> None:
    asked = planted(sandbox)
    assert asked(cli.on(sandbox)) == ""
    # The control: with its proof, the same key is in use.
    as_the_desk(sandbox)
    assert asked(cli.on(sandbox)).startswith("restrict,pty ssh-ed25519 ")
    tamper(sandbox, "UPDATE person SET name = 'Other' WHERE user_id = ?", OPERATOR)
    assert asked(cli.on(sandbox)) == ""


def test_an_inserted_role_is_refused_and_named(cli: Cli, sandbox: Path) -> None:
    tamper(
        sandbox,
        "INSERT INTO entitlement (person_id, role) SELECT id, 'auditor' FROM person WHERE user_id = ?",
        OPERATOR,
    )
    ran = cli.on(sandbox, OPERATOR)("audit", "list", "--json")
    assert (ran.code, ran.error) == (3, "not_entitled")
    found = cli.on(sandbox).json("store", "check", code=1)
    assert [each["check"] for each in found["checks"] if not each["ok"]] == ["rows.altered", "audit.trail"]


def test_a_sandbox_that_was_not_one_does_not_open(cli: Cli, real: Cli, tmp_path: Path) -> None:
    (store,) = tmp_path.glob("real.db")
    tamper(store, "UPDATE setting SET value = 'yes' WHERE key = 'sandbox'")
    ran = cli.on(store, "chief")("groups", "list", "--json")
    assert (ran.code, ran.error) == (2, "store_unusable")
    assert "was changed from outside the desk" in ran.err

"""The rules of a store are the site's: whoever passes --config cannot loosen them for themselves."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dropcopy_tui.config import load
from dropcopy_tui.config.tables import SettingsTable
from dropcopy_tui.config.trust import PERSONAL
from dropcopy_tui.domain.errors import ConfigInvalid
from tests.cli.conftest import Cli

_TABLES = {
    "mail": "[mail]\nhost = 'mail.example'\nsender = 'desk@firm.example'",
    "sms": "[sms]\nurl = 'https://sms.example/'\nbody = { to = '{to}', text = '{text}' }",
    "duo": "[duo]\nhost = 'api.example'\nintegration_key = 'DIXXXXXXXXXXXXXXXXXX'\nsecret_file = '/run/secret'",
}
_RULES = {
    "fee": "'USD 1'",
    "group_name_length": "12",
    "mandatory_filters": "['heartbeat']",
    "closes": "{ globex = 15:00:00 }",
    "batches": "{ globex = 15:00:00 }",
    "batch_zone": "'Europe/London'",
    "closed_days": "[2026-12-24]",
    "open_days": "[2026-12-25]",
    "expiry_notice_days": "[7]",
    "ease_contact": "'+1 202 555 0134'",
    "environment": "'CERT'",
    "clipboard": "'deny'",
    "audit_anchor": "'syslog'",
    "code_tries": "2",
    "lock_minutes": "30",
    "key_deletion_factor": "true",
    "role_grant_factor": "true",
}
_NUMBER = "10"


def rule(name: str) -> str:
    return _TABLES.get(name) or f"{name} = {_RULES.get(name, _NUMBER)}"


@pytest.fixture
def mine(tmp_path: Path) -> Callable[[str], Path]:
    """A file of a person's own, elsewhere than the store."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()

    def write(text: str) -> Path:
        path = folder / "mine.toml"
        path.write_text(text + "\n")
        return path

    return write


@pytest.mark.parametrize("name", [*SettingsTable.model_fields, *_TABLES])
def test_no_rule_is_taken_from_a_file_of_ones_own(
    name: str, real: Cli, tmp_path: Path, mine: Callable[[str], Path]
) -> None:
    path = mine(rule(name))
    ran = real("--config", path, "--json", "people", "list")
    assert (ran.code, ran.error) == (2, "config_invalid")
    assert f"sets {name!r}, which applies to all users of the store" in ran.json["error"]["message"]
    beside = tmp_path / "site.toml"
    beside.write_text(path.read_text())
    assert real("--config", beside, "--json", "people", "list").code == 0


def test_where_things_are_is_a_persons_own_choice(real: Cli, tmp_path: Path, mine: Callable[[str], Path]) -> None:
    path = mine(f"download_folder = '{tmp_path}'\nmaster_key = '{tmp_path / 'real.key'}'\nstore = '/nowhere.db'")
    assert real("--config", path, "people", "list").code == 0
    places = {"store", "store_password_file", "master_key", "download_folder"}
    assert places | {"theme", "glyphs", "mouse", "keys"} == PERSONAL


def test_the_usual_file_of_the_account_sets_rules(real: Cli) -> None:
    usual = real.home / "config" / "dropcopy-tui" / "config.toml"
    usual.parent.mkdir(parents=True)
    usual.write_text(rule("sign_in_tries") + "\n")
    assert real("people", "list").code == 0


def test_a_sandbox_takes_any(operator: Cli, mine: Callable[[str], Path]) -> None:
    assert operator("--config", mine(rule("code_tries")), "groups", "list").code == 0


def test_a_link_beside_the_store_is_where_it_leads(real: Cli, tmp_path: Path, mine: Callable[[str], Path]) -> None:
    link = tmp_path / "site.toml"
    link.symlink_to(mine(rule("sign_in_tries")))
    assert real("--config", link, "people", "list").code == 2


def test_no_store_is_made_by_rules_of_ones_own(cli: Cli, tmp_path: Path, mine: Callable[[str], Path]) -> None:
    store = tmp_path / "new" / "real.db"
    ran = cli("--store", store, "--config", mine(rule("approver_wait_days")), "init", "--admin", "chief")
    assert (ran.code, store.exists()) == (2, False)


def test_the_application_does_not_open_with_them(real: Cli, mine: Callable[[str], Path]) -> None:
    ran = real("--config", mine(rule("sign_in_tries")))
    assert ran.code == 2
    assert "applies to all users of the store" in ran.err


@pytest.mark.parametrize("mode", [0o622, 0o664, 0o646, 0o777])
def test_a_file_that_others_may_write_is_refused(mode: int, cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("")
    path.chmod(mode)
    ran = cli("--config", path, "--json", "paths")
    assert (ran.code, ran.error) == (2, "config_invalid")
    assert ran.json["error"]["message"] == f"Other accounts can write to {path}. Run: chmod go-w {path}"
    path.chmod(0o644)
    assert cli("--config", path, "--json", "paths").code == 0


def test_the_usual_file_that_others_may_write_is_refused(cli: Cli) -> None:
    usual = cli.home / "config" / "dropcopy-tui" / "config.toml"
    usual.parent.mkdir(parents=True)
    usual.write_text("")
    usual.chmod(0o666)
    assert cli("paths").code == 2


def test_a_file_in_a_folder_that_others_may_write_is_refused(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    path = folder / "config.toml"
    path.write_text("")
    folder.chmod(0o777)
    ran = cli("--config", path, "paths")
    assert ran.code == 2
    assert f"Other accounts can replace {path}. Run: chmod go-w {folder}" in ran.err
    folder.chmod(0o1777)  # as /tmp: only the owner of a file can replace it
    assert cli("--config", path, "paths").code == 0


def test_a_file_of_another_account_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text("")
    if os.geteuid() == 0:
        os.chown(path, 12_345, -1)
    else:
        there = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: there + 1)
    with pytest.raises(ConfigInvalid, match="owned by another account"):
        load(config=str(path), environ={})


def test_what_is_no_file_does_not_hang(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path, 0o600)
    assert "is not a regular file" in cli("--config", path, "paths").err

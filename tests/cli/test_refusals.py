"""Refusals: one line on standard error, a code for scripts, and the exit code of the contract."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dropcopy_tui.services.keys import key_file as key_delivery
from tests.cli.conftest import Cli, Ran, proof, read_code, target_without_keys

PASSWORD = "right horse battery\n"


def refused(ran: Ran, code: int, error: str) -> Ran:
    assert (ran.code, ran.error) == (code, error), ran
    assert ran.json["error"]["message"] in ran.err
    assert ran.err.startswith("dropcopy: ")
    assert ran.err.count("\n") == 1, ran.err
    return ran


@pytest.mark.parametrize(
    "args",
    [
        ("nonsense",),
        ("groups", "list", "--nonsense"),
        ("groups", "list", "--market", "nasdaq"),
        ("groups", "show"),
        ("groups", "create", "--market", "globex"),
        ("keys", "generate", "ABC"),
        ("keys", "challenge"),
        ("import", "nonsense", "file.csv"),
        ("logon", "sign"),
        ("completion", "tcsh"),
    ],
)
def test_usage_ends_with_two(operator: Cli, args: tuple[str, ...]) -> None:
    refused(operator(*args, "--json"), 2, "usage")


def test_usage_that_only_the_verb_knows(operator: Cli) -> None:
    common = ("groups", "create", "--market", "globex", "--name", "A", "--front-end", "B", "--filter", "trade_bust")
    refused(operator(*common, "--json"), 2, "usage")
    refused(operator(*common, "--all-sources", "--source", "ABCXYZP", "--json"), 2, "usage")
    refused(operator(*common, "--source", "ABCXYZP", "--gfid", "XYZ", "--json"), 2, "usage")


def test_a_noun_without_a_verb_shows_its_help(cli: Cli) -> None:
    ran = cli("groups")
    assert ran.code == 2
    assert "create" in ran.err
    assert ran.out == ""


def test_shared_options_work_before_and_after_the_verb(cli: Cli, sandbox: Path) -> None:
    options = ("--store", str(sandbox), "--as", "acme-viewer", "--json", "--no-input")
    before = cli(*options, "groups", "list")
    between = cli("groups", *options, "list")
    after = cli("groups", "list", *options)
    assert before.code == between.code == after.code == 0
    assert before.json == between.json == after.json


def test_there_is_no_store(cli: Cli, tmp_path: Path) -> None:
    nowhere = cli.on(tmp_path / "none.db")
    for args in (("groups", "list"), ("process",), ("--no-input",)):
        ran = refused(nowhere(*args, "--json"), 2, "store_missing")
        assert "dropcopy init" in ran.err
    assert not (tmp_path / "none.db").exists()


def test_the_application_needs_a_terminal(cli: Cli, sandbox: Path) -> None:
    refused(cli.on(sandbox)("--json"), 2, "no_terminal")
    refused(cli("--store", sandbox, "demo", "--json"), 2, "no_terminal")


def test_demo_leaves_a_real_store_alone(real: Cli) -> None:
    for options in ((), ("--fresh",)):
        refused(real("demo", "--headless", *options, "--json"), 2, "store_unusable")
    assert real("groups", "list").code == 0


def test_demo_fresh_makes_it_anew(cli: Cli, sandbox: Path) -> None:
    before = sandbox.with_suffix(".key").read_bytes()
    assert cli("--store", sandbox, "demo", "--headless", "--fresh").code == 0
    assert sandbox.with_suffix(".key").read_bytes() != before


def test_init_never_overwrites(real: Cli) -> None:
    refused(real("init", "--json"), 2, "store_unusable")
    assert real("groups", "list").code == 0


def test_init_where_no_store_can_be(cli: Cli, tmp_path: Path) -> None:
    refused(cli("--store", "/proc/no/such/x.db", "init", "--json"), 2, "store_unusable")
    (tmp_path / "file").write_text("")
    refused(cli("--store", tmp_path / "file" / "x.db", "init", "--json"), 2, "store_unusable")
    loose = tmp_path / "loose"
    loose.mkdir()
    loose.chmod(0o777)
    refused(cli("--store", loose / "x.db", "init", "--json"), 2, "store_unusable")
    assert list(loose.iterdir()) == []
    refused(cli("--store", tmp_path, "groups", "list", "--json"), 2, "store_unusable")


def test_init_links_this_account(cli: Cli, tmp_path: Path) -> None:
    made = cli.json("--store", tmp_path / "s.db", "init", "--admin", "Boss", "--email", "boss@firm.example")
    assert (made["administrator"], made["sandbox"], made["password"]) == ("boss", False, False)
    events = cli.on(tmp_path / "s.db").json("audit", "list")
    assert events[0]["person"] == "boss"
    assert {"master_key", "next"} <= made.keys()
    refused(cli("--store", tmp_path / "t.db", "init", "--admin", "not a user", "--json"), 1, "invalid_value")
    refused(cli("--store", tmp_path / "t.db", "init", "--email", "nowhere", "--json"), 1, "invalid_value")


def test_sandbox_asks_who_acts(cli: Cli, sandbox: Path) -> None:
    ran = refused(cli.on(sandbox)("groups", "list", "--json"), 3, "not_signed_in")
    assert "--as USER" in ran.err
    assert "acme-operator" in ran.err
    refused(cli.on(sandbox, "no-such-person")("groups", "list", "--json"), 3, "not_signed_in")


def test_not_entitled(cli: Cli, sandbox: Path, tmp_path: Path) -> None:
    viewer = cli.on(sandbox, "acme-viewer")
    refused(viewer("process", "--json"), 3, "not_entitled")
    refused(viewer("audit", "verify", "--json"), 3, "not_entitled")
    csv = tmp_path / "e.csv"
    csv.write_text("entity,name,clearing_firm\nA,B,no\n")
    refused(viewer("import", "entities", csv, "--json"), 3, "not_entitled")
    target = viewer.json("sessions", "list", "--kind", "drop_copy")[0]["session_id"]
    made_up = ("--challenge", "0123456789abcdef", "--code", "123456")
    refused(viewer("keys", "generate", target, *made_up, "--json"), 3, "not_entitled")


@pytest.mark.usefixtures("stranger")
def test_password_proves_who_acts(real: Cli) -> None:
    refused(real("groups", "list", "--json"), 3, "not_signed_in")
    refused(real("--as", "chief", "groups", "list", "--json"), 3, "not_signed_in")
    refused(real("--as", "chief", "--no-input", "groups", "list", "--json"), 3, "not_signed_in")
    assert real("--as", "chief", "groups", "list", "--password-file", "-", stdin=PASSWORD).code == 0
    assert real("--as", "chief@localhost", "groups", "list", "--password-file", "-", stdin=PASSWORD).code == 0
    wrong = real("--as", "chief", "groups", "list", "--password-file", "-", "--json", stdin="wrong horse\n")
    refused(wrong, 3, "not_signed_in")


@pytest.mark.usefixtures("stranger")
def test_five_wrong_passwords_lock_the_account(real: Cli, later: Callable[[timedelta], None]) -> None:
    def attempt(password: str) -> Ran:
        return real("--as", "chief", "groups", "list", "--password-file", "-", "--json", stdin=password)

    assert [attempt("wrong horse\n").error for _ in range(5)] == ["not_signed_in"] * 4 + ["account_locked"]
    refused(attempt(PASSWORD), 3, "account_locked")
    later(timedelta(hours=3, seconds=1))
    assert attempt(PASSWORD).code == 0


def test_password_is_changed(real: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("password", "--present-file", "-", "--new-file", "-")
    refused(real(*options, "--json", stdin="wrong horse\nlonger than ten\n"), 3, "not_signed_in")
    refused(real(*options, "--json", stdin=PASSWORD + "short\n"), 1, "invalid_value")
    refused(real("password", "--json", "--present-file", "-", stdin=PASSWORD), 3, "not_signed_in")
    assert real.json(*options, stdin=PASSWORD + "longer than ten\n") == {"changed": True, "user_id": "chief"}
    monkeypatch.setattr("pwd.getpwuid", lambda _: SimpleNamespace(pw_name="nobody-here"))
    again = ("--as", "chief", *options)
    assert real(*again, stdin="longer than ten\nand another one\n").code == 0
    assert real("--as", "chief", "--password-file", "-", "groups", "list", stdin="and another one\n").code == 0


def test_codes_that_do_not_hold(operator: Cli, later: Callable[[timedelta], None], tmp_path: Path) -> None:
    target = target_without_keys(operator)
    challenge = operator.json("keys", "challenge", "--factor", "sms")["challenge"]
    code = read_code(operator)
    wrong = "000000" if code != "000000" else "000001"

    def generate(challenge: str, code: str, *more: object) -> Ran:
        return operator("keys", "generate", target, "--challenge", challenge, "--code", code, "--yes", *more, "--json")

    refused(generate(challenge, "12ab"), 4, "second_factor_failed")
    refused(generate(challenge, wrong), 4, "second_factor_failed")
    refused(generate("0123456789abcdef", code), 4, "second_factor_failed")
    assert generate(challenge, code).code == 0
    assert generate(challenge, code).error == "second_factor_failed"
    fresh = proof(operator)
    later(timedelta(minutes=5, seconds=1))
    refused(operator("keys", "download", target, *fresh, "--out", tmp_path / "k", "--json"), 4, "second_factor_failed")
    assert not (tmp_path / "k").exists()


def test_three_wrong_tries_end_a_code(operator: Cli) -> None:
    target = target_without_keys(operator)
    challenge = operator.json("keys", "challenge", "--factor", "sms")["challenge"]
    code = read_code(operator)
    wrong = "000000" if code != "000000" else "000001"
    for given in (wrong, wrong, wrong, code):
        ran = operator("keys", "generate", target, "--challenge", challenge, "--code", given, "--json")
        refused(ran, 4, "second_factor_failed")


def test_ten_codes_a_day(operator: Cli) -> None:
    left = operator.json("keys", "challenge", "--factor", "sms")["codes_left_today"]
    for expected in range(left - 1, -1, -1):
        assert operator.json("keys", "challenge", "--factor", "sms")["codes_left_today"] == expected
    refused(operator("keys", "challenge", "--factor", "sms", "--json"), 4, "codes_used_up")


@pytest.mark.parametrize("factor", ["duo", "totp"])
def test_factors_that_cannot_be_used(operator: Cli, factor: str) -> None:
    refused(operator("keys", "challenge", "--factor", factor, "--json"), 4, "factor_unavailable")


def test_a_code_is_needed_and_nobody_can_be_asked(operator: Cli) -> None:
    target = target_without_keys(operator)
    ran = operator("keys", "generate", target, "--challenge", "0123456789abcdef", "--json")
    refused(ran, 3, "not_signed_in")


def test_the_key_file_cannot_be_written(operator: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = target_without_keys(operator)
    with_code = proof(operator)
    taken = tmp_path / "taken"
    taken.write_text("mine")
    command = ("keys", "generate", target, *with_code, "--json", "--out")
    refused(operator(*command, taken), 1, "file_refused")
    assert taken.read_text() == "mine"
    refused(operator(*command, tmp_path / "no" / "folder"), 1, "file_refused")
    refused(operator(*command, tmp_path), 1, "file_refused")

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(key_delivery.os, "write", full)
        refused(operator(*command, tmp_path / "full"), 1, "file_refused")
    assert not (tmp_path / "full").exists()
    # Nothing was made, and the code is still good.
    assert operator.json("keys", "list", target) == []
    assert operator(*command, tmp_path / "good").code == 0


def test_files_that_cannot_be_read(operator: Cli, tmp_path: Path) -> None:
    refused(operator("import", "entities", tmp_path / "none.csv", "--json"), 1, "file_refused")
    refused(operator("import", "entities", tmp_path, "--json"), 1, "file_refused")
    big = tmp_path / "big"
    big.write_bytes(b"x" * 1_048_577)
    refused(operator("logon", "verify", "--message", big, "--json"), 1, "invalid_value")
    big.write_bytes(b"8=\xff")
    refused(operator("logon", "verify", "--message", big, "--json"), 1, "file_refused")
    refused(operator("logon", "sign", "--key-file", big, "--message", "-", "--json", stdin="no"), 1, "invalid_value")


def test_a_store_that_is_not_ours(cli: Cli, sandbox: Path) -> None:
    connection = sqlite3.connect(sandbox)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    refused(cli.on(sandbox, "acme-viewer")("groups", "list", "--json"), 2, "store_too_new")
    sandbox.write_text("no database at all, whatever its name says" * 10)
    refused(cli.on(sandbox, "acme-viewer")("groups", "list", "--json"), 2, "store_unusable")
    sandbox.chmod(0o644)
    refused(cli.on(sandbox, "acme-viewer")("groups", "list", "--json"), 2, "store_unusable")


def test_the_master_key_of_another_store(operator: Cli, sandbox: Path, real: Cli, tmp_path: Path) -> None:
    before = sandbox.read_bytes()
    shutil.copy2(tmp_path / "real.key", sandbox.with_suffix(".key"))
    refused(operator("groups", "list", "--json"), 2, "wrong_master_key")
    assert sandbox.read_bytes() == before
    sandbox.with_suffix(".key").chmod(0o640)
    refused(operator("groups", "list", "--json"), 2, "master_key_loose")


def test_without_its_master_key_nothing_is_opened(operator: Cli, sandbox: Path) -> None:
    before = sandbox.read_bytes()
    sandbox.with_suffix(".key").unlink()
    for verb in (("groups", "list"), ("outbox", "list"), ("keys", "challenge", "--factor", "sms")):
        refused(operator(*verb, "--json"), 1, "master_key_missing")
    assert sandbox.read_bytes() == before


def test_settings_that_cannot_be_used(cli: Cli, tmp_path: Path) -> None:
    refused(cli("--config", tmp_path / "none.toml", "paths", "--json"), 2, "config_invalid")
    file = tmp_path / "config.toml"
    file.write_text("colour = 'red'\n")
    refused(cli("--config", file, "paths", "--json"), 2, "config_invalid")


def test_the_unexpected_is_logged_without_values(operator: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "123" + "456"

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"the code was {code}")

    monkeypatch.setattr("dropcopy_tui.services.groups.groups.Groups.page", fail)
    ran = refused(operator("groups", "list", "--json"), 1, "incident")
    log = Path(operator.json("paths")["incident_log"])
    incident = ran.err.partition("incident ")[2][:8]
    text = log.read_text()
    assert incident in text
    assert "RuntimeError" in text
    assert code not in text
    assert log.stat().st_mode & 0o777 == 0o600

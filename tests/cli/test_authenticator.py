"""dropcopy authenticator: enrolling, confirming and removing one's own app, by the rules of the screen."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pyotp
import pytest

from dropcopy_tui.services.factors.authenticator import TOTP_STEP
from tests.cli.conftest import Cli, read_code


def proof(user: Cli, *more: str) -> tuple[str, ...]:
    """A second factor for enrolling (or, with --remove, for removing) and its code, as options."""
    started = user.json("authenticator", "challenge", "--factor", "sms", *more)
    return ("--challenge", started["challenge"], "--code", read_code(user))


def seed_in(path: Path) -> str:
    return str(pyotp.parse_uri(path.read_text().strip()).secret)


def shown_now(seed: str, steps: int = 0) -> str:
    return pyotp.TOTP(seed).at(int(time.time()) + steps * TOTP_STEP)


@pytest.fixture
def enrolled(operator: Cli, tmp_path: Path) -> tuple[str, str]:
    """The operator has an app: its seed, and the code that confirmed it."""
    file = tmp_path / "app.txt"
    operator.json("authenticator", "enrol", *proof(operator), "--out", file)
    seed = seed_in(file)
    code = shown_now(seed)
    operator.json("authenticator", "confirm", "--code", code)
    return seed, code


def test_an_app_is_enrolled_confirmed_used_and_removed(operator: Cli, tmp_path: Path) -> None:
    assert operator.json("authenticator", "show") == {
        "enrolled": False, "enrolled_at": None, "usable_at": None, "awaits_code": False, "reason": None,
    }  # fmt: skip
    file = tmp_path / "app.txt"
    begun = operator.json("authenticator", "enrol", *proof(operator), "--out", file)
    assert begun == {"file": str(file), "awaits_code": True}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert operator.json("authenticator", "show")["awaits_code"]
    wrong = operator("authenticator", "confirm", "--code", "000000", "--json")
    assert (wrong.code, wrong.error) == (4, "second_factor_failed")
    assert operator.json("authenticator", "confirm", "--code", shown_now(seed_in(file)))["enrolled"]
    seen = operator.json("authenticator", "show")
    assert (seen["enrolled"], seen["awaits_code"], seen["reason"]) == (True, False, None)
    assert operator.json("keys", "challenge", "--factor", "totp")["factor"] == "totp"
    assert operator.json("authenticator", "remove", *proof(operator, "--remove"), "--yes") == {"enrolled": False}
    assert operator("keys", "challenge", "--factor", "totp", "--json").error == "factor_unavailable"
    told = [notice["text"] for notice in operator.json("notices", "list")]
    assert "An authenticator app was enrolled for you" in told
    assert "Your authenticator app was removed" in told


def test_the_key_is_in_one_place_only(operator: Cli, tmp_path: Path) -> None:
    file = tmp_path / "app.txt"
    ran = operator("authenticator", "enrol", *proof(operator), "--out", file)
    assert ran.code == 0
    assert seed_in(file) not in ran.out + ran.err
    events = operator.on(Path(operator.options[1]), "auditor")("audit", "list", "--json")
    assert seed_in(file) not in events.out
    streamed = operator("authenticator", "enrol", *proof(operator), "--out", "-")
    assert streamed.out.startswith("otpauth://totp/")
    assert streamed.out.count("\n") == 1


def test_without_a_terminal_the_key_needs_a_place_before_the_code_is_used(operator: Cli, tmp_path: Path) -> None:
    given = proof(operator)
    for more in ((), ("--json",)):
        assert operator("authenticator", "enrol", *given, *more).code == 2
    taken = tmp_path / "taken.txt"
    taken.write_text("mine")
    refused = operator("authenticator", "enrol", *given, "--out", taken, "--json")
    assert (refused.code, refused.error) == (1, "file_refused")
    assert taken.read_text() == "mine"
    assert not operator.json("authenticator", "show")["awaits_code"]
    assert operator.json("authenticator", "enrol", *given, "--out", tmp_path / "app.txt")["awaits_code"]


def test_a_code_opens_only_what_it_was_asked_for(operator: Cli, enrolled: tuple[str, str]) -> None:
    keys = operator.json("keys", "challenge", "--factor", "sms")["challenge"]
    other = operator("authenticator", "remove", "--challenge", keys, "--code", read_code(operator), "--yes", "--json")
    assert (other.code, other.error) == (4, "second_factor_failed")
    again = operator("authenticator", "challenge", "--factor", "sms", "--json")
    assert again.error == "factor_unavailable"
    assert operator.json("authenticator", "show")["enrolled"]


def test_removing_takes_a_yes_and_an_app(operator: Cli, enrolled: tuple[str, str]) -> None:
    given = proof(operator, "--remove")
    assert operator("authenticator", "remove", *given).code == 2
    assert operator.json("authenticator", "remove", *given, "--yes") == {"enrolled": False}
    assert operator("authenticator", "challenge", "--factor", "sms", "--remove", "--json").error == "factor_unavailable"


def test_the_app_itself_proves_its_removal(operator: Cli, enrolled: tuple[str, str]) -> None:
    started = operator.json("authenticator", "challenge", "--factor", "totp", "--remove")["challenge"]
    seed, code = enrolled
    used = operator("authenticator", "remove", "--challenge", started, "--code", code, "--yes", "--json")
    assert used.error == "second_factor_failed", "its code was used for the enrolment"
    given = ("--challenge", started, "--code", shown_now(seed, 1), "--yes")
    assert operator.json("authenticator", "remove", *given) == {"enrolled": False}


def test_a_person_at_a_terminal_sees_the_key_once(operator: Cli) -> None:
    from tests.e2e.pty import Terminal

    command = operator.command("authenticator", "enrol", *proof(operator))
    with Terminal(command, cols=200, env=operator.environ) as terminal:
        assert terminal.wait_exit(30) == 0
        text = terminal.text()
    assert "key      " in text
    assert "otpauth://totp/" in text
    assert "The key is shown only once." in text
    assert os.fspath(operator.home) not in text

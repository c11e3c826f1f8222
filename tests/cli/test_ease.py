"""dropcopy ease, and second factors of every kind on the command line."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, read_code, target_without_keys
from tests.services.web import ACCOUNT, FROM, HOST, IKEY, TOKEN, DuoWorld, Web, duo_serving, secret_file, serving
from tests.stores import as_the_desk

VERIFIED = ("--verified", "callback", "--verified", "email")


@pytest.fixture
def agent(cli: Cli, sandbox: Path) -> Cli:
    return cli.on(sandbox, "ease-agent")


def test_a_code_is_issued_and_opens_a_key_act_once(agent: Cli, operator: Cli) -> None:
    started = operator.json("keys", "challenge", "--factor", "ease")
    assert (started["challenge"], started["factor"], started["codes_left_today"]) == ("ease", "ease", 10)
    assert "an agent verifies you" in operator("keys", "challenge", "--factor", "ease").err
    issued = agent.json("ease", "issue", "acme-operator", *VERIFIED)
    assert (len(issued["code"]), issued["purpose"], issued["codes_left_today"]) == (8, "keys", 9)
    target = target_without_keys(operator)
    answer = ("--challenge", "ease", "--code", issued["code"])
    assert operator.json("keys", "generate", target, *answer)["keys"]
    other = operator("keys", "download", target, *answer, "--out", str(operator.home / "k.txt"), "--json")
    assert (other.code, other.error) == (4, "second_factor_failed")
    assert issued["code"] not in operator("outbox", "list").out


@pytest.mark.parametrize(
    ("args", "code", "error"),
    [
        (("issue", "acme-operator", "--verified", "callback"), 1, "invalid_value"),
        (("issue", "acme-operator", "--verified", "hunch"), 2, "usage"),
        (("issue", "acme-operator"), 2, "usage"),
        (("issue", "nobody", *VERIFIED), 1, "not_found"),
        (("issue", "ease-agent", *VERIFIED), 3, "not_entitled"),
        (("reset", "acme-operator"), 1, "invalid_value"),
        (("confirm", "7"), 1, "not_found"),
        (("unlock", "acme-operator"), 1, "invalid_value"),
    ],
)
def test_what_is_refused(agent: Cli, args: tuple[str, ...], code: int, error: str) -> None:
    assert agent.json("ease", *args, code=code)["error"]["code"] == error


@pytest.mark.parametrize("args", [("find",), ("show", "acme-viewer"), ("issue", "acme-viewer", *VERIFIED), ("resets",)])
def test_it_is_for_agents_only(operator: Cli, args: tuple[str, ...]) -> None:
    assert operator.json("ease", *args, code=3)["error"]["code"] == "not_entitled"


def test_finding_and_verifying(agent: Cli) -> None:
    assert [row["user_id"] for row in agent.json("ease", "find", "--match", "acme-op")] == ["acme-operator"]
    caller = agent.json("ease", "show", "acme-operator")
    answers = {each["check"]: each["answer"] for each in caller["checks"]}
    assert answers["email"] == "acme-operator@acme.example"
    assert answers["callback"].startswith("+1 202 555 01")
    assert "Called back" in agent("ease", "show", "acme-operator").out


def test_a_reset_needs_two_agents(agent: Cli, cli: Cli, sandbox: Path) -> None:
    with sqlite3.connect(sandbox) as store:
        store.execute(
            "INSERT INTO authenticator (person_id, sealed_seed, confirmed_at, last_step)"
            " SELECT id, x'00', '2026-01-01 00:00:00.000000', 0 FROM person WHERE user_id = 'acme-operator'"
        )
        store.execute(
            "INSERT INTO entitlement (person_id, role) SELECT id, 'ease_agent' FROM person WHERE user_id = 'gam-desk'"
        )
    store.close()
    as_the_desk(sandbox)
    asked = agent.json("ease", "reset", "acme-operator")
    assert agent.json("ease", "confirm", str(asked["id"]), code=3)["error"]["code"] == "not_entitled"
    second = cli.on(sandbox, "gam-desk")
    assert [each["user_id"] for each in second.json("ease", "resets")] == ["acme-operator"]
    assert second.json("ease", "confirm", str(asked["id"]))["asked_by"] == "ease-agent"
    assert second.json("ease", "resets") == []


def with_config(user: Cli, folder: Path, text: str) -> Cli:
    path = folder / "config.toml"
    path.write_text(text)
    return Cli(user.home, (*user.options, "--config", str(path)), user.environ)


@pytest.fixture
def duo(operator: Cli, tmp_path: Path) -> Any:
    there = DuoWorld(answers=["waiting", "allow"])
    with ExitStack() as stack:
        service, _ = stack.enter_context(duo_serving(tmp_path, there))
        text = (
            f'[duo]\nhost = "localhost"\nport = {service.port}\nintegration_key = "{IKEY}"\n'
            f'secret_file = "{service.secret_file}"\nca_file = "{service.ca_file}"\n'
        )
        yield with_config(operator, tmp_path, text), there


def test_a_duo_push_and_a_passcode(duo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dropcopy_tui.cli.factors._PAUSE", 0)
    user, there = duo
    target = target_without_keys(user)
    for code, more in (
        ("push", ("generate", target)),
        (there.passcode, ("download", target, "--out", user.home / "k")),
    ):
        challenge = user.json("keys", "challenge", "--factor", "duo")["challenge"]
        assert user.json("keys", *more, "--challenge", challenge, "--code", code)["keys"]
    challenge = user.json("keys", "challenge", "--factor", "duo")["challenge"]
    wrong = user("keys", "generate", target, "--challenge", challenge, "--code", "111111", "--yes", "--json")
    assert (wrong.code, wrong.error) == (4, "second_factor_failed")


def test_a_code_goes_to_the_provider_at_once(operator: Cli, tmp_path: Path) -> None:
    web = Web()
    with serving(web):
        url = f"http://{HOST}:{web.port}/Messages.json"
        user = with_config(
            operator, tmp_path,
            f'[sms]\nprovider = "twilio"\naccount = "{ACCOUNT}"\nsender = "{FROM}"\nurl = "{url}"\n'
            f'secret_file = "{secret_file(tmp_path, TOKEN)}"\n',
        )  # fmt: skip
        user.json("keys", "challenge", "--factor", "sms")
        assert read_code(user) in web.asked[0].form["Body"]
        web.answer = lambda asked: (503, b"")
        assert "The code was not sent" in user("keys", "challenge", "--factor", "sms").err


def test_a_file_that_cannot_be_written_asks_for_no_factor(duo: Any) -> None:
    user, there = duo
    challenge = user.json("keys", "challenge", "--factor", "duo")["challenge"]
    target = target_without_keys(user)
    for path, why in (
        ("/proc/keys.txt", "No file can be written in /proc"),
        ("/nowhere/keys.txt", "The folder /nowhere does not exist."),
        ("x" * 300, "File name too long"),
    ):
        done = user("keys", "generate", target, "--challenge", challenge, "--code", "push", "--out", path)
        assert done.code != 0
        assert why in done.err
    assert there.pushes == 0

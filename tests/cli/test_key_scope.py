"""A code of the command line opens the act and the sessions it was asked for; a deleted pair says who deleted it."""

from __future__ import annotations

import csv
import io
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Cli, read_code, target_without_keys

# Sample data: two living pairs; the older one ends within four weeks.
TWO_PAIRS = "T5A"


def bound(user: Cli, *what: str) -> tuple[str, ...]:
    challenge = user.json("keys", "challenge", "--factor", "sms", *what)["challenge"]
    return ("--challenge", challenge, "--code", read_code(user))


def test_a_code_asked_for_one_session_opens_no_other(operator: Cli) -> None:
    fresh = target_without_keys(operator)
    proof = bound(operator, "--for", "generate", fresh)
    for others in ((TWO_PAIRS, fresh), (TWO_PAIRS,)):
        ran = operator("keys", "generate", *others, *proof, "--yes", "--json")
        assert (ran.code, ran.error) == (4, "second_factor_failed")
        assert "a different action" in ran.json["error"]["message"]
    assert operator.json("keys", "generate", fresh, *proof)["keys"]


def test_a_code_asked_for_a_download_generates_nothing(operator: Cli, tmp_path: Path) -> None:
    proof = bound(operator, "--for", "download", TWO_PAIRS)
    refused = operator("keys", "generate", TWO_PAIRS, *proof, "--yes", "--json")
    assert (refused.code, refused.error) in [(4, "second_factor_failed"), (1, "invalid_value")]
    other = operator("keys", "download", target_without_keys(operator), *proof, "--out", tmp_path / "x", "--json")
    assert (other.code, other.error) == (4, "second_factor_failed")
    assert operator.json("keys", "download", TWO_PAIRS, *proof, "--out", tmp_path / "keys.txt")["keys"]


def test_a_code_is_bound_to_the_pair_that_goes(operator: Cli) -> None:
    older, newer = [key["access_key_id"] for key in operator.json("keys", "list", TWO_PAIRS)][-2:]
    proof = bound(operator, "--for", "generate", TWO_PAIRS, "--drop", older)
    ran = operator("keys", "generate", TWO_PAIRS, "--drop", newer, *proof, "--yes", "--json")
    assert (ran.code, ran.error) == (4, "second_factor_failed")
    assert operator.json("keys", "generate", TWO_PAIRS, "--drop", older, *proof, "--yes")["keys"]


@pytest.mark.parametrize(
    "args", [(TWO_PAIRS,), ("--for", "generate"), ("--for", "download", TWO_PAIRS, "--drop", "X" * 20)]
)
def test_what_a_code_is_for_is_said_whole(operator: Cli, args: tuple[str, ...]) -> None:
    ran = operator("keys", "challenge", "--factor", "sms", *args, "--json")
    assert (ran.code, ran.error) == (2, "usage")
    assert operator.json("outbox", "list", "--limit", "1") == operator.json("outbox", "list", "--limit", "1")


def test_without_sessions_the_contract_of_a_challenge_stays(operator: Cli) -> None:
    assert operator.json("keys", "generate", target_without_keys(operator), *bound(operator))["keys"]


def test_a_deleted_pair_says_by_whom_and_when(operator: Cli) -> None:
    older, newer = [key["access_key_id"] for key in operator.json("keys", "list", TWO_PAIRS)][-2:]
    operator.json("keys", "delete", TWO_PAIRS, "--key", older, "--yes")
    operator.json("keys", "generate", TWO_PAIRS, *bound(operator), "--yes")
    operator.json("keys", "generate", TWO_PAIRS, "--drop", newer, *bound(operator), "--yes")
    for found in (operator.json("keys", "list", TWO_PAIRS), operator.json("sessions", "show", TWO_PAIRS)["keys"]):
        gone = {key["access_key_id"]: key for key in found if key["state"] == "deleted"}
        assert {gone[key]["deleted_by"] for key in (older, newer)} == {"acme-operator"}
        assert all(key["deleted_at"] for key in gone.values())
        assert {key["deleted_by"] for key in found if key["state"] != "deleted"} == {None}
    for verb in ("keys list", "sessions show"):
        line = next(line for line in operator(*verb.split(), TWO_PAIRS).out.splitlines() if older in line)
        assert "deleted " in line
        assert "by acme-operator" in line
    report = operator("keys", "report", "--state", "deleted").out
    row = next(row for row in csv.DictReader(io.StringIO(report)) if row["access_key_id"] == older)
    assert (row["deleted_by"], row["deleted_at"] != "") == ("acme-operator", True)


def test_ease_shows_factors_that_are_switched_off(cli: Cli, sandbox: Path) -> None:
    with sqlite3.connect(sandbox) as connection:
        connection.execute(
            "INSERT INTO factor_state (person_id, factor, wrong_in_row, off_since) "
            "SELECT id, 'sms', 50, '2026-11-01 00:00:00.000000' FROM person WHERE user_id = 'acme-operator'"
        )
    connection.close()
    agent = cli.on(sandbox, "ease-agent")
    assert agent.json("ease", "show", "acme-operator")["switched_off"] == ["sms"]
    assert "switched off       SMS code" in agent("ease", "show", "acme-operator").out
    assert agent.json("ease", "show", "acme-viewer")["switched_off"] == []
    assert "switched off" not in agent("ease", "show", "acme-viewer").out


@pytest.fixture
def strict(operator: Cli, tmp_path: Path) -> Cli:
    """A site that asks for a second factor before an active key pair is deleted."""
    path = tmp_path / "strict.toml"
    path.write_text("key_deletion_factor = true\n")
    return Cli(operator.home, (*operator.options, "--config", str(path)), operator.environ)


def test_deleting_an_active_pair_takes_a_factor_where_the_site_says_so(strict: Cli, operator: Cli) -> None:
    older, newer = [key["access_key_id"] for key in strict.json("keys", "list", TWO_PAIRS)][-2:]
    delete = ("keys", "delete", TWO_PAIRS, "--yes", "--json", "--key")
    ran = strict(*delete, older)
    assert (ran.code, ran.error) == (4, "second_factor_needed")
    proof = bound(strict, "--for", "delete", TWO_PAIRS, "--key", older)
    other = strict(*delete, newer, *proof)
    assert (other.code, other.error) == (4, "second_factor_failed")
    assert {key["state"] for key in strict.json("keys", "list", TWO_PAIRS)} <= {"active", "pending_expiration"}
    assert [key["access_key_id"] for key in strict(*delete, older, *proof).json["keys"]] == [older]
    again = strict(*delete, newer, *proof)
    assert (again.code, again.error) == (4, "second_factor_failed")
    # Without the rule, a pair whose secret leaked is revoked at once.
    assert operator(*delete, newer).code == 0


def test_an_expired_pair_is_deleted_without(strict: Cli) -> None:
    expired = [
        view["session_id"]
        for view in strict.json("sessions", "list")
        if view["keys"] and {key["state"] for key in view["keys"]} == {"expired"}
    ]
    assert expired
    assert strict("keys", "delete", expired[0], "--expired", "--yes").code == 0

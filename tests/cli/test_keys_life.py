"""Key pairs for their whole life on the command line: many at once, deletion, notices, the report."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from tests.cli.conftest import Cli, proof, target_without_keys

# Sample data: two living pairs; the older one ends within four weeks.
TWO_PAIRS = "T5A"


def keys_of(user: Cli, session: str, *states: str) -> list[str]:
    return [key["access_key_id"] for key in user.json("keys", "list", session) if key["state"] in states]


def test_what_fails_fails_alone_and_ends_with_1(operator: Cli, tmp_path: Path) -> None:
    fresh, out = target_without_keys(operator), tmp_path / "keys.txt"
    made = operator.json("keys", "generate", TWO_PAIRS, fresh, *proof(operator), "--out", out, code=1)
    assert [key["session_id"] for key in made["keys"]] == [fresh]
    (failure,) = made["failed"]
    assert (failure["session_id"], "Select which one to delete" in failure["reason"]) == (TWO_PAIRS, True)
    assert made["request"]["reasons"][0] == "1 completed, 1 failed."
    assert made["keys"][0]["access_key_id"] in out.read_text()
    assert TWO_PAIRS not in out.read_text()
    ran = operator("keys", "download", TWO_PAIRS, fresh, *proof(operator), "--out", tmp_path / "all.txt", "--json")
    assert (ran.code, ran.json["failed"]) == (0, [])


def test_a_failure_beside_data_on_standard_output_is_talk(operator: Cli) -> None:
    fresh = target_without_keys(operator)
    ran = operator("keys", "generate", TWO_PAIRS, fresh, *proof(operator), "--out", "-")
    assert ran.code == 1
    assert ran.out.startswith("Session ID")
    assert f"{TWO_PAIRS} failed: " in ran.err
    assert f"{fresh} gets its first key pair" in ran.err


def test_delete_prints_the_request(operator: Cli) -> None:
    (older,) = keys_of(operator, TWO_PAIRS, "pending_expiration")
    request = operator.json("keys", "delete", TWO_PAIRS, "--key", older, "--yes")
    assert {"id", "type", "status", "stage", "entity", "submitted_by", "submitted_at", "reasons"} <= request.keys()
    assert (request["type"], request["status"]) == ("delete_key", "completed")
    assert [key["access_key_id"] for key in request["keys"]] == [older]
    assert operator.json("requests", "show", request["id"])["asked"]["keys"] == [older]
    assert keys_of(operator, TWO_PAIRS, "deleted") == [older]
    ran = operator("keys", "delete", TWO_PAIRS, "--all", "--yes")
    assert ran.code == 0
    assert "it has no other active key pair, so its feed stops immediately" in ran.err
    assert not keys_of(operator, TWO_PAIRS, "active", "pending_expiration", "expired")


def test_delete_says_what_it_needs(operator: Cli) -> None:
    assert operator("keys", "delete", TWO_PAIRS, "--yes").code == 2
    assert operator("keys", "delete", TWO_PAIRS, "--all", "--expired", "--yes").code == 2
    for how, said in (
        (("--expired",), "no expired key pair"),
        (("--key", "x" * 20), "These sessions have no key pair 'xxxxx"),
    ):
        ran = operator("keys", "delete", TWO_PAIRS, *how, "--yes", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (1, "not_found")
        assert said in ran.json["error"]["message"]
    viewer = operator("--as", "acme-viewer", "keys", "delete", TWO_PAIRS, "--all", "--yes", "--json")
    assert (viewer.code, viewer.json["error"]["code"]) == (3, "not_entitled")
    assert len(keys_of(operator, TWO_PAIRS, "active", "pending_expiration")) == 2


def test_the_report_is_csv_and_json(operator: Cli) -> None:
    ran = operator("keys", "report", "--entity", "ACME")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    found = operator.json("keys", "report", "--entity", "ACME")
    assert [row["access_key_id"] for row in rows] == [line["access_key_id"] for line in found]
    assert {line["state"] for line in found} == {"active", "pending_expiration", "expired"}
    for line in found:
        assert (line["days_left"] is None) == (line["state"] == "expired")
        assert line["age_days"] >= 0
    names = ["session_id", "access_key_id", "age_days", "state", "expires_at", "days_left", "last_notice_days"]
    assert set(names) <= rows[0].keys()
    gone = operator.json("keys", "report", "--state", "deleted")
    assert gone
    assert {line["state"] for line in gone} == {"deleted"}
    assert len(operator.json("keys", "report", "--limit", 3)) == 3


def test_tick_tells_of_ends_once_and_the_report_knows(operator: Cli, later: Callable[[timedelta], None]) -> None:
    later(timedelta(hours=1))
    before = operator.json("keys", "report", "--state", "pending_expiration")
    assert before
    assert all(line["last_notice_days"] is None for line in before)
    operations = ("--as", "operations", "tick")
    counts = next(p["counts"] for p in operator.json(*operations)["parts"] if p["name"] == "expiry")
    assert counts["keys"] >= len(before)
    assert next(p["counts"] for p in operator.json(*operations)["parts"] if p["name"] == "expiry")["keys"] == 0
    for line in operator.json("keys", "report", "--state", "pending_expiration"):
        assert line["days_left"] <= line["last_notice_days"]
        assert line["last_notice_at"]

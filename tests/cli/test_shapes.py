"""The shapes of every verb that shows something (a contract with scripts)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, proof, read_code, target_without_keys

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
GROUP = {"id", "name", "entity", "market", "front_end", "filters", "sources", "targets", "version"}
REQUEST = {"id", "type", "status", "stage", "entity", "submitted_by", "submitted_at", "reasons"}
SESSION = {"session_id", "kind", "market", "gateway", "group", "status", "keys"}
KEY = {"access_key_id", "state", "created_at", "expires_at"}


def has(row: dict[str, Any], names: set[str]) -> None:
    assert names <= row.keys(), names - row.keys()


def test_demo_tells_who_can_be_acted_as(cli: Cli, sandbox: Path) -> None:
    shown = cli.json("--store", sandbox, "demo", "--headless")
    assert shown["store"] == str(sandbox)
    people = {person["user_id"]: person for person in shown["people"]}
    assert {"full_access@ACME", "key_management@ACME"} <= set(people["acme-operator"]["roles"])
    roles = {role.partition("@")[0] for person in people.values() for role in person["roles"]}
    assert roles == {
        "read_only", "full_access", "key_management", "administrative_manager", "user_administrator",
        "ease_agent", "gam", "operations", "auditor",
    }  # fmt: skip


def test_groups(operator: Cli) -> None:
    found = operator.json("groups", "list")
    assert found
    for row in found:
        has(row, GROUP)
        assert isinstance(row["sources"], int)
        assert "heartbeat" in row["filters"]
    shown = operator.json("groups", "show", found[0]["name"])
    has(shown, GROUP | {"target_sessions"})
    assert shown["filters"] == found[0]["filters"]
    assert len(shown["target_sessions"]) == shown["targets"] == found[0]["targets"]
    assert operator.json("groups", "show", found[0]["id"]) == shown
    assert len(operator.json("groups", "list", "--limit", 1)) == 1
    market = found[0]["market"]
    assert {row["market"] for row in operator.json("groups", "list", "--market", market)} == {market}


def test_sendercomps_page_through_everything_once(operator: Cli) -> None:
    first = operator.json("sendercomps", "list", "--entity", "ACME", "--limit", 1000)
    has(first["rows"][0], {"sender_comp_id", "session_id", "gfid", "fti", "gateway", "status"})
    seen, page = len(first["rows"]), first
    last = [(row["sender_comp_id"]) for row in first["rows"]]
    while page["next"]:
        page = operator.json("sendercomps", "list", "--entity", "ACME", "--limit", 1000, "--after", page["next"])
        seen += len(page["rows"])
        last += [row["sender_comp_id"] for row in page["rows"]]
    assert seen == first["total"]
    assert last == sorted(last)


def test_sendercomps_go_on_after_a_plain_id(operator: Cli) -> None:
    options = ("sendercomps", "list", "--entity", "ACME", "--market", "brokertec_us", "--limit", 5)
    first = operator.json(*options)
    assert first["next"] == first["rows"][-1]["sender_comp_id"]
    second = operator.json(*options, "--after", first["next"])
    assert second["rows"][0]["sender_comp_id"] > first["next"]
    gfid = first["rows"][0]["gfid"]
    assert {row["gfid"] for row in operator.json(*options, "--gfid", gfid)["rows"]} == {gfid}
    assert operator.json(*options, "--match", "no such thing") == {"total": 0, "rows": [], "next": None}


def test_sessions_and_keys(operator: Cli) -> None:
    found = operator.json("sessions", "list")
    for row in found:
        has(row, SESSION)
        for key in row["keys"]:
            has(key, KEY)
            assert key["state"] in ("active", "pending_expiration", "expired", "deleted")
            assert _TIME.fullmatch(key["created_at"])
            assert _TIME.fullmatch(key["expires_at"])
    assert {row["kind"] for row in found} == {"drop_copy", "order_entry", "market_data"}
    targets = operator.json("sessions", "list", "--kind", "drop_copy")
    assert {row["kind"] for row in targets} == {"drop_copy"}
    own = operator.json("sessions", "list", "--group", targets[0]["group"])
    assert {row["group"] for row in own} == {targets[0]["group"]}
    shown = operator.json("sessions", "show", targets[0]["session_id"], "--market", targets[0]["market"])
    assert shown == targets[0]
    listed = operator.json("keys", "list")
    assert len(listed) == sum(len(row["keys"]) for row in found)
    has(listed[0], KEY | {"session_id", "market"})


def test_requests(operator: Cli) -> None:
    found = operator.json("requests", "list")
    for row in found:
        has(row, REQUEST)
        assert row["status"] in ("in_progress", "completed", "failed", "denied", "cancelled")
        assert row["submitted_by"] == "acme-operator"
        assert _TIME.fullmatch(row["submitted_at"])
    shown = operator.json("requests", "show", found[0]["id"])
    has(shown, REQUEST | {"story"})
    assert len(operator.json("requests", "list", "--all")) >= len(found)
    assert [row["id"] for row in operator.json("requests", "list", "--limit", 2)] == [row["id"] for row in found[:2]]


def test_challenge_generate_and_outbox(operator: Cli) -> None:
    started = operator.json("keys", "challenge", "--factor", "sms")
    has(started, {"challenge", "factor", "sent_to", "expires_at", "codes_left_today"})
    code = read_code(operator)
    assert code not in str(started)
    target = target_without_keys(operator)
    made = operator.json("keys", "generate", target, "--challenge", started["challenge"], "--code", code)
    has(made["request"], REQUEST)
    assert (made["request"]["type"], made["request"]["status"]) == ("generate_key", "completed")
    has(made["keys"][0], {"session_id", "access_key_id", "created_at", "expires_at"})
    assert made["keys"][0]["session_id"] == target
    message = operator.json("outbox", "list")[0]
    has(message, {"id", "channel", "to", "subject", "body", "state"})
    assert (message["channel"], message["state"]) == ("email", "held")


def test_audit(cli: Cli, sandbox: Path) -> None:
    auditor = cli.on(sandbox, "auditor")
    events = auditor.json("audit", "list")
    ids = [event["id"] for event in events]
    assert ids == sorted(ids, reverse=True)
    assert events[0]["action"] == "person:signed_in"
    own = auditor.json("audit", "list", "--person", "auditor", "--action", "person", "--limit", 2)
    assert [event["person"] for event in own] == ["auditor", "auditor"]
    verified = auditor.json("audit", "verify")
    assert (verified["valid"], verified["first_bad"]) == (True, None)
    assert verified["events"] > len(events)


def test_audit_says_which_event_was_changed(cli: Cli, sandbox: Path) -> None:
    import sqlite3

    with sqlite3.connect(sandbox) as connection:
        connection.execute("UPDATE audit_event SET subject = 'changed' WHERE id = 5")
    connection.close()
    verified = cli.on(sandbox, "auditor").json("audit", "verify", code=1)
    assert (verified["valid"], verified["first_bad"]) == (False, 5)


def test_paths_needs_no_store(cli: Cli) -> None:
    shown = cli.json("paths")
    assert shown["store"].endswith("/data/dropcopy-tui/dropcopy.db")
    assert shown["master_key"].endswith("/dropcopy.key")
    has(shown, {"config", "incident_log", "downloads", "sandbox_store"})
    assert shown["sandbox_store"].endswith("/sandbox/dropcopy.db")


def test_a_store_that_is_named_is_not_shown_as_a_sandbox(cli: Cli, sandbox: Path) -> None:
    assert cli.on(sandbox).json("paths")["sandbox_store"] is None
    assert "sandbox store" not in cli.on(sandbox)("paths").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(cli: Cli, shell: str) -> None:
    ran = cli("completion", shell)
    assert ran.code == 0
    assert "_DROPCOPY_COMPLETE" in ran.out


def test_download_to_standard_output_is_the_file_alone(operator: Cli) -> None:
    target = target_without_keys(operator)
    assert operator("keys", "generate", target, *proof(operator)).code == 0
    ran = operator("keys", "download", target, *proof(operator), "--out", "-", "--json")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0].startswith("Session ID")
    assert all(len(line) in (0, 166) for line in lines)


def test_text_is_aligned_and_shows_no_control_characters(operator: Cli) -> None:
    ran = operator("groups", "list")
    header, *rows = ran.out.splitlines()
    column = header.index("MARKET")
    assert all(row[column:].startswith(("brokertec", "globex")) for row in rows)
    odd = operator("groups", "show", "x\x1b]0;hi\x07\u202e\nsecond line")
    assert odd.code == 1
    assert odd.err.count("\n") == 1
    assert "\x1b" not in odd.err
    assert "\u202e" not in odd.err


def test_empty_lists_say_so_on_standard_error(real: Cli) -> None:
    for noun in ("groups", "sessions", "keys", "requests", "outbox"):
        ran = real(noun, "list")
        assert (ran.code, ran.out) == (0, ""), noun
        assert ran.err.strip()
        assert real.json(noun, "list") == []

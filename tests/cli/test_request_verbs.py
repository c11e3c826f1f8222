"""groups edit and delete, requests approve, deny, cancel and list --todo: shapes and exit codes (a contract)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, Ran
from tests.cli.test_refusals import refused
from tests.cli.test_shapes import REQUEST, has

GROUP = "US-ACTIVES"
STRANGER = "exrates-operator"


@pytest.fixture
def clearing(cli: Cli, sandbox: Path) -> Cli:
    """Approves for the firm that guarantees sources of ACME."""
    return cli.on(sandbox, "clearing-approver")


@pytest.fixture
def viewer(cli: Cli, sandbox: Path) -> Cli:
    return cli.on(sandbox, "acme-viewer")


@pytest.fixture
def process(cli: Cli, sandbox: Path) -> Any:
    """Set-up, as cron runs it."""
    return lambda: cli.on(sandbox, "operations").json("process")


def asked(cli: Cli, *args: object) -> dict[str, Any]:
    """The request that a verb prints."""
    shape: dict[str, Any] = cli.json(*args)
    has(shape, REQUEST)
    assert (shape["status"], shape["reasons"]) == ("in_progress", [])
    return shape


def open_one(clearing: Cli) -> dict[str, Any]:
    """The request of acme-operator that waits for the clearing firm."""
    found = clearing.json("requests", "list", "--todo")
    return next(row for row in found if row["submitted_by"] == "acme-operator")


# -- groups edit


def test_edit_prints_the_request_and_changes_the_group_at_set_up(operator: Cli, process: Any) -> None:
    before = operator.json("groups", "show", GROUP)
    request = asked(operator, "groups", "edit", GROUP, "--name", "US-ACTIVE", "--filter", "trade_bust")
    assert (request["type"], request["entity"], request["stage"]) == ("edit_group", "ACME", "queued")
    assert operator.json("groups", "show", GROUP)["version"] == before["version"]
    process()
    after = operator.json("groups", "show", "US-ACTIVE")
    assert (after["id"], after["version"]) == (before["id"], before["version"] + 1)
    assert after["filters"] == ["heartbeat", "reject", "trade_bust"]
    assert (after["sources"], after["target_sessions"]) == (before["sources"], before["target_sessions"])
    shown = operator.json("requests", "show", request["id"])
    assert shown["status"] == "completed"
    assert shown["asked"]["changes"]["name"] == [GROUP, "US-ACTIVE"]


def test_sources_are_added_taken_out_and_named_whole(operator: Cli, process: Any, tmp_path: Path) -> None:
    page = operator.json("sendercomps", "list", "--entity", "ACME", "--market", "brokertec_us", "--limit", 1000)
    active = [row["sender_comp_id"] for row in page["rows"] if row["status"] == "active"][:3]
    file = tmp_path / "sources.txt"
    file.write_text("\n".join(active[:2]) + "\n")
    whole = asked(operator, "groups", "edit", GROUP, "--sources-from", file)
    process()
    assert operator.json("groups", "show", GROUP)["sources"] == 2
    assert operator.json("requests", "show", whole["id"])["asked"]["sources"] == 2
    changed = asked(operator, "groups", "edit", GROUP, "--add", active[2], "--remove", active[0])
    process()
    shown = operator.json("requests", "show", changed["id"])
    assert (shown["asked"]["added"], shown["asked"]["removed"]) == (1, 1)


def test_a_version_that_passed_is_refused(operator: Cli, process: Any) -> None:
    version = operator.json("groups", "show", GROUP)["version"]
    asked(operator, "groups", "edit", GROUP, "--name", "FIRST", "--version", version)
    process()
    ran = refused(operator("groups", "edit", "FIRST", "--name", "X", "--version", version, "--json"), 1,
                  "changed_meanwhile")  # fmt: skip
    assert "acme-operator" in ran.json["error"]["message"]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (("--name", GROUP), "invalid_value"),
        ((), "invalid_value"),
        (("--name", "US-BACKUP"), "name_taken"),
        (("--remove", "ZZZZZZP"), "invalid_value"),
        (("--front-end", "Nothing"), "invalid_value"),
    ],
)
def test_an_edit_that_breaks_a_rule_ends_with_one(operator: Cli, args: tuple[str, ...], error: str) -> None:
    refused(operator("groups", "edit", GROUP, *args, "--json"), 1, error)


def test_a_second_change_ends_with_one_and_names_the_first(operator: Cli) -> None:
    first = asked(operator, "groups", "edit", GROUP, "--name", "FIRST")
    for args in (("edit", GROUP, "--name", "SECOND"), ("delete", GROUP, "--yes")):
        ran = refused(operator("groups", *args, "--json"), 1, "changed_meanwhile")
        assert ran.json["error"]["message"].startswith(
            f"Your own request {first['id']} to edit group {GROUP} is still open"
        )


@pytest.mark.parametrize(
    "args",
    [
        ("groups", "edit"),
        ("groups", "edit", GROUP, "--filter", "nonsense"),
        ("groups", "edit", GROUP, "--version", "one"),
        ("groups", "edit", GROUP, "--source", "ABCXYZP", "--add", "ABCXYZP"),
        ("groups", "edit", GROUP, "--source", "ABCXYZP", "--sources-from", "-"),
        ("groups", "delete"),
        ("requests", "approve"),
        ("requests", "deny", "DC-2026-000036"),
        ("requests", "cancel"),
        ("requests", "list", "--all", "--todo"),
    ],
)
def test_usage_ends_with_two(operator: Cli, args: tuple[str, ...]) -> None:
    refused(operator(*args, "--json"), 2, "usage")


# -- groups delete


def test_delete_prints_one_request_or_a_list(operator: Cli, process: Any) -> None:
    one = asked(operator, "groups", "delete", GROUP, "--yes")
    assert (one["type"], one["subject"]) == ("delete_group", GROUP)
    several = operator.json("groups", "delete", "EU-GOVIES", "EU-RISK", "--yes")
    assert [row["subject"] for row in several] == ["EU-GOVIES", "EU-RISK"]
    released = operator.json("groups", "show", GROUP)["target_sessions"]
    process()
    left = {row["name"] for row in operator.json("groups", "list")}
    assert not left & {GROUP, "EU-GOVIES", "EU-RISK"}
    for session in operator.json("sessions", "list", "--kind", "drop_copy"):
        if session["session_id"] in released and session["market"] == "brokertec_us":
            assert session["status"] == "released"


def test_delete_is_all_or_none(operator: Cli) -> None:
    refused(operator("groups", "delete", GROUP, "NO-SUCH", "--yes", "--json"), 1, "not_found")
    assert [row for row in operator.json("requests", "list") if row["type"] == "delete_group"] == []


# -- requests approve, deny, cancel


def test_todo_lists_what_waits_for_this_person(operator: Cli, viewer: Cli, clearing: Cli) -> None:
    found = clearing.json("requests", "list", "--todo")
    assert found
    for row in found:
        has(row, REQUEST)
        assert (row["status"], row["waiting_for"]) == ("in_progress", ["SAMPLECLR"])
    for nobody in (operator, viewer):
        assert nobody.json("requests", "list", "--todo") == []


def test_approve_prints_the_request_and_set_up_follows(operator: Cli, clearing: Cli, process: Any) -> None:
    request = open_one(clearing)
    approved = clearing.json("requests", "approve", request["id"])
    has(approved, REQUEST | {"story", "version"})
    assert (approved["status"], approved["stage"]) == ("in_progress", "queued")
    assert approved["story"][-1]["text"] == "approved by clearing-approver for SAMPLECLR"
    process()
    assert operator.json("requests", "show", request["id"])["status"] == "completed"
    assert request["id"] not in {row["id"] for row in clearing.json("requests", "list", "--todo")}


def test_deny_prints_the_reason(operator: Cli, clearing: Cli) -> None:
    request = open_one(clearing)
    denied = clearing.json("requests", "deny", request["id"], "--reason", "Wrong desk")
    has(denied, REQUEST)
    assert (denied["status"], denied["stage"]) == ("denied", "Denied")
    assert denied["reasons"] == ["Denied by clearing-approver: Wrong desk"]
    assert operator.json("requests", "show", request["id"])["reasons"] == denied["reasons"]


def test_cancel_prints_the_request(operator: Cli, clearing: Cli) -> None:
    request = open_one(clearing)
    cancelled = operator.json("requests", "cancel", request["id"])
    has(cancelled, REQUEST)
    assert (cancelled["status"], cancelled["reasons"]) == ("cancelled", [])
    refused(operator("requests", "cancel", request["id"], "--json"), 1, "changed_meanwhile")


@pytest.mark.parametrize("verb", [("approve",), ("deny", "--reason", "No")])
def test_a_decision_about_another_version_ends_with_one(clearing: Cli, verb: tuple[str, ...]) -> None:
    request = open_one(clearing)
    name, *more = verb
    ran = clearing("requests", name, request["id"], *more, "--version", request["version"] + 1, "--json")
    refused(ran, 1, "changed_meanwhile")
    assert open_one(clearing) == request


def test_approving_twice_ends_with_one(clearing: Cli) -> None:
    request = open_one(clearing)
    clearing.json("requests", "approve", request["id"])
    ran = refused(clearing("requests", "approve", request["id"], "--json"), 1, "changed_meanwhile")
    assert "approved by clearing-approver" in ran.json["error"]["message"]


def test_what_is_not_ones_to_do_ends_with_three(operator: Cli, viewer: Cli, clearing: Cli) -> None:
    request = open_one(clearing)["id"]
    refusals: list[Ran] = [
        viewer("groups", "edit", GROUP, "--name", "X", "--json"),
        viewer("groups", "delete", GROUP, "--yes", "--json"),
        viewer("requests", "approve", request, "--json"),
        viewer("requests", "deny", request, "--reason", "No", "--json"),
        viewer("requests", "cancel", request, "--json"),
        operator("requests", "approve", request, "--json"),
        operator("requests", "deny", request, "--reason", "No", "--json"),
    ]
    for ran in refusals:
        refused(ran, 3, "not_entitled")


def test_what_may_not_be_seen_is_not_there(cli: Cli, sandbox: Path, clearing: Cli) -> None:
    stranger, request = cli.on(sandbox, STRANGER), open_one(clearing)["id"]
    for args in (
        ("groups", "edit", GROUP, "--name", "X"),
        ("groups", "delete", GROUP, "--yes"),
        ("requests", "approve", request),
        ("requests", "deny", request, "--reason", "No"),
        ("requests", "cancel", request),
        ("requests", "approve", "DC-2026-999999"),
    ):
        refused(stranger(*args, "--json"), 1, "not_found")


def test_a_reason_that_says_nothing_is_refused(clearing: Cli) -> None:
    refused(clearing("requests", "deny", open_one(clearing)["id"], "--reason", "  ", "--json"), 1, "invalid_value")


def test_text_tells_people_the_same(operator: Cli, clearing: Cli) -> None:
    request = open_one(clearing)["id"]
    todo = clearing("requests", "list", "--todo")
    assert request in todo.out
    assert "awaiting approval by SAMPLECLR" in todo.out
    denied = clearing("requests", "deny", request, "--reason", "Wrong desk")
    assert denied.code == 0
    assert "Denied by clearing-approver: Wrong desk" in denied.out
    nothing = operator("requests", "list", "--todo")
    assert (nothing.code, nothing.out) == (0, "")
    assert nothing.err.strip()

"""What a screen shows, a verb shows too: sources and firms of a group, sources of a request, drafts and copies."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli
from tests.cli.test_shapes import has

DRAFT = {"id", "version", "name", "entity", "market", "group", "front_end", "filters", "sources", "step", "updated_at"}


def test_status_says_what_the_first_screen_says(operator: Cli) -> None:
    seen = operator.json("status")
    has(seen, {"user_id", "stopped", "expiring", "without_keys", "to_approve", "drafts", "notices", "groups"})
    assert seen["user_id"] == "acme-operator"
    # A session that has a newer pair beside the one that expires keeps its feed.
    keys = {row["session_id"]: row["keys"] for row in operator.json("sessions", "list", "--status", "active")}
    living = {name: [key for key in row if key["days_left"] is not None] for name, row in keys.items()}
    soon = {name: row[0] for name, row in living.items() if {key["state"] for key in row} == {"pending_expiration"}}
    assert {row["session_id"] for row in seen["expiring"]} == soon.keys() != set()
    for row in seen["expiring"]:
        assert row["days_left"] == soon[row["session_id"]]["days_left"]
        assert row["expires_at"] == soon[row["session_id"]]["expires_at"]
    assert [row["id"] for row in seen["drafts"]] == [row["id"] for row in operator.json("drafts", "list")]
    assert seen["notices"] == len(operator.json("notices", "list", "--unread"))
    assert seen["requests"] == len(operator.json("requests", "list"))
    assert sum(seen["groups"].values()) == len(operator.json("groups", "list"))
    text = operator("status")
    assert text.code == 0
    for row in seen["expiring"]:
        assert row["session_id"] in text.out
    approver = Cli(operator.home, ("--store", operator.options[1], "--as", "clearing-approver"), operator.environ)
    assert approver.json("status")["to_approve"] == len(approver.json("requests", "list", "--todo")) > 0


def test_status_of_somebody_without_access(operator: Cli) -> None:
    admin = Cli(operator.home, ("--store", operator.options[1], "--as", "ease-agent"), operator.environ)
    ran = admin("status")
    assert (ran.code, ran.err) == (0, "You have no access to any entity. Ask a user administrator.\n")


def test_status_of_whoever_made_the_store(cli: Cli, tmp_path: Path) -> None:
    """They have no one to ask: a new desk begins with its entities."""
    store = str(tmp_path / "new.db")
    assert cli("--store", store, "init").code == 0
    said = "You have no access to any entity. If there is none yet: dropcopy import entities FILE\n"
    assert cli("--store", store, "status").err == said


def test_the_sources_of_a_group(operator: Cli) -> None:
    group = operator.json("groups", "show", "US-BACKUP")
    found = operator.json("groups", "sources", "US-BACKUP")
    assert len(found) == group["sources"]
    has(found[0], {"sender_comp_id", "session_id", "gfid", "fti", "gateway", "status"})
    firms = operator.json("groups", "firms", "US-BACKUP")
    assert {row["gfid"]: row["sources"] for row in firms} == {
        gfid: len(operator.json("groups", "sources", "US-BACKUP", "--gfid", gfid.lower()))
        for gfid in {row["gfid"] for row in found}
    }
    text = operator("groups", "sources", "US-BACKUP", "--limit", "1")
    assert text.out.split()[:2] == ["SENDERCOMP", "SESSION"]
    assert found[0]["sender_comp_id"] in text.out
    assert operator("groups", "firms", "US-BACKUP").out.startswith("GFID")


def test_a_copy_is_a_draft_that_can_be_seen_submitted_and_discarded(operator: Cli) -> None:
    before = {row["id"] for row in operator.json("drafts", "list")}
    copy = operator.json("groups", "clone", "US-BACKUP")
    has(copy, DRAFT)
    assert {row["id"] for row in operator.json("drafts", "list")} - before == {copy["id"]}
    seen = operator.json("drafts", "show", copy["id"])
    has(seen, DRAFT | {"firms", "gateways", "approval_of", "problems", "changes", "added", "removed"})
    assert seen["sources"] == operator.json("groups", "show", "US-BACKUP")["sources"]
    text = operator("drafts", "show", copy["id"])
    assert "problems" in text.out
    assert operator.json("drafts", "discard", copy["id"], "--yes")["id"] == copy["id"]
    assert {row["id"] for row in operator.json("drafts", "list")} == before
    assert operator("drafts", "show", copy["id"], "--json").error == "not_found"


def test_a_draft_is_submitted_once_at_the_version_that_was_seen(operator: Cli) -> None:
    copy = operator.json("groups", "clone", "US-BACKUP", "--name", "US-BACKUP-2")
    assert copy["name"] == "US-BACKUP-2"
    stale = operator("drafts", "submit", copy["id"], "--version", copy["version"] + 7, "--json")
    assert (stale.code, stale.error) == (1, "changed_meanwhile")
    assert operator.json("drafts", "show", copy["id"])["problems"] == []
    request = operator.json("drafts", "submit", copy["id"])
    assert request["type"] == "create_group"
    # Whoever lost the answer asks again: the same request, and no second one.
    assert operator.json("drafts", "submit", copy["id"])["id"] == request["id"]
    assert [row["id"] for row in operator.json("requests", "list") if row["subject"] == "US-BACKUP-2"] == [
        request["id"]
    ]
    assert operator("drafts", "discard", copy["id"], "--yes", "--json").error == "not_found"


def test_what_a_request_adds_and_removes(operator: Cli) -> None:
    source = operator.json("groups", "sources", "US-BACKUP")[0]["sender_comp_id"]
    request = operator.json("groups", "edit", "US-BACKUP", "--remove", source)
    removed = operator.json("requests", "sources", request["id"], "--removed")
    assert [row["sender_comp_id"] for row in removed] == [source]
    assert operator.json("requests", "sources", request["id"]) == []
    assert source in operator("requests", "sources", request["id"], "--removed").out


def test_all_sources_of_a_firm_are_added_and_removed(operator: Cli) -> None:
    """As the wizard's fifth step does with a Globex Firm and *all that match*."""
    group = "US-BACKUP"
    here = {row["gfid"]: row["sources"] for row in operator.json("groups", "firms", group)}
    market = operator.json("groups", "show", group)["market"]
    every = ("sendercomps", "list", "--market", market, "--limit", "100000")
    usable = [row for row in operator.json(*every)["rows"] if row["status"] == "active"]
    gone = max(here, key=lambda gfid: here[gfid])
    came = next(row["gfid"] for row in usable if row["gfid"] != gone)
    held = {row["sender_comp_id"] for row in operator.json("groups", "sources", group)}
    new = {row["sender_comp_id"] for row in usable if row["gfid"] == came} - held
    edit = ("groups", "edit", group, "--all-sources", "--gfid", came.lower(), "--remove-gfid", gone.lower())
    request = operator.json(*edit)
    added = operator.json("requests", "sources", request["id"])
    assert {row["sender_comp_id"] for row in added} == new
    removed = operator.json("requests", "sources", request["id"], "--removed")
    assert {row["gfid"] for row in removed} == {gone}
    assert len(removed) == here[gone]


def test_a_firm_that_is_not_there_is_refused_by_name(operator: Cli) -> None:
    added = operator("groups", "edit", "US-BACKUP", "--all-sources", "--gfid", "XXX99", "--json")
    assert (added.code, "is of Globex Firm XXX99. Nothing was submitted." in added.json["error"]["message"]) == (
        1,
        True,
    )
    removed = operator("groups", "edit", "US-BACKUP", "--remove-gfid", "XXX99", "--json")
    assert removed.json["error"]["message"] == (
        "No source of this group is of Globex Firm XXX99. Nothing was submitted."
    )
    assert operator("groups", "edit", "US-BACKUP", "--gfid", "XXX99").code == 2
    assert operator("groups", "edit", "US-BACKUP", "--all-sources", "--gfid", "A", "--remove-gfid", "a").code == 2
    assert operator("groups", "edit", "US-BACKUP", "--source", "X", "--remove-gfid", "a").code == 2


def test_entity_codes_in_any_case_and_the_only_one_is_taken(operator: Cli) -> None:
    asked = operator.json("sendercomps", "list", "--entity", "acme")
    assert asked["total"] > 0
    assert operator.json("sendercomps", "list") == asked
    assert operator.json("groups", "show", "US-BACKUP", "--entity", "acme")["entity"] == "ACME"
    assert operator.json("groups", "list", "--entity", "Acme") == operator.json("groups", "list", "--entity", "ACME")


def test_several_entities_are_named(operator: Cli) -> None:
    options = tuple("multi-operator" if each == "acme-operator" else each for each in operator.options)
    several = Cli(operator.home, options, operator.environ)
    ran = several("sendercomps", "list", "--json")
    assert ran.code == 1
    assert "Specify --entity. You have access to: " in ran.json["error"]["message"]

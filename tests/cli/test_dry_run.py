"""`groups create --dry-run` and `groups edit --dry-run`: what would be asked for, and nothing is written."""

from __future__ import annotations

from tests.cli.conftest import Cli


def test_a_dry_run_of_an_edit_prints_its_differences(operator: Cli) -> None:
    before = operator.json("requests", "list")
    source = operator.json("groups", "sources", "US-BACKUP")[0]["sender_comp_id"]
    edit = ("groups", "edit", "US-BACKUP", "--name", "US-SPARE", "--remove", source, "--dry-run")
    seen = operator.json(*edit)
    assert (seen["id"], seen["group"], seen["name"]) == (None, "US-BACKUP", "US-SPARE")
    assert seen["changes"] == {"name": ["US-BACKUP", "US-SPARE"]}
    assert (seen["added"], seen["removed"], seen["removed_names"]) == (0, 1, [source])
    assert (seen["sources_before"], seen["sources"]) == (seen["sources"] + 1, seen["sources_before"] - 1)
    assert seen["new_target_sessions"] == []
    ran = operator(*edit)
    assert ran.code == 0
    assert f"- {source}" in ran.out
    assert "US-BACKUP -> US-SPARE" in ran.out
    assert ran.err == "Dry run: nothing was submitted.\n"
    assert operator.json("requests", "list") == before
    assert operator.json("groups", "show", "US-BACKUP")["version"] == 1


def test_a_dry_run_that_would_be_refused_says_why_and_ends_with_1(operator: Cli) -> None:
    ran = operator("groups", "edit", "US-BACKUP", "--name", "US-BACKUP", "--dry-run")
    assert ran.code == 1
    assert "would be refused. The request contains no changes to US-BACKUP. Nothing was submitted." in ran.err
    ends = operator("groups", "edit", "US-BACKUP", "--name", "N" * 31, "--dry-run")
    assert ends.code == 1
    assert "Group name" in ends.err


def test_a_dry_run_of_a_new_group(operator: Cli) -> None:
    new = ("groups", "create", "--entity", "ACME", "--market", "brokertec_us", "--name", "US-TRIAL",
           "--front-end", "Ladder One 5.0", "--filter", "trade_bust", "--all-sources", "--dry-run")  # fmt: skip
    seen = operator.json(*new)
    assert (seen["name"], seen["problems"], seen["new_target_sessions"]) == ("US-TRIAL", [], ["msgw"])
    assert "US-TRIAL" not in {row["name"] for row in operator.json("groups", "list")}
    assert "1 target session (MSGW); it needs a key pair" in operator(*new).out

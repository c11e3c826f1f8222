"""dropcopy who-gets: from a source or a message to the key pairs that secure its copies."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli
from tests.cli.test_shapes import has


def a_source(operator: Cli) -> tuple[str, str]:
    """A SenderComp that a group has, and that group's name."""
    log = operator("route", "--example").out.encode()
    found = operator.json("route", "-", "--each", stdin=log.decode())
    row = next(row for row in found["rows"] if row["groups"] and row["kind"] == "complete_fill")
    return row["source"], row["group_names"][0]


def test_a_sender_comp(operator: Cli) -> None:
    source, group = a_source(operator)
    found = operator.json("who-gets", source.lower())
    has(found, {"asked", "sender_comps", "kind", "matched_filters", "why_not", "groups"})
    assert (found["asked"], found["kind"], found["why_not"]) == (source, None, "")
    (mine,) = [each for each in found["groups"] if each["name"] == group]
    has(mine, {"id", "name", "entity", "market", "filters", "sources", "sessions"})
    assert [each["session_id"] for each in mine["sessions"]] == operator.json("groups", "show", group)[
        "target_sessions"
    ]
    text = operator("who-gets", source)
    assert text.code == 0
    assert group in text.out
    for session in mine["sessions"]:
        living = [key["access_key_id"] for key in session["keys"] if key["days_left"] is not None]
        assert all(key in text.out for key in living)


def test_a_message(operator: Cli, tmp_path: Path) -> None:
    source, group = a_source(operator)
    path = tmp_path / "fill.fix"
    path.write_text(f"8=FIX.4.2|35=8|34=1|49=CME|56={source}|39=2|150=2|")
    found = operator.json("who-gets", "--message", path)
    assert (found["kind"], found["matched_filters"]) == ("Complete fill", ["trade_fill_notice"])
    assert group in [each["name"] for each in found["groups"]]


def test_a_firm(operator: Cli) -> None:
    source, _ = a_source(operator)
    found = operator.json("who-gets", "--gfid", source[3:-1])
    assert found["sender_comps"] > 1
    assert found["groups"]


def test_one_question_at_a_time(operator: Cli) -> None:
    for arguments in ((), ("005ACM01B", "--gfid", "ACM01")):
        ran = operator("who-gets", *arguments)
        assert ran.code == 2
        assert "Use exactly one of SENDERCOMP, --gfid, --message." in ran.err


def test_what_may_not_be_seen_does_not_exist(operator: Cli) -> None:
    ran = operator("who-gets", "ZZZZZ99P", "--json")
    assert (ran.code, ran.error) == (1, "not_found")

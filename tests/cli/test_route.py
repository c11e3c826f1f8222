"""dropcopy route, and the SenderComps that nobody copies."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_shapes import has

GROUP = {"id", "name", "target_sessions", "copies", "by_filter"}
ROW = {"line", "kind", "source", "filters", "groups"}
# ESC, an operating system command, markup, bidi: what a log must not do to a terminal.
HOSTILE = "\x1b]52;c;aGk=\x07\x1b[2J[@click=app.quit]x[/]\u202e\x9b31m"


@pytest.fixture
def example(operator: Cli, tmp_path: Path) -> Path:
    """The sandbox's own log."""
    ran = operator("route", "--example")
    assert ran.code == 0
    path = tmp_path / "fix.log"
    path.write_text(ran.out)
    return path


def test_the_shape_of_route(operator: Cli, example: Path) -> None:
    found = operator.json("route", example)
    has(found, {"messages", "unrouted", "groups", "garbage", "unknown_sources"})
    assert "rows" not in found
    groups = {row["name"]: row for row in found["groups"]}
    for row in found["groups"]:
        has(row, GROUP)
        assert operator.json("groups", "show", row["id"])["target_sessions"] == row["target_sessions"]
        assert row["copies"] > 0
    assert groups["US-BACKUP"]["by_filter"].keys() == {
        "heartbeat", "reject", "trade_fill_notice", "trade_cancel", "trade_bust",
    }  # fmt: skip
    assert 0 < found["unrouted"] < found["messages"]


def test_each_message_is_a_row(operator: Cli, example: Path) -> None:
    found = operator.json("route", example, "--each")
    assert len(found["rows"]) == found["messages"]
    assert sum(not row["groups"] for row in found["rows"]) == found["unrouted"]
    for row in found["rows"]:
        has(row, ROW)
        assert (row["why_not"] is None) == bool(row["groups"])
    copies: dict[int, int] = {}
    for row in found["rows"]:
        for group in row["groups"]:
            copies[group] = copies.get(group, 0) + 1
    assert copies == {row["id"]: row["copies"] for row in found["groups"]}
    fill = next(row for row in found["rows"] if row["kind"] == "complete_fill")
    assert fill["filters"] == ["trade_fill_notice"]


def test_one_group_says_why_not(operator: Cli, example: Path) -> None:
    found = operator.json("route", example, "--each", "--group", "EU-RISK")
    assert [row["name"] for row in found["groups"]] == ["EU-RISK"]
    whys = " ".join(row["why_not"] or "" for row in found["rows"])
    for why in ("The market differs", "not a source of this group", "does not copy this type", "Unknown source"):
        assert why in whys


def test_standard_input_and_text(operator: Cli, example: Path) -> None:
    text = example.read_text()
    ran = operator("route", "-", "--each", stdin=text)
    assert ran.code == 0
    assert re.search(r"^messages +257$", ran.out, re.M)
    assert re.search(r"^ +3  New order acknowledged +\S+ +acknowledgement.*US-RATES-RISK \(T4C\)$", ran.out, re.M)
    assert re.search(r"^1 +US-RATES-RISK +ACME +T4C +25 ", ran.out, re.M)
    assert operator.json("route", "-", stdin=text) == operator.json("route", example)
    assert operator("route", "-", stdin=text.replace("|", "\x01")).out == operator("route", "-", stdin=text).out


def test_an_empty_log_says_so(operator: Cli) -> None:
    assert operator.json("route", "-", "--each")["messages"] == 0
    assert "no FIX message" in operator("route", "-").err


def test_a_hostile_log_does_nothing_to_the_terminal(operator: Cli, tmp_path: Path) -> None:
    path = tmp_path / "hostile.log"
    line = f"{HOSTILE}8=FIX.4.2|9=99|35=8|49={HOSTILE}|56={HOSTILE}|39={HOSTILE}|10=000|{HOSTILE}\n"
    path.write_bytes(line.encode() * 3 + b"\xff" * 1_000_000 + b"\n" + line.encode("latin-1", "replace"))
    ran = operator("route", path, "--each")
    assert ran.code == 0
    assert not set("\x1b\x07\x9b\u202e") & set(ran.out + ran.err)
    assert "messages                        4" in ran.out
    found = operator.json("route", path, "--each")
    assert (found["messages"], found["unrouted"], found["flagged"]) == (4, 4, 4)
    assert 4 in found["garbage_lines"]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("route",), 2, "Specify a FIX log"),
        (("route", "/nowhere/fix.log"), 1, "cannot be read"),
        (("route", "-", "--group", "NONE"), 1, "does not exist"),
        (("route", "-", "--entity", "EXRATES"), 1, "does not exist"),
        (("route", "-", "--example"), 2, "--example takes no file"),
    ],
)
def test_what_is_refused(operator: Cli, args: tuple[str, ...], code: int, said: str) -> None:
    ran = operator(*args)
    assert ran.code == code
    assert said in ran.err


def test_a_real_store_has_no_example(real: Cli) -> None:
    ran = real("route", "--example")
    assert ran.code == 1
    assert "Only a sandbox" in ran.err


def test_a_reader_that_goes_away_ends_it_quietly(operator: Cli, example: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        ran = operator.process("route", example, "--each", capture_output=False, stdout=write, stderr=subprocess.PIPE)
    finally:
        os.close(write)
    assert (ran.returncode, ran.stderr) == (1, b"")


def test_uncovered_sendercomps(operator: Cli) -> None:
    found = operator.json("sendercomps", "list", "--entity", "ACME", "--uncovered", "--limit", 150)
    has(found["rows"][0], {"sender_comp_id", "session_id", "gfid", "fti", "gateway", "status"})
    assert found["total"] == 198
    assert {row["status"] for row in found["rows"]} == {"active"}
    rest = operator.json("sendercomps", "list", "--entity", "ACME", "--uncovered", "--after", found["next"])
    assert len(found["rows"]) + len(rest["rows"]) == found["total"]
    assert rest["next"] is None
    market = operator.json("sendercomps", "list", "--entity", "ACME", "--uncovered", "--market", "brokertec_us")
    assert market["total"] == 0
    assert "is copied by a group" in operator(
        "sendercomps", "list", "--entity", "ACME", "--uncovered", "--market", "brokertec_us"
    ).err  # fmt: skip


def test_an_ascii_terminal_gets_marks_for_control_characters(operator: Cli, tmp_path: Path) -> None:
    path = tmp_path / "hostile.log"
    path.write_bytes(b"8=FIX.4.2|9=99|35=8|49=CME|56=A\x1b[31mB|39=2|10=000|\n")
    ascii_only = {**operator.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ran = replace(operator, environ=ascii_only).process("route", path, "--each")
    assert ran.returncode == 0
    assert b"A?[31mB" in ran.stdout
    assert b"\\u241b" not in ran.stdout


def test_a_log_without_messages_says_why(operator: Cli) -> None:
    ran = operator("route", "-", stdin="38 3D 46 49 58 2E 34 2E 32 01 39 3D\n")
    assert (ran.code, "Line 1 is part of a hex dump." in ran.err) == (0, True)
    found = operator.json("route", "-", stdin="8=FIX.4.29=7035=8\n")
    assert found["messages"] == 0
    assert "no separator was recognised" in found["misses"][0]


def test_what_a_draft_would_get_is_what_its_group_gets(operator: Cli, example: Path) -> None:
    """A copy has the sources and the filters of its group, and so receives the same messages."""
    draft = operator.json("groups", "clone", "US-BACKUP")
    as_group = operator.json("route", example, "--each", "--group", "US-BACKUP")
    as_draft = operator.json("route", example, "--each", "--draft", draft["id"])
    assert [row["id"] for row in as_draft["groups"]] == [0]
    assert as_draft["groups"][0]["copies"] == as_group["groups"][0]["copies"] > 0
    assert as_draft["groups"][0]["by_filter"] == as_group["groups"][0]["by_filter"]
    got = [row["line"] for row in as_draft["rows"] if not row["why_not"]]
    assert got == [row["line"] for row in as_group["rows"] if not row["why_not"]]
    reasons = {row["why_not"] for row in as_draft["rows"] if row["why_not"]}
    assert any(reason.endswith("is not a source of this draft.") for reason in reasons)


def test_a_draft_of_an_edit_has_its_own_sources_and_filters(operator: Cli, example: Path, sandbox: Path) -> None:
    from dropcopy_tui.config import load
    from dropcopy_tui.desk import open_desk
    from dropcopy_tui.domain.filters import Filter
    from dropcopy_tui.domain.pages import Selection
    from dropcopy_tui.services.groups.drafts import DraftFields

    desk = open_desk(load(store=str(sandbox)))
    try:
        me = desk.identity.act_as("acme-operator", "test")
        group = desk.groups.show(me, "US-BACKUP")
        draft = desk.edits.start(me, group.line.id)
        assert draft.front_end is not None
        fields = DraftFields(draft.entity, draft.name, draft.front_end.id, (Filter.TRADE_FILL_NOTICE,), draft.step)
        desk.drafts.save(me, draft.id, draft.version, fields)
        desk.drafts.remove(me, draft.id, Selection(everything=True))
    finally:
        desk.close()
    every = operator.json("route", example, "--draft", draft.id)
    # Without sources it copies what any SenderComp is told, by its own filters and the mandatory ones.
    assert every["groups"][0]["by_filter"].keys() == {"heartbeat", "reject", "trade_fill_notice"}
    assert every["groups"][0]["by_filter"]["trade_fill_notice"] == every["by_filter"]["trade_fill_notice"]
    assert every["groups"][0]["target_sessions"] == [session.session_id for session in group.sessions]


def test_a_draft_of_somebody_else_is_not_there(operator: Cli, example: Path) -> None:
    draft = operator.json("groups", "clone", "US-BACKUP")
    other = Cli(operator.home, (*operator.options[:2], "--as", "multi-operator"), operator.environ)
    assert other("route", example, "--draft", draft["id"], "--json").error == "not_found"
    assert operator("route", example, "--draft", draft["id"], "--group", "X").code == 2

"""The audit trail's screen: narrowed, read, exported and verified by keys."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest
from textual.widgets import OptionList

from dropcopy_tui.services.audit import Event
from screens.modals.audit import said
from screens.widgets.inputs import DeskInput
from tests.screens.conftest import NOW, Place
from tests.screens.hostile import NAMES as HOSTILE
from tests.screens.seat import Seat, footer_fits, seated
from tests.screens.test_groups import written
from tests.screens.test_home import command, open_line
from tests.screens.test_hostile import looks_harmless

Size = tuple[int, int]


async def open_trail(seat: Seat) -> None:
    await open_line(seat, "menu", "Audit trail")
    assert seat.on == "AuditScreen"


async def narrow(seat: Seat, **fields: str) -> None:
    """Fill the form by keys and press Enter; `kind` is a line of its list."""
    await seat.press("f")
    for name in ("person", "session", "group", "since", "until"):
        field = seat.find(DeskInput, f"#{name}")
        assert field.has_focus
        if name in fields:
            await seat.press(*["backspace"] * len(field.value))
            await seat.type(fields[name])
        await seat.press("tab")
    if "kind" in fields:
        options = seat.find(OptionList)
        for _ in range(options.option_count):
            assert options.highlighted is not None
            if str(options.get_option_at_index(options.highlighted).prompt).strip() == fields["kind"]:
                break
            await seat.press("down")
    await seat.press("enter")


def total(seat: Seat) -> int:
    return int(seat.sees(r"of ([\d,]+) events")[1].replace(",", ""))


async def test_an_auditor_sees_who_did_what_when(place: Place, size: Size) -> None:
    async with seated(place.app("auditor"), size) as seat:
        await open_trail(seat)
        seat.sees("Request Center > Audit trail", r"When \(UTC\) +Who +What +About", "Events: all")
        seat.sees(r"> 23 Nov 2026 16:45:00 auditor +Signed in +auditor")
        seat.sees(r"acme-operator +Key pair generated +T5A", "Request submitted +DC-2026-")
        assert footer_fits(seat)
        seat.sees("enter Open.*f Filter.*v Verify")


async def test_narrowed_by_kind_person_and_time_and_back_with_escape(place: Place) -> None:
    async with seated(place.app("auditor")) as seat:
        await open_trail(seat)
        every = total(seat)
        await narrow(seat, person="acme-operator", kind="Key pair generated", until="2026-11-19")
        seat.sees("Events: key pair generated, by acme-operator, before 20 Nov 2026 00:00")
        assert set(re.findall(r"acme-operator +(\w+ \w+ \w+)", seat.text())) == {"Key pair generated"}
        some = total(seat)
        assert 0 < some < every
        # The form holds what was asked before.
        await narrow(seat, until="2025-12-31")
        assert 0 < total(seat) < some
        await seat.press("escape")
        seat.sees("Events: all")
        assert total(seat) == every
        assert seat.on == "AuditScreen"
        await seat.press("escape")
        assert seat.on == "HomeScreen"


async def test_narrowed_to_a_session_and_to_a_group(place: Place) -> None:
    async with seated(place.app("auditor"), (120, 40)) as seat:
        await open_trail(seat)
        await narrow(seat, session="t5a")
        seat.sees("about session T5A", "Session allocated +T5A", "Key pair generated +T5A")
        await seat.press("escape")
        await narrow(seat, group="globex-futures")
        seat.sees("Group created +GLOBEX-FUTURES", "Session allocated +T8G", "Session allocated +T9H")
        await seat.press("escape")
        await narrow(seat, group="NO-SUCH-GROUP")
        seat.sees("No event matches. Press f to change the filter")


async def test_a_time_that_is_none_is_said_at_its_field(place: Place) -> None:
    async with seated(place.app("auditor")) as seat:
        await open_trail(seat)
        await narrow(seat, since="yesterday", until="2026-11-23")
        assert seat.on == "AuditFilterModal"
        seat.says("'yesterday' is not a valid time. Use a day such as 2026-11-23")
        assert seat.find(DeskInput, "#since").has_focus
        await seat.press("escape")
        seat.sees("Events: all")


async def test_enter_shows_the_event_whole_in_words(place: Place, size: Size) -> None:
    async with seated(place.app("auditor"), size) as seat:
        await open_trail(seat)
        await narrow(seat, group="globex-futures", kind="Request submitted")
        await seat.press("enter")
        assert seat.on == "EventModal"
        seat.sees("Who +acme-operator", "Where from +local", "Registered Entity +ACME", "Market +Globex")
        seat.sees("Sources +298", "Filters +Heartbeat, Reject,", r"Event +\d+, request:submitted")
        seat.sees_not(r"[{\[]\"", "trade_fill_notice")
        await seat.press("enter")
        assert seat.on == "AuditScreen"


def test_what_was_before_and_after_stands_beside_each_other() -> None:
    event = Event(
        1, NOW, "x", "y", "group:changed", "ACME", "RATES",
        {"name": "OLD", "sources": 1200, "gone": True}, {"name": "NEW", "sources": 3, "keys": ["A", "B"], "why": ""},
    )  # fmt: skip
    assert dict(said(event)) == {
        "name": "OLD -> NEW",
        "sources": "1,200 -> 3",
        "gone": "yes before",
        "keys": "A, B",
        "why": "nothing",
    }


async def test_v_verifies_the_chain_and_names_the_first_bad_event(place: Place) -> None:
    async with seated(place.app("auditor")) as seat:
        await open_trail(seat)
        await seat.press("v")
        seat.sees(r"Done: \d+ events verified: none was altered")
        with sqlite3.connect(place.store) as connection:
            connection.execute("UPDATE audit_event SET person = 'somebody-else' WHERE id = 17")
        connection.close()
        await seat.press("v")
        seat.says("Error: The audit trail was altered. Event 17 was altered, inserted or exchanged.")


async def test_x_exports_what_is_shown(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.folder)
    async with seated(place.app("auditor")) as seat:
        await open_trail(seat)
        await narrow(seat, session="T5A", kind="Key pairs: all")
        count = total(seat)
        await seat.press("x")
        path = Path(seat.find(DeskInput).value)
        await seat.press("enter")
        seat.sees(f"{count} rows written to")
    header, rows, _ = written(path)
    assert header == ["When (UTC)", "Who", "What", "About", "Entity", "Where from"]
    assert {row[2] for row in rows} == {"Key pair generated"}
    assert len(rows) == count == 2


@pytest.mark.parametrize(
    ("user", "offered"), [("auditor", True), ("operations", True), ("gam-desk", False), ("acme-operator", False)]
)
async def test_the_trail_is_offered_to_auditors_and_operations_alone(user: str, offered: bool, place: Place) -> None:
    async with seated(place.app(user)) as seat:
        assert ("Audit trail" in seat.text()) is offered
        titles = [entry.title for entry in seat.app.get_system_commands(seat.screen)]
        assert ("Audit trail" in titles) is offered
        if offered:
            await command(seat, "Audit trail")
            assert seat.on == "AuditScreen"


async def test_a_right_that_is_taken_away_is_gone_at_the_next_action(place: Place) -> None:
    async with seated(place.app("auditor")) as seat:
        await open_trail(seat)
        with sqlite3.connect(place.store) as connection:
            connection.execute("DELETE FROM entitlement WHERE role = 'auditor'")
        connection.close()
        await seat.press("v")
        seat.says("Error: auditor does not have the required role")
        await seat.press("f")
        assert seat.on == "AuditScreen"


async def test_hostile_events_are_shown_and_do_nothing(place: Place) -> None:
    facts = json.dumps({evil: [evil, {evil: evil}] for evil in HOSTILE})
    with sqlite3.connect(place.store) as connection:
        for number, evil in enumerate(HOSTILE, 1):
            connection.execute(
                "UPDATE audit_event SET person = ?, origin = ?, action = ?, subject = ?, entity = ?, before = ?, "
                "after = ? WHERE id = (SELECT max(id) FROM audit_event) - ?",
                (*[evil] * 5, facts, facts, number),
            )
    connection.close()
    async with seated(place.app("auditor")) as seat:
        await open_trail(seat)
        looks_harmless(seat)
        for _ in HOSTILE:
            await seat.press("down", "enter")
            assert seat.on == "EventModal"
            looks_harmless(seat)
            await seat.press("escape")
        await seat.press("f")
        looks_harmless(seat)
        await seat.paste(HOSTILE[0])
        await seat.press("enter")
        looks_harmless(seat)
        assert seat.on == "AuditScreen"

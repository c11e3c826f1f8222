"""Home: the menu, what needs attention, and who one is."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from threading import Event
from typing import Any

import pytest
from textual.widgets import OptionList

from dropcopy_tui.desk import Desk
from dropcopy_tui.services.home import HomeView
from tests.screens.conftest import Place
from tests.screens.seat import Seat, seated

Size = tuple[int, int]


def desk_of(app: Any) -> Desk:
    """The desk of an application whose store is open."""
    desk = app._desk
    assert isinstance(desk, Desk)
    return desk


async def open_line(seat: Seat, side: str, text: str) -> None:
    """Put the cursor on the line with this text, by keys, and press Enter."""
    await seat.press("left" if side == "menu" else "right")
    options = seat.find(OptionList, f"#{side}")
    for _ in range(options.option_count):
        at = options.highlighted
        assert at is not None
        if text in str(options.get_option_at_index(at).prompt):
            await seat.press("enter")
            return
        await seat.press("down")
    raise AssertionError(f"no line with {text!r}\n{seat.text()}")


async def test_home_shows_what_there_is_and_what_needs_somebody(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        assert seat.on == "HomeScreen"
        seat.sees("^ Request Center .*acme-operator.*SANDBOX", "Drop Copy Groups +6", "Request Status +20")
        seat.sees(r"3 key pairs expire within four weeks", r"T6B +16 Dec 2026 17:30 ET +in 23 days")
        seat.sees("draft EU-RATES.*step 4", "Expiring key pairs by month", r"Dec .*▇+ +3")


@pytest.mark.parametrize(
    ("line", "screen"),
    [("Drop Copy Groups", "GroupsScreen"), ("Request Status", "RequestsScreen"), ("Phone and mailbox", "OutboxScreen")],
)
async def test_the_menu_opens_and_escape_comes_back(line: str, screen: str, place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_line(seat, "menu", line)
        assert seat.on == screen
        await seat.press("escape")
        assert seat.on == "HomeScreen"
        await seat.press("escape")
        assert seat.on == "HomeScreen"


@pytest.mark.parametrize(("line", "kind"), [("Order Entry Sessions", "1 of 40"), ("Market Data Sessions", "1 of 6")])
async def test_the_other_modules_are_lists_of_sessions(line: str, kind: str, place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_line(seat, "menu", line)
        assert seat.on == "SessionsScreen"
        seat.sees(f"ACME > {line}", f"{kind} sessions")


async def test_every_session_that_needs_somebody_can_be_opened(place: Place, size: Size) -> None:
    """Those of order entry open their list; what has no line of its own is in the key calendar."""
    async with seated(place.app(), size) as seat:
        seat.sees("! T3F feed stopped 40 days ago", "and 6 more stopped", r"\+ T7K has no key pair yet")
        seat.sees("and 6 more have no key pair", r"Nov 26 .*\n.*Dec 26 .*\n(.*\n){4}.*May 27 .* Dec 27")
        await open_line(seat, "attention", "04O")
        assert seat.on == "SessionsScreen"
        seat.sees("ACME > Order Entry Sessions", "^> 04O .* expiring ")
        await seat.press("slash", "escape")
        await seat.until_seen("of 40 sessions")
        await seat.press("escape")
        assert seat.on == "HomeScreen"
        await open_line(seat, "attention", "04O")
        await seat.press("escape")
        assert seat.on == "HomeScreen"
        await open_line(seat, "attention", "6 more stopped")
        assert seat.on == "CalendarScreen"


async def test_a_draft_is_resumed_where_it_was_left(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_line(seat, "attention", "EU-RATES")
        assert seat.on == "WizardScreen"
        seat.sees("New drop copy group > BrokerTec EU", "4 > +Filters", r"\[x\] Trade - Fill Notice")


async def test_an_expiring_session_opens_its_group(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_line(seat, "attention", "T6B")
        assert seat.on == "GroupScreen"
        seat.sees("US-ACTIVES", r"\[2 Target Sessions\]", "> T6B .*16 Dec 2026")


async def test_acting_as_another_person_changes_what_is_seen(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await act_as(seat, "tiny-operator")
        assert seat.on == "HomeScreen"
        seat.sees("^ Request Center .*tiny-operator", "You are now acting as tiny-operator", "Drop Copy Groups +1 ")
        seat.sees_not("EU-RATES")


async def test_a_slow_look_never_overwrites_a_newer_one(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read for the person before would stand on Home for the next one."""
    app = place.app()
    async with seated(app) as seat:
        began, go, look = Event(), Event(), app._first_look

        def slow(user: str, account: str) -> HomeView:
            view = look(user, account)
            if user == "acme-operator":
                began.set()
                go.wait(5)
            return view

        monkeypatch.setattr(app, "_first_look", slow)
        await seat.pilot.press("ctrl+r")
        assert await asyncio.to_thread(began.wait, 5)
        app.become(desk_of(app).identity.act_as("tiny-operator", "test"))
        await app.refresh_home()
        go.set()
        await seat.settle()
        seat.sees("tiny-operator", "Drop Copy Groups +1 ")
        seat.sees_not("EU-RATES")


async def act_as(seat: Seat, user_id: str) -> None:
    """Through the command palette."""
    await command(seat, "Act as another")
    people = seat.find(OptionList)
    names = [option.id for option in people.options]
    assert user_id in names
    while people.options[people.highlighted or 0].id != user_id:
        await seat.press("down")
    await seat.press("enter")


async def command(seat: Seat, name: str) -> None:
    """A command of the palette by its name."""
    await seat.press("ctrl+p")
    await seat.type(name)
    options = seat.find(OptionList)
    await seat.until(lambda: options.option_count and options.highlighted is not None, "a command is found")
    await seat.press("enter")
    if seat.on == "CommandPalette":
        await seat.press("enter")


async def test_a_person_whose_request_still_waits_may_become_another(place: Place) -> None:
    """The quiet worker looks after requests of the one before: the next person may not see them."""
    async with seated(place.app("multi-operator")) as seat:
        seat.app._awaited.add("DC-2026-000036")
        await act_as(seat, "tiny-operator")
        seat.app.set_up()
        await seat.settle()
        seat.sees("^ Request Center .*tiny-operator")


async def test_sandbox_messages_open_whole(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_line(seat, "menu", "Phone and mailbox")
        seat.sees("Phone and mailbox", r"of \d+ messages")
        await seat.press("enter")
        assert seat.on == "TextModal"
        seat.sees("a sandbox never sends")
        await seat.press("enter")
        assert seat.on == "OutboxScreen"


async def test_k_manages_the_keys_of_what_expires_or_of_the_line_under_the_cursor(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await seat.press("k")
        seat.sees("Manage Keys for Selected Sessions", "3 sessions: 04O, T2E, T6B")
        await seat.press("escape")
        assert seat.on == "HomeScreen"
        await seat.press("right")
        while not re.search("T6B", str(seat.find(OptionList, "#attention").highlighted_option.prompt)):  # type: ignore[union-attr]
            await seat.press("down")
        await seat.press("k")
        seat.sees("1 session: T6B")
        await seat.press("enter")
        seat.says("T6B gets a second key pair; the current one still expires on")
        await seat.press("escape")


async def test_k_where_nothing_expires_says_so(place: Place) -> None:
    async with seated(place.app("tiny-operator")) as seat:
        await seat.press("k")
        seat.says("No key pair expires within four weeks.")
        assert seat.on == "HomeScreen"


async def test_k_is_refused_before_any_dialog_to_who_may_only_look(place: Place) -> None:
    async with seated(place.app("acme-viewer")) as seat:
        await seat.press("k")
        seat.says("acme-viewer does not have the required role: key management at ACME.")


@pytest.mark.usefixtures("prepared")
async def test_operations_is_warned_of_what_was_changed_with_another_program(place: Place) -> None:
    with closing(sqlite3.connect(place.store)) as store, store:
        store.execute("UPDATE person SET mobile = '+1 202 555 0199' WHERE user_id = 'acme-viewer'")
    async with seated(place.app("operations")) as seat:
        await seat.until_seen(r"1 row was changed from outside")
    async with seated(place.app("auditor")) as seat:
        await seat.settle()
        seat.sees_not("1 row was changed")

"""The wizard: six steps by keyboard, nothing entered is lost, errors stand under their field."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import pytest
from textual.widgets import OptionList
from textual.worker import get_current_worker

from screens.frame import DeskScreen
from screens.widgets.inputs import DeskInput
from tests.screens.conftest import Place
from tests.screens.seat import Seat, seated
from tests.stores import as_the_desk

Size = tuple[int, int]
NAME, FRONT_END, FILTERS, SOURCES, SUBMIT = range(2, 7)


async def to_step(seat: Seat, step: int, name: str = "US-NEW-ONE") -> None:
    """From Home through the market and the fee to a step, choosing as little as possible."""
    await seat.press("n", "enter", "enter")
    if step > NAME:
        await seat.type(name)
        await seat.press("enter")
    if step > FRONT_END:
        await seat.press("enter")
    if step > FILTERS:
        await seat.press("space", "enter")
    if step > SOURCES:
        await seat.press("plus", "enter")


def drafts(place: Place) -> dict[str, dict[str, Any]]:
    """The open drafts by name, on a connection of our own."""
    with sqlite3.connect(place.store) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute(
            "SELECT d.*, (SELECT COUNT(*) FROM draft_source s WHERE s.draft_id = d.id) AS chosen "
            "FROM draft d WHERE submitted_at IS NULL"
        ).fetchall()
    connection.close()
    return {row["name"]: dict(row) for row in rows}


async def test_six_steps_by_keyboard_make_a_group(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await seat.press("n")
        seat.sees("Create New Group", r"BrokerTec U\.S\.", "BrokerTec EU")
        await seat.press("enter")
        seat.sees("ACME has 8 drop copy groups", "fee", "Proceed", "Cancel")
        await seat.press("enter")
        seat.sees(r"1 ok +Entity", r"2 > +Name")
        await seat.type("US-NEW-ONE")
        await seat.press("enter")
        seat.sees(r"2 ok +Name", r"3 > +Front end", "US-NEW-ONE")
        await seat.press("down", "enter")
        seat.sees(r"4 > +Filters", r"\[x\] Heartbeat", r"\[x\] Reject")
        await seat.press("enter")
        seat.sees("Select at least one optional filter")
        await seat.press("space", "down", "space", "enter")
        seat.sees(r"5 > +SenderComps", "Available 2,777", "Added 0", "2 optional")
        await seat.press("space", "space", "plus")
        seat.sees("Available 2,775", "Added 2", "2 sources", r"1 of 2,775 +1 of 2\b")
        await seat.press("enter")
        seat.sees(
            r"6 > +Submit", r"Name +US-NEW-ONE", "2 SenderComps", r"1 target session \(MSGW\)", "Submit this request"
        )
        await seat.press("enter")
        assert seat.on == "FinishedScreen"
        await seat.until_seen("completed")
        session = seat.sees(r"[Tt]arget\s+session\s+([A-Z0-9]{3})")[1]
        await seat.press("o")
        seat.sees("US-NEW-ONE", rf"> {session} +MSGW")
        await seat.press("escape", "escape", "left", "home", "enter")
        seat.sees(r"US-NEW-ONE +BrokerTec U\.S\. .* 2 +1 none")
    assert "US-NEW-ONE" not in drafts(place)
    assert "US-NEW-ONE" in place_groups(place)


def place_groups(place: Place) -> set[str]:
    with sqlite3.connect(place.store) as connection:
        names = {name for (name,) in connection.execute("SELECT name FROM drop_copy_group")}
    connection.close()
    return names


async def test_what_is_said_comes_in_order(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """ "Submitted" once overwrote "completed": the result is a page of its own now, and says only what is newer."""
    said: list[str] = []
    say = DeskScreen.say
    monkeypatch.setattr(DeskScreen, "say", lambda self, text, *kind: (said.append(text), say(self, text, *kind)))
    async with seated(place.app()) as seat:
        await to_step(seat, SUBMIT)
        said.clear()
        await seat.press("enter")
        await seat.until_seen("completed")
    # One on the result, one on Home below it.
    assert ["completed" in text for text in said] == [True, True]


async def test_a_turn_of_the_quiet_worker_never_swallows_what_ended(place: Place) -> None:
    """A turn that begins while the one before reads Home again cancels that one: the news must not go with it."""
    async with seated(place.app()) as seat:
        await to_step(seat, SUBMIT)
        refresh, turns = seat.app.refresh_home, []

        async def interrupted() -> None:
            if get_current_worker().group == "set-up" and not turns:
                turns.append(seat.app.set_up())
            await refresh()

        seat.app.refresh_home = interrupted
        await seat.press("enter")
        await seat.until_seen("completed")
        assert turns


async def test_cancelling_the_fee_starts_no_draft(place: Place, size: Size) -> None:
    before = drafts(place)
    async with seated(place.app(), size) as seat:
        await seat.press("n", "enter", "down", "enter")
        assert seat.on == "HomeScreen"
        await seat.press("n", "enter", "escape")
        assert seat.on == "HomeScreen"
        await seat.press("n", "escape")
        assert seat.on == "HomeScreen"
    assert drafts(place) == before


async def test_going_back_keeps_what_was_entered(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, SUBMIT)
        shown = " ".join(seat.sees(r" Front end {4}(\S.*\S)$")[1].split())
        await seat.press("escape")
        seat.sees("Added 1")
        await seat.press("escape")
        seat.sees(r"\[x\] Acknowledgement messages")
        await seat.press("escape")
        options = seat.find(OptionList, "#step3 OptionList")
        assert options.highlighted is not None
        at = " ".join(str(options.get_option_at_index(options.highlighted).prompt).split())
        assert at.startswith(shown)
        await seat.press("escape")
        assert seat.find(DeskInput, "#step2 DeskInput").value == "US-NEW-ONE"
        await seat.press("escape")
        seat.sees("Select the Registered Entity", "> +Entity")
        await seat.press("enter", "enter", "enter", "enter", "enter")
        seat.sees("Submit this request", r"Name +US-NEW-ONE")


async def test_number_keys_and_ctrl_t_open_a_step_that_was_reached(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await to_step(seat, SUBMIT)
        await seat.press("ctrl+t", "4")
        seat.sees(r"4 > +Filters")
        await seat.press("ctrl+t", "6")
        seat.sees(r"6 > +Submit")
        await seat.press("ctrl+t")
        seat.sees("Steps", "3 Front end")
        await seat.press("home", "down", "enter")
        seat.sees(r"2 > +Name")
        # In a field, digits are text; ctrl+t is not.
        await seat.press("1")
        assert seat.find(DeskInput, "#step2 DeskInput").value == "US-NEW-ONE1"
        await seat.press("ctrl+t", "end", "enter")
        seat.sees(r"6 > +Submit", "US-NEW-ONE1")


async def test_a_step_that_was_not_reached_cannot_be_opened(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, FRONT_END)
        await seat.press("6")
        seat.sees(r"3 > +Front end")
        await seat.press("ctrl+t")
        seat.sees("5 SenderComps: not reached yet")


@pytest.mark.parametrize(
    ("choice", "stays", "kept"), [("keep", False, True), ("stay", True, True), ("discard", False, False)]
)
async def test_leaving_asks_what_becomes_of_the_draft(choice: str, stays: bool, kept: bool, place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, NAME)
        await seat.type("LEAVING")
        await seat.press("escape", "escape")
        seat.sees("Keep the draft", "Stay", "Discard")
        options = seat.find(OptionList)
        options.highlighted = options.get_option_index(choice)
        await seat.press("enter")
        assert seat.on == ("WizardScreen" if stays else "HomeScreen")
        assert ("LEAVING" in drafts(place)) is kept
        if not stays and kept:
            await seat.until_seen("draft LEAVING")


async def test_escape_from_the_question_stays(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, NAME)
        await seat.type("US-STAYS")
        await seat.press("escape", "escape", "escape")
        assert seat.on == "WizardScreen"


async def test_the_draft_is_on_disk_within_a_second(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await to_step(seat, NAME)
        await seat.type("SAVED-SOON")
        seat.sees("saving|draft saved")
        await seat.until(lambda: "SAVED-SOON" in drafts(place), "saved")
        await seat.until_seen("draft saved")
        await seat.type("ER")
        await seat.app.save_work()
        assert "SAVED-SOONER" in drafts(place)


@pytest.mark.parametrize(
    ("pasted", "error"),
    [
        ("x" * 31, "31 characters. At most 30"),
        ("x" * 10_000, "At most 30"),
        ("a\x1b]52;c;aGk=\x07b", r"U\+001B"),
        ("a\x00b", r"U\+0000"),
        ("ab\u202ecd", r"U\+202E"),
        ("עברית", r"U\+05"),
        ("rates 🚀", r"U\+1F680"),
    ],
    ids=["31", "10000", "osc52", "nul", "bidi", "right-to-left", "emoji"],
)
async def test_what_cannot_be_a_name_says_so_under_its_field(pasted: str, error: str, place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, NAME)
        await seat.paste(pasted)
        seat.sees(error)
        await seat.press("enter")
        seat.sees(r"2 > +Name", error)
        assert "\x1b" not in seat.text()
        assert "\x00" not in seat.text()


@pytest.mark.parametrize("name", ["[/x] [b]", '"it\'s" `so`', "Zürich – 1", "[@click=app.quit]x[/]"])
async def test_what_looks_odd_is_a_name_all_the_same(name: str, place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, NAME)
        await seat.paste(name)
        await seat.press("enter")
        seat.sees(r"3 > +Front end", re.escape(name[:14]))
        await seat.press("enter", "space", "enter", "plus", "enter")
        seat.sees(r"Name +" + re.escape(name))
        await seat.press("enter")
        await seat.until_seen("completed")
        seat.sees(re.escape(name.split()[0]))
    assert name in place_groups(place)


async def test_a_name_that_is_taken_is_told_under_its_field(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await to_step(seat, NAME)
        await seat.type("us-rates-risk")
        await seat.press("enter")
        seat.sees(r"2 > +Name")
        seat.sees("already has a group named us-rates-risk", "another name")


async def test_a_name_that_was_taken_meanwhile_is_told_at_submit(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await to_step(seat, SUBMIT)
        with sqlite3.connect(place.store) as connection:
            connection.execute(
                "UPDATE drop_copy_group SET name = 'US-NEW-ONE', name_key = 'us-new-one' WHERE name = 'US-BACKUP'"
            )
        connection.close()
        as_the_desk(place.store)
        await seat.press("enter")
        await seat.until_seen("named US-NEW-ONE|failed")
        seat.says("already has a group named US-NEW-ONE. Use another name.")
    assert "US-NEW-ONE" in drafts(place)


# -- step 5


async def test_all_that_match_are_added_and_taken_out(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_step(seat, SOURCES)
        await seat.press("asterisk", "space", "plus")
        seat.sees("Available 1 ", "Added 2,776")
        await seat.press("right", "asterisk", "minus")
        seat.sees("Available 2,777", "Added 0")
        await seat.press("left", "slash")
        await seat.type("acr02")
        await seat.until_seen("Available 397")
        await seat.press("enter", "asterisk", "plus")
        seat.sees("Added 397")
        # Escape clears the filter before it leaves the step.
        await seat.press("escape")
        await seat.until_seen("Available 2,380")
        seat.sees(r"5 > +SenderComps")
    assert drafts(place)["US-NEW-ONE"]["chosen"] == 397


async def test_one_firm_only(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await to_step(seat, SOURCES)
        await seat.press("f")
        seat.sees("Globex Firm", r"ACM02 +595")
        await seat.press("home", "down", "down", "enter")
        await seat.until_seen("Available 595")
        seat.sees("Globex Firm: ACM02")
        await seat.press("asterisk", "plus")
        seat.sees("Available 0", "Added 595")
        await seat.press("f", "home", "enter")
        await seat.until_seen("Available 2,182")


# -- more than one entity


async def test_a_person_of_several_entities_chooses_one_and_then_sees_the_fee(place: Place, size: Size) -> None:
    async with seated(place.app("multi-operator"), size) as seat:
        await seat.press("n", "enter")
        assert seat.on == "WizardScreen"
        seat.sees("Select the Registered Entity", "ACME", "EXRATES", "PLACEHLD")
        await seat.press("down", "enter")
        seat.sees("EXRATES has 2 drop copy groups", "Proceed")
        await seat.press("escape")
        seat.sees("Select the Registered Entity")
        await seat.press("enter", "enter")
        seat.sees(r"2 > +Name", "EXRATES")


async def test_a_person_who_may_only_look_is_told_whom_to_ask(place: Place, size: Size) -> None:
    async with seated(place.app("acme-viewer"), size) as seat:
        await seat.press("n")
        assert seat.on == "HomeScreen"
        seat.says("requires full access at an entity. Ask a user administrator.")

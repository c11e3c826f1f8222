"""After Submit: the result has the keys, says what comes next, and nothing is done by pressing Enter again."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import time

from dropcopy_tui.desk import open_desk
from dropcopy_tui.services.groups.groups import GroupEdit
from tests.screens.conftest import Place
from tests.screens.seat import Seat, seated
from tests.screens.test_edit import asked
from tests.screens.test_wizard import SUBMIT, to_step

Size = tuple[int, int]


def everything(place: Place) -> dict[str, int]:
    connection = sqlite3.connect(place.store)
    try:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in names}
    finally:
        connection.close()


async def test_the_result_says_what_comes_next_and_enter_does_nothing(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await to_step(seat, SUBMIT)
        await seat.press("enter")
        assert seat.on == "FinishedScreen"
        await seat.until_seen("Status +Completed")
        session = seat.sees(r"([A-Z0-9]{3}) has no key pair")[1]
        seat.sees(rf"US-NEW-ONE: Target session {session} was set up\.", "v Request", "o Group", "k Keys", "h Home")
        seat.sees_not("n Ask again")
        before, shown = everything(place), seat.text()
        await seat.press("enter", "enter", "enter", "space")
        assert (everything(place), seat.on, seat.text()) == (before, "FinishedScreen", shown)
        await seat.press("k")
        seat.sees("Manage Keys for Selected Sessions", session)
        await seat.press("escape", "o")
        seat.sees("US-NEW-ONE", rf"> {session} +MSGW")
        await seat.press("escape", "v")
        assert seat.on == "RequestScreen"
        await seat.press("escape", "h")
        assert seat.on == "HomeScreen"


async def test_a_batch_is_named_and_its_result_comes_by_itself(place: Place) -> None:
    place.settings = replace(place.settings, batches={"brokertec_us": time(16)}, batch_zone="America/Chicago")
    async with seated(place.app()) as seat:
        await to_step(seat, SUBMIT)
        await seat.press("enter")
        await seat.until_seen("Status +In Progress")
        seat.sees(r"Request DC-2026-\d{6} submitted", r"queued until 16:00 CT today")
        seat.says("You will be notified here and by email.")
        seat.sees_not("o Group", "k Keys")


async def ended_edit(place: Place) -> str:
    desk = open_desk(place.config, place.clock)
    me = desk.identity.act_as("acme-operator", "test")
    request = desk.groups.edit(me, "US-ACTIVES", GroupEdit(name="US-ACTIVES-9"), entity="ACME")
    desk.requests.cancel(me, request.id)
    desk.close()
    return request.id


async def test_a_cancelled_request_is_asked_again_with_its_content(place: Place, size: Size) -> None:
    reference = await ended_edit(place)
    async with seated(place.app(), size) as seat:
        await to_request(seat, reference)
        seat.sees("n Ask again")
        await seat.press("n")
        assert seat.on == "WizardScreen"
        seat.says(f"A draft with the content of {reference}, which was cancelled.")
        seat.sees(r"Name +US-ACTIVES -> US-ACTIVES-9", "Submit these changes")
        await seat.press("enter")
        await seat.until_seen("Status +Completed")
    assert asked(place, "SELECT version FROM drop_copy_group WHERE name = 'US-ACTIVES-9'") == [(2,)]


async def to_request(seat: Seat, reference: str) -> None:
    from screens.navigation import OpenRequest

    await seat.app.go(OpenRequest(reference))
    await seat.settle()
    seat.sees(reference)

"""A window that became too small: it says so and eats every key, and everything is there again when it is larger."""

from __future__ import annotations

import asyncio
import re
import time

import pytest
from textual.containers import Vertical
from textual.widgets import Static

from dropcopy_tui.desk import open_desk
from dropcopy_tui.domain.settings import Settings
from screens.navigation import OpenWizard
from screens.widgets.inputs import CodeInput
from tests.screens.conftest import OPERATOR, Place
from tests.screens.seat import Seat, seated
from tests.screens.test_seats import idle, locked, resume_by_sms

SMALL, LARGE = (50, 12), (80, 24)


async def wizard(seat: Seat, place: Place, name: str) -> None:
    """A new group whose name is typed in part."""
    desk = open_desk(place.config, place.clock)
    draft = desk.drafts.start(desk.identity.act_as(OPERATOR, "test"), "brokertec_us", "ACME")
    desk.close()
    await seat.app.go(OpenWizard(draft.id))
    await seat.settle()
    await seat.type(name)


@pytest.mark.parametrize("small", [(59, 24), (80, 17), SMALL, (20, 5)])
async def test_it_says_the_size_and_the_one_that_is_needed(small: tuple[int, int], place: Place) -> None:
    async with seated(place.app()) as seat:
        before = seat.text()
        await seat.pilot.resize_terminal(*small)
        await seat.settle()
        size = f"{small[0]}x{small[1]}"
        seat.says(f"This window is {size}; the application needs 60x18." if small[0] > 20 else f"{size}, needs 60x18.")
        seat.says("Ctrl-Q quits")
        seat.sees_not("Request Center", "Drop Copy Groups")
        await seat.pilot.resize_terminal(*LARGE)
        await seat.settle()
        assert seat.text() == before
        assert len(seat.app.screen_stack) == 1


async def test_it_says_the_size_of_now(place: Place) -> None:
    async with seated(place.app()) as seat:
        for size in ((50, 12), (40, 14)):
            await seat.pilot.resize_terminal(*size)
            await seat.settle()
            await seat.until_seen(f"This window is {size[0]}x{size[1]};")
        assert len(seat.app.screen_stack) == 2


async def test_the_smallest_window_is_no_small_one(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.pilot.resize_terminal(60, 18)
        await seat.settle()
        assert seat.on == "HomeScreen"


async def test_keys_are_eaten_and_what_was_typed_is_kept(place: Place) -> None:
    async with seated(place.app()) as seat:
        await wizard(seat, place, "HALF-A-NA")
        await seat.pilot.resize_terminal(*SMALL)
        await seat.settle()
        assert seat.on == "SmallScreen"
        await seat.press("X", "enter", "escape", "q", "tab", "question_mark", "f1", "ctrl+p", "ctrl+c")
        await seat.paste("PASTED")
        assert seat.on == "SmallScreen"
        seat.says("Press Ctrl-Q or F10 to quit. Your drafts are kept.")
        await seat.pilot.resize_terminal(*LARGE)
        await seat.settle()
        assert seat.on == "WizardScreen"
        await seat.type("ME")
        seat.sees("HALF-A-NAME")
        seat.sees_not("PASTED", "NAX", "Press Ctrl-Q")


@pytest.mark.parametrize("key", ["ctrl+q", "f10"])
async def test_it_is_left_by_the_keys_that_quit(key: str, place: Place) -> None:
    async with seated(place.app()) as seat:
        await wizard(seat, place, "KEPT")
        await seat.pilot.resize_terminal(*SMALL)
        await seat.settle()
        await seat.pilot.press(key)
        end = time.monotonic() + 10
        while seat.app.return_code is None:
            assert time.monotonic() < end, "it was not left"
            await asyncio.sleep(0.01)
    assert seat.app.return_code == 0
    desk = open_desk(place.config, place.clock)
    drafts = desk.drafts.mine(desk.identity.act_as(OPERATOR, "test"))
    desk.close()
    assert "KEPT" in [draft.name for draft in drafts]


async def test_a_notice_and_a_way_wait_for_the_larger_window(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.pilot.resize_terminal(*SMALL)
        await seat.settle()
        seat.app.notify("Something has ended.")
        seat.app.run_worker(seat.app.go(OpenWizard(1)))
        await seat.pilot.pause()
        assert seat.on == "SmallScreen"
        seat.sees_not("Something has ended")
        await seat.pilot.resize_terminal(*LARGE)
        await seat.settle()
        seat.says("Something has ended.")
        assert seat.on == "WizardScreen"


async def test_the_lock_comes_up_over_it_and_gives_its_place_back(place: Place) -> None:
    place.settings = Settings(seats=3)
    async with seated(place.app()) as seat:
        await wizard(seat, place, "HALF")
        await seat.pilot.resize_terminal(*SMALL)
        await seat.settle()
        assert seat.on == "SmallScreen"
        await locked(seat, place)
        # The title is out of sight as soon as the field below it has the focus.
        await seat.until_seen("no key was pressed")
        await seat.press("ctrl+n")
        field, dialog = seat.find(CodeInput).region, seat.find(Vertical, ".dialog").region
        assert dialog.contains_region(field), "the field is out of sight"
        await seat.type(str(re.findall(r"Your code is (\d{6})", str(seat.find(Static, ".phone").content))[0]))
        await seat.press("enter")
        await seat.until(lambda: seat.on == "SmallScreen", "the window is still too small")
        await seat.pilot.resize_terminal(*LARGE)
        await seat.until(lambda: seat.on == "WizardScreen", "the wizard is there again")
        seat.sees("HALF")


async def test_a_window_that_becomes_larger_under_the_lock_shows_nothing(place: Place) -> None:
    place.settings = Settings(seats=3)
    async with seated(place.app()) as seat:
        await wizard(seat, place, "HALF")
        for size in (SMALL, LARGE):
            await seat.pilot.resize_terminal(*size)
            await seat.settle()
            if size is SMALL:
                await locked(seat, place)
            assert seat.on == "LockModal"
            seat.sees_not("HALF")
        await idle(seat, place, 1)
        await resume_by_sms(seat)
        await seat.until(lambda: seat.on == "WizardScreen", "the wizard is there again")

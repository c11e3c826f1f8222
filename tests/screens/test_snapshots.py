"""Pictures of the main screens. `make snapshots` accepts them as they are now; look at the difference first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.screens.conftest import Place
from tests.screens.seat import Seat
from tests.screens.test_home import open_line
from tests.screens.test_keys import choose, open_group
from tests.screens.test_wizard import to_step

Compare = Callable[..., bool]
Way = Callable[[Seat], Awaitable[None]]


@pytest.fixture
def picture(snap_compare: Compare, place: Place) -> Callable[..., bool]:
    """Go somewhere, then compare what is there. Nothing of this machine may be on the screen."""

    def compare(way: Way, user: str = "acme-operator") -> bool:
        async def go(pilot: Any) -> None:
            seat = Seat(pilot)
            await seat.settle()
            await way(seat)
            await seat.settle()
            assert str(place.folder) not in seat.text()

        return snap_compare(place.app(user), terminal_size=(80, 24), run_before=go)

    return compare


async def nowhere(seat: Seat) -> None:
    """Home is where one is."""


def test_home(picture: Callable[..., bool]) -> None:
    assert picture(nowhere)


def test_home_light(picture: Callable[..., bool]) -> None:
    async def way(seat: Seat) -> None:
        seat.app.theme = "desk-light"

    assert picture(way)


def test_groups(picture: Callable[..., bool]) -> None:
    async def way(seat: Seat) -> None:
        await open_line(seat, "menu", "Drop Copy Groups")

    assert picture(way)


def test_order_entry_sessions(picture: Callable[..., bool]) -> None:
    async def way(seat: Seat) -> None:
        await open_line(seat, "menu", "Order Entry Sessions")
        await seat.press("b")

    assert picture(way)


def test_key_calendar(picture: Callable[..., bool]) -> None:
    async def way(seat: Seat) -> None:
        await seat.press("c", *["down"] * 8)

    assert picture(way)


def test_key_calendar_of_pairs_that_overlap(picture: Callable[..., bool]) -> None:
    """Two pairs that live, and some that were deleted."""

    async def way(seat: Seat) -> None:
        await seat.press("c", "left", "left", *["end"], *["up"] * 6)

    assert picture(way)


def test_wizard_step_1(picture: Callable[..., bool]) -> None:
    async def way(seat: Seat) -> None:
        await seat.press("n", "enter")

    assert picture(way, "multi-operator")


@pytest.mark.parametrize("step", range(2, 7))
def test_wizard_step(step: int, picture: Callable[..., bool]) -> None:
    async def way(seat: Seat) -> None:
        await to_step(seat, step)
        if step == 2:
            await seat.type("US-NEW-ONE")
            await seat.app.save_work()
            await seat.until_seen("draft saved")

    assert picture(way)


@pytest.mark.parametrize("tab", ["1", "2"])
def test_group_tab(tab: str, picture: Callable[..., bool]) -> None:
    async def way(seat: Seat) -> None:
        await open_group(seat, "US-REPO-CLEARING", tab)

    assert picture(way)


def test_manage_keys(picture: Callable[..., bool]) -> None:
    async def way(seat: Seat) -> None:
        await open_group(seat, "US-BACKUP")
        await seat.press("k")

    assert picture(way)


def test_confirm_identity(picture: Callable[..., bool]) -> None:
    async def way(seat: Seat) -> None:
        await open_group(seat, "US-BACKUP")
        await seat.press("k", "enter", "enter")
        await choose(seat, "SMS code")

    assert picture(way)


def test_requests(picture: Callable[..., bool]) -> None:
    async def way(seat: Seat) -> None:
        await open_line(seat, "menu", "Request Status")

    assert picture(way)


def test_request(picture: Callable[..., bool]) -> None:
    async def way(seat: Seat) -> None:
        await open_line(seat, "menu", "Request Status")
        await seat.press("enter")

    assert picture(way)


def test_to_do(picture: Callable[..., bool]) -> None:
    async def way(seat: Seat) -> None:
        await open_line(seat, "menu", "To Do")

    assert picture(way, "clearing-approver")


def test_request_to_decide(picture: Callable[..., bool]) -> None:
    async def way(seat: Seat) -> None:
        await open_line(seat, "menu", "To Do")
        await seat.press("enter")

    assert picture(way, "clearing-approver")


def test_approve(picture: Callable[..., bool]) -> None:
    async def way(seat: Seat) -> None:
        await open_line(seat, "menu", "To Do")
        await seat.press("a")

    assert picture(way, "clearing-approver")


def test_help(picture: Callable[..., bool]) -> None:
    async def way(seat: Seat) -> None:
        await open_line(seat, "menu", "Drop Copy Groups")
        await seat.press("question_mark")

    assert picture(way)

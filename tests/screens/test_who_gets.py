"""Who gets this? From the group's sources, its firms and the palette to the target sessions that receive it."""

from __future__ import annotations

from tests.screens.conftest import Place
from tests.screens.seat import seated
from tests.screens.test_home import open_line
from tests.screens.test_keys import open_group

Size = tuple[int, int]


async def test_enter_on_a_source_opens_the_target_sessions(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_group(seat, "US-RATES-RISK")
        await seat.press("3", "enter")
        seat.sees("Who gets this[?]", "is received by", "US-RATES-RISK +ACME +T4C .1 key pair.")
        await seat.press("escape")
        await seat.press("4", "enter")
        seat.sees("Who gets this[?]", "US-RATES-RISK")
        await seat.press("enter")
        assert seat.on == "GroupScreen"
        seat.sees("Target Sessions")


async def test_coverage_says_that_nobody_does(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_line(seat, "menu", "Drop Copy Groups")
        await seat.press("c", "enter")
        seat.says("No group that you have access to has")


async def test_the_palette_asks_for_the_id(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("ctrl+p")
        await seat.type("who gets")
        await seat.press("enter")
        seat.sees("SenderComp or Globex Firm")
        await seat.type("ZZZZZ99P")
        await seat.press("enter")
        seat.says("does not exist, or you have no access to it.")
        await seat.press("escape")
        assert seat.on == "HomeScreen"

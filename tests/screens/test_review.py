"""The last step of the wizard: differences only, wrapped with their indent, and scrolled by keys that are named."""

from __future__ import annotations

import re

import pytest

from tests.screens.conftest import Place
from tests.screens.seat import Seat, seated
from tests.screens.test_edit import GROUP, to_group, to_part

SIZES = [(60, 18), (80, 24), (120, 40)]


async def to_review(seat: Seat) -> None:
    """An edit of several filters and of a few SenderComps."""
    await to_group(seat)
    await seat.press("e")
    await to_part(seat, "Filters")
    await seat.press("home", "space", "down", "space", "end", "space", "enter")
    await to_part(seat, "SenderComps")
    await seat.press("right", "space", "space", "space", "minus", "left", "space", "plus", "enter")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_only_differences_are_shown_at_every_size(place: Place, size: tuple[int, int]) -> None:
    async with seated(place.app(), size) as seat:
        await to_review(seat)
        whole = seat.text()
        while "PgUp/PgDn" in whole and "scroll · end" not in seat.text():
            await seat.press("pagedown")
            whole += "\n" + seat.text()
        assert "(unchanged)" not in whole
        for row in (r"Filters +[+-] ", r"SenderComps +595 -> 593:", "Approval +", "Effective +"):
            assert re.search(row, whole), f"{row} is not in\n{whole}"
        assert not re.search(r"Front end +CME|Name +US-ACTIVES$", whole)
        # What is wrapped goes on under its own value: no line of a value begins under the labels.
        broken = [line for line in whole.splitlines() if re.match(r" {24}[a-z0-9]", line)]
        assert broken == []
        seat.sees("Submit these changes")


async def test_a_long_review_names_the_keys_that_scroll_it(place: Place) -> None:
    async with seated(place.app(), (60, 18)) as seat:
        await to_review(seat)
        seat.sees(r"PgUp/PgDn scroll · \d+ lines? below")
        first = seat.text()
        await seat.press("pagedown", "pagedown", "pagedown", "pagedown")
        seat.sees("scroll · end", "Effective")
        await seat.press("pageup", "pageup", "pageup", "pageup")
        assert seat.text() == first
        # The list kept its line: Enter still submits.
        await seat.press("enter")
        await seat.until_seen("completed")


async def test_the_review_is_wrapped_again_when_the_terminal_changes(place: Place) -> None:
    async with seated(place.app(), (120, 40)) as seat:
        await to_group(seat)
        await seat.press("e", "enter")
        await seat.type("-IN-NEW-YORK")
        await seat.press("enter")
        seat.sees(rf"Name +{GROUP} -> {GROUP}-IN-NEW-YORK")
        await seat.pilot.resize_terminal(60, 18)
        await seat.until_seen(rf"Name +{GROUP} ->$")
        seat.sees(rf"Name +{GROUP} ->$", rf"^ .* {{3}}{GROUP}-IN-NEW-YORK$")

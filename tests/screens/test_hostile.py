"""Hostile strings in the store: no screen crashes, acts on them, or sends them to the terminal."""

from __future__ import annotations

import re

from screens.terminal.line_filter import VisibleFilter
from tests.screens.conftest import Place
from tests.screens.hostile import spoil
from tests.screens.seat import Seat, seated
from tests.screens.test_home import command, open_line

UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]")


def looks_harmless(seat: Seat) -> None:
    """What a widget hands to the terminal has the gate before it; most of it needs none."""
    assert any(isinstance(gate, VisibleFilter) for one in seat.app.get_line_filters() for gate in one.filters)
    assert not UNSEEN.search(seat.text())


async def test_groups_and_keys(place: Place, size: tuple[int, int]) -> None:
    spoil(place.store)
    async with seated(place.app(), size) as seat:
        looks_harmless(seat)
        await seat.press("enter")
        assert seat.on == "GroupsScreen"
        looks_harmless(seat)
        await seat.press("slash")
        await seat.paste("[/x]\x1b]52;c;aGk=\x07")
        await seat.until_seen(r"matches|groups +\S*\[/x\]")
        looks_harmless(seat)
        await seat.press("escape", "s", "n", "enter")
        looks_harmless(seat)
        await seat.press("escape", "enter")
        assert seat.on == "GroupScreen"
        for tab in ("1", "3", "4", "2", "s", "k", "enter", "enter", "enter"):
            await seat.press(tab)
            looks_harmless(seat)
        assert seat.on == "CodeModal"
        await seat.press("escape", "question_mark")
        looks_harmless(seat)


async def test_requests_and_messages(place: Place) -> None:
    spoil(place.store)
    async with seated(place.app()) as seat:
        for line in ("Request Status", "Phone and mailbox"):
            await open_line(seat, "menu", line)
            looks_harmless(seat)
            for _ in range(3):
                await seat.press("enter")
                looks_harmless(seat)
                await seat.press("escape", "down")
            await seat.press("escape")
        assert seat.on == "HomeScreen"


async def test_the_wizard_and_another_person(place: Place) -> None:
    spoil(place.store)
    async with seated(place.app()) as seat:
        await seat.press("n", "enter", "enter")
        assert seat.on == "WizardScreen"
        looks_harmless(seat)
        await seat.type("GOOD")
        await seat.press("enter")
        looks_harmless(seat)
        await seat.press("enter", "space", "enter", "asterisk", "plus", "f")
        looks_harmless(seat)
        await seat.press("escape", "enter")
        seat.sees("6 > +Submit")
        looks_harmless(seat)
        await seat.press("ctrl+t")
        looks_harmless(seat)
        await seat.press("escape")
        await command(seat, "Act as another")
        looks_harmless(seat)
        await seat.press("end", "enter")
        looks_harmless(seat)

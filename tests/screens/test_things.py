"""The palette opens things: a session, a request, a firm, a group, a person, by what they are called."""

from __future__ import annotations

import sqlite3

import pytest

from tests.screens.conftest import Place
from tests.screens.hostile import ODD
from tests.screens.seat import Seat, seated
from tests.stores import as_the_desk


async def typed(seat: Seat, text: str) -> None:
    """Open the palette and type."""
    await seat.press("ctrl+p")
    await seat.type(text)


@pytest.mark.parametrize(
    ("text", "screen", "shows"),
    [
        ("T4C", "GroupScreen", "US-RATES-RISK"),
        ("t4c", "GroupScreen", "T4C"),
        ("DC-2026-000038", "RequestScreen", "DC-2026-000038"),
        ("us-rates-risk", "GroupScreen", "US-RATES-RISK"),
        ("ACM01", "ChooseModal", "Who gets this"),
        ("005ACM01B", "ChooseModal", "is received by"),
    ],
)
async def test_what_is_typed_is_opened(place: Place, text: str, screen: str, shows: str) -> None:
    async with seated(place.app()) as seat:
        await typed(seat, text)
        await seat.until_seen(text.upper())
        await seat.press("enter")
        await seat.until(lambda: seat.on == screen, screen)
        await seat.until_seen(shows)


async def test_a_person_for_whoever_administers_people(place: Place) -> None:
    async with seated(place.app("acme-admin")) as seat:
        await typed(seat, "acme-oper")
        await seat.until_seen("acme-operator +person")
        await seat.press("enter")
        await seat.until(lambda: seat.on == "PersonScreen")
        seat.sees("acme-operator")


async def test_one_character_asks_nothing(place: Place) -> None:
    async with seated(place.app()) as seat:
        desk = await seat.app.desk()
        asked: list[str] = []
        find = desk.finder.find
        desk.finder.find = lambda actor, text: asked.append(text) or find(actor, text)
        await typed(seat, "T")
        assert asked == []
        await seat.type("4")
        await seat.until(lambda: asked == ["T4"])
        await seat.until_seen("T4C +drop copy session")


async def test_a_command_by_a_part_of_its_name_still_comes_first(place: Place) -> None:
    async with seated(place.app()) as seat:
        await typed(seat, "us")
        await seat.until_seen("US-")
        assert seat.text().index("Mouse") < seat.text().index("US-")


async def test_a_hostile_name_is_text(place: Place) -> None:
    with sqlite3.connect(place.store) as store:
        store.execute("UPDATE drop_copy_group SET name = ? WHERE name = 'US-RATES-RISK'", (ODD,))
    as_the_desk(place.store)
    async with seated(place.app()) as seat:
        await typed(seat, "us-rates-r")
        await seat.until_seen(r"\[@click=app.quit\]y")
        await seat.press("enter")
        await seat.until(lambda: seat.on == "GroupScreen")

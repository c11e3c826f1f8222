"""Front End Mapping at the keys (rule G8)."""

from __future__ import annotations

import re

from tests.screens.conftest import Place
from tests.screens.seat import Seat, footer_fits, seated
from tests.screens.test_home import command
from tests.screens.test_people import stored

Size = tuple[int, int]
MAPPED = (
    "SELECT count(*) FROM front_end_mapping m JOIN entity e ON e.id = m.entity_id JOIN front_end f "
    "ON f.id = m.front_end_id WHERE e.code = 'ACME' AND f.name = ? AND f.version = ?"
)


async def open_mapping(seat: Seat, match: str = "") -> None:
    await command(seat, "Front End")
    assert seat.on == "FrontEndsScreen"
    if match:
        await seat.press("slash")
        await seat.type(match)
        await seat.until_seen(r"1 of \d of|1 of 1 system")
        await seat.press("enter")


async def test_the_list_shows_what_is_mapped_and_used(place: Place, size: Size) -> None:
    async with seated(place.app("acme-admin"), size) as seat:
        await open_mapping(seat)
        seat.sees("ACME +ACME SECURITIES LLC", "Auction Room +4.2 .*no +0$", "Basis Pad +4.2 .*yes +0$")
        seat.sees("1 of 30 systems", "space Map/Unmap", "n New")
        assert footer_fits(seat)


async def test_unmapping_names_the_groups_that_use_it(place: Place, size: Size) -> None:
    async with seated(place.app("acme-admin"), size) as seat:
        await open_mapping(seat, "ladder 4.2")
        await seat.press("space")
        seat.says("Used by 1 group: US-RATES-RISK. They keep working")
        await seat.press("escape")
        assert stored(place, MAPPED, "Ladder One", "4.2") == [(1,)]
        await seat.press("enter", "enter")
        seat.says("Done: Ladder One 4.2 is no longer mapped to ACME. 1 group keep")
        seat.sees("Ladder One +4.2 .*no +1$")
        assert stored(place, MAPPED, "Ladder One", "4.2") == [(0,)]


async def test_mapping_asks_first(place: Place, size: Size) -> None:
    async with seated(place.app("acme-admin"), size) as seat:
        await open_mapping(seat, "auction 5.0")
        await seat.press("space", "down", "enter")
        assert stored(place, MAPPED, "Auction Room", "5.0") == [(0,)]
        await seat.press("space")
        seat.says("Groups of ACME will be able to use Auction Room 5.0.")
        await seat.press("enter")
        seat.says("Done: Auction Room 5.0 is mapped to ACME.")
        assert stored(place, MAPPED, "Auction Room", "5.0") == [(1,)]


async def test_a_new_system_is_named_and_mapped(place: Place, size: Size) -> None:
    async with seated(place.app("acme-admin"), size) as seat:
        await open_mapping(seat)
        await seat.press("n", "enter", "enter", "enter")
        seat.says("Name is empty.")
        await seat.type("Wall Board")
        await seat.press("enter")
        await seat.type("1.0")
        await seat.press("enter", "enter")
        seat.says("Done: Wall Board 1.0 is mapped to ACME.")
        assert stored(place, MAPPED, "Wall Board", "1.0") == [(1,)]


async def test_who_only_looks_changes_nothing(place: Place, size: Size) -> None:
    async with seated(place.app("multi-operator"), size) as seat:
        await open_mapping(seat)
        seat.sees_not("Map/Unmap", "n New")
        await seat.press("space", "n")
        assert seat.on == "FrontEndsScreen"
        await seat.press("enter")
        seat.says("Only a user administrator of ACME can change the mapping.")
        await seat.press("r", "down", "enter")
        assert re.search("EXRATES +EXAMPLE RATES", seat.text())

"""Globex Requests: the same screens in another market (rule G5)."""

from __future__ import annotations

import sqlite3

from tests.screens.conftest import Place
from tests.screens.seat import Seat, seated
from tests.screens.test_home import command

Size = tuple[int, int]


async def open_globex(seat: Seat) -> None:
    """From Home by the keys: the fourth line that can be opened."""
    await seat.press("down", "down", "down", "enter")
    assert seat.on == "GroupsScreen"
    seat.sees("Request Center > Globex > Drop Copy Groups")


async def to_sources(seat: Seat, name: str) -> None:
    """A new draft up to step 5."""
    await seat.press("n")
    seat.sees("New group in Globex")
    seat.sees_not("Create New Group")
    await seat.press("enter")
    assert seat.on == "WizardScreen"
    await seat.type(name)
    await seat.press("enter", "enter", "space", "enter")


async def test_home_opens_the_groups_of_globex(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        seat.sees("Globex Requests", r"Drop Copy Groups +2 *")
        await open_globex(seat)
        seat.sees("> +GLOBEX-FUTURES +Globex ", "GLOBEX-RISK", "1 of 2 groups")
        seat.sees_not("US-RATES-RISK")


async def test_the_palette_opens_them_too(place: Place) -> None:
    async with seated(place.app()) as seat:
        await command(seat, "Globex Drop Copy Groups")
        seat.sees("Request Center > Globex > Drop Copy Groups", "GLOBEX-FUTURES")


async def test_a_group_has_a_target_for_each_kind_of_gateway(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_globex(seat)
        await seat.press("enter", "2")
        seat.sees(r"T8G +CGW", r"T9H +MSGW")


async def test_a_group_of_both_gateways_is_created_by_keys(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_globex(seat)
        await to_sources(seat, "FUT-BOTH")
        seat.sees(r"Target sessions: +CGW 0 of 1,000 +MSGW 0 of 5,000")
        for firm, loads in (
            ("8AC", r"CGW \d+ of 1,000 +MSGW 0 of 5,000"),
            ("9AC", r"CGW \d+ of 1,000 +MSGW \d+ of 5,000"),
        ):
            await seat.press("f")
            await seat.type(firm)
            await seat.press("enter", "asterisk", "plus")
            seat.sees(loads)
        seat.sees_not("MSGW 0 of", "too many")
        await seat.press("enter")
        seat.sees(r"Targets +2 target sessions \(CGW, MSGW\)", "Approval +not required")
        await seat.press("enter")
        seat.says("(create group FUT-BOTH) was completed. Target sessions")
        seat.says("have no key pair, so their clients cannot log on yet")
        await seat.press("escape")
        seat.sees("FUT-BOTH", "of 3 groups")


async def test_guaranteed_sources_wait_for_the_clearing_firm_and_the_banner_says_so(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_globex(seat)
        await to_sources(seat, "FUT-GUARANTEED")
        await seat.press("f")
        await seat.type("CLR")
        await seat.press("enter", "asterisk", "plus", "enter")
        seat.says("by an administrative manager of SAMPLECLR")
        await seat.press("enter")
        assert seat.on == "FinishedScreen"
        seat.sees("Stage +awaiting approval by SAMPLECLR")
        seat.says("An administrative manager of SAMPLECLR must approve it. You will be notified")
        await seat.press("escape")
        seat.sees("of 2 groups")


async def test_the_limit_is_shown_before_anything_is_submitted(place: Place, size: Size) -> None:
    with sqlite3.connect(place.store) as connection:
        connection.executemany(
            "INSERT INTO sender_comp (entity_id, market, sender_comp_id, session_id, gfid, fti, gateway, status) "
            "SELECT id, 'globex', ?, ?, ?, 'U', 'cgw', 'active' FROM entity WHERE code = 'ACME'",
            [(f"{first}{number:02X}8ACU", f"{first}{number:02X}", "8AC") for first in "#$%&" for number in range(256)],
        )
    connection.close()
    async with seated(place.app(), size) as seat:
        await open_globex(seat)
        await to_sources(seat, "FUT-MANY")
        await seat.press("f")
        await seat.type("8AC")
        await seat.press("enter", "asterisk", "plus")
        seat.sees(r"CGW 1,1\d\d of 1,000 over the limit")
        await seat.press("enter")
        seat.sees(r"! A CGW target session of Globex copies at most 1,000")
        seat.sees("Cannot submit yet")


async def test_brokertec_has_no_limits_and_says_none(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("n", "enter", "enter")
        await seat.type("NO-LIMITS")
        await seat.press("enter", "enter", "space", "enter")
        seat.sees("Available", "Added")
        seat.sees_not("Target sessions:")

"""Keys for many sessions and their deletion, as a person sees it, and what the store holds afterwards."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from typing import Any

import pytest

from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services.keys import keypairs
from screens.modals.work import WorkModal
from tests.screens.conftest import Place
from tests.screens.seat import Seat, seated
from tests.screens.test_home import open_line
from tests.screens.test_keys import Size, choose, code_on, files, kept, open_group
from tests.stores import as_the_desk


def asked(place: Place, sql: str, *values: Any) -> list[Any]:
    with sqlite3.connect(place.store) as connection:
        found = connection.execute(sql, values).fetchall()
    connection.close()
    return found


LIVING = (
    "SELECT access_key_id FROM key_pair k JOIN session s ON s.id = k.session_pk "
    "WHERE s.session_id = ? AND k.slot IS NOT NULL ORDER BY k.created_at"
)


async def test_one_pair_is_deleted_once_the_session_was_typed(place: Place, size: Size) -> None:
    (older,), (newer,) = asked(place, LIVING, "T5A")
    async with seated(place.app(), size) as seat:
        await open_group(seat, "US-REPO-CLEARING")
        await seat.press("k")
        await choose(seat, "Delete Key")
        seat.sees("Select the key pairs of 1 session to delete.", f"{older} +expiring, expires", "All 2 key pairs")
        await choose(seat, older)
        seat.says(f"T5A: {older} (expiring) will be deleted; its other key pair is valid until")
        seat.says("and a client that signs with this one stops")
        seat.says("No session loses its last active key pair, but a client that signs with a deleted one is rejected.")
        seat.sees_not("No feed will stop")
        seat.sees('Type "T5A" to confirm')
        await seat.type("T5B")
        await seat.press("enter")
        seat.sees('That does not match "T5A". Nothing was changed.')
        assert len(asked(place, LIVING, "T5A")) == 2
        await seat.press("backspace", "A", "enter")
        seat.sees("Key pairs deleted", older, "cannot be restored")
        await seat.press("escape")
        seat.sees("completed: 1 key pair deleted")
    assert asked(place, LIVING, "T5A") == [(newer,)]
    assert asked(place, "SELECT sealed_secret FROM key_pair WHERE access_key_id = ?", older) == [(None,)]


async def test_where_the_site_says_so_a_deletion_takes_a_second_factor(place: Place) -> None:
    (older,), (newer,) = asked(place, LIVING, "T5A")
    place.settings = Settings(key_deletion_factor=True)
    async with seated(place.app()) as seat:
        await open_group(seat, "US-REPO-CLEARING")
        await seat.press("k")
        await choose(seat, "Delete Key")
        await choose(seat, older)
        await seat.type("T5A")
        await seat.press("enter")
        seat.sees("Confirm your identity")
        assert len(asked(place, LIVING, "T5A")) == 2
        await choose(seat, "SMS code")
        seat.says("Required to delete 1 key pair.")
        await seat.type(code_on(seat))
        await seat.press("enter")
        seat.sees("Key pairs deleted", older)
    assert asked(place, LIVING, "T5A") == [(newer,)]


async def test_the_last_pair_says_that_the_feed_stops(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_group(seat, "US-REPO-CLEARING")
        await seat.press("k")
        await choose(seat, "Delete Key")
        await choose(seat, "All 2 key pairs")
        seat.says("1 session will have no active key pair: the feed will stop.")
        seat.says("it has no other active key pair, so its feed stops immediately")
        before = kept(place)
        await seat.press("escape")
        assert seat.on == "GroupScreen"
        assert kept(place) == before


async def select_all(seat: Any, kind: str = "Order Entry Sessions") -> None:
    await open_line(seat, "menu", kind)
    await seat.press("space", "down", "space", "down", "space", "down", "space", "down", "space", "down", "space")


async def to_the_code(seat: Seat) -> None:
    """Six sessions are to have a key pair, and the code is typed: Enter is all that is left."""
    await select_all(seat)
    await seat.press("k")
    seat.sees("6 sessions: ")
    await choose(seat, "Generate Key")
    if "third key pair" in seat.text():
        await choose(seat, "The older one")
    seat.sees(r"\d new key pairs, \d current key pairs? expires? sooner")
    await seat.press("enter")
    await choose(seat, "SMS code")
    await seat.type(code_on(seat))


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key pair takes a while."""
    make = keypairs.make_pair

    def slowly(*what: Any) -> Any:
        time.sleep(0.3)
        return make(*what)

    monkeypatch.setattr(keypairs, "make_pair", slowly)


async def test_many_sessions_are_generated_behind_one_code_with_a_bar(place: Place, size: Size, slow: None) -> None:
    shown: list[str] = []

    async def look() -> None:
        while seat.on != "ResultModal":
            if isinstance(seat.screen, WorkModal):
                shown.append(seat.text())
            await seat.pilot.pause(0.1)

    async with seated(place.app(), size) as seat:
        await to_the_code(seat)
        looking = asyncio.create_task(look())
        await seat.press("enter")
        await seat.until_seen("Key pairs generated: 6")
        await looking
        await seat.press("escape")
        seat.sees("completed: 6 key pairs generated")
        assert seat.on == "SessionsScreen"
    assert any("Generating 6 key pairs" in text and "#####" in text and "Esc cancels" in text for text in shown)
    (file,) = files(place)
    assert len(file.read_text().splitlines()) == 2 + 2 * 6


async def test_escape_ends_the_work_and_nothing_is_generated(place: Place, slow: None) -> None:
    async def escape() -> None:
        while not isinstance(seat.screen, WorkModal):
            await seat.pilot.pause(0.05)
        await seat.pilot.press("escape")

    async with seated(place.app()) as seat:
        await to_the_code(seat)
        before = kept(place)
        escaping = asyncio.create_task(escape())
        await seat.press("enter")
        await escaping
        await seat.until_seen("Interrupted. Nothing was changed.")
        assert seat.on == "SessionsScreen"
        # Neither the key pairs nor the code: it was not used up.
        assert kept(place) == before
        assert asked(place, "SELECT count(*) FROM challenge WHERE used_at IS NOT NULL") == [(0,)]
    assert files(place) == []


async def test_a_row_that_fails_is_seen_with_its_reason(place: Place, size: Size) -> None:
    """Another person takes a session out of use while the code is typed."""
    async with seated(place.app(), size) as seat:
        await select_all(seat)
        await seat.press("k")
        await choose(seat, "Generate Key")
        if "third key pair" in seat.text():
            await choose(seat, "The older one")
        await seat.press("enter")
        await choose(seat, "SMS code")
        code = code_on(seat)
        ((name,),) = asked(
            place, "SELECT session_id FROM session WHERE kind = 'order_entry' AND entity_id = 1 "
            "AND market <> 'globex' ORDER BY session_id LIMIT 1",
        )  # fmt: skip
        with sqlite3.connect(place.store) as connection:
            connection.execute("UPDATE session SET status = 'retired' WHERE session_id = ?", (name,))
        connection.close()
        as_the_desk(place.store)
        await seat.type(code)
        await seat.press("enter")
        seat.sees("Key pairs generated: 5, failed: 1", f"{name} +failed: {name} is retired")
        await seat.press("escape")
        seat.says("5 key pairs generated")
        seat.says("1 session failed: see the result.")

"""The sessions of an entity: those of deleted groups stay, and GAM retires one (rule G9)."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import pytest
from textual.widgets import OptionList

from screens.modals.confirm import TypedConfirmModal
from screens.widgets.inputs import DeskInput
from tests.screens.conftest import Place
from tests.screens.seat import Seat, footer_fits, seated
from tests.screens.test_keys import choose
from tests.stores import as_the_desk

Size = tuple[int, int]


@pytest.fixture
def released(place: Place) -> Place:
    """The group of T5A, which has two living pairs, was deleted; so was that of T7K, which has none."""
    with sqlite3.connect(place.store) as connection:
        connection.execute("UPDATE session SET status = 'released' WHERE session_id IN ('T5A', 'T7K')")
        connection.execute(
            "UPDATE drop_copy_group SET deleted_at = created_at "
            "WHERE id IN (SELECT group_id FROM session WHERE status = 'released')"
        )
    connection.close()
    as_the_desk(place.store)
    return place


def stored(place: Place, sql: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(place.store) as connection:
        found = connection.execute(sql).fetchall()
    connection.close()
    return found


async def open_sessions(seat: Seat) -> None:
    await seat.press("enter", "t")
    assert seat.on == "SessionsScreen"


async def go_to(seat: Seat, session_id: str) -> None:
    await seat.press("home")
    for _ in range(30):
        if re.search(rf"^> ?\*? *{session_id} ", seat.text(), re.M):
            return
        await seat.press("down")
    raise AssertionError(f"no line {session_id}\n{seat.text()}")


async def test_released_sessions_stay_with_the_name_of_their_group(released: Place, size: Size) -> None:
    async with seated(released.app(), size) as seat:
        await open_sessions(seat)
        seat.sees("Request Center > ACME > Drop Copy Sessions", "Status +all +f filter", "1 of 9 sessions")
        seat.sees(r"T5A +US-REPO-\S+ .*released .*2 pairs, older exp. 11 Dec +\d+ \w+ 2027 \d+ d")
        seat.sees(r"T7K +US-BACKUP .*released +none", r"T4C +US-RATES-\S+ .*active ")
        assert footer_fits(seat)
        await seat.press("escape")
        assert seat.on == "GroupsScreen"


async def test_s_shows_the_public_key_ids(released: Place, size: Size) -> None:
    async with seated(released.app(), size) as seat:
        await open_sessions(seat)
        seat.sees(r"T4C +US-RATES-\S+ .*active +active +14 Oct 2027 325 d")
        seat.sees_not("Public key id")
        await seat.press("s")
        (key_id,) = stored(
            released,
            "SELECT access_key_id FROM key_pair WHERE session_pk = (SELECT id FROM session WHERE session_id = 'T4C')",
        )[0]
        seat.sees(rf"T4C .*{key_id}")
        await seat.press("s")
        seat.sees_not(str(key_id))


async def test_f_shows_one_status_only(released: Place) -> None:
    async with seated(released.app()) as seat:
        await open_sessions(seat)
        await seat.press("f")
        await choose(seat, "released")
        seat.sees("Status +released: group deleted; only GAM can retire them", "1 of 2 sessions")
        seat.sees_not("T4C")
        await seat.press("f")
        await choose(seat, "retired")
        seat.sees("No sessions with this status. Press f to show another status.")


async def test_gam_retires_a_session_by_typing_its_id(released: Place, size: Size) -> None:
    async with seated(released.app("gam-desk"), size) as seat:
        await open_sessions(seat)
        await go_to(seat, "T5A")
        await seat.press("d")
        seat.sees("Retire session T5A", 'Type "T5A" to confirm')
        seat.says("It will be permanently retired and its 2 active key pairs destroyed immediately.")
        seat.says("its history is kept")
        await seat.type("t5a")
        await seat.press("enter")
        seat.sees('That does not match "T5A". Nothing was changed.')
        assert stored(released, "SELECT status FROM session WHERE session_id = 'T5A'") == [("released",)]
        await seat.press(*["backspace"] * 3)
        seat.sees_not('That does not match "T5A"')
        await seat.type("T5A")
        await seat.press("enter")
        seat.sees("Done: T5A is retired: 2 key pairs destroyed.", r"T5A +US-REPO.* retired .* deleted")
    sealed = "SELECT sealed_secret, slot FROM key_pair k JOIN session s ON s.id = k.session_pk WHERE session_id = 'T5A'"
    assert set(stored(released, sealed)) == {(None, None)}
    assert stored(released, "SELECT person FROM audit_event WHERE action = 'session:retired'") == [("gam-desk",)]


async def test_an_active_session_is_refused_before_anything_is_asked(released: Place) -> None:
    async with seated(released.app("gam-desk")) as seat:
        await open_sessions(seat)
        await go_to(seat, "T4C")
        await seat.press("d")
        assert seat.on == "SessionsScreen"
        seat.says("T4C is active: group US-RATES-RISK uses it.")


async def test_escape_retires_nothing(released: Place) -> None:
    async with seated(released.app("gam-desk")) as seat:
        await open_sessions(seat)
        await go_to(seat, "T7K")
        await seat.press("d")
        seat.says("It has no active key pair.")
        await seat.type("T7K")
        await seat.press("escape")
        assert seat.on == "SessionsScreen"
    assert stored(released, "SELECT count(*) FROM session WHERE status = 'retired'") == [(0,)]


async def test_retiring_is_greyed_for_everybody_else(released: Place) -> None:
    async with seated(released.app()) as seat:
        await open_sessions(seat)
        await go_to(seat, "T5A")
        await seat.press("d")
        assert seat.on == "SessionsScreen"
        assert not seat.screen.active_bindings["d"].enabled


async def test_a_released_session_gets_no_new_pair_but_its_own_can_be_downloaded(released: Place) -> None:
    async with seated(released.app()) as seat:
        await open_sessions(seat)
        await go_to(seat, "T5A")
        await seat.press("k")
        options = seat.find(OptionList)
        assert options.get_option("generate").disabled
        assert not options.get_option("download").disabled
        seat.says("Generate Key: T5A is released and cannot get a new key pair")
        await choose(seat, "Download")
        assert seat.on == "FileModal"


async def test_the_typed_word_is_the_only_way_through(place: Place, size: Size) -> None:
    lines = [f"[/line] {number}: this will be gone" for number in range(40)]
    answers: list[bool | None] = []
    async with seated(place.app(), size) as seat:
        seat.app.push_screen(TypedConfirmModal("Delete 40 groups", lines, "DELETE"), answers.append)
        await seat.settle()
        seat.sees("Delete 40 groups", r"\[/line\] 0: this will be gone", 'Type "DELETE" to confirm', "Enter confirms")
        for typed in ("", "delete", "DELETED"):
            seat.find(DeskInput).value = typed
            await seat.press("enter")
            assert answers == []
        seat.find(DeskInput).value = " DELETE "
        await seat.press("enter")
        assert answers == [True]


async def test_a_greyed_retire_says_who_may(released: Place) -> None:
    async with seated(released.app()) as seat:
        await open_sessions(seat)
        await go_to(seat, "T5A")
        await seat.press("d")
        seat.says("Only GAM (Global Account Management) can retire a Session ID; operations grants that role.")

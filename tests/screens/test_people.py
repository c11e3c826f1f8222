"""People and entitlements at the keys: who is there, roles given and taken, accounts shut and opened."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import pytest

from dropcopy_tui.domain.settings import Settings
from tests.screens.conftest import Place
from tests.screens.hostile import spoil
from tests.screens.seat import Seat, footer_fits, seated
from tests.screens.test_home import command
from tests.screens.test_hostile import looks_harmless
from tests.screens.test_keys import choose, code_on
from tests.stores import as_the_desk

Size = tuple[int, int]
ADMIN = "acme-admin"


def stored(place: Place, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with sqlite3.connect(place.store) as connection:
        found = connection.execute(sql, values).fetchall()
    connection.close()
    return found


def roles_in_store(place: Place, user_id: str) -> set[str]:
    sql = "SELECT role FROM entitlement JOIN person p ON p.id = person_id WHERE p.user_id = ?"
    return {role for (role,) in stored(place, sql, user_id)}


async def open_people(seat: Seat) -> None:
    await command(seat, "People and")
    assert seat.on == "PeopleScreen"


async def go_to(seat: Seat, user_id: str) -> None:
    """The cursor on a person."""
    await seat.press("home")
    while not re.search(rf"^> +{user_id} ", seat.text(), re.M):
        await seat.press("down")


async def test_the_list_of_an_administrator(place: Place, size: Size) -> None:
    async with seated(place.app(ADMIN), size) as seat:
        await open_people(seat)
        seat.sees("ACME SECURITIES LLC", "acme-viewer .*read only +active", "1 of 5 people")
        seat.sees("e Roles", "d Disable", "n Invite")
        seat.sees_not("u Unlock", "gam-desk", "EXRATES")
        assert footer_fits(seat)
        await seat.press("slash")
        await seat.type("viewer")
        await seat.until_seen("1 of 1 person")


async def test_operations_choose_an_entity(place: Place, size: Size) -> None:
    async with seated(place.app("operations"), size) as seat:
        await open_people(seat)
        seat.sees("all you have access to +r filter", "of 16 people")
        await seat.press("r")
        await seat.type("TINY")
        await seat.press("enter")
        seat.sees("TINYDESK +TINY DESK LLC", "tiny-operator", "1 of 1 person")
        await seat.press("r", "home", "enter")
        seat.sees("of 16 people")


async def test_a_role_is_given_and_one_taken_away(place: Place, size: Size) -> None:
    async with seated(place.app(ADMIN), size) as seat:
        await open_people(seat)
        await go_to(seat, "acme-viewer")
        await seat.press("e")
        seat.sees("Roles of acme-viewer at ACME", r"\[x\] read only", r"\[ \] full access", r"\[ \] user administrator")
        await seat.press("enter")
        seat.says("No role was changed")
        await seat.press("space", "down", "space")
        seat.sees(r"\[ \] read only +will be revoked", r"\[x\] full access +will be granted")
        await seat.press("enter")
        seat.says("Done: acme-viewer: granted: full access at ACME; revoked: read only at ACME.")
        seat.sees("acme-viewer .*full access")
        assert roles_in_store(place, "acme-viewer") == {"full_access"}


async def test_where_the_site_says_so_granting_takes_a_second_factor(place: Place) -> None:
    place.settings = Settings(role_grant_factor=True)
    async with seated(place.app(ADMIN)) as seat:
        await open_people(seat)
        await go_to(seat, "acme-viewer")
        await seat.press("e", "down", "space", "enter")
        seat.sees("Confirm your identity")
        await seat.press("escape")
        assert seat.on == "PeopleScreen"
        assert roles_in_store(place, "acme-viewer") == {"read_only"}
        await seat.press("e", "down", "space", "enter")
        await choose(seat, "SMS code")
        seat.says("Required to grant acme-viewer: full access at ACME.")
        await seat.type(code_on(seat))
        await seat.press("enter")
        seat.says("Done: acme-viewer: granted: full access at ACME.")
        # Taking it away again asks for nothing.
        await seat.press("e", "down", "space", "enter")
        seat.says("Done: acme-viewer: revoked: full access at ACME.")
        await seat.press("n")
        for text in ("new.person", "New Person", "New@acme.example", ""):
            await seat.paste(text)
            await seat.press("enter")
        await seat.press("space", "enter")
        await choose(seat, "SMS code")
        seat.says("Required to grant new.person: read only at ACME.")
        await seat.type(code_on(seat))
        await seat.press("enter")
        seat.says("new.person was invited.")
    assert roles_in_store(place, "acme-viewer") == {"read_only"}
    assert roles_in_store(place, "new.person") == {"read_only"}


async def test_escape_changes_nothing(place: Place) -> None:
    async with seated(place.app(ADMIN)) as seat:
        await open_people(seat)
        await go_to(seat, "acme-viewer")
        await seat.press("e", "space", "escape")
        assert seat.on == "PeopleScreen"
        assert roles_in_store(place, "acme-viewer") == {"read_only"}


async def test_nobody_turns_a_role_of_their_own(place: Place, size: Size) -> None:
    async with seated(place.app(ADMIN), size) as seat:
        await open_people(seat)
        await go_to(seat, ADMIN)
        await seat.press("e")
        assert seat.on == "PeopleScreen"
        seat.says("someone else must change your own roles")


async def test_operations_see_which_roles_are_not_theirs_to_give(place: Place, size: Size) -> None:
    async with seated(place.app("operations"), size) as seat:
        await open_people(seat)
        await go_to(seat, "acme-viewer")
        await seat.press("e")
        seat.sees("Whole desk")
        await seat.type("ACME")
        await seat.press("enter")
        seat.sees(
            r"\[x\] read only: only by user administrator", r"\[ \] user administrator$|\[ \] user administrator "
        )
        await seat.press("space", "enter")
        assert roles_in_store(place, "acme-viewer") == {"read_only", "user_administrator"}


async def test_a_person_is_invited(place: Place, size: Size) -> None:
    async with seated(place.app(ADMIN), size) as seat:
        await open_people(seat)
        await seat.press("n")
        seat.sees("Invite a person", "User id", "Email", "Mobile")
        for text in ("acme-viewer", "New Person", "new@acme.example", ""):
            await seat.paste(text)
            await seat.press("enter")
        seat.sees("First roles at ACME")
        await seat.press("space", "enter")
        seat.says("acme-viewer already exists.")
        assert seat.app.focused.id == "user_id"
        await seat.press("ctrl+u")
        await seat.type("new.person")
        await seat.press("enter", "enter", "enter", "enter", "space", "enter")
        seat.says(
            "new.person was invited. The code was emailed to new@acme.example only. The code is valid until 26 Nov 2026"
        )
        seat.sees("new.person .*read only +invited")
        body = stored(place, "SELECT body, sealed_body IS NOT NULL FROM outbox ORDER BY id DESC LIMIT 1")
        assert body == [("", 1)]
        seat.sees_not("[A-Z2-7]{4}-[A-Z2-7]{4}-")


async def test_an_account_is_disabled_and_enabled(place: Place, size: Size) -> None:
    async with seated(place.app(ADMIN), size) as seat:
        await open_people(seat)
        await go_to(seat, "acme-operator")
        await seat.press("d")
        seat.says("acme-operator will be signed out at their next action and cannot sign in again.")
        seat.says("Their 1 open request is kept.")
        await seat.press("enter")
        assert stored(place, "SELECT count(*) FROM person WHERE disabled") == [(0,)]
        await seat.press("d", "down", "enter")
        seat.says("Done: acme-operator was disabled. Their 1 open request is kept.")
        seat.sees("acme-operator .*disabled")
        await seat.press("d", "down", "enter")
        seat.says("Done: acme-operator was enabled.")
        assert stored(place, "SELECT count(*) FROM person WHERE disabled") == [(0,)]


async def test_who_works_elsewhere_too_is_for_operations(place: Place) -> None:
    async with seated(place.app(ADMIN)) as seat:
        await open_people(seat)
        await go_to(seat, "multi-operator")
        await seat.press("d")
        seat.says("Error: multi-operator has roles that you cannot grant: only operations can disable this person.")


async def test_ease_unlocks_and_does_nothing_else(place: Place, size: Size) -> None:
    with sqlite3.connect(place.store) as connection:
        connection.execute(
            "UPDATE person SET failed_tries = 5, locked_until = '2026-11-23 18:00:00' WHERE user_id = 'acme-viewer'"
        )
    connection.close()
    as_the_desk(place.store)
    async with seated(place.app("ease-agent"), size) as seat:
        await open_people(seat)
        seat.sees("u Unlock", "acme-viewer .*locked")
        seat.sees_not("e Roles", "d Disable", "n Invite")
        await go_to(seat, "acme-viewer")
        await seat.press("e", "n", "d")
        assert seat.on == "PeopleScreen"
        await seat.press("u", "down", "enter")
        seat.says("Done: acme-viewer was unlocked.")
        assert stored(place, "SELECT failed_tries, locked_until FROM person WHERE user_id = 'acme-viewer'") == [
            (0, None)
        ]


async def test_a_persons_page_has_the_same_keys(place: Place, size: Size) -> None:
    async with seated(place.app(ADMIN), size) as seat:
        await open_people(seat)
        await go_to(seat, "acme-viewer")
        await seat.press("enter")
        assert seat.on == "PersonScreen"
        seat.sees("Email +acme-viewer@acme.example", "Mobile +···· ", "Status +active", "ACME +read only")
        seat.sees("i Invite again")
        seat.sees_not("Recent events")
        assert footer_fits(seat)
        await seat.press("i", "enter")
        seat.says("acme-viewer was invited. The code was emailed to acme-viewer@acme.example only.")
        seat.sees("Status +invited", "Invitation expires +26 Nov 2026 16:45 UTC")
        await seat.press("e", "down", "space", "enter")
        seat.sees("ACME +read only", "full access")
        await seat.press("escape")
        seat.sees("acme-viewer .*read only, full|acme-viewer .*invited")


async def test_ssh_keys_open_from_the_list_as_from_the_page(place: Place, size: Size) -> None:
    async with seated(place.app(ADMIN), size) as seat:
        await open_people(seat)
        await go_to(seat, "acme-viewer")
        await seat.press("k")
        seat.sees("acme-viewer", "SSH keys?")
        assert seat.on == "AccessScreen"


async def test_who_may_audit_reads_what_was_recorded(place: Place, size: Size) -> None:
    async with seated(place.app("operations"), size) as seat:
        await open_people(seat)
        await go_to(seat, "acme-viewer")
        await seat.press("d", "down", "enter", "enter")
        seat.sees("Recent events", "23 Nov 2026 16:45 UTC +disabled, by operations", "Status +disabled")


@pytest.mark.parametrize("user", ["acme-operator", "gam-desk"])
async def test_who_holds_no_right_is_not_offered_it(place: Place, user: str) -> None:
    async with seated(place.app(user)) as seat:
        await seat.press("ctrl+p")
        await seat.type("People and")
        seat.sees_not("People and their roles")


def spoil_for_operations(place: Place, *, user_ids: bool) -> None:
    """Hostile names everywhere; user ids too, or those that a lookup can find."""
    with sqlite3.connect(place.store) as connection:
        connection.execute(
            "INSERT INTO entitlement (person_id, role) SELECT id, 'operations' FROM person "
            "WHERE user_id = 'acme-operator'"
        )
    connection.close()
    as_the_desk(place.store)
    spoil(place.store)
    if not user_ids:
        with sqlite3.connect(place.store) as connection:
            # With a phone of their own each: the spoilt one is the same for all, who would be one person.
            connection.execute(
                "UPDATE person SET user_id = 'p' || id, mobile = id || mobile WHERE user_id <> 'acme-operator'"
            )
        connection.close()
        as_the_desk(place.store)


async def test_hostile_names_stay_text(place: Place, size: Size) -> None:
    spoil_for_operations(place, user_ids=False)
    async with seated(place.app(), size) as seat:
        await open_people(seat)
        looks_harmless(seat)
        await seat.press("end", "e", "down", "enter")
        assert seat.on == "RolesModal"
        looks_harmless(seat)
        await seat.press("escape", "d")
        assert seat.on == "ChooseModal"
        looks_harmless(seat)
        await seat.press("escape", "i")
        assert seat.on == "ConfirmModal"
        looks_harmless(seat)
        await seat.press("escape", "r", "down", "enter")
        looks_harmless(seat)
        await seat.press("enter")
        assert seat.on == "PersonScreen"
        looks_harmless(seat)
        await seat.press("escape")
        await command(seat, "Front End")
        assert seat.on == "FrontEndsScreen"
        looks_harmless(seat)


async def test_a_hostile_user_id_is_shown_and_nobody(place: Place) -> None:
    spoil_for_operations(place, user_ids=True)
    async with seated(place.app()) as seat:
        await open_people(seat)
        looks_harmless(seat)
        for key in ("d", "enter"):
            await seat.press("home", key)
            looks_harmless(seat)
        seat.says("does not exist")

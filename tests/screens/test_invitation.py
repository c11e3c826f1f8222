"""An invitation is used where one signs in, at the keys of somebody who cannot sign in yet."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from dropcopy_tui.desk import open_desk
from dropcopy_tui.domain.people import Role
from dropcopy_tui.new_store import administrator, make_store
from screens.widgets.inputs import SecretInput
from tests.screens.conftest import Place, SeededEntropy, config_in
from tests.screens.seat import Seat, footer_fits, seated

Size = tuple[int, int]
CHIEF, PASSWORD = "right horse battery", "my own long password"
OTHER_CODE = "AAAA-BBBB-CCCC-DDDD"


@pytest.fixture
def invited(tmp_path: Path) -> tuple[Place, str]:
    """A store that is no sandbox, where `newcomer` was invited; and the code in their mailbox."""
    place = Place(tmp_path)
    fill = administrator("chief", "chief@desk.example", None, CHIEF)
    make_store(config_in(tmp_path), sandbox=False, fill=fill, clock=place.clock, entropy=SeededEntropy())
    desk = open_desk(place.config, place.clock, SeededEntropy())
    chief = desk.identity.sign_in("chief", CHIEF, "test")
    desk.people.invite(chief, "newcomer", "A newcomer", "new@desk.example", "", "", [Role.AUDITOR])
    from sqlalchemy import text

    with desk.resources.store.read() as session:
        row_id, sealed = session.execute(text("SELECT id, sealed_body FROM outbox WHERE sealed_body NOT NULL")).one()
    letter = desk.resources.vault.open(sealed, "outbox", str(row_id)).decode()
    desk.close()
    found = re.search(r"code is (\S+)\. ", letter)
    assert found
    return place, found[1]


async def fill_in(seat: Seat, *texts: str) -> None:
    """Into the field that has the focus, and the ones after it."""
    for text in texts:
        seat.app.focused.value = ""
        await seat.paste(text)
        await seat.press("enter")


async def test_the_code_sets_a_password_and_the_person_signs_in(invited: tuple[Place, str], size: Size) -> None:
    place, code = invited
    async with seated(place.app(user=None), size) as seat:
        assert seat.on == "SignInScreen"
        seat.sees("F2 to use an invitation code")
        assert footer_fits(seat)
        await seat.press("f2")
        seat.sees("Use invitation code", "User id or email", "Invitation code", "Repeat new password")
        await fill_in(seat, "newcomer", code, PASSWORD, "another password")
        seat.says("The passwords do not match.")
        await fill_in(seat, PASSWORD)
        assert seat.on == "SignInScreen"
        seat.says("Your password was set: sign in with it now.")
        seat.sees("newcomer")
        assert isinstance(seat.app.focused, SecretInput)
        await fill_in(seat, PASSWORD)
        assert seat.on == "HomeScreen"
        seat.sees("^ Request Center .*newcomer")


async def test_a_wrong_code_is_told_and_may_be_typed_again(invited: tuple[Place, str], size: Size) -> None:
    place, code = invited
    async with seated(place.app(user="newcomer"), size) as seat:
        await seat.press("f2")
        await fill_in(seat, OTHER_CODE, PASSWORD, PASSWORD)
        assert seat.on == "FormModal"
        seat.says("The user id or the invitation code is incorrect, or the code has been used, has expired")
        seat.sees("newcomer", OTHER_CODE)
        seat.sees_not(PASSWORD)
        assert all(field.value == "" for field in seat.screen.query(SecretInput))
        assert seat.app.focused.id == "code"
        await fill_in(seat, code, PASSWORD, PASSWORD)
        seat.says("Your password was set")


async def test_a_short_password_and_a_half_code_cost_no_try(invited: tuple[Place, str]) -> None:
    place, code = invited
    async with seated(place.app(user="newcomer")) as seat:
        await seat.press("f2")
        for _ in range(6):
            await fill_in(seat, "ABCD", PASSWORD, PASSWORD)
            seat.says("An invitation code has 16 letters and digits")
            assert seat.app.focused.id == "code"
        await fill_in(seat, code, "short", "short")
        seat.says("A password must have 10 to 1,000 characters.")
        await fill_in(seat, PASSWORD, PASSWORD)
        seat.says("Your password was set")


async def test_an_expired_code_gets_the_same_answer(invited: tuple[Place, str]) -> None:
    place, code = invited
    place.clock.advance(timedelta(hours=72))
    async with seated(place.app(user="newcomer")) as seat:
        await seat.press("f2")
        await fill_in(seat, code, PASSWORD, PASSWORD)
        seat.says("The user id or the invitation code is incorrect, or the code has been used, has expired")
        await seat.press("escape")
        assert seat.on == "SignInScreen"

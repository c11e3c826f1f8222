"""Sign-in where the store is no sandbox: the machine's account, a password, a wrong one, a locked account."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from dropcopy_tui.new_store import administrator, make_store
from screens.widgets.inputs import SecretInput
from tests.screens.conftest import Place, SeededEntropy, config_in
from tests.screens.seat import Seat, seated

Size = tuple[int, int]
PASSWORD = "right horse battery"


def real_store(folder: Path, account: str | None) -> Place:
    """A store with one administrator, `chief`."""
    place = Place(folder)
    fill = administrator("chief", "chief@desk.example", account, PASSWORD)
    make_store(config_in(folder), sandbox=False, fill=fill, clock=place.clock, entropy=SeededEntropy())
    return place


@pytest.fixture
def real(tmp_path: Path) -> Place:
    return real_store(tmp_path, None)


async def enter(seat: Seat, password: str) -> None:
    field = seat.find(SecretInput)
    field.value = ""
    await seat.paste(password)
    await seat.press("enter")


async def test_the_account_of_the_machine_needs_no_password(tmp_path: Path, size: Size) -> None:
    real = real_store(tmp_path, pwd.getpwuid(os.getuid()).pw_name)
    async with seated(real.app(user=None), size) as seat:
        assert seat.on == "HomeScreen"
        seat.sees("^ Request Center .*chief")
        seat.sees_not("SANDBOX", "Phone and mailbox")


async def test_a_user_id_and_a_password(real: Place, size: Size) -> None:
    async with seated(real.app(user=None), size) as seat:
        assert seat.on == "SignInScreen"
        seat.sees("Sign in", "User id or email", "Password")
        await seat.type("chief")
        await seat.press("enter")
        assert isinstance(seat.app.focused, SecretInput)
        await enter(seat, PASSWORD)
        assert seat.on == "HomeScreen"
        seat.sees("^ Request Center .*chief")


async def test_an_email_does_as_well(real: Place) -> None:
    async with seated(real.app(user="chief@desk.example")) as seat:
        assert seat.on == "SignInScreen"
        await enter(seat, PASSWORD)
        assert seat.on == "HomeScreen"


async def test_a_named_user_is_asked_for_the_password_and_sees_nothing_before(real: Place) -> None:
    async with seated(real.app(user="chief")) as seat:
        assert seat.on == "SignInScreen"
        seat.sees("chief")
        assert seat.app.home_view is None
        await seat.type("geheim")
        seat.sees_not("geheim")


async def test_wrong_passwords_and_then_a_lock(real: Place, size: Size) -> None:
    async with seated(real.app(user="chief"), size) as seat:
        for _ in range(4):
            await enter(seat, "wrong horse")
            seat.says("Incorrect user id or password.")
            assert seat.find(SecretInput).value == ""
        await enter(seat, "wrong horse")
        seat.says("This account is locked for 3 h 00 min")
        await enter(seat, PASSWORD)
        seat.says("locked")
        assert seat.on == "SignInScreen"


async def test_nobody_of_that_name_gets_the_same_answer(real: Place) -> None:
    async with seated(real.app(user="nobody")) as seat:
        await enter(seat, PASSWORD)
        seat.says("Incorrect user id or password.")


async def test_escape_leaves_the_application(real: Place) -> None:
    app = real.app(user=None)
    async with app.run_test(size=(80, 24)) as pilot:
        seat = Seat(pilot)
        await seat.settle()
        assert seat.on == "SignInScreen"
        await pilot.press("escape")
        await pilot.pause()
    assert app.return_code == 3

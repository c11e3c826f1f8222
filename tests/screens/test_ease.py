"""The EASE desk at the keys, and every second factor in the Confirm dialog."""

from __future__ import annotations

import re
import sqlite3
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from dropcopy_tui.config import Config
from dropcopy_tui.domain.providers import DuoService, SmsProvider
from tests.screens.conftest import Place
from tests.screens.seat import Seat, footer_fits, seated
from tests.screens.test_home import command, open_line
from tests.screens.test_keys import choose, code_on, files, open_group
from tests.screens.test_people import stored
from tests.services.web import Answer, Asked, DuoWorld, Web, duo_serving, provider_on, serving
from tests.stores import as_the_desk

Size = tuple[int, int]
AGENT = "ease-agent"


@dataclass
class Wired(Place):
    """A place whose configuration names providers on the loopback."""

    sms: SmsProvider | None = None
    duo: DuoService | None = None

    @property
    def config(self) -> Config:
        return replace(super().config, sms=self.sms, duo=self.duo)


async def find(seat: Seat, user_id: str) -> None:
    await command(seat, "EASE desk")
    assert seat.on == "EaseScreen"
    await seat.press("slash")
    await seat.type(user_id)
    await seat.until_seen(rf"^> +{user_id} ")
    await seat.press("enter")


async def verify(seat: Seat) -> str:
    """Tick two checks; the code that is shown."""
    await seat.press("space", "down", "space", "enter")
    return re.sub(" ", "", seat.sees(r"(\d{4} \d{4})")[1])


async def to_the_factor(seat: Seat, factor: str) -> None:
    """A first pair for T7K, up to the second factor."""
    await open_group(seat, "US-BACKUP")
    await seat.press("k")
    await choose(seat, "Generate Key")
    await seat.press("enter")
    await choose(seat, factor)


async def test_an_agent_issues_a_code_and_the_person_uses_it(place: Place, size: Size) -> None:
    async with seated(place.app(AGENT), size) as seat:
        await find(seat, "acme-operator")
        assert footer_fits(seat)
        await seat.press("c")
        seat.sees("What does acme-operator need\\?", "Key pairs", "Enrolling an authenticator app")
        await seat.press("enter")
        seat.sees("Who is calling\\? acme-operator", r"\[ \] Called back", "acme-operator@acme.example")
        await seat.press("enter")
        seat.says("Tick at least 2 checks")
        code = await verify(seat)
        seat.says("Read this code to acme-operator")
        await seat.press("enter")
        seat.says("A code was issued to acme-operator; 9 codes left today.")
        assert code not in re.sub(" ", "", seat.text())
    async with seated(place.app(), size) as seat:
        await to_the_factor(seat, "Contact EASE")
        seat.says("an agent verifies you and reads you a code")
        await seat.type(code[:6])
        await seat.press("enter")
        seat.says("The code must have 8 digits.")
        await seat.type(code[6:])
        await seat.press("enter")
        seat.sees("Key pairs generated")
        assert len(files(place)) == 1


async def test_escape_issues_nothing(place: Place) -> None:
    async with seated(place.app(AGENT)) as seat:
        await find(seat, "acme-operator")
        await seat.press("c", "enter", "space", "down", "space", "escape")
        assert seat.on == "EaseScreen"
    assert stored(place, "SELECT count(*) FROM challenge") == [(0,)]


async def test_an_account_of_ones_own_gets_no_code(place: Place) -> None:
    async with seated(place.app(AGENT)) as seat:
        await find(seat, AGENT)
        await seat.press("c")
        seat.says("No code can be issued: it is your own account.")


async def test_only_agents_see_the_desk(place: Place) -> None:
    async with seated(place.app(AGENT)) as seat:
        await open_line(seat, "menu", "EASE desk")
        assert seat.on == "EaseScreen"
    async with seated(place.app()) as seat:
        seat.sees_not("EASE desk")


async def test_a_reset_asks_for_a_second_agent(place: Place, size: Size) -> None:
    with sqlite3.connect(place.store) as store:
        store.execute(
            "INSERT INTO authenticator (person_id, sealed_seed, confirmed_at, last_step)"
            " SELECT id, x'00', '2026-01-01 00:00:00.000000', 0 FROM person WHERE user_id = 'acme-operator'"
        )
        store.execute(
            "INSERT INTO entitlement (person_id, role) SELECT id, 'ease_agent' FROM person WHERE user_id = 'gam-desk'"
        )
    store.close()
    as_the_desk(place.store)
    async with seated(place.app(AGENT), size) as seat:
        await find(seat, "acme-operator")
        await seat.press("t")
        await choose(seat, "Request the reset")
        seat.says("awaits confirmation by a second agent")
        await seat.press("r")
        seat.says("you requested it; a second agent must confirm")
        await seat.press("escape")
    assert stored(place, "SELECT count(*) FROM authenticator") == [(1,)]
    async with seated(place.app("gam-desk"), size) as seat:
        await command(seat, "EASE desk")
        seat.says("1 reset awaits a second agent, 1 for you to confirm (r).")
        await seat.press("r", "enter")
        seat.says("The authenticator app of acme-operator was removed.")
    assert stored(place, "SELECT count(*) FROM authenticator") == [(0,)]


@pytest.fixture
def duo(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The sample desk with Duo on the loopback."""
    there = DuoWorld()
    with ExitStack() as stack:
        service, _ = stack.enter_context(duo_serving(tmp_path_factory.mktemp("duo"), there))
        yield Wired(place.folder, place.clock, place.settings, duo=service), there


async def test_a_push_is_waited_for(duo: Any, size: Size) -> None:
    place, there = duo
    there.answers = ["waiting"]
    async with seated(place.app(), size) as seat:
        await to_the_factor(seat, "Duo Security")
        await seat.until(lambda: seat.on == "CodeModal", "the code")
        seat.says("Press Enter to send a push to your phone, or enter a passcode.")
        await seat.pilot.press("enter")
        await seat.until_seen("Waiting for the answer")
        assert not files(place)
        there.answers = ["allow"]
        await seat.until_seen("Key pairs generated")
        assert len(files(place)) == 1


async def test_escape_while_waiting_ends_it(duo: Any) -> None:
    place, there = duo
    there.answers = ["waiting"]
    async with seated(place.app()) as seat:
        await to_the_factor(seat, "Duo Security")
        await seat.until(lambda: seat.on == "CodeModal", "the code")
        await seat.pilot.press("enter")
        await seat.until_seen("Waiting for the answer")
        await seat.press("escape")
        # One level back: another factor, or nothing at all.
        await seat.until(lambda: seat.on == "ChooseModal", "the factors")
        await seat.press("escape")
        await seat.until(lambda: seat.on == "GroupScreen", "back")
        there.answers = ["allow"]
        assert not files(place)
    assert stored(place, "SELECT expires_at <= created_at, used_at FROM challenge") == [(1, None)]


async def test_a_denied_push_and_a_passcode(duo: Any) -> None:
    place, there = duo
    there.answers = ["deny"]
    async with seated(place.app()) as seat:
        await to_the_factor(seat, "Duo Security")
        await seat.until(lambda: seat.on == "CodeModal", "the code")
        await seat.pilot.press("enter")
        await seat.until_seen("did not confirm")
        assert not files(place)
        assert seat.on == "ChooseModal"
        await choose(seat, "Duo Security")
        await seat.type("111111")
        await seat.press("enter")
        seat.says("The code is wrong: 2 attempts left")
        await seat.type(there.passcode)
        await seat.press("enter")
        seat.sees("Key pairs generated")


async def test_a_duo_in_trouble_is_one_line(duo: Any) -> None:
    place, there = duo
    there.raw = lambda asked: (500, b"")
    async with seated(place.app()) as seat:
        await to_the_factor(seat, "Duo Security")
        await seat.until(lambda: seat.on == "ChooseModal", "the factors")
        seat.says("Duo Security is unavailable: localhost sent an unusable response (500). Select another factor.")
        # The list of factors is there to choose another one at once.
        await choose(seat, "SMS code")
        await seat.type(code_on(seat))
        await seat.press("enter")
        seat.sees("Key pairs generated")


async def test_a_slow_duo_can_be_left_and_opens_nothing(duo: Any) -> None:
    place, there = duo
    go_on = Event()

    def slow(asked: Asked) -> Answer:
        go_on.wait(20)
        there.raw = None
        return there.answer(asked)

    there.raw = slow
    async with seated(place.app()) as seat:
        await to_the_factor(seat, "Duo Security")
        await seat.until_seen("Asking Duo Security ...")
        await seat.pilot.press("enter", "enter", "1")
        assert seat.on == "WaitModal"
        await seat.pilot.press("escape")
        await seat.until(lambda: seat.on == "ChooseModal", "the factors")
        go_on.set()
        await seat.until(
            lambda: stored(place, "SELECT expires_at <= created_at FROM challenge") == [(1,)], "the late one is void"
        )
    assert there.pushes == 0


async def test_a_new_code_and_another_factor(place: Place) -> None:
    async with seated(place.app()) as seat:
        await to_the_factor(seat, "SMS code")
        first = code_on(seat)
        seat.says("Valid for 5 minutes · 3 attempts · 9 codes left today")
        place.clock.advance(timedelta(minutes=3))
        await seat.type("1")
        seat.says("Valid for 2 minutes")
        place.clock.advance(timedelta(minutes=2))
        await seat.type("1")
        seat.says("This code has expired. Enter confirms · Ctrl-N new code")
        await seat.press("ctrl+n")
        assert seat.on == "CodeModal"
        assert code_on(seat) != first
        seat.says("Valid for 5 minutes · 3 attempts · 8 codes left today")
        await seat.press("ctrl+o")
        assert seat.on == "ChooseModal"
    assert stored(place, "SELECT count(*) FROM challenge WHERE expires_at > used_at") == [(0,)]


async def test_a_code_that_was_not_sent_says_so(place: Place, tmp_path: Path) -> None:
    web = Web(lambda asked: (503, b""))
    with serving(web):
        wired = Wired(place.folder, place.clock, place.settings, sms=provider_on(web.port, tmp_path))
        async with seated(wired.app()) as seat:
            await to_the_factor(seat, "SMS code")
            await seat.until_seen("Code not sent: ")
            seat.says("Code not sent: The SMS provider 127.0.0.1 does not accept messages now (503).")
            await seat.press("escape")
            web.answer = Web().answer
            await to_the_factor_again(seat)
            await seat.until(lambda: len(web.asked) == 2, "sent")
            await seat.until_seen("Code sent to")
    assert stored(wired, "SELECT state FROM outbox WHERE channel = 'sms' ORDER BY id") == [("queued",), ("sent",)]


async def to_the_factor_again(seat: Seat) -> None:
    await seat.press("k")
    await choose(seat, "Generate Key")
    await seat.press("enter")
    await choose(seat, "SMS code")

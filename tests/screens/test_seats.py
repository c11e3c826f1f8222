"""The lock, the sign-out and the end of a seat, as the person at the keys sees them; and the screens of seats."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from dropcopy_tui.desk import Desk, open_desk
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.seats import SeatWay
from dropcopy_tui.domain.settings import Settings
from screens.navigation import OpenAccess, OpenSeats, OpenWizard
from tests.screens.conftest import OPERATOR, Place
from tests.screens.seat import Seat, seated
from tests.services.factories import PLACE, add_person, change, one, rows, seat_of

MINUTE = timedelta(minutes=1)
PASSWORD = "right horse battery"


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("screens.app.LOOK_EVERY", 0.03)
    monkeypatch.setattr("tests.screens.seat._PATIENCE", 10.0)


@pytest.fixture
def desk_place(place: Place) -> Place:
    """A sandbox that keeps seats, as a desk does."""
    place.settings = Settings(seats=3)
    return place


@contextmanager
def desk_of(place: Place) -> Iterator[Desk]:
    desk = open_desk(place.config, place.clock)
    try:
        yield desk
    finally:
        desk.close()


def person(desk: Desk, user_id: str) -> Actor:
    return desk.identity.act_as(user_id, "test")


def seats_in(place: Place) -> list[tuple[object, ...]]:
    with desk_of(place) as desk:
        return rows(desk.resources, "SELECT id, how, locked_at IS NOT NULL FROM seat ORDER BY id")


async def idle(seat: Seat, place: Place, minutes: float) -> None:
    """Nobody presses a key for so long."""
    place.clock.advance(minutes * MINUTE)
    await asyncio.sleep(0.1)


async def locked(seat: Seat, place: Place, minutes: float = 15) -> None:
    await idle(seat, place, minutes)
    await seat.until(lambda: seat.on == "LockModal", "the lock")


async def resume_by_sms(seat: Seat) -> None:
    """A code is sent to the sandbox's phone, and typed."""
    await seat.press("ctrl+n")
    code = re.sub(r"\D", "", seat.sees(r"Your code is (\d{6})")[1])
    await seat.type(code)
    await seat.press("enter")


async def ended(app: Any) -> str:
    """What is printed when the application has ended: nothing settles any more then."""
    end = time.monotonic() + 10
    while app.return_code is None:
        assert time.monotonic() < end, "the application has not ended"
        await asyncio.sleep(0.01)
    assert app.return_code == 3
    return "\n".join(map(str, app._exit_renderables))


async def test_an_application_that_is_left_alone_is_blank_and_comes_back_as_it_was(desk_place: Place) -> None:
    async with seated(desk_place.app()) as seat:
        await seat.press("enter", "down", "enter")
        before = seat.text()
        assert seat.on == "GroupScreen"
        await locked(seat, desk_place)
        seat.sees("Locked", f"{OPERATOR}: no key was pressed for 15 minutes", "signed out at 23 Nov 2026 17:15 UTC")
        seat.sees_not("US-", "Group", "Request Center", "ACME")
        assert seats_in(desk_place) == [(1, "", 1)]
        await resume_by_sms(seat)
        await seat.until(lambda: seat.on == "GroupScreen", "the group is there again")
        assert seat.text() == before
        assert seats_in(desk_place) == [(1, "", 0)]


async def test_a_half_filled_wizard_is_there_after_the_lock(desk_place: Place) -> None:
    with desk_of(desk_place) as desk:
        draft = desk.drafts.start(person(desk, OPERATOR), "brokertec_us", "ACME")
    async with seated(desk_place.app()) as seat:
        await seat.app.go(OpenWizard(draft.id))
        await seat.settle()
        await seat.type("HALF-A-NA")
        await locked(seat, desk_place)
        seat.sees_not("HALF")
        await resume_by_sms(seat)
        await seat.until(lambda: seat.on == "WizardScreen", "the wizard is there again")
        await seat.type("ME")
        seat.sees("HALF-A-NAME")


async def test_a_half_filled_wizard_is_a_draft_after_the_sign_out(desk_place: Place) -> None:
    with desk_of(desk_place) as desk:
        draft = desk.drafts.start(person(desk, OPERATOR), "brokertec_us", "ACME")
    async with seated(desk_place.app()) as seat:
        await seat.app.go(OpenWizard(draft.id))
        await seat.settle()
        await seat.type("HALF-A-NAME")
        await locked(seat, desk_place)
        await idle(seat, desk_place, 15)
        said = await ended(seat.app)
    assert said == "dropcopy: You were signed out after 30 minutes without a key press. Your drafts are kept."
    assert seats_in(desk_place) == [(1, "idle", 1)]
    with desk_of(desk_place) as desk:
        assert desk.drafts.get(person(desk, OPERATOR), draft.id).name == "HALF-A-NAME"


async def test_keys_keep_it_open_and_a_late_key_does_not(desk_place: Place) -> None:
    async with seated(desk_place.app()) as seat:
        for _ in range(4):
            await idle(seat, desk_place, 14)
            await seat.press("down")
        assert seat.on == "HomeScreen"
        # The host slept: the first key comes before anything has looked at the clock.
        desk_place.clock.advance(20 * MINUTE)
        seat.app._keeper._looking = True
        await seat.press("enter")
        seat.app._keeper._looking = False
        assert seat.on == "HomeScreen", "the key opened nothing"
        await seat.until(lambda: seat.on == "LockModal", "the lock")


async def test_a_host_that_slept_for_an_hour_signs_out(desk_place: Place) -> None:
    async with seated(desk_place.app()) as seat:
        desk_place.clock.advance(60 * MINUTE)
        await seat.press("down")
        assert "30 minutes without a key press" in await ended(seat.app)
    assert seats_in(desk_place) == [(1, "idle", 0)]


async def test_a_clock_that_was_set_back_keeps_nothing_open(desk_place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async with seated(desk_place.app()) as seat:
        began = seat.app._keeper._pressed
        desk_place.clock.advance(-600 * MINUTE)
        monkeypatch.setattr("screens.keeper.monotonic", lambda: began + 15 * 60)
        await seat.until(lambda: seat.on == "LockModal", "the lock")


async def test_what_is_typed_at_the_lock_does_not_put_the_sign_out_off(desk_place: Place) -> None:
    async with seated(desk_place.app()) as seat:
        await locked(seat, desk_place)
        await seat.press("ctrl+n")
        for _ in range(3):
            await idle(seat, desk_place, 5)
            if seat.app.return_code is None:
                await seat.press("1")
        await ended(seat.app)


async def test_an_empty_answer_opens_nothing(desk_place: Place) -> None:
    async with seated(desk_place.app()) as seat:
        await locked(seat, desk_place)
        await seat.press("enter")
        seat.sees("Your code is")
        await seat.press("enter", "enter", "escape", "q", "question_mark", "f1", "ctrl+p", "tab", "o")
        assert seat.on == "LockModal"
        assert seats_in(desk_place) == [(1, "", 1)]


async def test_a_wrong_code_is_said_and_another_way_can_be_chosen(desk_place: Place) -> None:
    with desk_of(desk_place) as desk:
        me = person(desk, OPERATOR)
        change(
            desk.resources,
            "INSERT INTO recovery_code (person_id, code_mac, made_at, usable_at) VALUES (:it, :mac, :at, :at)",
            it=me.person_id, mac=desk.resources.vault.mac("123456789012", "recovery", str(me.person_id)),
            at="2026-11-01 00:00:00.000000",
        )  # fmt: skip
    async with seated(desk_place.app()) as seat:
        await locked(seat, desk_place)
        await seat.press("ctrl+n")
        await seat.type("000000")
        await seat.press("enter")
        seat.sees("The code is wrong: 2 attempts left")
        await seat.press("ctrl+o")
        seat.sees("Recovery code: 1 code left of your list")
        await seat.type("123456789013")
        await seat.press("enter")
        seat.sees("4 attempts left")
        await seat.type("123456789012")
        await seat.press("enter")
        await seat.until(lambda: seat.on == "HomeScreen", "Home is there again")
    with desk_of(desk_place) as desk:
        assert one(desk.resources, "SELECT count(*) FROM recovery_code WHERE used_at IS NULL") == 0


async def test_a_password_resumes_what_a_password_opened(desk_place: Place) -> None:
    with desk_of(desk_place) as desk:
        desk.identity.set_password(person(desk, OPERATOR), "", PASSWORD)
    async with seated(desk_place.app()) as seat:
        with desk_of(desk_place) as desk:
            change(desk.resources, "UPDATE seat SET way = 'password'")
        await locked(seat, desk_place)
        seat.sees("Password")
        await seat.type("wrong horse battery")
        seat.sees_not("wrong horse")
        await seat.press("enter")
        seat.sees("That is not right: 4 attempts left")
        await seat.type(PASSWORD)
        await seat.press("enter")
        await seat.until(lambda: seat.on == "HomeScreen", "Home is there again")


async def test_whoever_has_nothing_to_resume_with_is_signed_out_instead(desk_place: Place) -> None:
    with desk_of(desk_place) as desk:
        change(desk.resources, "UPDATE person SET mobile = NULL, password_hash = NULL WHERE user_id = :it", it=OPERATOR)
    async with seated(desk_place.app()) as seat:
        await idle(seat, desk_place, 15)
        assert "neither a password nor a second factor" in await ended(seat.app)
    assert [how for _, how, _ in seats_in(desk_place)] == ["idle"]


async def test_wrong_answers_end_the_application(desk_place: Place) -> None:
    with desk_of(desk_place) as desk:
        desk.identity.set_password(person(desk, OPERATOR), "", PASSWORD)
        change(desk.resources, "UPDATE person SET mobile = NULL WHERE user_id = :it", it=OPERATOR)
    async with seated(desk_place.app()) as seat:
        await locked(seat, desk_place)
        for _ in range(4):
            await seat.type("wrong horse battery")
            await seat.press("enter")
        await seat.type("wrong horse battery")
        await seat.pilot.press("enter")
        assert "too many wrong answers" in await ended(seat.app)


# -- what happens below the lock


async def test_nothing_is_shown_above_the_lock_and_what_waited_comes_after_it(desk_place: Place) -> None:
    from screens.modals.confirm import ConfirmModal

    async with seated(desk_place.app()) as seat:
        seat.app.notify("a notice of before")
        await locked(seat, desk_place)
        seat.sees_not("a notice of before")
        seat.app.notify("DC-2026-000099 is completed")
        seat.app.push_screen(ConfirmModal("What came meanwhile", "It waits."))
        seat.app.go_home()
        await seat.settle()
        assert seat.on == "LockModal"
        seat.sees_not("DC-2026", "meanwhile")
        await resume_by_sms(seat)
        await seat.until(lambda: seat.on != "LockModal", "the lock is lifted")
        seat.sees("DC-2026-000099 is completed")


async def test_a_job_that_asks_meanwhile_asks_after_the_lock(desk_place: Place) -> None:
    from screens.modals.confirm import ConfirmModal

    answers = []

    async def ask(app: object) -> None:
        answers.append(await app.push_screen_wait(ConfirmModal("Go ahead?", "It waits.")))  # type: ignore[attr-defined]

    async with seated(desk_place.app()) as seat:
        await locked(seat, desk_place)
        seat.app.run_worker(ask(seat.app))
        await seat.pilot.pause()
        assert seat.on == "LockModal"
        seat.app._keeper._note()
        seat.app.uncover()
        await seat.until(lambda: seat.on == "ConfirmModal", "the question")
        await seat.press("escape")
        await seat.until(lambda: answers == [None], "the answer")


async def test_a_dialog_that_was_open_is_open_again(desk_place: Place) -> None:
    async with seated(desk_place.app()) as seat:
        await seat.press("n")
        on, before = seat.on, seat.text()
        assert on != "HomeScreen"
        await locked(seat, desk_place)
        await resume_by_sms(seat)
        await seat.until(lambda: seat.on == on, "the dialog is there again")
        assert seat.text() == before


# -- ended by others


async def test_an_operator_ends_a_seat_and_says_why(desk_place: Place) -> None:
    with desk_of(desk_place) as desk:
        draft = desk.drafts.start(person(desk, OPERATOR), "brokertec_us", "ACME")
    async with seated(desk_place.app()) as seat:
        await seat.app.go(OpenWizard(draft.id))
        await seat.settle()
        await seat.type("KEPT")
        with desk_of(desk_place) as desk:
            desk.seats.end(person(desk, "operations"), 1, "Maintenance tonight")
        said = await ended(seat.app)
    assert said == "dropcopy: operations ended your seat: Maintenance tonight. Your drafts are kept."
    with desk_of(desk_place) as desk:
        assert desk.drafts.get(person(desk, OPERATOR), draft.id).name == "KEPT"


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("disable", "operations disabled your account. Your drafts are kept."),
        ("roles", "acme-admin revoked your last role. Your drafts are kept."),
        ("password", "Your password was changed, which ends your other seats. Your drafts are kept."),
        ("elsewhere", "You ended this seat from elsewhere. Your drafts are kept."),
    ],
)
async def test_it_ends_also_at_the_lock(sql: str, words: str, desk_place: Place) -> None:
    async with seated(desk_place.app()) as seat:
        await locked(seat, desk_place)
        with desk_of(desk_place) as desk:
            me = person(desk, OPERATOR)
            if sql == "disable":
                desk.people.disable(person(desk, "operations"), OPERATOR)
            elif sql == "roles":
                held = desk.identity.entitlements(me)
                desk.people.change_roles(person(desk, "acme-admin"), OPERATOR, [], held)
            elif sql == "password":
                desk.identity.set_password(me, "", PASSWORD)
            else:
                desk.seats.end_others(me)
        assert await ended(seat.app) == f"dropcopy: {words}"


async def test_a_seat_that_is_too_old_ends_and_says_so_before(desk_place: Place) -> None:
    desk_place.settings = Settings(seats=3, seat_life=60 * MINUTE)
    async with seated(desk_place.app()) as seat:
        for _ in range(5):
            await idle(seat, desk_place, 10)
            await seat.press("down")
        await seat.until_seen(r"This seat ends in 10 minutes\.")
        await idle(seat, desk_place, 10)
        assert "a seat lasts 1 hour at most" in await ended(seat.app)


async def test_leaving_ends_the_seat(desk_place: Place) -> None:
    async with seated(desk_place.app()) as seat:
        await seat.press("q")
        await seat.until(lambda: seat.app.return_code is not None, "the application has ended")
    assert seats_in(desk_place) == [(1, "left", 0)]


async def test_a_fourth_application_says_where_the_others_are(desk_place: Place) -> None:
    with desk_of(desk_place) as desk:
        for _ in range(3):
            seat_of(desk.resources, person(desk, OPERATOR))
    app = desk_place.app()
    async with app.run_test():
        assert "already has 3 open seats" in await ended(app)


async def test_a_sandbox_has_no_lock(place: Place) -> None:
    async with seated(place.app()) as seat:
        await idle(seat, place, 600)
        await seat.press("down")
        assert seat.on == "HomeScreen"
    assert seats_in(place) == []


async def test_a_store_that_cannot_be_asked_locks_all_the_same(
    desk_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dropcopy_tui.domain.errors import StoreBusy
    from dropcopy_tui.services.people.seats import Seats

    def busy(*_: object, **__: object) -> None:
        raise StoreBusy("Another process is writing. Try again.")

    async with seated(desk_place.app()) as seat:
        with monkeypatch.context() as patch:
            for verb in ("look", "lock", "ways", "keep"):
                patch.setattr(Seats, verb, busy)
            await locked(seat, desk_place)
            seat.sees("Another process is writing")
            await seat.press("enter")
            assert seat.on == "LockModal"
        await seat.press("enter")
        await resume_by_sms(seat)
        await seat.until(lambda: seat.on == "HomeScreen", "Home is there again")


async def test_a_busy_store_keeps_nobody_out_and_the_seat_comes_later(
    desk_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dropcopy_tui.domain.errors import StoreBusy
    from dropcopy_tui.services.people import identity

    def busy(*_: object, **__: object) -> None:
        raise StoreBusy("Another process is writing. Try again.")

    with monkeypatch.context() as patch:
        patch.setattr(identity, "open_seat", busy)
        app = desk_place.app()
        async with seated(app) as seat:
            seat.sees(OPERATOR)
            await seat.until(lambda: app.actor.seat, "the seat")
            assert [how for _, how, _ in seats_in(desk_place)] == [""]


# -- the screens


async def open_seats(seat: Seat, everyone: bool) -> None:
    await seat.app.go(OpenSeats(everyone))
    await seat.settle()


async def test_operations_see_who_is_in_and_end_one(desk_place: Place) -> None:
    with desk_of(desk_place) as desk:
        seat_of(desk.resources, person(desk, OPERATOR), SeatWay.SSH_KEY)
    desk_place.clock.advance(4 * MINUTE)
    async with seated(desk_place.app("operations"), (100, 24)) as seat:
        await open_seats(seat, everyone=True)
        seat.sees(r"Seats", rf"{OPERATOR} +192\.0\.2\.7 .* 4 min +open", r"operations .* 0 min +open \(this one\)")
        await seat.press("down", "d")
        seat.sees(f"End the seat of {OPERATOR}", "Reason, shown to the person")
        await seat.type("Maintenance tonight")
        await seat.press("enter")
        seat.says(f"The seat of {OPERATOR} at 192.0.2.7 was ended.")
        seat.sees_not(rf"{OPERATOR} +192")
    with desk_of(desk_place) as desk:
        assert one(desk.resources, "SELECT reason FROM seat WHERE how = 'ended'") == "Maintenance tonight"


async def test_an_auditor_sees_and_ends_none(desk_place: Place) -> None:
    async with seated(desk_place.app("auditor")) as seat:
        await open_seats(seat, everyone=True)
        seat.sees("auditor")
        await seat.press("d")
        assert seat.on == "SeatsScreen"
        assert len(seats_in(desk_place)) == 1


async def test_a_person_ends_the_seats_that_they_left_elsewhere(desk_place: Place) -> None:
    with desk_of(desk_place) as desk:
        seat_of(desk.resources, person(desk, OPERATOR))
    async with seated(desk_place.app()) as seat:
        await seat.app.go(OpenAccess())
        await seat.settle()
        seat.sees("2 seats open · 0 recovery codes left")
        await seat.press("t")
        seat.sees("My seats", r"\(this one\)", r"192\.0\.2\.7")
        await seat.press("a", "down", "enter")
        seat.says("1 other seat ended.")
        await seat.press("escape")
        seat.sees("1 seat open")


async def test_ones_own_seat_can_be_ended_from_within(desk_place: Place) -> None:
    async with seated(desk_place.app()) as seat:
        await open_seats(seat, everyone=False)
        await seat.press("d")
        seat.says("This is the seat at which you are now: the application closes.")
        await seat.press("down")
        await seat.pilot.press("enter")
        assert "You have left this seat" in await ended(seat.app)


async def test_recovery_codes_are_shown_once(desk_place: Place) -> None:
    async with seated(desk_place.app()) as seat:
        await seat.app.go(OpenAccess())
        await seat.settle()
        await seat.press("c", "down", "enter")
        await seat.press("enter")
        code = re.sub(r"\D", "", seat.sees(r"Your code is (\d{6})")[1])
        await seat.type(code)
        await seat.press("enter")
        assert seat.on == "RecoveryCodesModal"
        shown = re.findall(r"\b\d{4} \d{4} \d{4}\b", seat.text())
        assert len(set(shown)) == 10
        await seat.press("enter")
        seat.sees("10 recovery codes left")
        seat.says("Ten recovery codes were made.")
        seat.sees_not(shown[0])


async def test_hostile_words_of_a_seat_are_shown_as_marks(desk_place: Place) -> None:
    with desk_of(desk_place) as desk:
        seat_of(desk.resources, person(desk, OPERATOR))
        change(
            desk.resources,
            "UPDATE seat SET host = :odd, address = :odd, account = :odd, tty = :odd",
            odd="\x1b]0;x\x07[/b]",
        )
    async with seated(desk_place.app("operations")) as seat:
        await open_seats(seat, everyone=True)
        assert "\x1b" not in seat.text()
        assert seat.on == "SeatsScreen"


def test_a_page_of_seats_is_small(desk_place: Place) -> None:
    with desk_of(desk_place) as desk:
        for number in range(40):
            seat_of(desk.resources, add_person(desk.resources, f"person{number}"), place=PLACE)
        page = desk.seats.page(person(desk, "operations"), PageRequest(limit=10), everyone=True)
    assert (len(page.rows), page.total) == (10, 40)

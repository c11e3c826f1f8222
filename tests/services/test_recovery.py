"""Recovery codes: made with another factor, shown once, used once, told by email."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from dropcopy_tui.clock import Entropy
from dropcopy_tui.domain.errors import FactorUnavailable, SecondFactorFailed
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.authenticator import Authenticators
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.recovery import HOW_MANY, RecoveryCodes, grouped
from dropcopy_tui.services.factors.table import Proof, Purpose
from dropcopy_tui.services.people.identity import Identity
from dropcopy_tui.services.people.seats import Seats
from tests.services.conftest import World
from tests.services.factories import (
    PLACE,
    FrozenClock,
    change,
    contents,
    enrolment_of,
    one,
    rows,
    with_seats,
)

DAY = timedelta(days=1)


@pytest.fixture
def desk(world: World) -> Resources:
    """Codes that differ from each other."""
    return with_seats(replace(world.resources, entropy=Entropy()))


def sms_proof(desk: Resources, actor: Actor, purpose: Purpose) -> Proof:
    started = Factors(desk).start(actor, "sms", purpose)
    return Proof(started.id, started.sandbox_message.split("code is ")[1][:6])


def make(desk: Resources, actor: Actor) -> tuple[str, ...]:
    return RecoveryCodes(desk).make(actor, sms_proof(desk, actor, Purpose.RECOVERY)).codes


def proof(desk: Resources, actor: Actor, code: str, purpose: Purpose = Purpose.RECOVERY) -> Proof:
    return Proof(Factors(desk).start(actor, "recovery", purpose).id, code)


def shown(desk: Resources, actor: Actor) -> dict[str, str]:
    return {choice.factor.name: choice.reason for choice in Factors(desk).choices(actor)}


def test_ten_are_made_and_none_of_them_is_stored(desk: Resources, world: World) -> None:
    codes = make(desk, world.operator)
    assert len(set(codes)) == HOW_MANY
    assert all(len(code) == 12 and code.isdigit() for code in codes)
    state = RecoveryCodes(desk).show(world.operator)
    assert (state.left, state.made_at) == (10, desk.clock.now())
    everything = repr(contents(desk))
    assert not [code for code in codes if code in everything or grouped(code) in everything]


def test_they_take_a_second_factor_that_was_asked_for_this(desk: Resources, world: World) -> None:
    for purpose in (Purpose.KEYS, Purpose.ENROL, Purpose.RESUME):
        with pytest.raises(SecondFactorFailed, match="different action"):
            RecoveryCodes(desk).make(world.operator, sms_proof(desk, world.operator, purpose))
    assert RecoveryCodes(desk).show(world.operator).left == 0


def test_whoever_has_none_is_not_shown_the_factor(desk: Resources, world: World) -> None:
    assert "recovery" not in shown(desk, world.operator)
    with pytest.raises(FactorUnavailable, match="no recovery codes"):
        Factors(desk).start(world.operator, "recovery")
    codes = make(desk, world.operator)
    assert shown(desk, world.operator)["recovery"] == ""
    hint = {choice.factor.name: choice.hint for choice in Factors(desk).choices(world.operator)}["recovery"]
    assert hint == "10 codes left of your list"
    change(desk, "UPDATE recovery_code SET used_at = made_at")
    assert "recovery" not in shown(desk, world.operator)
    assert codes


def test_each_works_once_and_its_person_is_told(desk: Resources, world: World) -> None:
    codes = make(desk, world.operator)
    Authenticators(desk).enrol(world.operator, proof(desk, world.operator, codes[0], Purpose.ENROL))
    assert RecoveryCodes(desk).show(world.operator).left == 9
    with pytest.raises(SecondFactorFailed, match="wrong"):
        RecoveryCodes(desk).make(world.operator, proof(desk, world.operator, codes[0]))
    subject, body = rows(desk, "SELECT subject, body FROM outbox WHERE channel = 'email' ORDER BY id DESC LIMIT 1")[0]
    assert subject == "A recovery code was used"
    assert "9 codes left" in body
    assert "call EASE" in body


def test_one_removes_an_app_that_was_lost(desk: Resources, world: World) -> None:
    codes = make(desk, world.operator)
    app = pyotp.TOTP(enrolment_of(desk, world.operator).seed)
    Authenticators(desk).confirm(world.operator, app.at(desk.clock.now()))
    Authenticators(desk).remove(world.operator, proof(desk, world.operator, codes[7], Purpose.REMOVE))
    assert Authenticators(desk).show(world.operator).enrolled_at is None


def test_new_ones_void_those_before(desk: Resources, world: World) -> None:
    old, new = make(desk, world.operator), make(desk, world.operator)
    assert RecoveryCodes(desk).show(world.operator).left == 10
    with pytest.raises(SecondFactorFailed):
        RecoveryCodes(desk).make(world.operator, proof(desk, world.operator, old[0]))
    assert RecoveryCodes(desk).make(world.operator, proof(desk, world.operator, new[0])).codes


def test_another_persons_codes_open_nothing(desk: Resources, world: World) -> None:
    theirs = make(desk, world.stranger)
    make(desk, world.operator)
    with pytest.raises(SecondFactorFailed):
        RecoveryCodes(desk).make(world.operator, proof(desk, world.operator, theirs[0]))
    assert RecoveryCodes(desk).show(world.stranger).left == 10


def test_they_wait_like_a_new_app(desk: Resources, world: World) -> None:
    real = replace(desk, settings=replace(desk.settings, factor_wait=DAY))
    codes = make(real, world.operator)
    assert "made recently" in shown(real, world.operator)["recovery"]
    with pytest.raises(FactorUnavailable, match="can be used from"):
        Factors(real).start(world.operator, "recovery")
    clock = real.clock
    assert isinstance(clock, FrozenClock)
    clock.advance(DAY)
    assert RecoveryCodes(real).make(world.operator, proof(real, world.operator, codes[0])).codes


def test_one_that_is_not_usable_yet_resumes_no_seat(desk: Resources, world: World) -> None:
    real = replace(desk, settings=replace(desk.settings, factor_wait=DAY))
    codes = make(real, world.operator)
    at_seat = Identity(real).act_as("operator", "screen", PLACE)
    Seats(real).lock(at_seat, real.clock.now())
    with pytest.raises(FactorUnavailable):
        Seats(real).resume(at_seat, "recovery", codes[0])


def test_one_resumes_a_locked_seat_once(desk: Resources, world: World) -> None:
    codes, seats = make(desk, world.operator), Seats(desk)
    at_seat = Identity(desk).act_as("operator", "screen", PLACE)
    left = Factors(desk).codes_left(world.operator)
    seats.lock(at_seat, desk.clock.now())
    assert [way.name for way in seats.ways(at_seat)] == ["sms", "recovery"]
    seats.resume(at_seat, "recovery", grouped(codes[4]))
    seats.lock(at_seat, desk.clock.now())
    with pytest.raises(SecondFactorFailed, match="4 attempts left"):
        seats.resume(at_seat, "recovery", codes[4])
    assert RecoveryCodes(desk).show(world.operator).left == 9
    assert Factors(desk).codes_left(world.operator) == left


def test_guesses_switch_the_factor_off(desk: Resources, world: World) -> None:
    less = replace(desk, settings=replace(desk.settings, wrong_codes_in_row=5))
    codes, seats = make(less, world.operator), Seats(less)
    at_seat = Identity(less).act_as("operator", "screen", PLACE)
    seats.lock(at_seat, less.clock.now())
    for _ in range(4):
        with pytest.raises(SecondFactorFailed, match="not right"):
            seats.resume(at_seat, "recovery", "000000000000")
    Seats(less).leave(at_seat)
    at_seat = Identity(less).act_as("operator", "screen", PLACE)
    seats.lock(at_seat, less.clock.now())
    with pytest.raises(SecondFactorFailed):
        seats.resume(at_seat, "recovery", "000000000000")
    with pytest.raises(SecondFactorFailed, match="switched off"):
        seats.resume(at_seat, "recovery", codes[0])
    assert one(less, "SELECT count(*) FROM recovery_code WHERE used_at IS NOT NULL") == 0


def test_codes_are_hidden_from_traces(desk: Resources, world: World) -> None:
    made = RecoveryCodes(desk).make(world.operator, sms_proof(desk, world.operator, Purpose.RECOVERY))
    assert not [code for code in made.codes if code in repr(made)]

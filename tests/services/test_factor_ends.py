"""When a code or a factor ends, and what is said of it (rule P2)."""

from __future__ import annotations

import re

import pyotp
import pytest

from dropcopy_tui.domain.errors import CodesUsedUp, FactorUnavailable, NotSignedIn, SecondFactorFailed
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.services.ease.ease import Ease
from dropcopy_tui.services.factors.challenges import spend
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.table import FactorChoice, Proof, Purpose
from dropcopy_tui.services.people.people import People
from dropcopy_tui.services.unit_of_work import writing
from tests.services.asking import advance, bodies_to, mails_to
from tests.services.conftest import World
from tests.services.factories import WRONG_CODE, add_person, apps_of, enrolment_of, one, proof_of, rows
from tests.services.test_factors import use

VERIFIED = ("callback", "email")


@pytest.fixture
def agent(world: World) -> Actor:
    return add_person(world.resources, "agent", Role.EASE_AGENT, mobile="+1 202 555 0901")


def choice(world: World, factor: str = "sms") -> FactorChoice:
    choices = Factors(world.resources).choices(world.operator)
    return next(each for each in choices if each.factor.name == factor)


def wrong_codes(world: World, times: int) -> None:
    """As many wrong codes as it takes, nine a day: ten would end the day."""
    for number in range(times):
        if number and number % 9 == 0:
            advance(world.resources, days=1)
        assert "wrong" in use(world.resources, world.operator, proof_of(world.resources, world.operator, WRONG_CODE))


# -- fifty wrong codes in a row


def test_fifty_wrong_codes_in_a_row_switch_a_factor_off(world: World, agent: Actor) -> None:
    """Measured on 0.3.2: 300 wrong codes in a row over 30 days, and the next right one passed."""
    wrong_codes(world, 50)
    assert choice(world).reason.startswith("switched off after 50 wrong codes in a row")
    advance(world.resources, days=30)
    with pytest.raises(FactorUnavailable, match="switched off after 50 wrong codes"):
        Factors(world.resources).start(world.operator, "sms")
    assert choice(world, "ease").available


def test_a_challenge_that_was_open_is_off_with_its_factor(world: World) -> None:
    wrong_codes(world, 49)
    advance(world.resources, days=1)
    spare, last = proof_of(world.resources, world.operator), proof_of(world.resources, world.operator, WRONG_CODE)
    assert "off" in use(world.resources, world.operator, last)
    assert "switched off after 50 wrong codes" in use(world.resources, world.operator, spare)


def test_both_sides_are_told(world: World, agent: Actor) -> None:
    wrong_codes(world, 50)
    assert mails_to(world.resources, world.operator)[-1] == "SMS code was switched off after 50 wrong codes in a row"
    assert mails_to(world.resources, agent) == ["SMS code of operator was switched off after 50 wrong codes in a row"]
    assert "call EASE" in bodies_to(world.resources, world.operator)[-1]
    assert one(world.resources, "SELECT count(*) FROM audit_event WHERE action = 'factor:off'") == 1


def test_a_right_code_ends_the_row(world: World) -> None:
    wrong_codes(world, 49)
    advance(world.resources, days=1)
    assert use(world.resources, world.operator, proof_of(world.resources, world.operator)) == "passed"
    advance(world.resources, days=1)
    wrong_codes(world, 9)
    assert choice(world).available


def test_a_code_from_ease_switches_it_on_again(world: World, agent: Actor) -> None:
    wrong_codes(world, 50)
    advance(world.resources, days=1)
    issued = Ease(world.resources).issue(agent, "operator", Purpose.KEYS, VERIFIED)
    assert not choice(world).available, "issuing alone is not enough: the person has to enter it"
    assert use(world.resources, world.operator, Proof("ease", issued.code)) == "passed"
    assert choice(world).available
    assert one(world.resources, "SELECT count(*) FROM audit_event WHERE action = 'factor:on'") == 1


def test_an_agent_sees_what_is_off(world: World, agent: Actor) -> None:
    assert Ease(world.resources).caller(agent, "operator").off == ()
    wrong_codes(world, 50)
    assert [factor.name for factor in Ease(world.resources).caller(agent, "operator").off] == ["sms"]


# -- what is said


def test_factors_are_not_offered_when_no_codes_are_left(world: World, agent: Actor) -> None:
    for _ in range(10):
        proof_of(world.resources, world.operator)
    assert {choice(world, name).reason for name in ("sms", "ease")} == {"no codes left today"}
    with pytest.raises(CodesUsedUp):
        Factors(world.resources).start(world.operator, "sms")
    advance(world.resources, days=1)
    assert choice(world).available


def test_a_code_that_ease_issued_can_be_entered_when_it_was_the_last(world: World, agent: Actor) -> None:
    for _ in range(9):
        proof_of(world.resources, world.operator)
    issued = Ease(world.resources).issue(agent, "operator", Purpose.KEYS, VERIFIED)
    assert (choice(world).available, choice(world, "ease").available) == (False, True)
    assert Factors(world.resources).start(world.operator, "ease").id == "ease"
    assert use(world.resources, world.operator, Proof("ease", issued.code)) == "passed"


def test_a_step_of_an_app_that_was_used_is_told_as_used_and_costs_no_try(world: World) -> None:
    app = pyotp.TOTP(enrolment_of(world.resources, world.operator).seed)
    code = app.at(world.resources.clock.now())
    apps_of(Factors(world.resources)).confirm(world.operator, code)
    challenge = Factors(world.resources).start(world.operator, "totp").id
    with (
        pytest.raises(SecondFactorFailed, match="already been used") as caught,
        writing(world.resources, world.operator) as uow,
    ):
        spend(uow, Proof(challenge, code), Purpose.KEYS)
    assert caught.value.retry
    assert one(world.resources, "SELECT tries FROM challenge WHERE id = :it", it=challenge) == 0
    advance(world.resources, seconds=30)
    again = Proof(challenge, app.at(world.resources.clock.now()))
    assert use(world.resources, world.operator, again) == "passed"


def test_a_cancelled_code_is_told_as_cancelled(world: World) -> None:
    proof = proof_of(world.resources, world.operator)
    Factors(world.resources).cancel(world.operator, proof.challenge)
    assert "cancelled" in use(world.resources, world.operator, proof)


# -- the clock


def test_a_code_that_was_seen_expired_stays_so_when_the_clock_goes_back(world: World) -> None:
    proof = proof_of(world.resources, world.operator)
    advance(world.resources, minutes=5)
    assert "expired" in use(world.resources, world.operator, proof)
    advance(world.resources, minutes=-5)
    assert "expired" in use(world.resources, world.operator, proof)


def test_an_event_after_its_end_ends_a_code_for_good(world: World) -> None:
    """Nobody tried it meanwhile: what anybody did later proves that its time was over."""
    proof = proof_of(world.resources, world.operator)
    advance(world.resources, minutes=6)
    proof_of(world.resources, world.stranger)
    advance(world.resources, minutes=-6)
    assert "expired" in use(world.resources, world.operator, proof)


def test_a_clock_that_was_ahead_once_does_not_end_new_codes(world: World) -> None:
    advance(world.resources, days=400)
    proof_of(world.resources, world.stranger)
    advance(world.resources, days=-400)
    assert use(world.resources, world.operator, proof_of(world.resources, world.operator)) == "passed"


def test_an_invitation_that_was_over_stays_so(world: World) -> None:
    admin = add_person(world.resources, "admin", Role.USER_ADMINISTRATOR, entity="ACME")
    people = People(world.resources)
    people.invite(admin, "new-one", "New", "new-one@firm.example", "", "ACME", [Role.READ_ONLY])
    pk, sealed = rows(world.resources, "SELECT id, sealed_body FROM outbox WHERE sealed_body IS NOT NULL")[0]
    letter = world.resources.vault.open(sealed, "outbox", str(pk)).decode()
    (code,) = re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", letter)
    advance(world.resources, hours=73)
    proof_of(world.resources, world.stranger)
    advance(world.resources, hours=-72)
    with pytest.raises(NotSignedIn):
        people.accept("new-one", code, "right horse battery", "test")

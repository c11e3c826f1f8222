"""A new second factor takes proof, is told, and waits (rule P2): whoever has a password alone gains nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest

from dropcopy_tui.domain.errors import DeskError, FactorUnavailable, InvalidValue, SecondFactorFailed
from dropcopy_tui.domain.people import Role
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.ease.ease import Ease
from dropcopy_tui.services.factors.authenticator import Authenticators
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.table import Proof, Purpose
from tests.services.asking import advance, bodies_to, mails_to
from tests.services.conftest import World
from tests.services.factories import WRONG_CODE, add_person, change, one, open_resources, proof_of

DAY = timedelta(days=1)


@pytest.fixture
def real(world: World) -> World:
    """The same world where a new factor waits, as it does outside a sandbox."""
    settings = replace(world.resources.settings, factor_wait=DAY)
    return replace(world, resources=replace(world.resources, settings=settings))


def enrolled(world: World, proof: Proof) -> pyotp.TOTP:
    apps = Authenticators(world.resources)
    app = pyotp.TOTP(apps.enrol(world.operator, proof).seed)
    apps.confirm(world.operator, app.at(world.resources.clock.now()))
    advance(world.resources, seconds=30)
    return app


def by_sms(world: World) -> Proof:
    return proof_of(world.resources, world.operator, purpose=Purpose.ENROL)


def by_ease(world: World) -> Proof:
    agent = add_person(world.resources, "agent", Role.EASE_AGENT)
    issued = Ease(world.resources).issue(agent, "operator", Purpose.ENROL, ("callback", "email"))
    return Proof("ease", issued.code)


def reason(world: World) -> str:
    choices = Factors(world.resources).choices(world.operator)
    return next(choice.reason for choice in choices if choice.factor.name == "totp")


def test_a_password_alone_enrols_nothing(world: World) -> None:
    """Measured on 0.3.2: enrolled, confirmed and downloaded by somebody who had stolen a password."""
    with pytest.raises((TypeError, DeskError)):
        Authenticators(world.resources).enrol(world.operator)  # type: ignore[call-arg]
    assert one(world.resources, "SELECT count(*) FROM authenticator") == 0


@pytest.mark.parametrize("code", [WRONG_CODE, "", "ease"])
def test_a_wrong_proof_shows_no_seed_and_is_counted(world: World, code: str) -> None:
    with pytest.raises(SecondFactorFailed, match="wrong"):
        Authenticators(world.resources).enrol(
            world.operator, proof_of(world.resources, world.operator, code, Purpose.ENROL)
        )
    assert one(world.resources, "SELECT count(*) FROM authenticator") == 0
    assert one(world.resources, "SELECT tries FROM challenge") == 1


def test_a_code_for_key_pairs_enrols_nothing(world: World) -> None:
    with pytest.raises(SecondFactorFailed, match="a different action"):
        Authenticators(world.resources).enrol(world.operator, proof_of(world.resources, world.operator))


def test_an_enrolment_that_is_begun_again_takes_proof_again(world: World) -> None:
    proof = by_sms(world)
    Authenticators(world.resources).enrol(world.operator, proof)
    with pytest.raises(SecondFactorFailed, match="already been used"):
        Authenticators(world.resources).enrol(world.operator, proof)


def test_the_person_is_told_by_notice_and_email(real: World) -> None:
    enrolled(real, by_sms(real))
    assert "An authenticator app was enrolled for you" in mails_to(real.resources, real.operator)
    (body,) = (body for body in bodies_to(real.resources, real.operator) if "was enrolled as" in body)
    assert all(words in body for words in ("operator", "local", "SMS code", "call EASE immediately")), body


def test_a_new_app_confirms_nothing_for_a_day(real: World) -> None:
    app = enrolled(real, by_sms(real))
    assert "enrolled recently" in reason(real)
    with pytest.raises(FactorUnavailable, match="enrolled recently"):
        Factors(real.resources).start(real.operator, "totp")
    advance(real.resources, hours=24)
    assert reason(real) == ""
    challenge = Factors(real.resources).start(real.operator, "totp")
    assert Factors(real.resources).prove(real.operator, challenge.id, app.at(real.resources.clock.now()))


def test_an_agent_who_verified_the_person_spares_the_wait(real: World) -> None:
    enrolled(real, by_ease(real))
    assert reason(real) == ""
    assert Factors(real.resources).start(real.operator, "totp")


def test_the_code_of_an_agent_for_an_enrolment_opens_no_key_pairs(world: World) -> None:
    proof = by_ease(world)
    from tests.services.test_factors import use

    assert use(world.resources, world.operator, proof, Purpose.KEYS) != "passed"
    assert use(world.resources, world.operator, proof, Purpose.ENROL) == "passed"


def test_somebody_without_any_factor_enrols_by_ease(world: World) -> None:
    agent = add_person(world.resources, "agent", Role.EASE_AGENT)
    issued = Ease(world.resources).issue(agent, "viewer", Purpose.ENROL, ("entity", "email"))
    assert Authenticators(world.resources).enrol(world.viewer, Proof("ease", issued.code)).seed
    assert "enrolling an authenticator app" in bodies_to(world.resources, world.viewer)[0]


@pytest.mark.parametrize(("sandbox", "hours"), [(True, 0), (False, 24)])
def test_a_sandbox_does_not_wait(world: World, sandbox: bool, hours: int) -> None:
    resources: Resources = open_resources(world.resources.store.place, sandbox=sandbox)
    assert resources.factor_wait == timedelta(hours=hours)
    settings = replace(resources.settings, factor_wait=timedelta())
    least = replace(resources, settings=settings).factor_wait
    assert least == timedelta(hours=0 if sandbox else 1), "whoever passes --config does not take the wait away"


def removal(world: World) -> Proof:
    return proof_of(world.resources, world.operator, purpose=Purpose.REMOVE)


def test_removing_takes_a_proof_for_removing_and_is_told(world: World) -> None:
    enrolled(world, by_sms(world))
    apps = Authenticators(world.resources)
    for purpose in (Purpose.KEYS, Purpose.ENROL):
        with pytest.raises(SecondFactorFailed, match="a different action"):
            apps.remove(world.operator, proof_of(world.resources, world.operator, purpose=purpose))
    with pytest.raises(SecondFactorFailed, match="wrong"):
        apps.remove(world.operator, proof_of(world.resources, world.operator, WRONG_CODE, Purpose.REMOVE))
    assert apps.show(world.operator).enrolled_at is not None
    apps.remove(world.operator, removal(world))
    assert apps.show(world.operator).enrolled_at is None
    assert "Your authenticator app was removed" in mails_to(world.resources, world.operator)
    (body,) = (body for body in bodies_to(world.resources, world.operator) if "was removed as" in body)
    assert all(words in body for words in ("operator", "local", "SMS code", "call EASE immediately")), body
    with pytest.raises(FactorUnavailable, match="No authenticator app is enrolled"):
        apps.remove(world.operator, removal(world))


def test_one_agent_removes_no_app(world: World) -> None:
    """Two agents reset a factor; a code from one of them is not a way around the second."""
    enrolled(world, by_sms(world))
    agent = add_person(world.resources, "agent", Role.EASE_AGENT)
    with pytest.raises(InvalidValue, match="Two EASE agents"):
        Ease(world.resources).issue(agent, "operator", Purpose.REMOVE, ("callback", "email"))


def test_a_removed_app_takes_its_wrong_codes_along_to_the_next(world: World) -> None:
    """Otherwise removing would switch a factor on again that wrong codes have switched off."""
    enrolled(world, by_sms(world))
    change(
        world.resources,
        "INSERT INTO factor_state (person_id, factor, wrong_in_row, off_since) VALUES (:who, 'totp', 50, :at)",
        who=world.operator.person_id,
        at="2026-01-01 00:00:00.000000",
    )
    Authenticators(world.resources).remove(world.operator, removal(world))
    assert "no app" in reason(world)
    assert one(world.resources, "SELECT wrong_in_row FROM factor_state WHERE factor = 'totp'") == 50

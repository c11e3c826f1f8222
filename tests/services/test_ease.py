"""The EASE desk: verified callers, codes of eight digits, factors reset by two agents (rule P2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pyotp
import pytest

from dropcopy_tui.domain.ease import CHECKS
from dropcopy_tui.domain.errors import (
    CodesUsedUp,
    DeskError,
    FactorUnavailable,
    InvalidValue,
    NotEntitled,
    NotFound,
    SecondFactorFailed,
)
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.ease.ease import Ease, Issued
from dropcopy_tui.services.factors.authenticator import Authenticators
from dropcopy_tui.services.factors.challenges import spend
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.table import FACTORS, Proof, Purpose
from dropcopy_tui.services.unit_of_work import writing
from tests.services.conftest import World
from tests.services.factories import (
    CODE,
    FrozenClock,
    add_person,
    add_role,
    change,
    contents,
    enrolment_of,
    one,
    open_resources,
    rows,
)
from tests.services.processes import race, spend_code
from tests.services.test_factors import enrol, use

VERIFIED = ("callback", "email")
EASE_CODE = (CODE * 2)[:8]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def agent(world: World) -> Actor:
    return add_person(world.resources, "agent", Role.EASE_AGENT, mobile="+1 202 555 0901")


@pytest.fixture
def second(world: World) -> Actor:
    return add_person(world.resources, "second", Role.EASE_AGENT, mobile="+1 202 555 0902")


@pytest.fixture
def ease(world: World) -> Ease:
    return Ease(world.resources)


def issue(ease: Ease, agent: Actor, user_id: str = "operator", verified: Sequence[str] = VERIFIED) -> Issued:
    return ease.issue(agent, user_id, Purpose.KEYS, verified)


def go_on(resources: Resources, by: timedelta) -> None:
    assert isinstance(resources.clock, FrozenClock)
    resources.clock.advance(by)


def enter(world: World, code: str, actor: Actor | None = None, purpose: Purpose = Purpose.KEYS) -> str:
    return use(world.resources, actor or world.operator, Proof("ease", code), purpose)


def test_no_one_can_call_where_there_is_no_agent(world: World) -> None:
    factors = Factors(world.resources)

    def reason() -> str:
        return next(each.reason for each in factors.choices(world.operator) if each.factor.name == "ease")

    assert reason() == "this desk has no EASE agent"
    with pytest.raises(FactorUnavailable, match="this desk has no EASE agent"):
        factors.start(world.operator, "ease")
    add_person(world.resources, "agent", Role.EASE_AGENT, mobile="+1 202 555 0901")
    assert reason() == ""


def test_a_verified_caller_gets_a_code_that_passes_once(ease: Ease, world: World, agent: Actor) -> None:
    begun = Factors(world.resources).start(world.operator, "ease")
    assert (begun.id, begun.factor.name, begun.factor.digits, begun.codes_left_today) == ("ease", "ease", (8, 8), 10)
    assert one(world.resources, "SELECT count(*) FROM challenge") == 0, "the person starts nothing by themselves"
    issued = issue(ease, agent)
    assert (issued.code, issued.codes_left_today) == (EASE_CODE, 9)
    assert issued.expires_at == world.resources.clock.now() + 10 * MINUTE
    assert enter(world, f"{EASE_CODE[:4]} {EASE_CODE[4:]}") == "passed"
    assert "already been used" in enter(world, EASE_CODE)


def test_the_person_is_told_and_only_the_agent_sees_the_code(ease: Ease, world: World, agent: Actor) -> None:
    issued = issue(ease, agent)
    assert issued.code not in repr(issued)
    ((subject, body),) = rows(
        world.resources, "SELECT subject, body FROM outbox WHERE recipient = 'operator@firm.example'"
    )
    assert subject == "EASE issued a one-time code for you"
    assert "agent" in body
    assert one(world.resources, "SELECT count(*) FROM notice WHERE person_id = :it", it=world.operator.person_id) == 1
    (event,) = rows(world.resources, "SELECT action, person, after FROM audit_event WHERE subject = 'operator'")
    assert event[:2] == ("factor:issued", "agent")
    assert all(check in event[2] for check in VERIFIED)
    world.resources.store.close()
    for file in world.resources.store.beside.parent.iterdir():
        assert EASE_CODE.encode() not in file.read_bytes(), file


@pytest.mark.parametrize("verified", [(), ("callback",), ("callback", "callback"), ("callback", "hunch")])
def test_two_checks_that_exist_are_needed(ease: Ease, world: World, agent: Actor, verified: tuple[str, ...]) -> None:
    before = contents(world.resources)
    with pytest.raises(InvalidValue, match="o code was issued"):
        issue(ease, agent, verified=verified)
    assert contents(world.resources) == before


def test_a_check_without_an_answer_cannot_be_ticked(ease: Ease, world: World, agent: Actor) -> None:
    checks = {each.check.key: each for each in ease.caller(agent, "viewer").checks}
    assert set(checks) == {check.key for check in CHECKS}
    assert checks["callback"].nothing == "no mobile phone is registered"
    assert checks["entity"].answer == "read only at ACME"
    with pytest.raises(InvalidValue, match="no mobile phone"):
        issue(ease, agent, "viewer", ("callback", "email"))
    assert issue(ease, agent, "viewer", ("entity", "email"))


def test_only_agents_and_never_for_themselves(ease: Ease, world: World, agent: Actor) -> None:
    add_role(world.resources, agent, Role.KEY_MANAGEMENT, "ACME")
    twin = add_person(world.resources, "agent-two", Role.KEY_MANAGEMENT, entity="ACME", mobile="+1 (202) 555-0901")
    change(world.resources, "UPDATE person SET email = 'agent+other@firm.example' WHERE user_id = 'viewer'")
    for actor, user in ((world.operations, "operator"), (world.operator, "stranger"), (world.operator, "operator")):
        with pytest.raises(NotEntitled):
            issue(ease, actor, user)
    for user in ("agent", twin.user_id, "viewer"):
        with pytest.raises(NotEntitled, match=r"your own account"):
            issue(ease, agent, user, ("entity", "email"))
        assert ease.caller(agent, user).reason == "it is your own account"
    for read in (partial(ease.find, world.operator, PageRequest()), partial(ease.caller, world.operator, "viewer")):
        with pytest.raises(NotEntitled):
            read()
    with pytest.raises(NotEntitled):
        ease.resets(world.operator)
    assert one(world.resources, "SELECT count(*) FROM challenge") == 0


def test_a_disabled_or_unknown_person_gets_none(ease: Ease, world: World, agent: Actor) -> None:
    change(world.resources, "UPDATE person SET disabled = true WHERE user_id = 'operator'")
    with pytest.raises(InvalidValue, match="disabled"):
        issue(ease, agent)
    with pytest.raises(NotFound):
        issue(ease, agent, "nobody")
    enrol(Factors(world.resources), world.stranger)
    with pytest.raises(InvalidValue, match="has an authenticator app"):
        ease.issue(agent, "stranger", Purpose.ENROL, VERIFIED)


def test_everybody_can_be_found(ease: Ease, world: World, agent: Actor) -> None:
    page = ease.find(agent, PageRequest(match="oper"))
    assert [line.user_id for line in page.rows] == ["operations", "operator"]


def test_a_code_lives_ten_minutes(ease: Ease, world: World, agent: Actor) -> None:
    issue(ease, agent)
    go_on(world.resources, 10 * MINUTE)
    assert "expired" in enter(world, EASE_CODE)
    go_on(world.resources, -timedelta(seconds=1))
    assert "expired" in enter(world, EASE_CODE), "a clock that goes back does not bring it back"


def test_a_code_is_valid_until_the_last_second(ease: Ease, world: World, agent: Actor) -> None:
    issue(ease, agent)
    go_on(world.resources, 10 * MINUTE - timedelta(seconds=1))
    assert enter(world, EASE_CODE) == "passed"


def test_a_new_code_voids_the_older_one(ease: Ease, world: World, agent: Actor) -> None:
    old = issue(ease, agent)
    new = Ease(open_resources(world.resources.store.place)).issue(agent, "operator", Purpose.KEYS, VERIFIED)
    assert new.code != old.code
    assert "wrong" in enter(world, old.code)
    assert enter(world, new.code) == "passed"


def test_even_its_own_id_does_not_open_a_voided_code(ease: Ease, world: World, agent: Actor) -> None:
    issue(ease, agent)
    challenge = one(world.resources, "SELECT id FROM challenge")
    go_on(world.resources, MINUTE)
    issue(ease, agent)
    assert "newer code" in use(world.resources, world.operator, Proof(challenge, EASE_CODE))


def test_a_code_is_for_one_person_and_one_purpose(ease: Ease, world: World, agent: Actor) -> None:
    issue(ease, agent)
    challenge = one(world.resources, "SELECT id FROM challenge")
    for proof in (Proof("ease", EASE_CODE), Proof(challenge, EASE_CODE)):
        for actor in (world.stranger, agent):
            assert use(world.resources, actor, proof) != "passed"
        assert use(world.resources, world.operator, proof, Purpose.ENROL) != "passed"
    assert one(world.resources, "SELECT tries FROM challenge") == 0
    assert enter(world, EASE_CODE) == "passed"


def test_a_code_that_nobody_issued_costs_no_try_and_may_be_entered_later(world: World) -> None:
    with (
        pytest.raises(SecondFactorFailed, match="has not issued a code") as caught,
        writing(world.resources, world.operator) as uow,
    ):
        spend(uow, Proof("ease", EASE_CODE), Purpose.KEYS)
    assert caught.value.retry


def test_codes_of_ease_count_with_all_others(ease: Ease, world: World, agent: Actor) -> None:
    factors = Factors(world.resources)
    for _ in range(5):
        factors.start(world.operator, "sms")
        issue(ease, agent)
    with pytest.raises(CodesUsedUp, match="operator has no codes left"):
        issue(ease, agent)
    with pytest.raises(CodesUsedUp):
        factors.start(world.operator, "sms")
    assert ease.caller(agent, "operator").codes_left_today == 0
    go_on(world.resources, timedelta(days=1))
    assert issue(ease, agent)


def test_wrong_tries_count_over_codes_that_are_issued_again(ease: Ease, world: World, agent: Actor) -> None:
    wrong = 0
    while wrong < 10:
        issue(ease, agent)
        for _ in range(min(3, 10 - wrong)):
            assert "wrong" in enter(world, "00000000")
            wrong += 1
    assert "Too many wrong codes" in enter(world, EASE_CODE), "though the last code had two tries left"
    with pytest.raises(CodesUsedUp):
        issue(ease, agent)
    with pytest.raises(CodesUsedUp):
        Factors(world.resources).start(world.operator, "sms")
    go_on(world.resources, timedelta(days=1))
    issue(ease, agent)
    assert enter(world, EASE_CODE) == "passed"


def test_of_two_processes_with_one_code_exactly_one_passes(ease: Ease, world: World, agent: Actor) -> None:
    issue(ease, agent)
    job = partial(spend_code, world.operator, Proof("ease", EASE_CODE))
    assert sorted(race(world.resources.store.place, job, job, job)) == ["passed", *["second_factor_failed"] * 2]


def issue_in(agent: Actor, resources: Resources) -> str:
    return Ease(resources).issue(agent, "operator", Purpose.KEYS, VERIFIED).user_id


def test_the_last_code_of_the_day_is_issued_once(ease: Ease, world: World, agent: Actor) -> None:
    for _ in range(9):
        issue(ease, agent)
    answers = race(world.resources.store.place, *[partial(issue_in, agent)] * 3)
    assert sorted(answers) == ["codes_used_up", "codes_used_up", "operator"]
    assert one(world.resources, "SELECT count(*) FROM challenge") == 10


# -- resets


def test_a_factor_is_reset_by_two_agents(ease: Ease, world: World, agent: Actor, second: Actor) -> None:
    app = enrol(Factors(world.resources), world.operator)
    asked = ease.reset_factor(agent, "operator", "totp")
    assert asked.reason.startswith("you requested")
    assert Factors(world.resources).start(world.operator, "totp"), "until it is confirmed, the app works"
    with pytest.raises(NotEntitled, match="second agent"):
        ease.confirm_reset(agent, asked.id)
    (waiting,) = ease.resets(second)
    assert (waiting.user_id, waiting.asked_by, waiting.reason) == ("operator", "agent", "")
    open_challenge = Factors(world.resources).start(world.operator, "totp").id
    ease.confirm_reset(second, asked.id)
    with pytest.raises(FactorUnavailable):
        Factors(world.resources).start(world.operator, "totp")
    assert "wrong" in use(world.resources, world.operator, Proof(open_challenge, app.at(world.resources.clock.now())))
    assert ease.resets(second) == ()
    told = rows(world.resources, "SELECT subject FROM outbox WHERE recipient = 'operator@firm.example'")
    assert ("Your authenticator app was removed",) in told
    assert enrolment_of(world.resources, world.operator)
    with pytest.raises(InvalidValue, match="already been confirmed"):
        ease.confirm_reset(second, asked.id)


def test_a_second_account_of_the_agent_is_no_second_agent(ease: Ease, world: World, agent: Actor) -> None:
    enrol(Factors(world.resources), world.operator)
    asked = ease.reset_factor(agent, "operator", "totp")
    twin = add_person(world.resources, "agent-two", Role.EASE_AGENT, mobile="+12025550901")
    with pytest.raises(NotEntitled, match="second agent"):
        ease.confirm_reset(twin, asked.id)


def test_nobody_resets_or_confirms_their_own(ease: Ease, world: World, agent: Actor, second: Actor) -> None:
    add_role(world.resources, world.operator, Role.EASE_AGENT)
    enrol(Factors(world.resources), world.operator)
    with pytest.raises(NotEntitled):
        ease.reset_factor(world.operator, "operator", "totp")
    asked = ease.reset_factor(agent, "operator", "totp")
    with pytest.raises(NotEntitled):
        ease.confirm_reset(world.operator, asked.id)
    with pytest.raises(NotEntitled):
        ease.confirm_reset(world.operations, asked.id)
    assert ease.confirm_reset(second, asked.id)


@pytest.mark.parametrize(("after", "holds"), [(29, True), (30, False), (-1, False)])
def test_a_reset_waits_half_an_hour(
    ease: Ease, world: World, agent: Actor, second: Actor, after: int, holds: bool
) -> None:
    enrol(Factors(world.resources), world.operator)
    asked = ease.reset_factor(agent, "operator", "totp")
    go_on(world.resources, after * MINUTE)
    if holds:
        assert ease.confirm_reset(second, asked.id)
    else:
        with pytest.raises(InvalidValue, match="expired"):
            ease.confirm_reset(second, asked.id)


@pytest.mark.parametrize("seen_by", ["an event", "a refusal"])
def test_a_reset_gains_nothing_by_a_clock_that_is_set_back(
    ease: Ease, world: World, agent: Actor, second: Actor, seen_by: str
) -> None:
    enrol(Factors(world.resources), world.operator)
    asked = ease.reset_factor(agent, "operator", "totp")
    go_on(world.resources, 40 * MINUTE)
    if seen_by == "an event":
        issue(ease, agent, "operator")
    else:
        with pytest.raises(InvalidValue, match="expired"):
            ease.confirm_reset(second, asked.id)
    go_on(world.resources, -35 * MINUTE)
    assert ease.resets(second) == ()
    with pytest.raises(InvalidValue, match="expired"):
        ease.confirm_reset(second, asked.id)
    assert one(world.resources, "SELECT count(*) FROM authenticator") == 1
    again = ease.reset_factor(agent, "operator", "totp")
    assert again.id != asked.id


def test_a_reset_that_makes_no_sense_is_refused(ease: Ease, world: World, agent: Actor, second: Actor) -> None:
    for factor in FACTORS:
        with pytest.raises(InvalidValue):
            ease.reset_factor(agent, "operator", factor)
    enrol(Factors(world.resources), world.operator)
    ease.reset_factor(agent, "operator", "totp")
    with pytest.raises(InvalidValue, match="already awaits"):
        ease.reset_factor(second, "operator", "totp")
    with pytest.raises(NotFound):
        ease.confirm_reset(second, 999)


def confirm_in(agent: Actor, reset: int, resources: Resources) -> str:
    return Ease(resources).confirm_reset(agent, reset).user_id


def test_two_agents_confirm_a_reset_once(ease: Ease, world: World, agent: Actor, second: Actor) -> None:
    third = add_person(world.resources, "third", Role.EASE_AGENT)
    app = pyotp.TOTP(enrolment_of(world.resources, world.operator).seed)
    Authenticators(world.resources).confirm(world.operator, app.at(world.resources.clock.now()))
    asked = ease.reset_factor(agent, "operator", "totp")
    jobs = [partial(confirm_in, actor, asked.id) for actor in (second, third)]
    assert sorted(race(world.resources.store.place, *jobs)) == ["invalid_value", "operator"]
    assert one(world.resources, "SELECT count(*) FROM audit_event WHERE action = 'factor:reset'") == 1


def test_every_refusal_says_that_nothing_happened(ease: Ease, world: World, agent: Actor) -> None:
    for call in (
        lambda: issue(ease, agent, verified=()),
        lambda: ease.reset_factor(agent, "operator", "totp"),
        lambda: ease.confirm_reset(agent, 1),
    ):
        with pytest.raises(DeskError, match=r"[Nn]othing was changed|[Nn]o code was issued"):
            call()

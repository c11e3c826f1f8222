"""Second factors: six digits, five minutes, three tries, one use, ten a day (rule P2)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pyotp
import pytest

from dropcopy_tui.clock import Entropy
from dropcopy_tui.domain.errors import (
    CodesUsedUp,
    DeskError,
    FactorUnavailable,
    InvalidValue,
    MasterKeyMissing,
    SecondFactorFailed,
)
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.challenges import spend
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.table import FACTORS, Challenge, Proof, Purpose
from dropcopy_tui.services.unit_of_work import writing
from tests.services.conftest import World
from tests.services.factories import (
    CODE,
    WRONG_CODE,
    FrozenClock,
    apps_of,
    change,
    contents,
    enrolment_of,
    one,
    open_resources,
    rows,
)
from tests.services.processes import race, spend_code, start_code

FIVE_MINUTES = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


@pytest.fixture
def factors(world: World) -> Factors:
    return Factors(world.resources)


def later(resources: Resources, by: timedelta) -> None:
    assert isinstance(resources.clock, FrozenClock)
    resources.clock.advance(by)


def use(resources: Resources, actor: Actor, proof: Proof, purpose: Purpose = Purpose.KEYS) -> str:
    """What spending the code says."""
    try:
        with writing(resources, actor) as uow:
            spend(uow, proof, purpose)
    except SecondFactorFailed as refusal:
        return refusal.message
    return "passed"


def sms(factors: Factors, actor: Actor) -> Challenge:
    return factors.start(actor, "sms")


def enrol(factors: Factors, actor: Actor) -> pyotp.TOTP:
    """An authenticator app, confirmed one step ago."""
    resources = factors._resources
    app = pyotp.TOTP(enrolment_of(factors._resources, actor).seed)
    apps_of(factors).confirm(actor, app.at(resources.clock.now()))
    later(resources, timedelta(seconds=30))
    return app


def answer(factors: Factors, actor: Actor, code: str) -> str:
    return use(factors._resources, actor, Proof(factors.start(actor, "totp").id, code))


def test_a_code_has_six_digits_each_as_likely() -> None:
    codes = [Entropy().code() for _ in range(2_000)]
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    assert {code[0] for code in codes} == set("0123456789")
    assert len(set(codes)) > 1_900


def test_the_sandbox_shows_the_message_and_a_real_desk_does_not_send(world: World, factors: Factors) -> None:
    challenge = sms(factors, world.operator)
    assert CODE in challenge.sandbox_message
    assert challenge.sent_to == "···· 0123"
    assert challenge.expires_at == world.resources.clock.now() + FIVE_MINUTES
    real = Factors(open_resources(world.resources.store.place, sandbox=False))
    with pytest.raises(FactorUnavailable, match="SMS"):
        real.start(world.operator, "sms")


def test_the_store_holds_a_keyed_digest_and_never_the_code(world: World, factors: Factors) -> None:
    challenge = sms(factors, world.operator)
    assert one(world.resources, "SELECT code_mac FROM challenge") == world.resources.vault.mac(
        CODE, "challenge", challenge.id
    )
    assert one(world.resources, "SELECT body || subject FROM outbox WHERE channel = 'sms'") == ""
    world.resources.store.close()
    for file in world.resources.store.beside.parent.iterdir():
        assert CODE.encode() not in file.read_bytes(), file


def test_the_right_code_passes_once(world: World, factors: Factors) -> None:
    proof = Proof(sms(factors, world.operator).id, CODE)
    assert use(world.resources, world.operator, proof) == "passed"
    before = contents(world.resources)
    assert "already been used" in use(world.resources, world.operator, proof)
    assert contents(world.resources) == before


@pytest.mark.parametrize("code", [f" {CODE} ", "730 519", f"{CODE}\n"])
def test_spaces_in_a_code_do_not_matter(world: World, factors: Factors, code: str) -> None:
    assert use(world.resources, world.operator, Proof(sms(factors, world.operator).id, code)) == "passed"


@pytest.mark.parametrize(
    ("after", "passes"), [(FIVE_MINUTES - SECOND, True), (FIVE_MINUTES, False), (FIVE_MINUTES + SECOND, False)]
)
def test_a_code_lives_five_minutes_to_the_second(
    world: World, factors: Factors, after: timedelta, passes: bool
) -> None:
    proof = Proof(sms(factors, world.operator).id, CODE)
    later(world.resources, after)
    said = use(world.resources, world.operator, proof)
    assert said == "passed" if passes else "expired" in said


def test_a_clock_that_went_back_does_not_make_a_code_live_longer(world: World, factors: Factors) -> None:
    proof = Proof(sms(factors, world.operator).id, CODE)
    later(world.resources, -timedelta(minutes=2))
    assert "expired" in use(world.resources, world.operator, proof)


def test_three_wrong_tries_end_a_code(world: World, factors: Factors) -> None:
    challenge = sms(factors, world.operator).id
    said = [use(world.resources, world.operator, Proof(challenge, WRONG_CODE)) for _ in range(3)]
    assert ["2 attempts left" in said[0], "1 attempt left" in said[1], "request a new one" in said[2]] == [True] * 3
    assert "Too many wrong attempts" in use(world.resources, world.operator, Proof(challenge, CODE))
    assert one(world.resources, "SELECT tries FROM challenge") == 3


def test_a_wrong_try_says_whether_another_is_left(world: World, factors: Factors) -> None:
    challenge = sms(factors, world.operator).id
    retries = []
    for _ in range(3):
        with pytest.raises(SecondFactorFailed) as caught, writing(world.resources, world.operator) as uow:
            spend(uow, Proof(challenge, WRONG_CODE), Purpose.KEYS)
        retries.append(caught.value.retry)
    assert retries == [True, True, False]


def test_the_third_try_may_still_be_right(world: World, factors: Factors) -> None:
    challenge = sms(factors, world.operator).id
    for _ in range(2):
        use(world.resources, world.operator, Proof(challenge, WRONG_CODE))
    assert use(world.resources, world.operator, Proof(challenge, CODE)) == "passed"


@pytest.mark.parametrize("code", ["", "73051", "7305190", "abcdef", "７３０５１９", "730\x00519", "\udcff"], ids=ascii)
def test_an_odd_code_is_wrong_and_counted(world: World, factors: Factors, code: str) -> None:
    assert "wrong" in use(world.resources, world.operator, Proof(sms(factors, world.operator).id, code))
    assert one(world.resources, "SELECT tries FROM challenge") == 1


def test_a_code_of_somebody_else_opens_nothing(world: World, factors: Factors) -> None:
    challenge = sms(factors, world.stranger).id
    assert "a different action" in use(world.resources, world.operator, Proof(challenge, CODE))
    assert "a different action" in use(world.resources, world.operator, Proof("unknown", CODE))
    assert one(world.resources, "SELECT tries FROM challenge") == 0
    assert use(world.resources, world.stranger, Proof(challenge, CODE)) == "passed"


def test_a_code_for_one_purpose_opens_no_other(world: World, factors: Factors) -> None:
    challenge = factors.start(world.operator, "sms", Purpose.ENROL).id
    assert "a different action" in use(world.resources, world.operator, Proof(challenge, CODE))


def test_a_person_has_ten_codes_in_24_hours(world: World, factors: Factors) -> None:
    left = []
    for _ in range(10):
        left.append(sms(factors, world.operator).codes_left_today)
        later(world.resources, timedelta(minutes=1))
    assert left == list(range(9, -1, -1))
    before = contents(world.resources)
    with pytest.raises(CodesUsedUp):
        sms(factors, world.operator)
    assert contents(world.resources) == before
    assert factors.codes_left(world.stranger) == 10
    later(world.resources, timedelta(days=1) - timedelta(minutes=10))
    assert factors.codes_left(world.operator) == 1
    assert sms(factors, world.operator).codes_left_today == 0


def test_a_person_without_a_phone_is_told(world: World, factors: Factors) -> None:
    with pytest.raises(FactorUnavailable, match="no mobile phone"):
        sms(factors, world.viewer)


@pytest.mark.parametrize("factor", ["duo", "totp"])
def test_a_factor_that_cannot_be_used_says_why(world: World, factors: Factors, factor: str) -> None:
    choice = next(choice for choice in factors.choices(world.operator) if choice.factor.name == factor)
    assert not choice.available
    with pytest.raises(FactorUnavailable) as caught:
        factors.start(world.operator, factor)
    assert choice.reason in caught.value.message


def test_without_a_master_key_no_code_is_made_and_none_is_counted(world: World) -> None:
    closed = open_resources(world.resources.store.place, entropy=world.resources.entropy)
    object.__setattr__(closed, "vault", type(closed.vault)(None, "test-store"))
    before = contents(world.resources)
    with pytest.raises(MasterKeyMissing):
        Factors(closed).start(world.operator, "sms")
    assert contents(world.resources) == before


def test_an_app_counts_once_it_was_confirmed(world: World, factors: Factors) -> None:
    enrolment = enrolment_of(factors._resources, world.operator)
    assert enrolment.seed in enrolment.uri
    with pytest.raises(FactorUnavailable):
        factors.start(world.operator, "totp")
    apps_of(factors).confirm(world.operator, pyotp.TOTP(enrolment.seed).at(world.resources.clock.now()))
    assert factors.start(world.operator, "totp")
    with pytest.raises(FactorUnavailable, match="already enrolled"):
        enrolment_of(factors._resources, world.operator)
    with pytest.raises(FactorUnavailable):
        apps_of(factors).confirm(world.operator, CODE)


def test_an_enrolment_that_was_begun_again_has_a_new_seed(world: World, factors: Factors) -> None:
    first, second = enrolment_of(factors._resources, world.operator), enrolment_of(factors._resources, world.operator)
    now = world.resources.clock.now()
    with pytest.raises(SecondFactorFailed):
        apps_of(factors).confirm(world.operator, pyotp.TOTP(first.seed).at(now))
    apps_of(factors).confirm(world.operator, pyotp.TOTP(second.seed).at(now))


def test_guesses_at_a_confirmation_are_limited(world: World, factors: Factors) -> None:
    enrolment = enrolment_of(factors._resources, world.operator)
    for _ in range(9):  # the tenth code of the day was the proof for the enrolment
        with pytest.raises(SecondFactorFailed, match="wrong"):
            apps_of(factors).confirm(world.operator, WRONG_CODE)
    with pytest.raises(CodesUsedUp):
        apps_of(factors).confirm(world.operator, pyotp.TOTP(enrolment.seed).at(world.resources.clock.now()))


def test_a_step_that_was_used_is_never_accepted_again(world: World, factors: Factors) -> None:
    app = enrol(factors, world.operator)
    now = world.resources.clock.now()
    assert answer(factors, world.operator, app.at(now)) == "passed"
    assert "already been used" in answer(factors, world.operator, app.at(now))
    assert "already been used" in answer(factors, world.operator, app.at(now - timedelta(seconds=30)))


def test_the_code_of_the_enrolment_confirms_nothing_else(world: World, factors: Factors) -> None:
    app = pyotp.TOTP(enrolment_of(factors._resources, world.operator).seed)
    code = app.at(world.resources.clock.now())
    apps_of(factors).confirm(world.operator, code)
    assert "already been used" in answer(factors, world.operator, code)


@pytest.mark.parametrize(("steps", "passes"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_an_app_may_be_one_step_off(world: World, factors: Factors, steps: int, passes: bool) -> None:
    app = enrol(factors, world.operator)
    later(world.resources, timedelta(minutes=5))
    code = app.at(world.resources.clock.now() + timedelta(seconds=30 * steps))
    assert (answer(factors, world.operator, code) == "passed") is passes


def test_a_proof_and_an_enrolment_show_no_secret(world: World, factors: Factors) -> None:
    enrolment = enrolment_of(factors._resources, world.operator)
    assert enrolment.seed not in f"{enrolment!r}{enrolment}"
    assert CODE not in f"{Proof('c', CODE)!r}{Proof('c', CODE)}"


def test_of_two_processes_with_one_code_exactly_one_passes(world: World, factors: Factors) -> None:
    for _ in range(5):
        proof = Proof(sms(factors, world.operator).id, CODE)
        job = partial(spend_code, world.operator, proof)
        assert sorted(race(world.resources.store.place, job, job)) == ["passed", "second_factor_failed"]


def test_of_two_processes_with_one_code_of_an_app_exactly_one_passes(world: World, factors: Factors) -> None:
    app = pyotp.TOTP(enrolment_of(factors._resources, world.operator).seed)
    apps_of(factors).confirm(world.operator, app.at(world.resources.clock.now() - timedelta(seconds=30)))
    code = app.at(world.resources.clock.now())
    jobs = [partial(spend_code, world.operator, Proof(factors.start(world.operator, "totp").id, code)) for _ in "ab"]
    assert sorted(race(world.resources.store.place, *jobs)) == ["passed", "second_factor_failed"]


def test_wrong_tries_of_several_processes_are_all_counted(world: World, factors: Factors) -> None:
    job = partial(spend_code, world.operator, Proof(sms(factors, world.operator).id, WRONG_CODE))
    race(world.resources.store.place, *[job] * 5)
    assert one(world.resources, "SELECT tries FROM challenge") == 3


def test_the_last_code_of_the_day_goes_to_one_process(world: World, factors: Factors) -> None:
    for _ in range(9):
        sms(factors, world.operator)
    answers = race(world.resources.store.place, *[partial(start_code, world.operator)] * 3)
    assert answers.count("codes_used_up") == 2
    assert one(world.resources, "SELECT count(*) FROM challenge") == 10


def test_starts_tries_and_passes_are_audited_without_the_code(world: World, factors: Factors) -> None:
    challenge = sms(factors, world.operator).id
    use(world.resources, world.operator, Proof(challenge, WRONG_CODE))
    use(world.resources, world.operator, Proof(challenge, CODE))
    events = rows(world.resources, "SELECT action, subject, after FROM audit_event ORDER BY id")
    assert [event[0] for event in events] == ["challenge:started", "challenge:wrong_code", "challenge:passed"]
    assert CODE not in str(events)
    assert WRONG_CODE not in str(events)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "12345a", "１２３４５６"], ids=ascii)
def test_what_cannot_be_a_code_is_refused_before_it_costs_a_try(code: str) -> None:
    FACTORS["sms"].check_code(CODE)
    with pytest.raises(InvalidValue):
        FACTORS["sms"].check_code(code)


def test_a_person_who_is_gone_is_told(world: World, factors: Factors) -> None:
    with pytest.raises(DeskError, match="no longer an account"):
        factors.choices(Actor(999, "gone", ""))
    change(world.resources, "UPDATE person SET mobile = NULL")
    with pytest.raises(FactorUnavailable):
        sms(factors, world.operator)

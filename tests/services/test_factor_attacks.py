"""Ten thousand tries each at every factor, none of them accepted: guessing, replay, another person or purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import cycle, islice, product
from pathlib import Path

import pytest

from dropcopy_tui.domain.errors import SecondFactorFailed
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.providers import DuoService
from dropcopy_tui.senders import duo as duo_sender
from dropcopy_tui.senders.duo import DuoAnswer
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.ease.ease import Ease
from dropcopy_tui.services.factors.challenges import new_challenge
from dropcopy_tui.services.factors.duo import Duo
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.table import FACTORS, Proof, Purpose
from dropcopy_tui.services.unit_of_work import person_row, writing
from tests.services.conftest import World
from tests.services.factories import FrozenClock, one, rows
from tests.services.processes import race, spend_code
from tests.trust.codes import MINUTES, OPENERS, Attempt, accepted, by_app, by_ease

TRIES = 10_000


@pytest.fixture(params=OPENERS)
def opened(request: pytest.FixtureRequest, world: World) -> Proof:
    """An open challenge of the operator's, for key pairs, with the code that is right."""
    opener: Callable[[World], Proof] = OPENERS[request.param]
    return opener(world)


def test_the_right_code_passes_so_that_the_rest_means_something(world: World, opened: Proof) -> None:
    assert accepted(world.resources, [(world.operator, opened, Purpose.KEYS)]) == 1


def test_guessing(world: World, opened: Proof) -> None:
    """The right code is among the guesses, after the limit: whoever gets there gets nothing."""
    wrong = (f"{number:0{len(opened.code)}d}" for number in range(TRIES))
    guesses = [code for code in wrong if code != opened.code][: TRIES - 2]
    codes = [*guesses[:3], opened.code, *guesses[3:], opened.code]
    tries = [(world.operator, Proof(opened.challenge, code), Purpose.KEYS) for code in codes]
    assert len(tries) >= TRIES - 1
    assert accepted(world.resources, tries) == 0
    assert one(world.resources, "SELECT max(tries) FROM challenge") == 3


def test_replay(world: World, opened: Proof) -> None:
    once = (world.operator, opened, Purpose.KEYS)
    assert accepted(world.resources, [once]) == 1
    spent = rows(world.resources, "SELECT id, used_at FROM challenge WHERE used_at IS NOT NULL ORDER BY id")
    assert accepted(world.resources, [once] * (TRIES // 2)) == 0
    assert isinstance(world.resources.clock, FrozenClock)
    world.resources.clock.advance(timedelta(seconds=90))
    assert accepted(world.resources, [once] * (TRIES // 2)) == 0
    assert rows(world.resources, "SELECT id, used_at FROM challenge WHERE used_at IS NOT NULL ORDER BY id") == spent


def test_another_person_and_another_purpose(world: World, opened: Proof) -> None:
    row = one(world.resources, "SELECT id FROM challenge WHERE used_at IS NULL")
    proofs = [opened, Proof(row, opened.code)]
    others = [world.stranger, world.viewer, world.operations]
    wrong: list[Attempt] = [(actor, *rest) for actor, *rest in product(others, proofs, Purpose)]  # type: ignore[misc]
    wrong += [(world.operator, proof, Purpose.ENROL) for proof in proofs]
    assert accepted(world.resources, islice(cycle(wrong), TRIES)) == 0
    assert accepted(world.resources, [(world.operator, opened, Purpose.KEYS)]) == 1, "and nothing of it was a try"


def test_the_code_of_one_challenge_opens_no_other(world: World) -> None:
    """Every right code with every other challenge."""
    proofs = [opener(world) for opener in OPENERS.values()]
    crossed = [Proof(each.challenge, other.code) for each, other in product(proofs, proofs) if each is not other]
    # Codes of this clock's entropy repeat: one that is right by chance is left out.
    crossed = [
        proof for proof in crossed if all((proof.challenge, proof.code) != (p.challenge, p.code) for p in proofs)
    ]
    tries = [(world.operator, proof, Purpose.KEYS) for proof in crossed]
    assert accepted(world.resources, islice(cycle(tries), TRIES)) == 0


def test_guessing_passcodes_of_duo_asks_duo_three_times(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def passcode(_service: DuoService, _user: str, code: str) -> DuoAnswer:
        asked.append(code)
        return DuoAnswer(False)

    monkeypatch.setattr(duo_sender, "passcode", passcode)
    resources = replace(world.resources, duo=DuoService("localhost", "DI", tmp_path / "key"))
    with writing(resources, world.operator) as uow:
        person = person_row(uow)
        challenge = new_challenge(uow, person, FACTORS["duo"], Purpose.KEYS, MINUTES).id
    duo = Duo(resources)
    for number in range(TRIES // 10):
        with pytest.raises(SecondFactorFailed):
            duo.passcode(world.operator, challenge, f"{number:06d}")
    assert asked == ["000000", "000001", "000002"]


@pytest.mark.parametrize("factor", OPENERS)
def test_of_four_processes_with_one_code_exactly_one_passes(world: World, factor: str) -> None:
    """Real processes, let go at once. The app's code depends on the clock, which stands still in all of them."""
    job = partial(spend_code, world.operator, OPENERS[factor](world))
    assert sorted(race(world.resources.store.place, *[job] * 4)) == ["passed", *["second_factor_failed"] * 3]


def start_any(factor: str, actor: Actor, resources: Resources) -> str:
    """One more challenge, by one factor or another."""
    if factor == "ease":
        agent = Actor(one(resources, "SELECT id FROM person WHERE user_id = 'agent'"), "agent", "agent")
        return Ease(resources).issue(agent, actor.user_id, Purpose.KEYS, ("email", "callback")).user_id
    return Factors(resources).start(actor, factor).id


def test_the_limit_of_the_day_holds_over_all_factors_and_processes(world: World) -> None:
    by_ease(world)
    by_app(world)  # three: the proof for the enrolment, the enrolment's own, and one to answer
    for _ in range(4):
        Factors(world.resources).start(world.operator, "sms")
    factors = ["sms", "totp", "ease"] * 2
    answers = race(world.resources.store.place, *[partial(start_any, factor, world.operator) for factor in factors])
    assert answers.count("codes_used_up") == len(factors) - 2
    assert one(world.resources, "SELECT count(*) FROM challenge") == 10

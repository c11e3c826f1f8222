"""Codes that were used already, and codes that are offered for something else: none of them is accepted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import cycle, islice, product
from unittest.mock import patch

import pyotp
from sqlmodel import select

from dropcopy_tui.domain.errors import SecondFactorFailed
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.ease.ease import Ease
from dropcopy_tui.services.factors import challenges
from dropcopy_tui.services.factors.challenges import new_challenge, spend
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.strategy import give_code
from dropcopy_tui.services.factors.table import FACTORS, Proof, Purpose, key_scope
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.unit_of_work import UnitOfWork, person_row, writing
from dropcopy_tui.store.tables import ChallengeRow
from tests.services.conftest import World, make_world
from tests.services.factories import FixedEntropy, FrozenClock, add_person, apps_of, enrolment_of, make_resources
from tests.trust.rows import Control, Row, Share, Tally

MINUTES = timedelta(minutes=5)
# Who offers which code, for what, and for which act on what ("" for any).
Attempt = tuple[Actor, Proof, Purpose] | tuple[Actor, Proof, Purpose, str]


def outcomes(resources: Resources, attempts: Iterable[Attempt]) -> Iterator[tuple[Attempt, bool]]:
    """Whether each passes; all in one transaction, which makes ten thousand of them cheap."""
    with writing(resources, DESK) as uow:
        # The transaction forgets what nobody holds, and would read it again at every try.
        held = uow.tx.exec(select(ChallengeRow)).all()
        for attempt in attempts:
            actor, proof, purpose, *scope = attempt
            try:
                spend(uow.by(actor), proof, purpose, *scope)
            except SecondFactorFailed:
                yield attempt, False
            else:
                yield attempt, True
        assert held is not None


def accepted(resources: Resources, attempts: Iterable[Attempt]) -> int:
    """How many of the tries pass."""
    return sum(passed for _, passed in outcomes(resources, attempts))


def by_sms(world: World) -> Proof:
    challenge = Factors(world.resources).start(world.operator, "sms")
    return Proof(challenge.id, challenge.sandbox_message.split("code is ")[1][:6])


def by_app(world: World) -> Proof:
    factors = Factors(world.resources)
    app = pyotp.TOTP(enrolment_of(factors._resources, world.operator).seed)
    apps_of(factors).confirm(world.operator, app.at(world.resources.clock.now() - timedelta(seconds=30)))
    return Proof(factors.start(world.operator, "totp").id, app.at(world.resources.clock.now()))


def by_ease(world: World) -> Proof:
    agent = add_person(world.resources, "agent", Role.EASE_AGENT)
    return Proof("ease", Ease(world.resources).issue(agent, "operator", Purpose.KEYS, ("email", "callback")).code)


def by_duo(world: World) -> Proof:
    """What an approved push becomes."""
    with writing(world.resources, world.operator) as uow:
        person = person_row(uow)
        row = new_challenge(uow, person, FACTORS["duo"], Purpose.KEYS, MINUTES)
        return Proof(row.id, give_code(world.resources, row, 32))


OPENERS: dict[str, Callable[[World], Proof]] = {"sms": by_sms, "totp": by_app, "ease": by_ease, "duo": by_duo}


def _world(share: Share, name: str) -> World:
    world = make_world(make_resources(share.folder / f"{name}.db"))
    return replace(world, resources=replace(world.resources, entropy=FixedEntropy()))


def replayed(share: Share) -> Tally:
    """Every factor's right code, which opened something once, offered again; also when its time is over."""
    tally = Tally()
    for number, (name, opener) in enumerate(OPENERS.items()):
        world = _world(share, name)
        once = (world.operator, opener(world), Purpose.KEYS)
        if accepted(world.resources, [once]) != 1:
            tally.tried(f"{name}: the right code was refused at first")
        times = share.trials // len(OPENERS) + (number < share.trials % len(OPENERS))
        for late in (0, 1):
            for _, passed in outcomes(world.resources, [once] * (times // 2 + (late and times % 2))):
                tally.tried(f"{name}: a used code was accepted" if passed else "")
            assert isinstance(world.resources.clock, FrozenClock)
            world.resources.clock.advance(timedelta(seconds=90))
        world.resources.store.close()
    return tally


def crossed(share: Share) -> Tally:
    """Every code by other people, for other purposes, for other challenges, and for other acts and sessions."""
    world, tally = _world(share, "crossed"), Tally()
    proofs = [opener(world) for opener in OPENERS.values()]
    scope = key_scope("generate", [1, 2])
    bound = Proof(Factors(world.resources).start(world.operator, "sms", Purpose.KEYS, scope).id, proofs[0].code)
    elsewhere: list[Attempt] = [
        *product((world.stranger, world.viewer, world.operations), proofs, Purpose),
        *product((world.operator,), proofs, set(Purpose) - {Purpose.KEYS}),
        *((world.operator, bound, Purpose.KEYS, other) for other in _other_scopes()),
    ]
    # Codes of this clock's entropy repeat: one that is right by chance is left out.
    exchanged: list[Attempt] = [
        (world.operator, Proof(each.challenge, other.code), Purpose.KEYS)
        for each, other in product(proofs, proofs) if each.code != other.code
    ]  # fmt: skip
    last = share.trials // 4
    _refused(world, elsewhere, share.trials - last, tally)
    # None of these was a try, so that the right code still passes; a code of another challenge is one.
    if accepted(world.resources, [(world.operator, bound, Purpose.KEYS, scope)]) != 1:
        tally.tried("the right code was refused at the end")
    _refused(world, exchanged, last, tally)
    world.resources.store.close()
    return tally


def _refused(world: World, wrong: list[Attempt], times: int, tally: Tally) -> None:
    for (actor, proof, purpose, *_), passed in outcomes(world.resources, islice(cycle(wrong), times)):
        tally.tried(f"{actor.user_id} passed with {proof.challenge} for {purpose}" if passed else "")


def _other_scopes() -> list[str]:
    others = [key_scope(act, sessions) for act in ("generate", "download") for sessions in ([1], [2], [1, 2, 3], [])]
    return [*others, key_scope("download", [1, 2]), key_scope("generate", [1, 2], {1: "OLDER"}), "", "x"]


def _anyones(uow: UnitOfWork, challenge: str) -> ChallengeRow:
    return uow.tx.get_one(ChallengeRow, challenge)


def without_use(share: Share) -> Tally:
    """The same, where it is forgotten that a code was used."""
    real = challenges._complaint

    def forgotten(uow: UnitOfWork, row: ChallengeRow) -> str:
        row.used_at = None
        return real(uow, row)

    with patch.object(challenges, "_complaint", forgotten):
        return replayed(share)


def without_owner(share: Share) -> Tally:
    """The same, where a challenge is anyone's."""
    with patch.object(challenges, "own_challenge", _anyones):
        return crossed(share)


REPLAYS = Row(
    "replays",
    "a code of any factor that was used once is accepted no second time, whether its time is over or not",
    10_000,
    400,
    replayed,
    Control("that a code was used is forgotten", 40, without_use),
)
CROSSED = Row(
    "cross-bindings",
    "a code opens nothing for another person, another purpose, another challenge, another act or other sessions",
    10_000,
    400,
    crossed,
    Control("whose challenge it is, is not asked", 200, without_owner),
)

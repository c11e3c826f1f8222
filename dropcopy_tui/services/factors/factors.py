"""Second factors (rule P2): which a person can use, and how one is started, answered and cancelled.

What each one does is its strategy (`strategy`, `table`); what all have in common is in `challenges`.
"""

from __future__ import annotations

from collections.abc import Mapping

from dropcopy_tui.domain.errors import CodesUsedUp, FactorUnavailable
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.factors.challenges import (
    can_be_answered,
    codes_left,
    new_challenge,
    own_challenge,
    standing_of,
)
from dropcopy_tui.services.factors.states import off_factors
from dropcopy_tui.services.factors.strategy import Strategy, strategies, strategy_of, unavailable
from dropcopy_tui.services.factors.table import Challenge, FactorChoice, Proof, Purpose
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork, person_row
from dropcopy_tui.store.tables import PersonRow

NONE_LEFT = "no codes left today"
_USED_UP = "You have used all ten codes of the last 24 hours. Try again tomorrow."


class Factors(Service):
    """The second factors of a person."""

    def choices(self, actor: Actor) -> tuple[FactorChoice, ...]:
        """Every factor that people know of, and why one cannot be used."""
        with self._reading(actor) as uow:
            person = person_row(uow)
            off, left = off_factors(uow, actor.person_id), codes_left(uow, actor.person_id)
            shown = [each for each in strategies() if not each.offer(uow, person).hidden]
            return tuple(_choice(uow, person, strategy, off, left) for strategy in shown)

    def codes_left(self, actor: Actor) -> int:
        """How many codes the person can still ask for within 24 hours."""
        with self._reading(actor) as uow:
            return codes_left(uow, actor.person_id)

    def start(self, actor: Actor, factor: str, purpose: Purpose = Purpose.KEYS, scope: str = "") -> Challenge:
        """Start a challenge of the factor with this name; `Texting.send` hands over a message that it made.

        A factor whose challenges others start has none made here: the answer says whom to ask.

        Raises:
            FactorUnavailable: with the reason.
            CodesUsedUp: no codes are left for today.
        """
        strategy = strategy_of(factor)
        with self._reading(actor) as uow:
            off, left = off_factors(uow, actor.person_id), codes_left(uow, actor.person_id)
            choice = _choice(uow, person_row(uow), strategy, off, left)
        if choice.reason == NONE_LEFT:
            raise CodesUsedUp(_USED_UP)
        if not choice.available:
            raise FactorUnavailable(unavailable(choice.factor.label, choice.reason))
        if strategy.standing is not None:
            whom = self._settings.ease_contact or ""
            expires_at = self._now() + strategy.standing.life
            source = strategy.source(whom, False)
            return Challenge(strategy.standing.id, choice.factor, whom, expires_at, left, source, starts_later=True)
        # Outside of the transaction: it may ask a server.
        push = strategy.prepare(self._resources, actor)
        with self._writing(actor) as uow:
            person = person_row(uow)
            left = codes_left(uow, actor.person_id)
            if left <= 0:
                raise CodesUsedUp(_USED_UP)
            row = new_challenge(uow, person, choice.factor, purpose, uow.settings.code_life)
            row.scope = scope
            sent = strategy.start(uow, person, row)
            uow.record("challenge:started", row.id, after={"factor": factor})
            return Challenge(
                row.id,
                choice.factor,
                choice.hint,
                row.expires_at,
                left - 1,
                strategy.source(choice.hint, push),
                sent.sandbox_message,
                sent.to_send,
                push,
            )

    def prove(self, actor: Actor, challenge: str, code: str) -> Proof:
        """The proof for a code that was typed. Input that cannot be a code uses no attempt.

        Raises InvalidValue, SecondFactorFailed, FactorUnavailable.
        """
        strategy = self._strategy(actor, challenge)
        code = code.strip().replace(" ", "")
        strategy.factor.check_code(code)
        return strategy.prove(self._resources, actor, challenge, code)

    def push(self, actor: Actor, challenge: str) -> None:
        """Ask on the person's phone. Raises SecondFactorFailed, FactorUnavailable: this factor cannot."""
        self._strategy(actor, challenge).push(self._resources, actor, challenge)

    def poll(self, actor: Actor, challenge: str) -> Proof | None:
        """The proof once a push was approved, None while it waits. Raises SecondFactorFailed."""
        return self._strategy(actor, challenge).poll(self._resources, actor, challenge)

    def cancel(self, actor: Actor, challenge: str) -> None:
        """End a challenge that was not answered: what arrives for it afterwards opens nothing.

        A code that someone else issued stays open: the person may still be on the phone. Raises SecondFactorFailed.
        """
        with self._writing(actor) as uow:
            if standing_of(challenge) is not None:
                return
            row = own_challenge(uow, challenge)
            if row.used_at is None and row.expires_at > uow.now:
                row.expires_at, row.ended = uow.now, "cancelled"
                uow.record("challenge:cancelled", row.id, after={"factor": row.factor})

    def _strategy(self, actor: Actor, challenge: str) -> Strategy:
        """How the challenge's factor works. Raises SecondFactorFailed: the challenge is not the person's."""
        with self._reading(actor) as uow:
            return standing_of(challenge) or strategy_of(own_challenge(uow, challenge).factor)


def _choice(uow: UnitOfWork, person: PersonRow, strategy: Strategy, off: Mapping[str, str], left: int) -> FactorChoice:
    """A factor, and the first reason why it cannot be used."""
    offer = strategy.offer(uow, person)
    reason = offer.reason or off.get(strategy.factor.name, "")
    if not reason and left <= 0 and not can_be_answered(uow, key_of(person.id), strategy):
        reason = NONE_LEFT
    return FactorChoice(strategy.factor, not reason, offer.hint, reason)

"""What a second factor does: the one protocol of all of them, and what most have in common."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib import import_module
from typing import Protocol

from dropcopy_tui.domain.errors import FactorUnavailable
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.table import FACTORS, Factor, Proof
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import ChallengeRow, PersonRow

# The reason of a factor that is not configured: a person cannot change that, so no setting is named.
NOT_HERE = "not available here"


def unavailable(label: str, reason: str) -> str:
    """The refusal of a factor that the person cannot use, with what to do instead."""
    if reason == NOT_HERE:
        return f"{label} is {NOT_HERE}. Use another factor or call your administrator."
    return f"{label} cannot be used: {reason}. Select another factor."


@dataclass(frozen=True, slots=True)
class Offer:
    """Where a person's code comes from (`hint`), or why they cannot use the factor (`reason`).

    `hidden`: dialogs do not list it while it cannot be used.
    """

    hint: str
    reason: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """What starting a challenge left in the outbox.

    `to_send`: a message is ready for its provider. `sandbox_message`: what the sandbox's phone shows.
    """

    to_send: bool = False
    sandbox_message: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A challenge that others start, such as an agent of EASE: its fixed id, and how long a code of theirs is valid."""

    id: str
    life: timedelta


class Strategy(Protocol):
    """A second factor. Methods that get a unit of work run in its transaction; the others run outside of any."""

    factor: Factor
    # None for a factor that the person starts.
    standing: Standing | None

    def offer(self, uow: UnitOfWork, person: PersonRow) -> Offer:
        """Whether the person can use it."""

    def prepare(self, resources: Resources, actor: Actor) -> bool:
        """Ask whoever answers outside, before a challenge is started; whether a push reaches the person.

        Raises FactorUnavailable.
        """

    def start(self, uow: UnitOfWork, person: PersonRow, row: ChallengeRow) -> Sent:
        """Make the code of a new challenge, and the message that carries it."""

    def source(self, sent_to: str, push: bool) -> str:
        """Where the code comes from, as a sentence for the person."""

    def holds(self, uow: UnitOfWork, row: ChallengeRow, code: str) -> bool:
        """Whether the code answers the challenge."""

    def prove(self, resources: Resources, actor: Actor, challenge: str, code: str) -> Proof:
        """Turn what was typed into a proof. Raises InvalidValue, SecondFactorFailed, FactorUnavailable."""

    def push(self, resources: Resources, actor: Actor, challenge: str) -> None:
        """Ask on the person's phone. Raises SecondFactorFailed, FactorUnavailable."""

    def poll(self, resources: Resources, actor: Actor, challenge: str) -> Proof | None:
        """The proof once a push was approved, None while it waits. Raises SecondFactorFailed."""


class CodeFactor:
    """A factor whose code the desk makes, keeps as a keyed digest, and compares itself.

    Every strategy extends it. A plain one adds `offer` and `source`, and a `start` that also carries the code to the
    person: this one makes a code that only the sandbox's phone shows.
    """

    standing: Standing | None = None

    def __init__(self, factor: Factor) -> None:
        self.factor = factor

    def prepare(self, resources: Resources, actor: Actor) -> bool:
        """No one outside is asked, and nothing can be pushed."""
        return False

    def start(self, uow: UnitOfWork, person: PersonRow, row: ChallengeRow) -> Sent:
        """Make a code. It is shown in a sandbox, and nowhere else: a real factor sends it."""
        code = give_code(uow.resources, row)
        return Sent(sandbox_message=f"Your code is {code}." if uow.resources.sandbox else "")

    def holds(self, uow: UnitOfWork, row: ChallengeRow, code: str) -> bool:
        """Compare with the digest. Without one nothing holds: a push that no one has answered yet."""
        return hmac.compare_digest(uow.resources.vault.mac(code, "challenge", row.id), row.code_mac or b"")

    def prove(self, resources: Resources, actor: Actor, challenge: str, code: str) -> Proof:
        """The code itself: the verb that wanted the factor spends it in its own transaction."""
        return Proof(challenge, code)

    def push(self, resources: Resources, actor: Actor, challenge: str) -> None:
        """Raises FactorUnavailable: this factor has no push."""
        raise FactorUnavailable(f"{self.factor.label} cannot send a push. Enter a code instead.")

    def poll(self, resources: Resources, actor: Actor, challenge: str) -> Proof | None:
        """Raises FactorUnavailable: this factor has no push."""
        raise FactorUnavailable(f"{self.factor.label} cannot send a push. Enter a code instead.")


def give_code(resources: Resources, row: ChallengeRow, digits: int = 0) -> str:
    """A new code for the challenge, of which the store keeps a keyed digest only."""
    code = resources.entropy.code(digits or FACTORS[row.factor].digits[0])
    row.code_mac = resources.vault.mac(code, "challenge", row.id)
    return code


def strategy_of(name: str) -> Strategy:
    """How the factor with this name works. Raises KeyError for a name that is not in the table."""
    return _loaded(FACTORS[name])


@cache
def _loaded(factor: Factor) -> Strategy:
    module, _, name = factor.strategy.partition(":")
    made: Strategy = getattr(import_module(module), name)(factor)
    return made


def strategies() -> tuple[Strategy, ...]:
    """All of them, in the order of the dialog."""
    return tuple(strategy_of(name) for name in FACTORS)

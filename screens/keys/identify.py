"""Confirm your identity: choose a second factor, answer it, and call the verb that wanted it (rule P2).

Escape anywhere ends the challenge: what arrives for it afterwards, a text or an approved push, opens nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from dropcopy_tui.domain.errors import SecondFactorFailed
from dropcopy_tui.services.factors.table import Challenge, Proof
from screens.frame import DeskScreen
from screens.jobs import off_thread
from screens.modals.choose import Choice, ChooseModal
from screens.modals.identify import CodeModal
from screens.modals.wait import WaitModal
from screens.wording import plural

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

T = TypeVar("T")
# Seconds between two questions to whoever was sent a push, each of which may be answered at once.
_PAUSE = 0.5


async def confirmed(screen: DeskScreen[Any], desk: Desk, what: str, call: Callable[[Proof], Awaitable[T]]) -> T | None:
    """Call the service with a second factor; a wrong code can be tried again. None when cancelled."""
    challenge = await _start(screen, desk)
    error = ""
    while challenge is not None:
        try:
            proof = await _answer(screen, desk, challenge, what, error)
            if proof is None:
                await off_thread(desk.factors.cancel, screen.actor, challenge.id)
                return None
            return await call(proof)
        except SecondFactorFailed as failed:
            error = failed.message
            if not failed.retry:
                screen.say(failed.message, "failed")
                return None
    return None


async def _start(screen: DeskScreen[Any], desk: Desk) -> Challenge | None:
    """Choose a second factor and start it."""
    choices = await off_thread(desk.factors.choices, screen.actor)
    left = await off_thread(desk.factors.codes_left, screen.actor)
    chosen = await screen.app.push_screen_wait(
        ChooseModal(
            "Confirm your identity",
            [Choice(choice.factor.name, choice.factor.label, choice.hint, choice.reason) for choice in choices],
            f"Choose a second factor. {plural(left, 'code is', 'codes are')} left for today.",
        )
    )
    if chosen is None:
        return None
    return await off_thread(desk.factors.start, screen.actor, chosen)


async def _answer(screen: DeskScreen[Any], desk: Desk, challenge: Challenge, what: str, error: str) -> Proof | None:
    """What the person proves themselves with; None when cancelled. Raises SecondFactorFailed."""

    async def hand_over() -> str:
        done = await off_thread(desk.texting.send, screen.actor, challenge.id)
        if done.later or done.failed:
            again = "It is tried again while the code lives. " if done.later else ""
            return f"Not sent: {done.trouble} {again}Escape, then choose another factor."
        return ""

    # Only the first dialog sends; after a wrong code the message is on its way already.
    sending = hand_over if challenge.to_send and not error else None
    code = await screen.app.push_screen_wait(CodeModal(challenge, desk.clock.now(), what, error, sending))
    if code is None:
        return None
    if code:
        return await off_thread(desk.factors.prove, screen.actor, challenge.id, code)
    return await _pushed(screen, desk, challenge)


async def _pushed(screen: DeskScreen[Any], desk: Desk, challenge: Challenge) -> Proof | None:
    """A push, and the wait for its answer. Raises SecondFactorFailed: denied, or too late."""
    await off_thread(desk.factors.push, screen.actor, challenge.id)

    async def approval() -> Proof:
        while True:
            proof = await off_thread(desk.factors.poll, screen.actor, challenge.id)
            if proof is not None:
                return proof
            await asyncio.sleep(_PAUSE)

    text = "A push was sent to your phone. Approve it there, if it was you who asked."
    modal = WaitModal(challenge.factor.label, text, approval)
    proof = await screen.app.push_screen_wait(modal)
    if modal.error is not None:
        raise modal.error
    return proof

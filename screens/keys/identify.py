"""Confirm your identity: choose a second factor, answer it, and call the verb that wanted it (rule P2).

A factor that fails, is denied, or takes too long leads back to the list of factors, with the reason above it. Escape
ends the challenge: what arrives for it afterwards, a text or an approved push, opens nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from dropcopy_tui.domain.errors import CodesUsedUp, FactorUnavailable, SecondFactorFailed
from dropcopy_tui.services.factors.table import FACTORS, Challenge, Proof, Purpose
from screens.frame import DeskScreen
from screens.jobs import off_thread
from screens.modals.choose import Choice, ChooseModal
from screens.modals.identify import CodeModal, Wanted
from screens.modals.wait import WaitModal
from screens.wording import plural

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

T = TypeVar("T")
# Seconds between two polls for the answer to a push; each poll may return immediately.
_PAUSE = 0.5
# A provider that answers within so many seconds is not worth a dialog.
_AT_ONCE = 0.2


async def confirmed(
    screen: DeskScreen[Any],
    desk: Desk,
    what: str,
    call: Callable[[Proof], Awaitable[T]],
    purpose: Purpose = Purpose.KEYS,
    scope: str = "",
) -> T | None:
    """Call the service with a second factor; a wrong code can be tried again. None when cancelled.

    The code opens nothing but its purpose and `scope`, such as these sessions (see `key_scope`).
    """
    trouble = factor = ""
    while True:
        factor = factor or await _choose(screen, desk, trouble)
        if not factor:
            if trouble:
                screen.say(trouble, "failed")
            return None
        try:
            outcome = await _attempt(screen, desk, factor, what, call, (purpose, scope))
        except CodesUsedUp:
            # No other factor helps: the limit holds over all of them.
            raise
        except (FactorUnavailable, SecondFactorFailed) as failed:
            trouble, factor = failed.message, ""
            continue
        if not isinstance(outcome, Wanted):
            return outcome
        trouble, factor = "", factor if outcome is Wanted.NEW_CODE else ""


async def _choose(screen: DeskScreen[Any], desk: Desk, trouble: str) -> str:
    """The name of a second factor, chosen below what went wrong with the one before; "" when cancelled."""
    choices = await off_thread(desk.factors.choices, screen.actor)
    left = await off_thread(desk.factors.codes_left, screen.actor)
    text = f"Select a second factor. {plural(left, 'code')} left today."
    chosen = await screen.app.push_screen_wait(
        ChooseModal(
            "Confirm your identity",
            [Choice(choice.factor.name, choice.factor.label, choice.hint, choice.reason) for choice in choices],
            f"{trouble} {text}" if trouble else text,
            acts=True,
        )
    )
    return chosen or ""


async def _attempt(
    screen: DeskScreen[Any],
    desk: Desk,
    factor: str,
    what: str,
    call: Callable[[Proof], Awaitable[T]],
    bound_to: tuple[Purpose, str],
) -> T | Wanted | None:
    """One challenge of one factor, and the verb's result for its proof.

    Raises SecondFactorFailed, FactorUnavailable: the factor is of no further use.
    """
    challenge = await _started(screen, desk, factor, bound_to)
    if challenge is None:
        return Wanted.OTHER_FACTOR
    error = ""
    while True:
        try:
            answer = await _answer(screen, desk, challenge, what, error)
            if isinstance(answer, Proof):
                return await call(answer)
        except SecondFactorFailed as failed:
            if not failed.retry:
                raise
            error = failed.message
        except FactorUnavailable:
            await off_thread(desk.factors.cancel, screen.actor, challenge.id)
            raise
        else:
            await off_thread(desk.factors.cancel, screen.actor, challenge.id)
            return answer


async def _started(screen: DeskScreen[Any], desk: Desk, factor: str, bound_to: tuple[Purpose, str]) -> Challenge | None:
    """A challenge of the factor. None when Escape ended the wait for a slow provider: then none stays open."""
    starting = asyncio.create_task(off_thread(desk.factors.start, screen.actor, factor, *bound_to))
    await asyncio.wait({starting}, timeout=_AT_ONCE)
    if starting.done():
        return starting.result()
    label = FACTORS[factor].label
    modal = WaitModal("Confirm your identity", f"Asking {label} ...", lambda: asyncio.shield(starting))
    challenge = await screen.app.push_screen_wait(modal)
    if modal.error is not None:
        raise modal.error
    if challenge is None:
        starting.add_done_callback(lambda late: _cancel_late(screen, desk, late))
    return challenge


def _cancel_late(screen: DeskScreen[Any], desk: Desk, late: asyncio.Task[Challenge]) -> None:
    """The challenge is no longer needed: it opens nothing."""
    if not late.cancelled() and late.exception() is None:
        asyncio.get_running_loop().run_in_executor(None, desk.factors.cancel, screen.actor, late.result().id)


async def _answer(
    screen: DeskScreen[Any], desk: Desk, challenge: Challenge, what: str, error: str
) -> Proof | Wanted | None:
    """What the person proves themselves with; None when cancelled. Raises SecondFactorFailed."""

    async def hand_over() -> str:
        done = await off_thread(desk.texting.send, screen.actor, challenge.id)
        if done.later or done.failed:
            again = "It is retried while the code is valid. " if done.later else ""
            return f"Code not sent: {done.trouble} {again}Press Ctrl-O to select another factor."
        return ""

    # Only the first dialog sends; after a wrong code the message is on its way already.
    sending = hand_over if challenge.to_send and not error else None
    code = await screen.app.push_screen_wait(CodeModal(challenge, desk.clock.now, what, error, sending))
    if code is None or isinstance(code, Wanted):
        return code
    if code:
        return await off_thread(desk.factors.prove, screen.actor, challenge.id, code)
    return await _pushed(screen, desk, challenge)


async def _pushed(screen: DeskScreen[Any], desk: Desk, challenge: Challenge) -> Proof | Wanted:
    """A push, and the wait for its answer; Escape leads to the other factors. Raises SecondFactorFailed."""

    async def approval() -> Proof:
        await off_thread(desk.factors.push, screen.actor, challenge.id)
        while True:
            proof = await off_thread(desk.factors.poll, screen.actor, challenge.id)
            if proof is not None:
                return proof
            await asyncio.sleep(_PAUSE)

    text = "A push was sent to your phone. Approve it there if you requested it."
    modal = WaitModal(challenge.factor.label, text, approval)
    proof = await screen.app.push_screen_wait(modal)
    if modal.error is not None:
        raise modal.error
    return proof or Wanted.OTHER_FACTOR

"""Second factors on the command line: how a challenge is started and answered (rule P2)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from dropcopy_tui.cli.output import say
from dropcopy_tui.domain.errors import InvalidValue, SecondFactorFailed

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.people import Actor
    from dropcopy_tui.services.factors.factors import Challenge, Proof

# Given instead of a code: send a push to the phone and wait for the answer.
PUSH = "push"
_PAUSE = 1.0


def begin(desk: Desk, actor: Actor, started: Challenge) -> str:
    """Send the message with the code, which is in the outbox by now; return the problem, or "" for none."""
    if not started.to_send:
        return ""
    return desk.texting.send(actor, started.id).trouble


def words_for(started: Challenge, trouble: str) -> Iterator[str]:
    """Yield what the person needs to know about a challenge."""
    from dropcopy_tui.services.factors.factors import Factor

    if trouble:
        yield f"The code was not sent: {trouble} `dropcopy tick` retries until the code expires."
    if started.factor is Factor.EASE:
        yield f"{started.sent_to}: an agent verifies you and reads out an 8-digit code."
    if started.factor is Factor.DUO:
        yield "Answer with --code PASSCODE" + (f", or with --code {PUSH} and approve it on your phone." * started.push)


def proof_of(desk: Desk, actor: Actor, challenge: str, given: str) -> Proof:
    """The answer to a challenge. Duo is asked here; other codes are spent by the command's own transaction.

    Raises SecondFactorFailed, FactorUnavailable. Input that cannot be a code is refused before it uses up an attempt.
    """
    from dropcopy_tui.services.factors.factors import Factor, Proof, invalid_code

    factor, code = desk.factors.factor_of(actor, challenge), given.replace(" ", "")
    if factor is Factor.DUO and code == PUSH:
        return _pushed(desk, actor, challenge)
    try:
        invalid_code(code, factor)
    except InvalidValue as problem:
        raise SecondFactorFailed(f"{problem.message} No attempt was used up and nothing was changed.") from None
    return desk.duo.passcode(actor, challenge, code) if factor is Factor.DUO else Proof(challenge, code)


def _pushed(desk: Desk, actor: Actor, challenge: str) -> Proof:
    """Wait for the answer on the phone; interrupting the wait cancels the challenge."""
    desk.duo.push(actor, challenge)
    say("A push was sent to your phone. Approve it there, or press Ctrl-C to cancel.")
    try:
        while (proof := desk.duo.poll(actor, challenge)) is None:
            time.sleep(_PAUSE)
    except BaseException:
        desk.factors.cancel(actor, challenge)
        raise
    return proof

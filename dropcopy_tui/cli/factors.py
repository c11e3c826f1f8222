"""Second factors on the command line: what a challenge does at once, and how it is answered (rule P2)."""

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

# Instead of a code: ask on the phone, and wait.
PUSH = "push"
_PAUSE = 1.0


def begin(desk: Desk, actor: Actor, started: Challenge) -> str:
    """Hand a code's message over, now that it is in the outbox; what went wrong, "" for nothing."""
    if not started.to_send:
        return ""
    return desk.texting.send(actor, started.id).trouble


def words_for(started: Challenge, trouble: str) -> Iterator[str]:
    """What the person has to know about a challenge."""
    from dropcopy_tui.services.factors.factors import Factor

    if trouble:
        yield f"The code was not sent: {trouble} `dropcopy tick` tries again while it lives."
    if started.factor is Factor.EASE:
        yield f"{started.sent_to}: an agent verifies you and reads out a code of 8 digits."
    if started.factor is Factor.DUO:
        yield "Answer with --code PASSCODE" + (
            f", or with --code {PUSH}: then approve it on your phone." * started.push
        )


def proof_of(desk: Desk, actor: Actor, challenge: str, given: str) -> Proof:
    """The answer to a challenge. Duo is asked here; everything else is for the verb to spend.

    Raises SecondFactorFailed, FactorUnavailable; what cannot be a code fails before it costs a try.
    """
    from dropcopy_tui.services.factors.factors import Factor, Proof, invalid_code

    factor, code = desk.factors.factor_of(actor, challenge), given.replace(" ", "")
    if factor is Factor.DUO and code == PUSH:
        return _pushed(desk, actor, challenge)
    try:
        invalid_code(code, factor)
    except InvalidValue as problem:
        raise SecondFactorFailed(f"{problem.message} No try was used up and nothing was changed.") from None
    return desk.duo.passcode(actor, challenge, code) if factor is Factor.DUO else Proof(challenge, code)


def _pushed(desk: Desk, actor: Actor, challenge: str) -> Proof:
    """Wait for the answer on the phone; an interrupted wait ends the challenge."""
    desk.duo.push(actor, challenge)
    say("A push was sent to your phone: approve it there. Ctrl-C cancels.")
    try:
        while (proof := desk.duo.poll(actor, challenge)) is None:
            time.sleep(_PAUSE)
    except BaseException:
        desk.factors.cancel(actor, challenge)
        raise
    return proof

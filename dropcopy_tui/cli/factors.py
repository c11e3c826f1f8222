"""Second factors on the command line: how a challenge is started and answered (rule P2)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from dropcopy_tui.cli.output import fields, say, show, utc
from dropcopy_tui.cli.sign_in import secret
from dropcopy_tui.domain.errors import InvalidValue, SecondFactorFailed
from dropcopy_tui.services.factors.table import FACTORS, Purpose

if TYPE_CHECKING:
    from dropcopy_tui.cli.call import Call, Decorator
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.people import Actor
    from dropcopy_tui.services.factors.table import Challenge, Proof

# Given instead of a code: send a push to the phone and wait for the answer.
PUSH = "push"
_PAUSE = 1.0


class FactorName(click.Choice[str]):
    """The name of a second factor. The table is read when it is needed, so that a new row is offered here too."""

    def __init__(self) -> None:
        super().__init__(())

    @property
    def choices(self) -> tuple[str, ...]:
        """The names in the order of the dialog."""
        return tuple(FACTORS)

    @choices.setter
    def choices(self, names: Sequence[str]) -> None:
        """The base class keeps a copy; this one always asks the table."""


class AdvisedOption(click.Option):
    """A required option; who leaves it out is told where its value comes from."""

    def __init__(self, *args: Any, advice: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.advice = advice


def challenge_option(verb: str) -> Decorator:
    """The option --challenge; `verb` prints what it takes."""
    option: Decorator = click.option(
        "--challenge",
        required=True,
        metavar="ID",
        help=f"Challenge id printed by `{verb}`.",
        cls=AdvisedOption,
        advice=f"`dropcopy {verb}` prints one.",
    )
    return option


def code_options(command: Any) -> Any:
    """Add the two ways to give a code; one of them, or a prompt."""
    command = click.option("--code-file", metavar="FILE", help="File containing the code (- for stdin).")(command)
    return click.option("--code", metavar="N", help=f"Verification code; `{PUSH}` sends a Duo push and waits.")(command)


def start_challenge(
    call: Call, factor: str, purpose: Purpose, scope: Callable[[Desk, Actor], str] | None = None
) -> None:
    """Start a second factor and print its id, and what the person has to do.

    `scope` says what the code is to open, such as one act on some sessions; without it, everything of its purpose.
    """
    with call.signed_in() as (desk, actor):
        started = desk.factors.start(actor, factor, purpose, scope(desk, actor) if scope else "")
        trouble = begin(desk, actor, started)
    document = {
        "challenge": started.id,
        "factor": started.factor.name,
        "sent_to": started.sent_to,
        "expires_at": utc(started.expires_at),
        "codes_left_today": started.codes_left_today,
    }
    show(call, document, fields((name.replace("_", " "), value) for name, value in document.items()))
    for line in words_for(started, trouble):
        say(line)
    if started.sandbox_message:
        say("A sandbox sends nothing. Read the code with `dropcopy outbox list --limit 1`.")


def given_code(call: Call, code: str | None, code_file: str | None) -> str:
    """The code, from the option, a file or a prompt."""
    if code is not None and code_file is not None:
        raise click.UsageError("Use --code or --code-file, not both.")
    return code if code is not None else secret(call, code_file, "Verification code", "--code-file")


def answered(call: Call, desk: Desk, actor: Actor, challenge: str, code: str | None, code_file: str | None) -> Proof:
    """The answer to the challenge. Input that cannot be a code is refused before it uses up an attempt."""
    return proof_of(desk, actor, challenge, given_code(call, code, code_file))


def maybe_answered(
    call: Call, desk: Desk, actor: Actor, challenge: str | None, code: str | None, code_file: str | None
) -> Proof | None:
    """The answer, where the site may or may not ask for a second factor; None without a challenge."""
    if challenge is None and (code is not None or code_file is not None):
        raise click.UsageError("Use --code and --code-file together with --challenge.")
    return answered(call, desk, actor, challenge, code, code_file) if challenge is not None else None


def begin(desk: Desk, actor: Actor, started: Challenge) -> str:
    """Send the message with the code, which is in the outbox by now; return the problem, or "" for none."""
    if not started.to_send:
        return ""
    return desk.texting.send(actor, started.id).trouble


def words_for(started: Challenge, trouble: str) -> Iterator[str]:
    """Yield what the person needs to know about a challenge."""
    if trouble:
        yield f"The code was not sent: {trouble} `dropcopy tick` retries until the code expires."
    if started.push:
        yield f"Answer with --code PASSCODE, or with --code {PUSH} and approve it on your phone."
    else:
        yield f"{started.source.rstrip('.')}. Answer with --code CODE ({started.factor.digits_words})."


def proof_of(desk: Desk, actor: Actor, challenge: str, given: str) -> Proof:
    """The answer to a challenge. A provider is asked here; other codes are spent by the command's own transaction.

    Raises SecondFactorFailed, FactorUnavailable. Input that cannot be a code is refused before it uses up an attempt.
    """
    if given.strip() == PUSH:
        return _pushed(desk, actor, challenge)
    try:
        return desk.factors.prove(actor, challenge, given)
    except InvalidValue as problem:
        raise SecondFactorFailed(f"{problem.message} No attempt was used up and nothing was changed.") from None


def _pushed(desk: Desk, actor: Actor, challenge: str) -> Proof:
    """Wait for the answer on the phone; interrupting the wait cancels the challenge."""
    desk.factors.push(actor, challenge)
    say("A push was sent to your phone. Approve it there, or press Ctrl-C to cancel.")
    try:
        while (proof := desk.factors.poll(actor, challenge)) is None:
            time.sleep(_PAUSE)
    except BaseException:
        desk.factors.cancel(actor, challenge)
        raise
    return proof

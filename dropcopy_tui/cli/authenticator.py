"""dropcopy authenticator."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, destroys, noun, verb
from dropcopy_tui.cli.factors import (
    FactorName,
    answered,
    challenge_option,
    code_options,
    given_code,
    start_challenge,
)
from dropcopy_tui.cli.output import fields, maybe_utc, say, short_utc, show, utc, write
from dropcopy_tui.domain.errors import FileRefused, InvalidValue, SecondFactorFailed
from dropcopy_tui.domain.places import beside
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.services.factors.table import FACTORS, Purpose

if TYPE_CHECKING:
    from dropcopy_tui.services.factors.authenticator import AppState

_STDOUT = "-"
_NEXT = "Enter the code that the app shows: dropcopy authenticator confirm --code N"


@noun("authenticator")
def authenticator() -> None:
    """Your authenticator app and recovery codes: show, challenge, enrol, confirm, remove, recovery-codes."""


@authenticator.command("show")
@verb
def show_app(call: Call) -> None:
    """Show whether an app is enrolled for you, and whether it can be used."""
    with call.signed_in() as (desk, actor):
        state = desk.authenticators.show(actor)
    document = {
        "enrolled": state.enrolled_at is not None,
        "enrolled_at": maybe_utc(state.enrolled_at),
        "usable_at": maybe_utc(state.usable_at),
        "awaits_code": state.awaits_code,
        "reason": state.reason or None,
    }
    show(call, document, _lines(state))


def _lines(state: AppState) -> list[str]:
    if state.awaits_code:
        return fields([("authenticator app", "awaiting its first code")])
    if state.enrolled_at is None:
        return fields([("authenticator app", "not enrolled")])
    usable = state.reason or "yes"
    return fields([("authenticator app", f"enrolled {short_utc(state.enrolled_at)}"), ("can be used", usable)])


@authenticator.command("challenge")
@click.option("--factor", type=FactorName(), required=True)
@click.option("--remove", is_flag=True, help="To remove the app, instead of enrolling one.")
@click.option("--recovery", is_flag=True, help="To make recovery codes.")
@verb
def challenge(call: Call, factor: str, remove: bool, recovery: bool) -> None:
    """Send the verification code that enrolling or removing an app, or making recovery codes, requires.

    \b
    Example:
      dropcopy authenticator challenge --factor sms
    """
    if remove and recovery:
        raise click.UsageError("Use --remove or --recovery, not both.")
    if recovery:
        start_challenge(call, factor, Purpose.RECOVERY)
        return
    with call.signed_in() as (desk, actor):
        (desk.authenticators.may_remove if remove else desk.authenticators.may_enrol)(actor)
    start_challenge(call, factor, Purpose.REMOVE if remove else Purpose.ENROL)


@authenticator.command("enrol")
@challenge_option("authenticator challenge")
@code_options
@click.option("--out", metavar="FILE", help="New file for the key, mode 0600 (- for stdout, then nothing else).")
@verb
def enrol(call: Call, challenge: str, code: str | None, code_file: str | None, out: str | None) -> None:
    """Start an enrolment; its key is shown once, on the terminal or in a file.

    An authenticator app takes the key, or the address as a QR code. The enrolment counts once `authenticator confirm`
    was given the app's first code.

    \b
    Examples:
      dropcopy authenticator enrol --challenge ID --code 123456
      dropcopy authenticator enrol --challenge ID --code 123456 --out app.txt
    """
    if out is None and (call.as_json or sys.stdout is None or not sys.stdout.isatty()):
        raise click.UsageError("The key is shown on a terminal only. Use --out FILE (- for stdout).")
    with call.signed_in() as (desk, actor):
        desk.authenticators.may_enrol(actor)
        # Late for the sake of start-up: most verbs write no file.
        from dropcopy_tui.new_file import NewFile

        # Before the code is spent: the key is shown once, so that it must have a place.
        file = NewFile(Path(out), beside(desk.config.paths.store)) if out not in (None, _STDOUT) else None
        try:
            enrolment = desk.authenticators.enrol(actor, answered(call, desk, actor, challenge, code, code_file))
            if file is not None:
                _keep(file.handle, f"{enrolment.uri}\n")
                file.publish()
        except OSError as error:
            raise FileRefused(
                f"{out} cannot be written ({error.strerror}). No app was enrolled. Start the enrolment again."
            ) from None
        finally:
            if file is not None:
                file.close()
    if out == _STDOUT:
        write(f"{enrolment.uri}\n")
    elif out is not None:
        show(call, {"file": out, "awaits_code": True}, [f"Key written to {out} (mode 0600)."])
    else:
        shown = [("key", grouped(enrolment.seed)), ("address", enrolment.uri)]
        show(call, {}, fields(shown))
        say("The key is shown only once.")
    say(_NEXT)


def grouped(seed: str) -> str:
    """The key as a person types it: in groups of four, as the screen shows it."""
    return " ".join(seed[start : start + 4] for start in range(0, len(seed), 4))


def _keep(handle: int, text: str) -> None:
    left = text.encode("ascii")
    while left:
        left = left[os.write(handle, left) :]
    os.fsync(handle)


@authenticator.command("confirm")
@code_options
@verb
def confirm(call: Call, code: str | None, code_file: str | None) -> None:
    """Finish the enrolment with the first code that the app shows."""
    with call.signed_in() as (desk, actor):
        given = given_code(call, code, code_file)
        try:
            FACTORS["totp"].check_code(given.strip().replace(" ", ""))
        except InvalidValue as problem:
            raise SecondFactorFailed(f"{problem.message} No attempt was used up and nothing was changed.") from None
        desk.authenticators.confirm(actor, given)
        state = desk.authenticators.show(actor)
    document = {"enrolled": True, "enrolled_at": maybe_utc(state.enrolled_at), "usable_at": maybe_utc(state.usable_at)}
    show(call, document, _lines(state))


@authenticator.command("remove")
@challenge_option("authenticator challenge --remove")
@code_options
@destroys
@verb
def remove(call: Call, challenge: str, code: str | None, code_file: str | None) -> None:
    """Remove your app. If you no longer have it, confirm by another factor, or call EASE."""
    with call.signed_in() as (desk, actor):
        desk.authenticators.may_remove(actor)
        call.confirm("Remove your authenticator app?")
        desk.authenticators.remove(actor, answered(call, desk, actor, challenge, code, code_file))
    show(call, {"enrolled": False}, ["The authenticator app was removed. An email was written."])


@authenticator.command("recovery-codes")
@click.option("--challenge", metavar="ID", help="Make new codes: id printed by `authenticator challenge --recovery`.")
@code_options
@click.option("--out", metavar="FILE", help="New file for the codes, mode 0600 (- for stdout, then nothing else).")
@verb
def recovery_codes(call: Call, challenge: str | None, code: str | None, code_file: str | None, out: str | None) -> None:
    """Show how many recovery codes you have left, or make ten new ones.

    Each replaces a lost authenticator app once: --factor recovery. They are shown once; earlier ones become invalid.

    \b
    Examples:
      dropcopy authenticator recovery-codes
      dropcopy authenticator recovery-codes --challenge ID --code 123456
    """
    if challenge is None:
        if code is not None or code_file is not None or out is not None:
            raise click.UsageError("Use --code, --code-file and --out together with --challenge.")
        _show_left(call)
    elif out is None and (call.as_json or sys.stdout is None or not sys.stdout.isatty()):
        raise click.UsageError("The codes are shown on a terminal only. Use --out FILE (- for stdout).")
    else:
        _make_codes(call, challenge, code, code_file, out)


def _show_left(call: Call) -> None:
    with call.signed_in() as (desk, actor):
        state = desk.recovery_codes.show(actor)
    document = {"left": state.left, "made_at": maybe_utc(state.made_at), "usable_at": maybe_utc(state.usable_at)}
    made = f", made {short_utc(state.made_at)}" if state.made_at is not None else ""
    show(call, document, fields([("recovery codes", f"{state.left} left{made}")]))


def _make_codes(call: Call, challenge: str, code: str | None, code_file: str | None, out: str | None) -> None:
    with call.signed_in() as (desk, actor):
        # Late for the sake of start-up: most verbs write no file.
        from dropcopy_tui.new_file import NewFile
        from dropcopy_tui.services.factors.recovery import grouped

        # Before the code is spent: the codes are shown once, so that they must have a place.
        file = NewFile(Path(out), beside(desk.config.paths.store)) if out not in (None, _STDOUT) else None
        try:
            made = desk.recovery_codes.make(actor, answered(call, desk, actor, challenge, code, code_file))
            lines = [grouped(each) for each in made.codes]
            if file is not None:
                _keep(file.handle, "".join(f"{line}\n" for line in lines))
                file.publish()
        except OSError as error:
            raise FileRefused(
                f"{out} cannot be written ({error.strerror}). Make the codes again: no one has seen these."
            ) from None
        finally:
            if file is not None:
                file.close()
    if out == _STDOUT:
        write("".join(f"{line}\n" for line in lines))
    elif out is not None:
        document = {"file": out, "codes": len(lines), "usable_at": utc(made.usable_at)}
        show(call, document, [f"{plural(len(lines), 'code')} written to {out} (mode 0600)."])
    else:
        show(call, {}, lines)
        say("The codes are shown only once. Keep them where your phone is not.")
    say(f"They can be used from {short_utc(made.usable_at)}. Earlier codes are invalid.")

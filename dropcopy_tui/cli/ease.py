"""dropcopy ease."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from dropcopy_tui.cli.call import Call, noun, verb
from dropcopy_tui.cli.listing import list_options, print_list, rows_of
from dropcopy_tui.cli.output import fields, say, short_utc, show, table, utc
from dropcopy_tui.cli.shapes import person_shape
from dropcopy_tui.domain.ease import CHECKS, LEAST_CHECKS

if TYPE_CHECKING:
    from dropcopy_tui.services.ease.ease import Caller, Reset
    from dropcopy_tui.services.people.views import PersonLine


@noun("ease")
def ease() -> None:
    """EASE desk: verify callers, issue codes, unlock accounts, reset factors."""


@ease.command("find")
@click.option(
    "--match", default="", metavar="TEXT", help="Only people with this text in user id, name, email or status."
)
@list_options
@verb
def find(call: Call, match: str, limit: int | None) -> None:
    """List the people who may call."""
    with call.signed_in() as (desk, actor):
        every = rows_of(lambda ask: desk.ease.find(actor, ask), match, limit)
        print_list(call, desk, every, person_shape, _lines)


def _lines(found: Iterable[PersonLine]) -> list[str]:
    rows = [(line.user_id, line.name, line.email, line.status) for line in found]
    return table(("USER", "NAME", "EMAIL", "STATUS"), rows, "No people found.")


@ease.command("show")
@click.argument("user")
@verb
def show_caller(call: Call, user: str) -> None:
    """Show the checks that verify a caller."""
    with call.signed_in() as (desk, actor):
        caller = desk.ease.caller(actor, user)
    show(call, _caller_shape(caller), _caller_lines(caller))


def _caller_shape(caller: Caller) -> dict[str, Any]:
    checks = [
        {"check": each.check.key, "words": each.check.words, "answer": each.answer or None} for each in caller.checks
    ]
    return {
        **person_shape(caller.line),
        "checks": checks,
        "codes_left_today": caller.codes_left_today,
        "authenticator_app": caller.has_app,
        "switched_off": [factor.name for factor in caller.off],
        "reason": caller.reason or None,
    }


def _caller_lines(caller: Caller) -> list[str]:
    pairs: list[tuple[str, object]] = [("user", caller.line.user_id), ("name", caller.line.name)]
    pairs += [("codes left today", caller.codes_left_today), ("authenticator app", "yes" if caller.has_app else "no")]
    if caller.off:
        pairs.append(("switched off", ", ".join(factor.label for factor in caller.off)))
    if caller.reason:
        pairs.append(("no code", caller.reason))
    rows = [(each.check.key, each.check.words, each.answer or each.nothing) for each in caller.checks]
    return [*fields(pairs), *table(("CHECK", "VERIFY", "ANSWER"), rows, "")]


@ease.command("issue")
@click.argument("user")
@click.option(
    "--verified",
    type=click.Choice([check.key for check in CHECKS]),
    multiple=True,
    required=True,
    help=f"A check that the caller passed; repeat for at least {LEAST_CHECKS}.",
)
@click.option(
    "--purpose",
    type=click.Choice(["keys", "enrol", "roles"]),
    default="keys",
    show_default=True,
    help="What the code is for: key pairs, enrolling an authenticator app, or granting roles.",
)
@verb
def issue(call: Call, user: str, verified: tuple[str, ...], purpose: str) -> None:
    """Issue a verification code, to be read out to the caller.

    The code is printed once; an older code becomes invalid.

    \b
    Example:
      dropcopy ease issue acme-operator --verified callback --verified email
    """
    with call.signed_in() as (desk, actor):
        from dropcopy_tui.services.factors.table import Purpose

        issued = desk.ease.issue(actor, user, Purpose(purpose), verified)
    document = {
        "user_id": issued.user_id,
        "code": issued.code,
        "purpose": issued.purpose.value,
        "expires_at": utc(issued.expires_at),
        "codes_left_today": issued.codes_left_today,
    }
    show(call, document, fields((name.replace("_", " "), value) for name, value in document.items()))
    if not call.as_json:
        say(f"Read the code out to {issued.user_id}. They were notified by email that it was issued.")


@ease.command("unlock")
@click.argument("user")
@verb
def unlock(call: Call, user: str) -> None:
    """Unlock an account before its lock expires."""
    with call.signed_in() as (desk, actor):
        line = desk.people.unlock(actor, user)
    show(call, person_shape(line), fields([("user", line.user_id), ("status", line.status.value)]))


@ease.command("reset")
@click.argument("user")
@click.option("--factor", type=click.Choice(["totp"]), default="totp", show_default=True)
@verb
def reset(call: Call, user: str, factor: str) -> None:
    """Request the removal of a lost authenticator app.

    A second agent must confirm the request within 30 minutes.
    """
    with call.signed_in() as (desk, actor):
        asked = desk.ease.reset_factor(actor, user, factor)
    show(call, _reset_shape(asked), _reset_lines([asked]))
    say(f"A second agent must confirm it: dropcopy ease confirm {asked.id}")


@ease.command("resets")
@verb
def resets(call: Call) -> None:
    """List the resets awaiting a second agent."""
    with call.signed_in() as (desk, actor):
        waiting = desk.ease.resets(actor)
    show(call, [_reset_shape(each) for each in waiting], _reset_lines(list(waiting)))


@ease.command("confirm")
@click.argument("reset_id", metavar="ID", type=click.IntRange(1))
@verb
def confirm(call: Call, reset_id: int) -> None:
    """Confirm a colleague's reset; the app is removed immediately."""
    with call.signed_in() as (desk, actor):
        done = desk.ease.confirm_reset(actor, reset_id)
    show(call, _reset_shape(done), [f"The authenticator app of {done.user_id} was removed."])


def _reset_shape(reset: Reset) -> dict[str, Any]:
    return {
        "id": reset.id,
        "user_id": reset.user_id,
        "factor": reset.factor.name,
        "asked_by": reset.asked_by,
        "asked_at": utc(reset.asked_at),
        "expires_at": utc(reset.expires_at),
    }


def _reset_lines(waiting: list[Reset]) -> list[str]:
    rows = [(each.id, each.user_id, each.factor.label, each.asked_by, short_utc(each.expires_at)) for each in waiting]
    return table(("ID", "USER", "FACTOR", "REQUESTED BY", "UNTIL"), rows, "No resets are awaiting confirmation.")

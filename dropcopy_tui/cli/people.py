"""dropcopy people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, noun, verb
from dropcopy_tui.cli.codes import entity_option, only_entity
from dropcopy_tui.cli.factors import FactorName, code_options, maybe_answered, start_challenge
from dropcopy_tui.cli.listing import list_options, print_list, rows_of
from dropcopy_tui.cli.output import fields, say, short_utc, show, table, utc
from dropcopy_tui.cli.shapes import person_shape, whole_person_shape
from dropcopy_tui.cli.sign_in import ask, secret
from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.people import Entitlement, Role
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.origin import origin
from dropcopy_tui.services.factors.table import Purpose, grant_scope

if TYPE_CHECKING:
    from dropcopy_tui.cli.call import Decorator
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.people import Actor
    from dropcopy_tui.services.people.people import Invited
    from dropcopy_tui.services.people.views import PersonLine, PersonView

ROLE = click.Choice([role.value for role in Role])
_ROLES = ", ".join(role.value for role in Role)
_ENTITY = entity_option("Entity of the role; optional if you administer only one. Not for desk-wide roles.")
_CHALLENGE = click.option(
    "--challenge", metavar="ID", help="Id printed by `people challenge`, where the site asks for a second factor."
)


def _role_option(words: str) -> Decorator:
    option: Decorator = click.option(
        "--role", "roles", type=ROLE, metavar="ROLE", multiple=True, required=True, help=f"{words} Roles: {_ROLES}."
    )
    return option


@noun("people")
def people() -> None:
    """People and their entitlements."""


@people.command("list")
@entity_option("Only people with a role at this entity.")
@click.option(
    "--match", default="", metavar="TEXT", help="Only people with this text in user id, name, email or status."
)
@list_options
@verb
def list_people(call: Call, entity: str, match: str, limit: int | None) -> None:
    """List the people you have access to."""
    with call.signed_in() as (desk, actor):
        every = rows_of(partial(desk.people.page, actor, entity=entity), match, limit)
        print_list(call, desk, every, person_shape, _lines)


def _lines(found: Iterable[PersonLine]) -> list[str]:
    rows = [(row.user_id, row.name, row.email, row.status, row.summary) for row in found]
    return table(("USER", "NAME", "EMAIL", "STATUS", "ROLES"), rows, "No people found.")


@people.command("show")
@click.argument("user")
@verb
def show_person(call: Call, user: str) -> None:
    """Show one person."""
    with call.signed_in() as (desk, actor):
        view = desk.people.show(actor, user)
    show(call, whole_person_shape(view), _details(view))


def _details(view: PersonView) -> list[str]:
    line = view.line
    pairs: list[tuple[str, object]] = [
        ("user", line.user_id),
        ("name", line.name),
        ("email", line.email),
        ("mobile", view.mobile or "none"),
        ("status", line.status),
        ("password", "set" if view.has_password else "not set"),
        ("roles", [each.words for each in line.entitlements] or "none"),
    ]
    if view.locked_until is not None:
        pairs.append(("locked until", short_utc(view.locked_until)))
    if view.invited_until is not None:
        pairs.append(("invited until", short_utc(view.invited_until)))
    if view.events:
        pairs.append(("events", [f"{short_utc(moment.at)} {moment.text}" for moment in view.events]))
    return fields(pairs)


@people.command("invite")
@click.argument("user")
@click.option("--name", required=True, metavar="NAME")
@click.option("--email", required=True, metavar="ADDRESS", help="Address that receives the invitation code.")
@click.option("--mobile", default="", metavar="NUMBER", help="Phone number for codes by SMS.")
@_ENTITY
@_role_option("Initial role; may be repeated.")
@_CHALLENGE
@code_options
@verb
def invite(
    call: Call,
    user: str,
    name: str,
    email: str,
    mobile: str,
    entity: str,
    roles: tuple[str, ...],
    challenge: str | None,
    code: str | None,
    code_file: str | None,
) -> None:
    """Create a person and email them an invitation code to set their password.

    \b
    Example:
      dropcopy people invite acme-trader --name "Desk Trader" \\
        --email trader@firm.example --entity ACME --role full_access
    """
    with call.signed_in() as (desk, actor):
        given = [Role(role) for role in roles]
        place = _place(desk, actor, given, entity)
        proof = maybe_answered(call, desk, actor, challenge, code, code_file)
        invited = desk.people.invite(actor, user, name, email, mobile, place, given, proof)
    _show_invited(call, invited)


@people.command("challenge")
@click.argument("user")
@click.option("--factor", type=FactorName(), required=True)
@_role_option("Role to grant; may be repeated for `people invite`.")
@click.option("--email", default="", metavar="ADDRESS", help="For `people invite`: the same address as there.")
@_ENTITY
@verb
def challenge(call: Call, user: str, factor: str, roles: tuple[str, ...], email: str, entity: str) -> None:
    """Start the second factor that granting roles requires where the site asks for one.

    The code grants exactly these roles to this person. The setting is role_grant_factor.

    \b
    Examples:
      dropcopy people challenge acme-trader --factor sms --role auditor
      dropcopy people entitle acme-trader auditor --challenge ID --code 123456
    """

    def scope(desk: Desk, actor: Actor) -> str:
        given = [Role(role) for role in roles]
        place = _place(desk, actor, given, entity)
        return grant_scope(
            user, [Entitlement(role, None if role.desk_wide else place or None) for role in given], email
        )

    start_challenge(call, factor, Purpose.ROLES, scope)


@people.command("invite-again")
@click.argument("user")
@verb
def invite_again(call: Call, user: str) -> None:
    """Email a new invitation code, for example after a forgotten password.

    Older codes become invalid.
    """
    with call.signed_in() as (desk, actor):
        invited = desk.people.invite_again(actor, user)
    _show_invited(call, invited)


def _show_invited(call: Call, invited: Invited) -> None:
    until = short_utc(invited.expires_at)
    user_id = invited.person.user_id
    say(f"{invited.sentence} It can be used once, until {until}: dropcopy people accept {user_id}")
    document = {
        **person_shape(invited.person),
        "sent_to": invited.sent_to,
        "expires_at": utc(invited.expires_at),
        "waits": invited.waits,
    }
    pairs = [("user", user_id), ("sent to", invited.sent_to), ("valid until", until)]
    show(call, document, fields(pairs))


@people.command("accept")
@click.argument("user")
@click.option("--code-file", metavar="FILE", help="File containing the code (- for stdin).")
@verb
def accept(call: Call, user: str, code_file: str | None) -> None:
    """Set your password with your invitation code.

    --password-file contains the new password (- for stdin, next line).
    """
    with call.desk() as desk:
        code = secret(call, code_file, "Invitation code", "--code-file")
        accepted = desk.people.accept(user, code, _new_password(call), origin("cli"))
    if accepted.locked_until is not None:
        say(
            f"The account is locked until {short_utc(accepted.locked_until)} after failed attempts. EASE can unlock it."
        )
    say("Your password was set. Use it to sign in.")
    show(call, {"accepted": True, "user_id": accepted.user_id}, ())


def _new_password(call: Call) -> str:
    new = secret(call, call.password_file, "New password", "--password-file")
    if call.password_file is None and ask("Repeat the new password") != new:
        raise InvalidValue("The two new passwords do not match. Nothing was changed.", "password")
    return new


@people.command("entitle")
@click.argument("user")
@click.argument("role", type=ROLE)
@_ENTITY
@_CHALLENGE
@code_options
@verb
def entitle(
    call: Call, user: str, role: str, entity: str, challenge: str | None, code: str | None, code_file: str | None
) -> None:
    """Grant a role, effective immediately.

    \b
    Examples:
      dropcopy people entitle acme-trader key_management --entity ACME
      dropcopy people entitle acme-trader auditor
    """
    with call.signed_in() as (desk, actor):
        place = _place(desk, actor, [Role(role)], entity)
        proof = maybe_answered(call, desk, actor, challenge, code, code_file)
        line = desk.people.entitle(actor, user, Role(role), place, proof)
    _show_changed(call, line)


@people.command("remove")
@click.argument("user")
@click.argument("role", type=ROLE)
@_ENTITY
@verb
def remove(call: Call, user: str, role: str, entity: str) -> None:
    """Revoke a role; takes effect on the person's next action."""
    with call.signed_in() as (desk, actor):
        line = desk.people.disentitle(actor, user, Role(role), _place(desk, actor, [Role(role)], entity))
    _show_changed(call, line)


@people.command("disable")
@click.argument("user")
@verb
def disable(call: Call, user: str) -> None:
    """Disable an account. Its open requests are kept."""
    with call.signed_in() as (desk, actor):
        done = desk.people.disable(actor, user)
    if done.open_requests:
        say(f"{plural(done.open_requests, 'open request is', 'open requests are')} kept.")
    document = {**person_shape(done.person), "open_requests": done.open_requests}
    show(call, document, _lines([done.person]) if not call.as_json else ())


@people.command("enable")
@click.argument("user")
@verb
def enable(call: Call, user: str) -> None:
    """Enable a disabled account."""
    with call.signed_in() as (desk, actor):
        line = desk.people.enable(actor, user)
    _show_changed(call, line)


@people.command("unlock")
@click.argument("user")
@verb
def unlock(call: Call, user: str) -> None:
    """Unlock an account before its lock expires (EASE)."""
    with call.signed_in() as (desk, actor):
        line = desk.people.unlock(actor, user)
    _show_changed(call, line)


def _place(desk: Desk, actor: Actor, roles: Sequence[Role], entity: str) -> str:
    """Where the roles hold: the entity that was named, else the person's only one; "" for desk-wide roles."""
    if entity or all(role.desk_wide for role in roles):
        return entity
    return only_entity(desk.people.entities(actor), "administer people of")


def _show_changed(call: Call, line: PersonLine) -> None:
    show(call, person_shape(line), _lines([line]) if not call.as_json else ())

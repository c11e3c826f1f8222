"""dropcopy ssh keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dropcopy_tui.cli.call import Call, Decorator, destroys, noun, verb
from dropcopy_tui.cli.factors import FactorName, answered, challenge_option, code_options, start_challenge
from dropcopy_tui.cli.files import read_line
from dropcopy_tui.cli.listing import rows_of
from dropcopy_tui.cli.output import fields, maybe_utc, short_utc, show, table, utc
from dropcopy_tui.services.factors.table import Purpose, access_scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.people import Actor
    from dropcopy_tui.services.people.ssh_keys import SshKeyView

_user: Decorator = click.option("--user", default="", metavar="USER", help="A person you administer, instead of you.")
_key_file: Decorator = click.argument("file", metavar="FILE")
_challenge: Decorator = challenge_option("ssh keys challenge")


@noun("keys")
def keys() -> None:
    """SSH keys, with which people sign in to the desk over SSH: list, challenge, add, revoke."""


@keys.command("list")
@_user
@verb
def list_keys(call: Call, user: str) -> None:
    """List your SSH keys, or those of a person you administer."""
    with call.signed_in() as (desk, actor):
        found = list(rows_of(partial(desk.ssh_keys.page, actor, user_id=user)))
    show(call, [_shape(view) for view in found], _lines(found) if not call.as_json else ())


@keys.command("challenge")
@click.option("--factor", type=FactorName(), required=True)
@click.option("--add", "to_add", metavar="FILE", help="To add the key in this .pub file (- for stdin).")
@click.option("--revoke", "to_revoke", metavar="KEY", help="To revoke this key: its fingerprint or label.")
@_user
@verb
def challenge(call: Call, factor: str, to_add: str | None, to_revoke: str | None, user: str) -> None:
    """Start the second factor that adding or revoking an SSH key requires.

    \b
    Example:
      dropcopy ssh keys challenge --factor sms --add id_ed25519.pub
    """
    if (to_add is None) is (to_revoke is None):
        raise click.UsageError("Use --add FILE or --revoke KEY.")

    def scope(desk: Desk, actor: Actor) -> str:
        whose = user or actor.user_id
        if to_add is not None:
            return access_scope("add", whose, desk.ssh_keys.check(actor, _line(to_add), user).fingerprint)
        return access_scope("revoke", whose, desk.ssh_keys.find(actor, to_revoke or "", user).fingerprint)

    start_challenge(call, factor, Purpose.ACCESS, scope)


@keys.command("add")
@_key_file
@_challenge
@code_options
@click.option("--label", default="", metavar="TEXT", help="Which machine the key is on; by default its comment.")
@_user
@verb
def add(call: Call, file: str, challenge: str, code: str | None, code_file: str | None, label: str, user: str) -> None:
    """Add the SSH key in a .pub file (- for stdin). The person is notified.

    \b
    Examples:
      dropcopy ssh keys add id_ed25519.pub --challenge ID --code 123456
      ssh desk ssh keys add - --challenge ID --code 123456 < id_ed25519.pub
    """
    line = _line(file)
    with call.signed_in() as (desk, actor):
        desk.ssh_keys.check(actor, line, user)
        proof = answered(call, desk, actor, challenge, code, code_file)
        made = desk.ssh_keys.add(actor, line, label, proof, user)
    show(call, _shape(made), _details(made))


@keys.command("revoke")
@click.argument("key", metavar="KEY")
@_challenge
@code_options
@_user
@destroys
@verb
def revoke(call: Call, key: str, challenge: str, code: str | None, code_file: str | None, user: str) -> None:
    """Revoke an SSH key for good, by its fingerprint or label. The person is notified.

    \b
    Example:
      dropcopy ssh keys revoke "Laptop" --challenge ID --code 123456 --yes
    """
    with call.signed_in() as (desk, actor):
        found = desk.ssh_keys.find(actor, key, user)
        call.confirm(f"Revoke {found.label} ({found.fingerprint})? It can never be added again.")
        proof = answered(call, desk, actor, challenge, code, code_file)
        done = desk.ssh_keys.revoke(actor, found.fingerprint, proof, user)
    show(call, _shape(done), _details(done))


def _line(file: str) -> str:
    return read_line(file, "The public key")


def _shape(view: SshKeyView) -> dict[str, Any]:
    return {
        "fingerprint": view.fingerprint,
        "type": view.kind,
        "label": view.label,
        "added_by": view.added_by,
        "added_at": utc(view.added_at),
        "last_used_at": maybe_utc(view.last_used_at),
        "revoked_by": view.revoked_by or None,
        "revoked_at": maybe_utc(view.revoked_at),
    }


def _lines(found: Iterable[SshKeyView]) -> list[str]:
    rows = [
        (view.fingerprint, view.kind, view.label, short_utc(view.added_at), _used(view), _state(view)) for view in found
    ]
    return table(("FINGERPRINT", "TYPE", "LABEL", "ADDED", "LAST USED", "STATE"), rows, "No SSH keys.")


def _details(view: SshKeyView) -> list[str]:
    return fields(
        [
            ("fingerprint", view.fingerprint),
            ("type", view.kind),
            ("label", view.label),
            ("added", f"{short_utc(view.added_at)} by {view.added_by}"),
            ("state", _state(view)),
        ]
    )


def _used(view: SshKeyView) -> str:
    return short_utc(view.last_used_at) if view.last_used_at else "never"


def _state(view: SshKeyView) -> str:
    return f"revoked {short_utc(view.revoked_at)} by {view.revoked_by}" if view.revoked_at else "in use"

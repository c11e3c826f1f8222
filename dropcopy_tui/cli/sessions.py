"""dropcopy sessions."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, destroys, noun, verb
from dropcopy_tui.cli.codes import entity_option
from dropcopy_tui.cli.groups import MARKET
from dropcopy_tui.cli.listing import list_options, print_list, rows_of
from dropcopy_tui.cli.output import fields, short_utc, show, table
from dropcopy_tui.cli.shapes import session_shape, state_words
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.sessions import SessionKind, SessionStatus

if TYPE_CHECKING:
    from dropcopy_tui.services.views import KeyView, SessionView


@noun("sessions")
def sessions() -> None:
    """Sessions and their key pairs."""


@sessions.command("list")
@click.option("--kind", type=click.Choice([kind.value for kind in SessionKind]), help="Only sessions of this kind.")
@click.option("--group", metavar="G", help="Only target sessions of this group, by name or id.")
@entity_option("Only sessions of this entity.")
@click.option(
    "--status", type=click.Choice([status.value for status in SessionStatus]), help="Only sessions with this status."
)
@click.option(
    "--match", default="", metavar="TEXT", help="Only sessions with this text in id, market, status or group."
)
@list_options
@verb
def list_sessions(
    call: Call, kind: str | None, group: str | None, entity: str, status: str | None, match: str, limit: int | None
) -> None:
    """List the sessions you have access to.

    \b
    Examples:
      dropcopy sessions list --group DC-NY-1
      dropcopy sessions list --kind market_data --json
    """
    with call.signed_in() as (desk, actor):
        group_id = desk.groups.show(actor, group, entity).line.id if group is not None else None
        chosen = SessionKind(kind) if kind else None
        state = SessionStatus(status) if status else None
        pages = partial(desk.sessions.page, actor, kind=chosen, entity=entity, group_id=group_id, status=state)
        print_list(call, desk, rows_of(pages, match, limit), session_shape, _lines)


def _lines(found: Iterable[SessionView]) -> list[str]:
    headers = ("SESSION", "KIND", "MARKET", "GATEWAY", "ENTITY", "GROUP", "STATUS", "KEYS")
    rows = [
        (row.session_id, row.kind, row.market, row.gateway, row.entity, row.group or "-", row.status, _keys(row))
        for row in found
    ]
    return table(headers, rows, "No sessions found.")


def _keys(view: SessionView) -> str:
    states = [key.state.words for key in view.keys]
    return ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states)) or "none"


@sessions.command("show")
@click.argument("session_id", metavar="SESSION")
@click.option("--market", type=MARKET, help="Market of the session, if several have the id.")
@verb
def show_session(call: Call, session_id: str, market: str | None) -> None:
    """Show one session with its key pairs."""
    with call.signed_in() as (desk, actor):
        view = desk.sessions.find(actor, [session_id], market or "")[0]
    show(call, session_shape(view), _details(view))


@sessions.command("retire")
@click.argument("session_id", metavar="SESSION")
@click.option("--market", type=MARKET, help="Market of the session, if several have the id.")
@destroys
@verb
def retire_session(call: Call, session_id: str, market: str | None) -> None:
    """Permanently retire a released drop copy session (GAM only).

    Its key pairs are deleted.
    """
    with call.signed_in() as (desk, actor):
        found = desk.sessions.find(actor, [session_id], market or "")[0]
        pairs = plural(len(found.living), "active key pair")
        call.confirm(f"Permanently retire session {found.session_id} of {found.entity} and delete its {pairs}?")
        view = desk.sessions.retire(actor, found.pk)
    show(call, session_shape(view), _details(view))


def _details(view: SessionView) -> list[str]:
    return fields(
        (
            ("session", view.session_id),
            ("kind", view.kind.value),
            ("market", view.market_name),
            ("gateway", view.gateway.value),
            ("market segments", ", ".join(view.segments) or "-"),
            ("entity", view.entity),
            ("group", view.group or "-"),
            ("status", view.status),
            ("keys", [_key_line(key) for key in view.keys] or "none"),
        )
    )


def _key_line(key: KeyView) -> str:
    return f"{key.access_key_id}  {state_words(key)}, {short_utc(key.created_at)} to {short_utc(key.expires_at)}"

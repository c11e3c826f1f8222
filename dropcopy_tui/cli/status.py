"""dropcopy status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, verb
from dropcopy_tui.cli.output import fields, say, show
from dropcopy_tui.cli.shapes import status_shape
from dropcopy_tui.domain.plurals import plural

if TYPE_CHECKING:
    from dropcopy_tui.services.home import HomeView, KeylessSession

_QUIET = "Nothing needs attention: no key pair expires within four weeks."


@click.command("status")
@verb
def status(call: Call) -> None:
    """Show what needs your attention, as the first screen does.

    Stopped feeds, key pairs that expire within four weeks, requests that await your approval, drafts, notices. The
    exit code is 0 whether or not something needs attention.

    \b
    Examples:
      dropcopy status
      dropcopy status --json
    """
    with call.signed_in() as (desk, actor):
        from dropcopy_tui.services.home import home

        paths, settings = desk.config.paths, desk.config.settings
        view = home(paths.store, settings, desk.clock.now(), user_id=actor.user_id, origin=actor.origin)
    if not call.as_json:
        _say_quiet(view)
    show(call, status_shape(actor.user_id, view), _lines(view) if not call.as_json else ())


def _say_quiet(view: HomeView) -> None:
    if not view.entities:
        say(view.no_entity)
    elif not any((view.stopped, view.expiring, view.without, view.to_review, view.drafts)):
        say(_QUIET)


def _lines(view: HomeView) -> list[str]:
    expiring = [f"{key.session_id}  {key.when} ({key.how_far})" for key in view.expiring]
    drafts = [
        f"{draft.name or 'unnamed'} ({draft.market_name}), step {draft.step}  (draft {draft.id})"
        for draft in view.drafts
    ]
    pairs: list[tuple[str, object]] = [
        ("feed stopped", [_stopped(key) for key in view.stopped] or "none"),
        ("expiring key pairs", expiring or "none"),
        ("sessions without a key pair", [key.session_id for key in view.without] or "none"),
        ("awaiting your approval", plural(view.to_review, "request")),
        ("your drafts", drafts or "none"),
        ("unread notices", f"{view.notices:,}"),
        ("your requests", f"{view.requests:,}"),
        ("groups", f"{sum(view.groups.values()):,}"),
    ]
    return fields(pairs)


def _stopped(key: KeylessSession) -> str:
    return f"{key.session_id}  {key.since}"

"""dropcopy requests."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, noun, verb
from dropcopy_tui.cli.draft_lines import draft_lines
from dropcopy_tui.cli.listing import list_options, print_list, rows_of
from dropcopy_tui.cli.long_work import long_work
from dropcopy_tui.cli.output import fields, short_utc, show, table
from dropcopy_tui.cli.shapes import draft_shape, request_shape, whole_request_shape
from dropcopy_tui.cli.sources import request_sources

if TYPE_CHECKING:
    from dropcopy_tui.services.views import RequestLine, RequestView


@noun("requests")
def requests() -> None:
    """Requests and their approvals."""


requests.add_command(request_sources)


@requests.command("list")
@click.option("--all", "everyone", is_flag=True, help="All requests of the entities you have access to.")
@click.option("--todo", is_flag=True, help="Only requests awaiting your approval.")
@click.option(
    "--match", default="", metavar="TEXT", help="Only requests with this text in id, subject, status or person."
)
@list_options
@verb
def list_requests(call: Call, everyone: bool, todo: bool, match: str, limit: int | None) -> None:
    """List your requests, newest first.

    \b
    Examples:
      dropcopy requests list --todo
      dropcopy requests list --all --match failed --json
    """
    if everyone and todo:
        raise click.UsageError("Use either --all or --todo, not both.")
    with call.signed_in() as (desk, actor):
        pages = partial(desk.requests.to_do, actor) if todo else partial(desk.requests.page, actor, everyone=everyone)
        print_list(call, desk, rows_of(pages, match, limit), request_shape, request_table)


def request_table(found: Iterable[RequestLine | RequestView], empty: str = "No requests found.") -> list[str]:
    """Format requests as a table."""
    headers = ("ID", "TYPE", "SUBJECT", "ENTITY", "BY", "SUBMITTED", "STAGE")
    rows = [
        (row.id, row.type.words, row.subject, row.entity, row.submitted_by, short_utc(row.submitted_at), row.stage)
        for row in found
    ]
    return table(headers, rows, empty)


@requests.command("show")
@click.argument("request_id", metavar="ID")
@verb
def show_request(call: Call, request_id: str) -> None:
    """Show one request with its history."""
    with call.signed_in() as (desk, actor):
        view = desk.requests.show(actor, request_id)
    show(call, whole_request_shape(view), request_lines(view))


@requests.command("approve")
@click.argument("request_id", metavar="ID")
@click.option("--version", type=int, metavar="N", help="Refuse unless the request is still at this version.")
@verb
def approve(call: Call, request_id: str, version: int | None) -> None:
    """Approve a request for every firm you are administrative manager of."""
    with call.signed_in() as (desk, actor):
        shown = desk.requests.show(actor, request_id).version if version is None else version
        with long_work("Nothing was changed.", "Approving"):
            view = desk.requests.approve(actor, request_id, shown)
    show(call, whole_request_shape(view), request_lines(view))


@requests.command("deny")
@click.argument("request_id", metavar="ID")
@click.option("--reason", required=True, metavar="TEXT", help="Reason, shown to the requester.")
@click.option("--version", type=int, metavar="N", help="Refuse unless the request is still at this version.")
@verb
def deny(call: Call, request_id: str, reason: str, version: int | None) -> None:
    """Deny a request, with a reason.

    \b
    Example:
      dropcopy requests deny DC-2026-000123 --reason "Wrong front end"
    """
    with call.signed_in() as (desk, actor):
        shown = desk.requests.show(actor, request_id).version if version is None else version
        view = desk.requests.deny(actor, request_id, shown, reason)
    show(call, whole_request_shape(view), request_lines(view))


@requests.command("cancel")
@click.argument("request_id", metavar="ID")
@verb
def cancel(call: Call, request_id: str) -> None:
    """Cancel your own request before it is completed."""
    with call.signed_in() as (desk, actor):
        view = desk.requests.cancel(actor, request_id)
    show(call, whole_request_shape(view), request_lines(view))


@requests.command("again")
@click.argument("request_id", metavar="ID")
@verb
def ask_again(call: Call, request_id: str) -> None:
    """Start a draft with the content of a denied, cancelled or failed request.

    \b
    Examples:
      dropcopy requests again DC-2026-000123
      dropcopy drafts submit 7
    """
    with call.signed_in() as (desk, actor), long_work("Nothing was changed.", "Copying the request"):
        view = desk.edits.again(actor, request_id)
    show(call, draft_shape(view), draft_lines(view))


def request_lines(view: RequestView) -> list[str]:
    """Format a request with its history for people."""
    asked = [f"{name}: {_listed(value)}" for name, value in view.asked.items()]
    pairs: list[tuple[str, object]] = [
        ("request", view.id),
        ("type", view.type.words),
        ("subject", view.subject),
        ("entity", view.entity),
        ("status", view.status.words),
        ("stage", view.stage),
        ("submitted", f"{short_utc(view.submitted_at)} by {view.submitted_by}"),
    ]
    if view.reasons:
        pairs.append(("reasons", list(view.reasons)))
    if asked:
        pairs.append(("requested", asked))
    pairs.extend(("history" if not number else "", line) for number, line in enumerate(_story(view)))
    return fields(pairs)


def _story(view: RequestView) -> list[str]:
    return [f"{short_utc(moment.at)} {moment.text}" for moment in view.story]


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

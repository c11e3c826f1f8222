"""dropcopy drafts, and the copy of a group, which is one."""

from __future__ import annotations

import click

from dropcopy_tui.cli.call import Call, destroys, noun, verb
from dropcopy_tui.cli.codes import entity_option, op_id_option
from dropcopy_tui.cli.draft_lines import draft_lines
from dropcopy_tui.cli.dry_run import review_lines
from dropcopy_tui.cli.long_work import long_work
from dropcopy_tui.cli.output import short_utc, show, table
from dropcopy_tui.cli.requests import request_lines
from dropcopy_tui.cli.shapes import draft_shape, request_shape, review_shape

_DRAFT = click.argument("draft_id", metavar="DRAFT", type=int)


@noun("drafts")
def drafts() -> None:
    """Your drafts of new groups and of edits."""


@drafts.command("list")
@verb
def list_drafts(call: Call) -> None:
    """List your drafts, last changed first."""
    with call.signed_in() as (desk, actor):
        found = desk.drafts.mine(actor)
    headers = ("ID", "NAME", "ENTITY", "MARKET", "EDIT OF", "SOURCES", "STEP", "CHANGED")
    rows = [
        (row.id, row.name or "-", row.entity or "-", row.market, row.group or "-", f"{row.sources:,}", row.step,
         short_utc(row.updated_at))
        for row in found
    ]  # fmt: skip
    show(
        call, [draft_shape(row) for row in found], table(headers, rows, "No drafts found.") if not call.as_json else ()
    )


@drafts.command("show")
@_DRAFT
@verb
def show_draft(call: Call, draft_id: int) -> None:
    """Show a draft: its content, what it changes, and what prevents its submission.

    \b
    Examples:
      dropcopy drafts list
      dropcopy drafts show 7 --json
    """
    with call.signed_in() as (desk, actor):
        review = desk.drafts.review(actor, draft_id)
    show(call, review_shape(review), review_lines(review))


@drafts.command("discard")
@_DRAFT
@destroys
@verb
def discard_draft(call: Call, draft_id: int) -> None:
    """Discard a draft permanently."""
    with call.signed_in() as (desk, actor):
        view = desk.drafts.get(actor, draft_id)
        call.confirm(f"Discard draft {view.id} ({view.name or 'no name'})?")
        with long_work("Nothing was changed.", "Discarding the draft"):
            desk.drafts.discard(actor, draft_id)
    show(call, draft_shape(view), [f"Draft {view.id} discarded."])


@drafts.command("submit")
@_DRAFT
@click.option("--version", type=int, metavar="N", help="Refuse unless the draft is still at this version.")
@op_id_option
@verb
def submit_draft(call: Call, draft_id: int, version: int | None, op_id: str) -> None:
    """Submit a draft and print the request."""
    with call.signed_in() as (desk, actor), long_work("Nothing was changed.", "Submitting"):
        view = desk.drafts.submit(actor, draft_id, version, op_id)
    show(call, request_shape(view), request_lines(view))


@click.command("clone")
@click.argument("group")
@entity_option("Entity of the group, if several have the name.")
@click.option("--name", metavar="NAME", help="Name of the new group; a draft can be submitted only with one.")
@verb
def clone_group(call: Call, group: str, entity: str, name: str | None) -> None:
    """Start a draft of a new group with the content of an existing one.

    \b
    Examples:
      dropcopy groups clone DC-NY-1 --name DC-NY-2
      dropcopy drafts submit 7
    """
    with call.signed_in() as (desk, actor):
        group_id = desk.groups.show(actor, group, entity).line.id
        with long_work("Nothing was changed.", "Copying the group"):
            view = desk.edits.clone(actor, group_id)
        if name is not None:
            from dropcopy_tui.services.groups.drafts import DraftFields

            front_end = view.front_end.id if view.front_end else None
            named = DraftFields(view.entity, name, front_end, view.filters, view.step)
            view = desk.drafts.save(actor, view.id, view.version, named)
    show(call, draft_shape(view), draft_lines(view))

"""SenderComps and Globex Firms of a group or a request, as commands and as tables."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, verb
from dropcopy_tui.cli.codes import CODE, entity_option
from dropcopy_tui.cli.listing import list_options, print_list, rows_of
from dropcopy_tui.cli.output import table
from dropcopy_tui.cli.shapes import firm_shape, sender_comp_shape
from dropcopy_tui.domain.requests import Change

if TYPE_CHECKING:
    from dropcopy_tui.services.views import FirmCount, SenderCompView

_ENTITY = entity_option("Entity of the group, if several have the name.")


def sender_comp_table(rows: Iterable[SenderCompView], empty: str) -> list[str]:
    """Format SenderComps as a table."""
    headers = ("SENDERCOMP", "SESSION", "GFID", "FTI", "GATEWAY", "STATUS")
    shown = [(row.sender_comp_id, row.session_id, row.gfid, row.fti, row.gateway, row.status) for row in rows]
    return table(headers, shown, empty)


@click.command("sources")
@click.argument("group")
@_ENTITY
@click.option("--gfid", type=CODE, default="", metavar="G", help="Only this Globex Firm ID.")
@click.option("--match", default="", metavar="TEXT", help="Only SenderCompIDs with this text.")
@list_options
@verb
def group_sources(call: Call, group: str, entity: str, gfid: str, match: str, limit: int | None) -> None:
    """List the source SenderComps of a group.

    \b
    Examples:
      dropcopy groups sources DC-NY-1 --gfid ACM01
      dropcopy groups sources DC-NY-1 --json
    """
    with call.signed_in() as (desk, actor):
        group_id = desk.groups.show(actor, group, entity).line.id
        pages = partial(desk.groups.sources, actor, group_id, gfid=gfid)
        lines = partial(sender_comp_table, empty="No SenderComps found.")
        print_list(call, desk, rows_of(pages, match, limit), sender_comp_shape, lines)


@click.command("firms")
@click.argument("group")
@_ENTITY
@list_options
@verb
def group_firms(call: Call, group: str, entity: str, limit: int | None) -> None:
    """Count the source SenderComps of a group by Globex Firm."""
    with call.signed_in() as (desk, actor):
        group_id = desk.groups.show(actor, group, entity).line.id
        every = rows_of(partial(desk.groups.by_firm, actor, group_id), "", limit)
        print_list(call, desk, every, firm_shape, _firm_lines)


def _firm_lines(found: Iterable[FirmCount]) -> list[str]:
    rows = [(row.gfid, f"{row.count:,}") for row in found]
    return table(("GFID", "SOURCES"), rows, "The group has no source SenderComps.")


@click.command("sources")
@click.argument("request_id", metavar="ID")
@click.option("--removed", is_flag=True, help="Those that the request removes, instead of those that it adds.")
@click.option("--match", default="", metavar="TEXT", help="Only SenderCompIDs with this text.")
@list_options
@verb
def request_sources(call: Call, request_id: str, removed: bool, match: str, limit: int | None) -> None:
    """List the SenderComps that a request adds or removes.

    \b
    Examples:
      dropcopy requests sources DC-000042
      dropcopy requests sources DC-000042 --removed --json
    """
    change = Change.REMOVED if removed else Change.ADDED
    with call.signed_in() as (desk, actor):
        every = rows_of(partial(desk.requests.sources, actor, request_id, change), match, limit)
        lines = partial(sender_comp_table, empty=f"No SenderComps {change.value}.")
        print_list(call, desk, every, sender_comp_shape, lines)

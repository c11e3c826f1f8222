"""dropcopy notices."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import islice, takewhile
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, noun, verb
from dropcopy_tui.cli.listing import list_options, print_list, rows_of
from dropcopy_tui.cli.output import short_utc, show, table
from dropcopy_tui.cli.shapes import notice_shape
from dropcopy_tui.domain.pages import Selection
from dropcopy_tui.domain.plurals import plural

if TYPE_CHECKING:
    from dropcopy_tui.services.outbox.notices import Notice


@noun("notices")
def notices() -> None:
    """Your notices."""


@notices.command("list")
@click.option("--unread", is_flag=True, help="Only unread notices.")
@click.option("--match", default="", metavar="TEXT", help="Only notices with this text or request id.")
@list_options
@verb
def list_notices(call: Call, unread: bool, match: str, limit: int | None) -> None:
    """List your notices: unread first, then newest first."""
    with call.signed_in() as (desk, actor):
        every = rows_of(partial(desk.notices.page, actor), match, None if unread else limit)
        # Unread notices come first, so everything after the first read one has been read, too.
        wanted = takewhile(lambda row: not row.read, every) if unread else every
        print_list(call, desk, islice(wanted, limit), notice_shape, _lines)


def _lines(found: Iterable[Notice]) -> list[str]:
    headers = ("ID", "AT", "STATE", "REQUEST", "NOTICE")
    rows = [(row.id, short_utc(row.at), "read" if row.read else "new", row.request or "-", row.text) for row in found]
    return table(headers, rows, "No notices found.")


@notices.command("read")
@click.argument("ids", metavar="ID...", type=click.IntRange(1), nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Mark all notices.")
@verb
def read(call: Call, ids: tuple[int, ...], everything: bool) -> None:
    """Mark your notices as read."""
    if bool(ids) == everything:
        raise click.UsageError("Specify notice ids or --all, not both.")
    with call.signed_in() as (desk, actor):
        count = desk.notices.read(actor, Selection(frozenset() if everything else frozenset(ids), everything))
    show(call, {"read": count}, [f"{plural(count, 'notice')} marked as read."])

"""dropcopy sendercomps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, noun, verb
from dropcopy_tui.cli.codes import CODE, entity_option, only_entity
from dropcopy_tui.cli.groups import MARKET
from dropcopy_tui.cli.output import say, show
from dropcopy_tui.cli.shapes import sender_comp_shape
from dropcopy_tui.cli.sources import sender_comp_table
from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.pages import Anchor, PageRequest

if TYPE_CHECKING:
    from dropcopy_tui.services.views import SenderCompView

_ALL = 2**63 - 1


@noun("sendercomps")
def sendercomps() -> None:
    """Source SenderComps of an entity."""


@sendercomps.command("list")
@entity_option("Entity; optional if you have access to only one.")
@click.option("--market", type=MARKET, help="Only SenderComps of this market.")
@click.option("--gfid", type=CODE, default="", metavar="G", help="Only this Globex Firm ID.")
@click.option("--match", default="", metavar="TEXT", help="Only SenderCompIDs with this text.")
@click.option("--uncovered", is_flag=True, help="Only active ones that no group copies.")
@click.option("--after", default="", metavar="ID", help="Continue after the `next` of the previous page.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, metavar="N")
@verb
def list_sendercomps(
    call: Call, entity: str, market: str | None, gfid: str, match: str, uncovered: bool, after: str, limit: int
) -> None:
    """List a page of an entity's SenderComps, ordered by id.

    \b
    Examples:
      dropcopy sendercomps list --entity ACME --market brokertec_us
      dropcopy sendercomps list --entity ACME --uncovered --limit 1000
    """
    beside = _cursor(after)
    # One row more than the page shows whether there is a next page.
    ask = PageRequest(match=match, limit=limit + 1, anchor=Anchor.AFTER if beside else Anchor.FIRST, beside=beside)
    with call.signed_in() as (desk, actor):
        place = entity or only_entity(desk.groups.entities(actor))
        pages = desk.sendercomps.coverage if uncovered else desk.sendercomps.page
        page = pages(actor, place, ask, market=market or "", gfid=gfid)
    rows = page.rows[:limit]
    following = _name(rows[-1], market) if len(page.rows) > limit else None
    document = {"total": page.total, "rows": [sender_comp_shape(row) for row in rows], "next": following}
    empty = "Every active SenderComp is copied by a group." if uncovered else "No SenderComps found."
    show(call, document, sender_comp_table(rows, empty) if not call.as_json else ())
    if not call.as_json and rows:
        more = f" Next page: --after {following}" if following else ""
        say(f"{len(rows):,} of {page.total:,}.{more}")


def _cursor(after: str) -> tuple[object, ...]:
    """The cursor to continue from: a SenderCompID in every market, or one row of it (`ID/number`)."""
    if not after:
        return ()
    name, slash, number = after.partition("/")
    if slash and not (number.isascii() and number.isdigit() and len(number) < 19):
        raise InvalidValue(f"{after[:40]!r} is not a valid --after. Use the `next` of the previous page.", "after")
    return name, int(number) if slash else _ALL


def _name(row: SenderCompView, market: str | None) -> str:
    """The cursor of a row. A SenderCompID is unique within its market only, so that without one the row id is added."""
    return row.sender_comp_id if market else f"{row.sender_comp_id}/{row.id}"

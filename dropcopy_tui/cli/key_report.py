"""dropcopy keys report."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, verb
from dropcopy_tui.cli.listing import limit_option, rows_of
from dropcopy_tui.cli.output import show, write
from dropcopy_tui.cli.shapes import key_line_shape
from dropcopy_tui.csv_cells import csv_text
from dropcopy_tui.domain.keypairs import KeyState

if TYPE_CHECKING:
    from dropcopy_tui.services.keys.report import KeyLine

COLUMNS = (
    "session_id", "market", "kind", "entity", "access_key_id", "state", "created_at", "age_days", "expires_at",
    "days_left", "last_notice_days", "last_notice_at", "remark",
)  # fmt: skip


@click.command("report")
@click.option("--entity", default="", metavar="E", help="Of this entity only.")
@click.option("--state", "states", multiple=True, type=click.Choice([state.value for state in KeyState]),
              help="In this state only; may be given several times.")  # fmt: skip
@click.option("--match", default="", metavar="TEXT", help="With this text in Session ID or market.")
@limit_option
@verb
def report(call: Call, entity: str, states: tuple[str, ...], match: str, limit: int | None) -> None:
    """Key pairs with age, state, expiry, days left, the last notice and remarks, as comma-separated values.

    Deleted pairs are in it with --state deleted only. Days are those of the market.
    """
    with call.signed_in() as (desk, actor):
        pages = partial(desk.key_report.page, actor, entity=entity, deleted=KeyState.DELETED in states)
        found = [line for line in rows_of(pages, match, None) if not states or line.state in states][:limit]
    if call.as_json:
        show(call, [key_line_shape(line) for line in found], ())
    else:
        write(_csv(found))


def _csv(found: Iterable[KeyLine]) -> str:
    shapes = (key_line_shape(line) for line in found)
    return csv_text(COLUMNS, ([shape[name] for name in COLUMNS] for shape in shapes))

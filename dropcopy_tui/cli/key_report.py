"""dropcopy keys report."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, verb
from dropcopy_tui.cli.codes import entity_option
from dropcopy_tui.cli.listing import limit_option, rows_of
from dropcopy_tui.cli.output import show, write
from dropcopy_tui.cli.shapes import key_line_shape
from dropcopy_tui.csv_cells import csv_text
from dropcopy_tui.domain.keypairs import KeyState

if TYPE_CHECKING:
    from dropcopy_tui.services.keys.report import KeyReportLine

COLUMNS = (
    "session_id",
    "market",
    "kind",
    "entity",
    "access_key_id",
    "state",
    "created_at",
    "age_days",
    "expires_at",
    "days_left",
    "last_notice_days",
    "last_notice_at",
    "remark",
    "deleted_at",
    "deleted_by",
)


@click.command("report")
@entity_option("Only key pairs of this entity.")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in KeyState]),
    help="Only key pairs in this state; may be repeated.",
)
@click.option("--match", default="", metavar="TEXT", help="Only key pairs with this text in Session ID or market.")
@limit_option
@verb
def report(call: Call, entity: str, states: tuple[str, ...], match: str, limit: int | None) -> None:
    """Report key pairs as CSV: age, state, expiry, days left, last notice, remarks.

    Deleted key pairs are included only with --state deleted. Days are counted in the time zone of the market.

    \b
    Examples:
      dropcopy keys report --entity ACME > keys.csv
      dropcopy keys report --state pending_expiration --json
    """
    with call.signed_in() as (desk, actor):
        pages = partial(desk.key_report.page, actor, entity=entity, deleted=KeyState.DELETED in states)
        found = [line for line in rows_of(pages, match, None) if not states or line.state in states][:limit]
    if call.as_json:
        show(call, [key_line_shape(line) for line in found], ())
    else:
        write(_csv(found))


def _csv(found: Iterable[KeyReportLine]) -> str:
    shapes = (key_line_shape(line) for line in found)
    return csv_text(COLUMNS, ([shape[name] for name in COLUMNS] for shape in shapes))

"""dropcopy keys report."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, verb
from dropcopy_tui.cli.codes import entity_option
from dropcopy_tui.cli.listing import list_options, print_list, rows_of
from dropcopy_tui.cli.shapes import key_line_shape
from dropcopy_tui.domain.keypairs import KeyState

if TYPE_CHECKING:
    pass

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
@list_options
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
        # A report is for a spreadsheet, unless it is wanted otherwise.
        call.as_csv = not call.as_json and not (call.out or "").lower().endswith(".json")
        wanted = (line for line in rows_of(pages, match) if not states or line.state in states)
        print_list(call, desk, islice(wanted, limit), key_line_shape, lambda _: (), COLUMNS)

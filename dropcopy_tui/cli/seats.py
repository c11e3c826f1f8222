"""dropcopy seats."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from dropcopy_tui.cli.call import Call, destroys, noun, verb
from dropcopy_tui.cli.listing import list_options, print_list, rows_of
from dropcopy_tui.cli.output import maybe_utc, short_utc, show, table, utc
from dropcopy_tui.domain.plurals import plural

if TYPE_CHECKING:
    from dropcopy_tui.services.people.seat_views import SeatView


@noun("seats")
def seats() -> None:
    """Seats, where people are signed in to the application: list, end."""


@seats.command("list")
@click.option("--everyone", is_flag=True, help="The seats of all people (operations and auditors).")
@click.option("--match", default="", metavar="TEXT", help="Only seats with this person, host, address or terminal.")
@list_options
@verb
def list_seats(call: Call, everyone: bool, match: str, limit: int | None) -> None:
    """List where you are signed in to the application, newest first.

    IDLE is the time since the last key press, to within five minutes. A seat that is lost no longer runs; it ends with
    the next `dropcopy tick`, and does not count.
    """
    with call.signed_in() as (desk, actor):
        found = rows_of(partial(desk.seats.page, actor, everyone=everyone), match, limit)
        print_list(call, desk, found, _shape, _lines)


def _shape(view: SeatView) -> dict[str, Any]:
    return {
        "id": view.id,
        "person": view.person,
        "by": view.way.value,
        "state": view.state.value,
        "host": view.host,
        "account": view.account,
        "terminal": view.tty or None,
        "address": view.address or None,
        "fingerprint": view.fingerprint or None,
        "opened_at": utc(view.opened_at),
        "acted_at": utc(view.acted_at),
        "locked_at": maybe_utc(view.locked_at),
    }


def _lines(found: Iterable[SeatView]) -> list[str]:
    headers = ("ID", "PERSON", "FROM", "HOST", "BY", "SINCE", "IDLE", "STATE")
    rows = [
        (row.id, row.person, row.where, row.host, row.way.words, short_utc(row.opened_at), row.idle, row.state)
        for row in found
    ]
    return table(headers, rows, "No seats are open.")


@seats.command("end")
@click.argument("seat", metavar="[ID]", type=click.IntRange(1), required=False)
@click.option("--all", "everywhere", is_flag=True, help="All of your own seats: sign out everywhere.")
@click.option("--reason", default="", metavar="TEXT", help="Shown to the person of the seat.")
@destroys
@verb
def end(call: Call, seat: int | None, everywhere: bool, reason: str) -> None:
    """End a seat: its application leaves within five seconds, and keeps the drafts. Operations may end anyone's.

    \b
    Examples:
      dropcopy seats end 12 --reason "Maintenance tonight" --yes
      dropcopy seats end --all --yes
    """
    if (seat is None) is not everywhere:
        raise click.UsageError("Specify the ID of a seat or --all, not both.")
    with call.signed_in() as (desk, actor):
        if seat is None:
            call.confirm("Sign out of the application everywhere?")
            count = desk.seats.end_others(actor)
            show(call, {"ended": count}, [f"{plural(count, 'seat')} ended."])
            return
        call.confirm(f"End seat {seat}?")
        ended = desk.seats.end(actor, seat, reason)
        show(call, _shape(ended) | {"state": "ended"}, [f"Seat {ended.id} of {ended.person} was ended."])

"""dropcopy audit."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, noun, verb
from dropcopy_tui.cli.listing import limit_option, rows_of
from dropcopy_tui.cli.output import fields, short_utc, show, table
from dropcopy_tui.cli.shapes import event_shape

if TYPE_CHECKING:
    from dropcopy_tui.services.audit import Event


@noun("audit")
def audit() -> None:
    """The audit trail, for auditors and operations."""


@audit.command("list")
@click.option("--person", default="", metavar="P", help="Of this user id only.")
@click.option("--action", default="", metavar="A", help="Of this action only, such as keypair:generated or keypair.")
@limit_option
@verb
def list_events(call: Call, person: str, action: str, limit: int | None) -> None:
    """The events, the newest first."""
    with call.signed_in() as (desk, actor):
        # The words narrow the search in the store, in any column; which column counts is said here.
        every = rows_of(partial(desk.audit.page, actor), f"{person} {action}")
        chosen = (event for event in every if _wanted(event, person.lower(), action.lower()))
        found = list(islice(chosen, limit))
    show(call, [event_shape(event) for event in found], _lines(found) if not call.as_json else ())


def _wanted(event: Event, person: str, action: str) -> bool:
    said = event.action.lower()
    return person in ("", event.person.lower()) and (not action or said == action or said.startswith(f"{action}:"))


def _lines(found: Iterable[Event]) -> list[str]:
    headers = ("ID", "AT", "PERSON", "ACTION", "ENTITY", "SUBJECT", "ORIGIN")
    rows = [
        (row.id, short_utc(row.at), row.person, row.action, row.entity or "-", row.subject, row.origin) for row in found
    ]
    return table(headers, rows, "There are no events.")


@audit.command("verify")
@verb
def verify(call: Call) -> int:
    """Prove that every event stands as it was written; exit code 1 when one does not."""
    with call.signed_in() as (desk, actor):
        found = desk.audit.verify(actor)
    document = {"valid": found.valid, "events": found.events, "first_bad": found.first_bad}
    lines = fields((("valid", "yes" if found.valid else "no"), ("events", f"{found.events:,}")))
    if not found.valid:
        lines += fields((("first bad", found.first_bad),))
    show(call, document, lines)
    return 0 if found.valid else 1

"""dropcopy audit."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, noun, verb
from dropcopy_tui.cli.listing import check_list_options, list_options, print_list, rows_of
from dropcopy_tui.cli.output import fields, short_utc, show, table
from dropcopy_tui.cli.shapes import event_shape
from dropcopy_tui.domain.moments import since as first_moment
from dropcopy_tui.domain.moments import until as last_moment

if TYPE_CHECKING:
    from dropcopy_tui.services.audit import AuditFilter, Event

_COLUMNS = ("id", "at", "person", "action", "entity", "subject", "origin", "before", "after")


@noun("audit")
def audit() -> None:
    """The audit trail, for auditors and operations."""


@audit.command("list")
@click.option("--person", default="", metavar="P", help="Only events by this user id.")
@click.option("--group", default="", metavar="G", help="Only this group, its requests and set-up.")
@click.option("--session", default="", metavar="S", help="Only this Session ID and its key pairs.")
@click.option("--since", default="", metavar="T", help="From this day or time (UTC), such as 2026-11-23.")
@click.option("--until", default="", metavar="T", help="Up to the end of this day, or before this time (UTC).")
@click.option("--kind", "--action", default="", metavar="A", help="Only this action: keypair:generated, or keypair.")
@list_options
@verb
def list_events(call: Call, limit: int | None, **wanted: str) -> None:
    """List events, newest first.

    \b
    Examples:
      dropcopy audit list --group DC-NY-1 --since 2026-11-01
      dropcopy audit list --action keypair --csv > keys.csv
    """
    check_list_options(call)
    with call.signed_in() as (desk, actor):
        pages = partial(desk.audit.page, actor, filters=_filter(**wanted))
        print_list(call, desk, rows_of(pages, limit=limit), event_shape, _lines, _COLUMNS)


def _filter(*, since: str, until: str, **names: str) -> AuditFilter:
    from dropcopy_tui.services.audit import AuditFilter

    return AuditFilter(**names, since=first_moment(since), until=last_moment(until))


def _lines(found: Iterable[Event]) -> list[str]:
    headers = ("ID", "AT", "PERSON", "ACTION", "ENTITY", "SUBJECT", "ORIGIN")
    rows = [
        (row.id, short_utc(row.at), row.person, row.action, row.entity or "-", row.subject, row.origin) for row in found
    ]
    return table(headers, rows, "No events found.")


@audit.command("verify")
@click.option("--anchor", "anchor_file", metavar="FILE", help="Compare with the anchors of this store in a file.")
@verb
def verify(call: Call, anchor_file: str | None) -> int:
    """Verify that no event was altered, inserted or removed; exit code 1 if one was.

    It names the first one that is not as it was written, and an end that is missing.

    With --anchor, also a store that was rolled back, or written again by someone who has the master key.

    \b
    Examples:
      dropcopy audit verify
      dropcopy audit verify --anchor /var/log/dropcopy-anchors
    """
    with call.signed_in() as (desk, actor):
        kept = desk.anchors.read(actor, Path(anchor_file)) if anchor_file else None
        found = desk.audit.verify(actor, kept.anchors if kept else ())
    why = " ".join(filter(None, (kept.fault if kept else "", found.why)))
    valid = not why
    document = {
        "valid": valid, "events": found.events, "first_bad": found.first_bad, "why": why or None,
        "sealed_from": found.sealed_from, "anchored": found.anchored, "rows": list(found.rows),
    }  # fmt: skip
    lines = fields((("valid", "yes" if valid else "no"), ("events", f"{found.events:,}")))
    lines += fields((("sealed from", f"event {found.sealed_from:,}" if found.sealed_from else "none"),))
    if found.first_bad is not None:
        lines += fields((("first bad", found.first_bad),))
    if kept is not None:
        lines += fields((("anchored up to", f"event {found.anchored:,}" if found.anchored else "none"),))
    if why:
        lines += fields((("why", why),))
    show(call, document, lines)
    return 0 if valid else 1

"""dropcopy outbox."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, noun, verb
from dropcopy_tui.cli.listing import limit_option, rows_of
from dropcopy_tui.cli.output import short_utc, show, table
from dropcopy_tui.cli.shapes import message_shape

if TYPE_CHECKING:
    from dropcopy_tui.services.outbox import Message


@noun("outbox")
def outbox() -> None:
    """Messages that were or will be sent. In a sandbox this is the phone and the mailbox."""


@outbox.command("list")
@click.option("--match", default="", metavar="TEXT", help="With this text in recipient, subject or channel.")
@limit_option
@verb
def list_outbox(call: Call, match: str, limit: int | None) -> None:
    """The messages, the newest first."""
    with call.signed_in() as (desk, actor):
        found = list(rows_of(partial(desk.outbox.page, actor), match, limit))
    show(call, [message_shape(message) for message in found], _lines(found) if not call.as_json else ())


def _lines(found: Iterable[Message]) -> list[str]:
    headers = ("ID", "AT", "CHANNEL", "STATE", "TO", "MESSAGE")
    rows = [
        (row.id, short_utc(row.created_at), row.channel, row.state, row.to, " - ".join(filter(None, _said(row))))
        for row in found
    ]
    return table(headers, rows, "The outbox is empty.")


def _said(message: Message) -> tuple[str, str]:
    return message.subject, message.body

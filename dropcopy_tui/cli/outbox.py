"""dropcopy outbox."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, noun, verb
from dropcopy_tui.cli.listing import list_options, print_list, rows_of
from dropcopy_tui.cli.output import say, short_utc, show, table
from dropcopy_tui.cli.shapes import message_shape
from dropcopy_tui.domain.plurals import plural

if TYPE_CHECKING:
    from dropcopy_tui.services.outbox.outbox import Message


@noun("outbox")
def outbox() -> None:
    """Outgoing messages. In a sandbox, read emails and texts here."""


@outbox.command("list")
@click.option(
    "--match", default="", metavar="TEXT", help="Only messages with this text in recipient, subject, channel or state."
)
@list_options
@verb
def list_outbox(call: Call, match: str, limit: int | None) -> None:
    """List outgoing messages, newest first."""
    with call.signed_in() as (desk, actor):
        words = desk.outbox.standing(actor).words
        every = rows_of(partial(desk.outbox.page, actor), match, limit)
        print_list(call, desk, every, message_shape, _lines)
    if words and not call.as_json:
        say(words)


def _lines(found: Iterable[Message]) -> list[str]:
    headers = ("ID", "AT", "CHANNEL", "STATE", "ATTEMPTS", "TO", "MESSAGE")
    rows = [
        (row.id, short_utc(row.created_at), row.channel, row.state, row.attempts, row.to, " - ".join(_said(row)))
        for row in found
    ]
    return table(headers, rows, "The outbox is empty.")


def _said(message: Message) -> list[str]:
    again = f"next attempt {short_utc(message.next_at)}" if message.next_at else ""
    why = f"[{'; '.join(filter(None, (message.error, again)))}]" if message.error else ""
    return [part for part in (why, message.subject, message.body) if part]


@outbox.command("send")
@click.option(
    "--limit", type=click.IntRange(1), default=1_000, show_default=True, metavar="N", help="Maximum number of emails."
)
@verb
def send(call: Call, limit: int) -> int:
    """Send the emails that are due; exit code 1 if the mail server fails."""
    with call.signed_in() as (desk, actor):
        done = desk.mailing.send_due(actor, limit)
    document = {"sent": done.sent, "later": done.later, "failed": done.failed, "trouble": done.trouble}
    show(call, document, [f"sent {done.sent:,}  later {done.later:,}  failed {done.failed:,}"])
    if done.trouble:
        say(f"dropcopy: {done.trouble}")
    return 1 if done.trouble else 0


@outbox.command("retry")
@click.argument("ids", metavar="ID...", type=click.IntRange(1), nargs=-1, required=True)
@verb
def retry(call: Call, ids: tuple[int, ...]) -> None:
    """Queue failed messages again: all of the given ids, or none."""
    with call.signed_in() as (desk, actor):
        count = desk.mailing.retry(actor, ids)
    show(call, {"put_back": count}, [f"{plural(count, 'message')} queued again."])

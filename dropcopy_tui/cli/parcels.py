"""dropcopy get and put: files on their way between a person's own machine and the desk."""

from __future__ import annotations

import sys

import click

from dropcopy_tui.cli.call import Call, verb
from dropcopy_tui.cli.output import fields, say, short_utc, show, utc
from dropcopy_tui.domain.errors import FileRefused


@click.command("get")
@click.argument("ticket")
@verb
def get(call: Call, ticket: str) -> None:
    """Deliver the file that waits for you under TICKET, once.

    The application prints a ticket when it has a file for you, such as a key file. It is valid for ten minutes.

    \b
    Example:
      (umask 077; ssh desk get ABCD-EFGH-2345-WXYZ > t4c.txt)
    """
    if sys.stdout is None or sys.stdout.isatty():
        # Before the ticket is used up: the file may hold secrets, and a terminal keeps what it showed.
        raise click.UsageError(
            "Write the file to disk: (umask 077; ssh desk get TICKET > FILE). The ticket is still valid."
        )
    with call.signed_in() as (desk, actor):
        name, content = desk.parcels.take(actor, ticket)
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FileRefused(f"Standard output cannot be written ({error.strerror}). The ticket has been used.") from None
    say(f"{name} delivered. The desk no longer has it.")


@click.command("put")
@click.argument("name")
@verb
def put(call: Call, name: str) -> None:
    """Send a file from standard input to the desk, where screens read it by NAME for a day.

    \b
    Example:
      ssh desk put orders.log < orders.log
    """
    from dropcopy_tui.services.people.parcels import LARGEST, check_name

    check_name(name)
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("Send the file on standard input: ssh desk put NAME < FILE")
    content = sys.stdin.buffer.read(LARGEST + 1)
    with call.signed_in() as (desk, actor):
        kept = desk.parcels.put(actor, name, content)
    document = {"name": kept.name, "bytes": kept.size, "kept_until": utc(kept.expires_at)}
    lines = [("file", kept.name), ("bytes", f"{kept.size:,}"), ("kept until", short_utc(kept.expires_at))]
    show(call, document, fields(lines))

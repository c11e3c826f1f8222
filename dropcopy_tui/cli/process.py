"""dropcopy process."""

from __future__ import annotations

import click

from dropcopy_tui.cli.call import Call, verb
from dropcopy_tui.cli.long_work import long_work
from dropcopy_tui.cli.output import say, show
from dropcopy_tui.cli.requests import request_table
from dropcopy_tui.cli.shapes import request_shape
from dropcopy_tui.domain.plurals import plural


@click.command("process")
@verb
def process(call: Call) -> None:
    """Validate and set up the requests that are due."""
    nothing = "The request at hand was not changed; those before it are set up."
    with call.signed_in() as (desk, actor), long_work(nothing, "Setting up"):
        done = desk.provisioning.process(actor)
    document = {"ended": [request_shape(view) for view in done.ended], "waiting": done.waiting, "queued": done.queued}
    show(call, document, request_table(done.ended, "No requests were due.") if not call.as_json else ())
    if done.waiting:
        say(f"{plural(done.waiting, 'request is', 'requests are')} awaiting approval.")
    if done.queued:
        say(f"{plural(done.queued, 'request is', 'requests are')} queued for a batch.")

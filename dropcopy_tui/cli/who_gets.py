"""dropcopy who-gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, verb
from dropcopy_tui.cli.codes import CODE
from dropcopy_tui.cli.files import read_bytes
from dropcopy_tui.cli.output import say, show, table
from dropcopy_tui.cli.shapes import reception_shape
from dropcopy_tui.domain.plurals import plural

if TYPE_CHECKING:
    from dropcopy_tui.services.groups.receivers import ReceivingGroup, Reception


@click.command("who-gets")
@click.argument("sender_comp", metavar="SENDERCOMP", required=False)
@click.option("--gfid", type=CODE, metavar="G", help="All SenderComps of this Globex Firm.")
@click.option("--message", metavar="FILE", help="File containing one FIX message (- for stdin).")
@verb
def who_gets(call: Call, sender_comp: str | None, gfid: str | None, message: str | None) -> None:
    """Show which groups, target sessions and key pairs receive copies.

    For a SenderComp or a Globex Firm, lists every group that has it as a source; for a FIX message, only those
    whose filters match the message.

    \b
    Examples:
      dropcopy who-gets 005ACM01B
      dropcopy who-gets --gfid ACM01 --json
      dropcopy who-gets --message fill.fix
    """
    if sum(value is not None for value in (sender_comp, gfid, message)) != 1:
        raise click.UsageError("Use exactly one of SENDERCOMP, --gfid, --message.")
    with call.signed_in() as (desk, actor):
        if message is not None:
            found = desk.receivers.of_message(actor, read_bytes(message, "The FIX message"))
        elif gfid is not None:
            found = desk.receivers.of_firm(actor, gfid)
        else:
            found = desk.receivers.of_sender_comp(actor, sender_comp or "")
    show(call, reception_shape(found), _lines(found) if not call.as_json else ())


def _lines(found: Reception) -> list[str]:
    if found.kind:
        say(f"{found.kind} of {found.asked or 'an unknown source'}")
    elif found.sender_comps > 1:
        say(f"{found.asked}: {plural(found.sender_comps, 'SenderComp')}")
    headers = ("GROUP", "ENTITY", "MARKET", "SESSION", "PUBLIC KEY ID", "STATE")
    rows = [row for group in found.groups for row in _rows(group)]
    return table(headers, rows, found.why_not or "No group receives it.")


def _rows(group: ReceivingGroup) -> list[tuple[str, ...]]:
    """A row for each active key pair; a session or a group without one has a row, too."""
    about = (group.name, group.entity, group.market)
    rows: list[tuple[str, ...]] = []
    for session in group.sessions:
        pairs = [(key.access_key_id, key.state.words) for key in session.living] or [("none", "-")]
        rows += [(*about, session.session_id, *pair) for pair in pairs]
    return rows or [(*about, "none", "-", "-")]

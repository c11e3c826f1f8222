"""dropcopy doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, only_on_host, verb
from dropcopy_tui.cli.long_work import long_work
from dropcopy_tui.cli.output import say, show
from dropcopy_tui.domain.plurals import plural

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dropcopy_tui.doctor.check import Misconfiguration


@click.command("doctor")
@click.option("--network", is_flag=True, help="Also connect to the mail, SMS and Duo servers.")
@click.option("--ssh", default="", metavar="ACCOUNT", help="Also examine sshd for this account of an SSH desk.")
@only_on_host
@verb
def doctor(call: Call, network: bool, ssh: str) -> int:
    """Examine this host, the files, the store and its people for misconfigurations.

    Each finding has a name, what is wrong, why it matters, and what to do. Nothing is changed, and no one has to sign
    in. Exit code 1 if anything is found, 0 with no output if nothing is.

    \b
    Examples:
      dropcopy doctor
      dropcopy doctor --network --json
      dropcopy doctor --ssh desk
    """
    from dropcopy_tui.doctor.examination import examine

    with long_work("Nothing was changed.", "Examining the desk"):
        found = list(examine(store=call.store, config=call.config_file, network=network, ssh=ssh))
    document = [{"id": each.id, "problem": each.what, "why": each.why, "cure": each.cure} for each in found]
    show(call, document, _lines(found))
    if found:
        say(f"{plural(len(found), 'misconfiguration', 'misconfigurations')} found.")
    return 1 if found else 0


def _lines(found: Iterable[Misconfiguration]) -> list[str]:
    return [line for each in found for line in (each.id, f"  {each.what}", f"  {each.why}", f"  Cure: {each.cure}", "")]

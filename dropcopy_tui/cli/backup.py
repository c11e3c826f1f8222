"""dropcopy backup."""

from __future__ import annotations

from pathlib import Path

import click

from dropcopy_tui.cli.call import Call, only_on_host, verb
from dropcopy_tui.cli.long_work import long_work
from dropcopy_tui.cli.output import fields, say, show
from dropcopy_tui.domain.plurals import plural


@click.command("backup")
@click.argument("out", metavar="FILE")
@click.option("--with-faults", is_flag=True, help="Keep the copy although the store has faults; they are listed.")
@only_on_host
@verb
def backup(call: Call, out: str, with_faults: bool) -> int:
    """Back up the store into a new file, while it is in use.

    The copy is of one moment; it is checked as `store check` and `audit verify` do before it gets its name. It
    contains no master key: keep a copy of the key elsewhere, for a backup cannot be restored without it.

    \b
    Examples:
      dropcopy backup /backup/dropcopy-2026-11-29.db
      dropcopy backup --json /backup/nightly.db
    """
    with call.signed_in() as (desk, actor), long_work("No backup was created."):
        made = desk.backups.create(actor, Path(out), with_faults=with_faults)
        key = desk.config.paths.master_key
    document = {
        "file": str(made.path.absolute()),
        "size": made.size,
        "events": made.events,
        "last_event": made.last_event,
        "sha256": made.digest,
        "faults": list(made.faults),
    }
    shown = {"file": document["file"], "size": plural(made.size, "byte"), "last event": f"{made.last_event:,}"}
    show(call, document, fields([*shown.items(), ("sha256", made.digest)]))
    for fault in made.faults:
        say(f"dropcopy: {fault}")
    if made.path.absolute().parent.resolve() == key.absolute().parent.resolve():
        say(f"The backup is in the folder of the master key {key}: whoever takes one takes both. Move it elsewhere.")
    return 1 if made.faults else 0

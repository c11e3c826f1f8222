"""dropcopy backup."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, only_on_host, verb
from dropcopy_tui.cli.long_work import long_work
from dropcopy_tui.cli.output import fields, maybe_utc, say, show, utc
from dropcopy_tui.domain.plurals import plural

if TYPE_CHECKING:
    from dropcopy_tui.services.backups import Trail


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
        "events": made.trail.events,
        "last_event": made.trail.last_event or None,
        "last_event_at": maybe_utc(made.trail.last_at),
        "sha256": made.digest,
        "faults": list(made.faults),
    }
    shown = {"file": document["file"], "size": plural(made.size, "byte"), "last event": last_event_words(made.trail)}
    show(call, document, fields([*shown.items(), ("sha256", made.digest)]))
    for fault in made.faults:
        say(f"dropcopy: {fault}")
    if made.path.absolute().parent.resolve() == key.absolute().parent.resolve():
        say(f"The backup is in the folder of the master key {key}: whoever takes one takes both. Move it elsewhere.")
    return 1 if made.faults else 0


def last_event_words(trail: Trail) -> str:
    """When the last event of a backup was, and its number, such as `2026-11-30T18:00:00Z (number 1,204)`."""
    return f"{utc(trail.last_at)} (number {trail.last_event:,})" if trail.last_at else "none"

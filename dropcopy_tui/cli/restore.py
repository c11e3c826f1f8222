"""dropcopy restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.backup import last_event_words
from dropcopy_tui.cli.call import Call, only_on_host, verb
from dropcopy_tui.cli.long_work import long_work
from dropcopy_tui.cli.output import fields, maybe_utc, say, show
from dropcopy_tui.origin import origin

if TYPE_CHECKING:
    from dropcopy_tui.restoring import Restored


@click.command("restore")
@click.argument("backup", metavar="FILE")
@click.option("--drill", is_flag=True, help="Only rehearse it: restore beside the store, prove it, remove it.")
@click.option("--replace", metavar="NAME", help="Replace the store with this file name, which is kept beside it.")
@only_on_host
@verb
def restore(call: Call, backup: str, drill: bool, replace: str | None) -> int:
    """Restore a backup to where the store is, or rehearse that.

    The backup is copied, opened with the master key and checked as `store check` and `audit verify` do; a logon is
    signed and verified with one of its key pairs. Only then is it put in place, in one step. No one has to sign in:
    whoever has the files has the store.

    \b
    Examples:
      dropcopy restore --drill /backup/nightly.db
      dropcopy restore /backup/nightly.db
      dropcopy restore /backup/nightly.db --replace dropcopy.db
    """
    if drill and replace is not None:
        raise click.UsageError("--drill replaces nothing: omit --replace.")
    from dropcopy_tui import restoring

    config = call.config()
    with long_work("Nothing was changed."):
        done = (
            restoring.rehearse(config, Path(backup))
            if drill
            else restoring.restore(config, Path(backup), replace, origin("cli"))
        )
    show(call, _shape(done), _lines(done))
    for fault in done.faults:
        say(f"dropcopy: {fault}")
    if not done.logon:
        say("No logon was verified: no target session has an active key pair.")
    return 1 if done.faults else 0


def _shape(done: Restored) -> dict[str, object]:
    return {
        "store": str(done.place) if done.place else None,
        "replaced": str(done.kept) if done.kept else None,
        "events": done.trail.events,
        "last_event": done.trail.last_event or None,
        "last_event_at": maybe_utc(done.trail.last_at),
        "logon_verified": done.logon or None,
        "faults": list(done.faults),
        "seconds": round(done.seconds, 1),
    }


def _lines(done: Restored) -> list[str]:
    where = f"restored to {done.place}" if done.place else "rehearsed; nothing was changed"
    pairs: list[tuple[str, object]] = [
        ("backup", where),
        ("last event", last_event_words(done.trail)),
        ("logon", f"verified for session {done.logon}" if done.logon else "not verified"),
        ("time", f"{done.seconds:.1f} s"),
    ]
    if done.kept:
        pairs.insert(1, ("replaced store", done.kept))
    return fields(pairs)

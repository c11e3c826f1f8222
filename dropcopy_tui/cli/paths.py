"""dropcopy paths."""

from __future__ import annotations

import click

from dropcopy_tui.cli.call import Call, only_on_host, verb
from dropcopy_tui.cli.output import fields, show


@click.command("paths")
@only_on_host
@verb
def paths(call: Call) -> None:
    """Show the locations of the store, master key, configuration and log.

    Works without a store.
    """
    found = call.config().paths
    sandbox = call.config(sandbox=True).paths.store
    document: dict[str, str | None] = {
        "store": str(found.store),
        "master_key": str(found.master_key),
        "config": str(found.config),
        "incident_log": str(found.incident_log),
        "downloads": str(found.downloads),
        # Where a store is named, that is the one, also for `demo`: it is not made a sandbox by that.
        "sandbox_store": None if sandbox == found.store else str(sandbox),
    }
    show(call, document, fields((name.replace("_", " "), path) for name, path in document.items() if path))

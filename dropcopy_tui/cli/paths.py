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
    document = {
        "store": str(found.store),
        "master_key": str(found.master_key),
        "config": str(found.config),
        "incident_log": str(found.incident_log),
        "downloads": str(found.downloads),
        "sandbox_store": str(call.config(sandbox=True).paths.store),
    }
    show(call, document, fields((name.replace("_", " "), path) for name, path in document.items()))

"""dropcopy copy-store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, only_on_host, verb
from dropcopy_tui.cli.long_work import long_work
from dropcopy_tui.cli.output import fields, show
from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.domain.plurals import plural

if TYPE_CHECKING:
    from dropcopy_tui.config import Config
    from dropcopy_tui.copy_store import Copied


@click.command("copy-store")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--app-role", metavar="ROLE", help="PostgreSQL role that uses the copy without owning it.")
@only_on_host
@verb
def copy_store(call: Call, source: str, target: str, app_role: str | None) -> None:
    """Copy a store from FROM to TO: files, or URLs of PostgreSQL servers.

    TO must be empty or not exist yet, and is complete or as it was before. FROM is not changed; writing to it waits
    until the copy is complete. If the copy is killed, run the same command again.

    \b
    Examples:
      dropcopy copy-store desk.db postgresql://owner@db/dropcopy
      dropcopy copy-store postgresql://owner@db/dropcopy desk.db
    """
    if call.store is not None:
        raise click.UsageError("Name both stores as FROM and TO, without --store. Nothing was copied.")
    from dropcopy_tui.config import load

    here, there = (load(store=named, config=call.config_file) for named in (source, target))
    from dropcopy_tui.copy_store import copy_store as copy

    with long_work("Nothing was copied.", "Opening the stores"):
        copied = copy(here, there, app_role)
    following = _next(here, there, copied, app_role)
    document = {
        "from": str(here.paths.store),
        "to": str(there.paths.store),
        "tables": copied.tables,
        "rows": copied.rows,
        "audit_events": copied.events,
        "last_event": copied.last_event,
        "copied_before": copied.before,
        "next": following,
    }
    result = "copied before; both stores are the same" if copied.before else "copied; both stores are the same"
    pairs = [("from", document["from"]), ("to", document["to"]), ("result", result)]
    counts = [("rows", f"{copied.rows:,} in {copied.tables} tables"), ("audit trail", _trail(copied))]
    show(call, document, fields([*pairs, *counts, ("next", following)]))


def _trail(copied: Copied) -> str:
    return f"{plural(copied.events, 'event')}, verified" + (
        f"; the last is {copied.last_event}" if copied.last_event else ""
    )


def _next(here: Config, there: Config, copied: Copied, app_role: str | None) -> list[str]:
    last = f" after audit event {copied.last_event}" if copied.last_event else ""
    keys = here.paths.master_key, there.paths.master_key
    found = [] if keys[1].exists() else [f"Copy the master key {keys[0]} to {keys[1]} with mode 0600."]
    place = there.paths.store
    if app_role and isinstance(place, ServerPlace):
        place = replace(place, user=app_role)
    where = "On every machine" if isinstance(place, ServerPlace) else "On this machine, if people are to work on TO"
    return [
        *found,
        f'{where}, before anyone works again: store = "{place}" in config.toml',
        f"FROM can still be changed{last}, and TO does not receive such changes. Keep FROM as a backup, out of reach.",
    ]

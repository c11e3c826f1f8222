"""dropcopy store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dropcopy_tui.cli.call import Call, noun, only_on_host, opening, verb
from dropcopy_tui.cli.long_work import long_work
from dropcopy_tui.cli.output import say, show, table
from dropcopy_tui.domain.errors import StoreUnusable

if TYPE_CHECKING:
    from dropcopy_tui.services.inspection.inspection import Examined


@noun("store")
def store() -> None:
    """The store itself."""


@store.command("check")
@only_on_host
@verb
def check(call: Call) -> int:
    """Check that the store is whole: its file or indexes, references, rules between rows, sealed values, events.

    Nothing is changed, and no one has to sign in. Exit code 1 if anything is wrong. Sealed values and audit events are
    checked if the master key is there.

    \b
    Examples:
      dropcopy store check
      dropcopy store check --json
    """
    from dropcopy_tui.store.location import check_store, needs_migration, store_facts

    config = call.config()
    place = config.paths.store
    check_store(place)
    if needs_migration(place):
        raise StoreUnusable("The store has the tables of an earlier version. Open it once, such as: dropcopy status")
    from dropcopy_tui.services.inspection.inspection import inspect_store
    from dropcopy_tui.store.engine import Store
    from dropcopy_tui.store.vault import vault_of

    with opening(place):
        vault = vault_of(config.paths.master_key, store_facts(place))
    opened = Store(place)
    try:
        with long_work("Nothing was changed.", "Checking the store"):
            found = list(inspect_store(opened, vault))
    finally:
        opened.close()
    sound = all(each.is_sound for each in found)
    show(call, {"sound": sound, "checks": [check_shape(each) for each in found]}, _lines(found))
    if not vault.is_open:
        say(f"Sealed values and audit events were not checked: there is no master key at {config.paths.master_key}.")
    return 0 if sound else 1


def check_shape(each: Examined) -> dict[str, object]:
    """A check as JSON has it."""
    return {"check": each.name, "ok": each.is_sound, "problem": each.words or None, "found": list(each.found)}


def _lines(found: Iterable[Examined]) -> list[str]:
    rows = [("ok" if each.is_sound else "BAD", each.name, each.words) for each in found]
    lines = table(("", "CHECK", "PROBLEM"), rows, "Nothing was checked.")
    return [*lines, *(f"{each.name}: {where}" for each in found for where in each.found)]

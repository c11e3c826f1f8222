"""dropcopy demo."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, only_on_host, verb, with_looks
from dropcopy_tui.cli.output import say, show, table
from dropcopy_tui.domain.errors import StoreMissing, StoreUnusable

if TYPE_CHECKING:
    from dropcopy_tui.config import Config
    from dropcopy_tui.domain.places import Place
    from dropcopy_tui.services.people.identity import Person

DEMO_USER = "acme-operator"


@click.command("demo")
@click.option("--fresh", is_flag=True, help="Delete the sandbox and create a new one.")
@click.option("--headless", is_flag=True, help="Only prepare the store; print its path and people.")
@with_looks
@only_on_host
@verb
def demo(call: Call, fresh: bool, headless: bool) -> int:
    """Open the application on a sandbox store with realistic sample data.

    \b
    Examples:
      dropcopy demo
      dropcopy demo --headless --json
    """
    config = call.config(sandbox=True)
    if headless:
        _prepare(config, fresh)
        _show_people(call, config)
        return 0
    from dropcopy_tui.cli.application import check_terminal, run_application

    check_terminal()
    _prepare(config, fresh)
    return run_application(call, config, demo=True, user=call.as_user or DEMO_USER)


def _prepare(config: Config, fresh: bool) -> None:
    """Create the sandbox if it does not exist. An existing one is only inspected, without importing the database."""
    from dropcopy_tui.store.location import store_facts

    place = config.paths.store
    there = _is_there(place)
    if there:
        if store_facts(place)["sandbox"] != "yes":
            raise StoreUnusable(f"{place} is not a sandbox. Nothing was changed. Use another --store.")
        if not fresh:
            return
    from dropcopy_tui.new_store import make_store, remove_sandbox
    from dropcopy_tui.services.sample.fill import fill

    if there:
        remove_sandbox(config)
    say(f"Creating a sandbox with sample data at {place} ...")
    make_store(config, sandbox=True, fill=fill)


def _is_there(place: Place) -> bool:
    from dropcopy_tui.store.location import check_store

    try:
        check_store(place)
    except StoreMissing:
        return False
    return True


def _show_people(call: Call, config: Config) -> None:
    with call.desk(config) as desk:
        people = desk.identity.everyone()
    document = {
        "store": str(config.paths.store),
        "people": [{"user_id": row.user_id, "name": row.name, "roles": _roles(row)} for row in people],
    }
    rows = [(row.user_id, row.name, ", ".join(_roles(row))) for row in people]
    lines = table(("USER", "NAME", "ROLES"), rows, "No people found.")
    show(call, document, [f"store  {config.paths.store}", "", *lines])
    say(f"To act as one of them: dropcopy --store {shlex.quote(str(config.paths.store))} --as {DEMO_USER} groups list")


def _roles(person: Person) -> list[str]:
    return [f"{held.role.value}@{held.entity}" if held.entity else held.role.value for held in person.entitlements]

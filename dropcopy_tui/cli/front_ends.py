"""dropcopy front-ends."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, noun, verb
from dropcopy_tui.cli.codes import entity_option, only_entity
from dropcopy_tui.cli.listing import list_options, print_list, rows_of
from dropcopy_tui.cli.output import fields, say, show, table
from dropcopy_tui.cli.shapes import front_end_shape, mapping_shape

if TYPE_CHECKING:
    from dropcopy_tui.services.groups.front_ends import MappingLine

_ENTITY = entity_option("Entity of the mapping; optional if there is only one for you.")


@noun("front-ends")
def front_ends() -> None:
    """Front end mapping: the systems that an entity may use."""


@front_ends.command("list")
@_ENTITY
@click.option("--match", default="", metavar="TEXT", help="Only systems with this text in name, version or vendor.")
@list_options
@verb
def list_front_ends(call: Call, entity: str, match: str, limit: int | None) -> None:
    """List all front end systems and whether the entity may use them.

    GROUPS is the number of the entity's groups that use a system.
    """
    with call.signed_in() as (desk, actor):
        place = entity or only_entity(desk.groups.entities(actor))
        every = rows_of(partial(desk.front_ends.page, actor, place), match, limit)
        print_list(call, desk, every, mapping_shape, _lines)


def _lines(found: Iterable[MappingLine]) -> list[str]:
    rows = [
        (
            row.front_end.id,
            row.front_end.name,
            row.front_end.version,
            row.front_end.vendor,
            _yes(row.mapped),
            row.groups,
        )
        for row in found
    ]
    return table(("ID", "NAME", "VERSION", "VENDOR", "MAPPED", "GROUPS"), rows, "No front end systems found.")


def _yes(mapped: bool) -> str:
    return "yes" if mapped else "no"


@front_ends.command("map")
@click.argument("front_end", metavar="[ID]", type=click.IntRange(1), required=False)
@_ENTITY
@click.option("--name", default="", metavar="NAME", help="Use a name instead of an id; an unknown system is created.")
@click.option("--version", default="", metavar="V", help="With --name.")
@click.option("--vendor", default="", metavar="V", help="With --name.")
@verb
def map_front_end(call: Call, front_end: int | None, entity: str, name: str, version: str, vendor: str) -> None:
    """Allow an entity to use a front end system.

    \b
    Examples:
      dropcopy front-ends map 3 --entity ACME
      dropcopy front-ends map --entity ACME --name Harbour --version 2.1
    """
    if (front_end is None) is not bool(name) or (front_end and (version or vendor)):
        raise click.UsageError("Specify the front end system by id, or by --name with --version and --vendor.")
    with call.signed_in() as (desk, actor):
        entity = entity or only_entity(desk.front_ends.entities(actor), "change the mapping of")
        if front_end is None:
            mapped = desk.front_ends.map_new(actor, entity, name, version, vendor)
        else:
            mapped = desk.front_ends.map(actor, entity, front_end)
    document = {**front_end_shape(mapped), "entity": entity, "mapped": True}
    show(call, document, fields([("id", mapped.id), ("mapped", f"{mapped.title} to {entity}")]))


@front_ends.command("unmap")
@click.argument("front_end", metavar="ID", type=click.IntRange(1))
@_ENTITY
@verb
def unmap_front_end(call: Call, front_end: int, entity: str) -> None:
    """Remove a front end system from an entity's mapping.

    Groups that use it keep working until their next edit.
    """
    with call.signed_in() as (desk, actor):
        entity = entity or only_entity(desk.front_ends.entities(actor), "change the mapping of")
        done = desk.front_ends.unmap(actor, entity, front_end)
    if done.groups:
        say("Groups that use it keep working; their next edit must select another front end system.")
    document = {**front_end_shape(done.front_end), "entity": entity, "mapped": False, "groups": list(done.groups)}
    pairs = [("unmapped", f"{done.front_end.title} from {entity}"), ("used by", list(done.groups) or "no groups")]
    show(call, document, fields(pairs))

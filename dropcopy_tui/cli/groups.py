"""dropcopy groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, destroys, noun, verb
from dropcopy_tui.cli.codes import CODE, entity_option, only_entity, op_id_option
from dropcopy_tui.cli.drafts import clone_group
from dropcopy_tui.cli.dry_run import dry_run_option, show_dry_run
from dropcopy_tui.cli.files import opened
from dropcopy_tui.cli.listing import list_options, print_list, rows_of
from dropcopy_tui.cli.long_work import long_work
from dropcopy_tui.cli.output import fields, show, table
from dropcopy_tui.cli.requests import request_lines
from dropcopy_tui.cli.shapes import group_shape, request_shape, whole_group_shape
from dropcopy_tui.cli.sources import group_firms, group_sources
from dropcopy_tui.domain.errors import FileRefused
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.markets import MARKETS

if TYPE_CHECKING:
    from dropcopy_tui.services.views import GroupLine, GroupView

MARKET = click.Choice(list(MARKETS))
_LONGEST_LINE = 200
# In the help text instead of the metavar, where ten names would make one line of 180 columns.
_TYPES = f"Types: {', '.join(kind.value for kind in Filter)}."
_NOTHING = "Nothing was changed."


@noun("groups")
def groups() -> None:
    """Drop copy groups."""


@groups.command("list")
@entity_option("Only groups of this entity.")
@click.option("--market", type=MARKET, help="Only groups of this market.")
@click.option("--match", default="", metavar="TEXT", help="Only groups with this text in name, market or front end.")
@list_options
@verb
def list_groups(call: Call, entity: str, market: str | None, match: str, limit: int | None) -> None:
    """List the groups you have access to."""
    with call.signed_in() as (desk, actor):
        pages = partial(desk.groups.page, actor, entity=entity, market=market or "")
        print_list(call, desk, rows_of(pages, match, limit), group_shape, _lines)


def _lines(found: Iterable[GroupLine]) -> list[str]:
    headers = ("ID", "NAME", "ENTITY", "MARKET", "FRONT END", "SOURCES", "TARGETS", "KEYS")
    rows = [
        (row.id, row.name, row.entity, row.market, row.front_end, f"{row.sources:,}", row.targets, row.keys)
        for row in found
    ]
    return table(headers, rows, "No groups found.")


@groups.command("show")
@click.argument("group")
@entity_option("Entity of the group, if several have one of this name.")
@verb
def show_group(call: Call, group: str, entity: str) -> None:
    """Show one group, by name or id.

    \b
    Examples:
      dropcopy groups show DC-NY-1
      dropcopy groups show 12 --json
    """
    with call.signed_in() as (desk, actor):
        view = desk.groups.show(actor, group, entity)
    show(call, whole_group_shape(view), _details(view))


def _details(view: GroupView) -> list[str]:
    line = view.line
    return fields(
        (
            ("id", line.id),
            ("name", line.name),
            ("entity", f"{line.entity} ({view.entity_name})"),
            ("market", line.market_name),
            ("front end", line.front_end),
            ("filters", [kind.words for kind in view.filters]),
            ("sources", f"{line.sources:,}"),
            ("target sessions", [f"{row.session_id} {row.gateway} {row.status}" for row in view.sessions] or "none"),
            ("keys", line.keys),
            ("created", f"{view.created_at:%Y-%m-%d %H:%MZ} by {view.created_by}"),
        )
    )


@groups.command("create")
@entity_option("Entity of the group; optional if you can use only one.")
@click.option("--market", type=MARKET, required=True)
@click.option("--name", required=True, metavar="NAME")
@click.option("--front-end", required=True, metavar="NAME", help="Front end system: name, or name and version.")
@click.option(
    "--filter",
    "filters",
    type=click.Choice([kind.value for kind in Filter]),
    multiple=True,
    required=True,
    metavar="TYPE",
    help=f"A filter; may be repeated. Mandatory filters are always included. {_TYPES}",
)
@click.option("--source", "sources", multiple=True, metavar="ID", help="A SenderCompID; may be repeated.")
@click.option("--sources-from", metavar="FILE", help="File with one SenderCompID per line (- for stdin).")
@click.option("--all-sources", is_flag=True, help="All active SenderComps of the entity in the market.")
@click.option(
    "--gfid", "gfids", type=CODE, multiple=True, metavar="G", help="With --all-sources: only this Globex Firm ID."
)
@dry_run_option
@op_id_option
@verb
def create(
    call: Call,
    entity: str,
    market: str,
    name: str,
    front_end: str,
    filters: tuple[str, ...],
    sources: tuple[str, ...],
    sources_from: str | None,
    all_sources: bool,
    gfids: tuple[str, ...],
    dry_run: bool,
    op_id: str,
) -> int:
    """Request a new group and print the request.

    \b
    Examples:
      dropcopy groups create --market brokertec_us --name DC-NY-1 \\
        --front-end Harbour --filter trade_fill_notice --all-sources
      dropcopy groups create --market brokertec_us --name DC-NY-2 \\
        --front-end Harbour --filter trade_cancel --sources-from ids.txt
    """
    if sum((bool(sources), sources_from is not None, all_sources)) != 1:
        raise click.UsageError("Use exactly one of --source, --sources-from, --all-sources.")
    _check_gfids(all_sources, gfids)
    if sources_from is not None:
        sources = tuple(_listed(sources_from))
    with call.signed_in() as (desk, actor):
        from dropcopy_tui.services.groups.groups import NewGroup

        new = NewGroup(
            entity=entity or only_entity(desk.drafts.entities(actor), "create groups for"),
            market=market,
            name=name,
            front_end=front_end,
            filters=tuple(Filter(kind) for kind in filters),
            sources=sources,
            all_sources=all_sources,
            gfids=gfids,
        )
        if dry_run:
            return show_dry_run(call, desk.groups.review_new(actor, new))
        with long_work(_NOTHING, "Requesting the group"):
            view = desk.groups.create(actor, new, op_id)
    show(call, request_shape(view), request_lines(view))
    return 0


@groups.command("edit")
@click.argument("group")
@entity_option("Entity of the group, if several have one of this name.")
@click.option("--name", metavar="NAME", help="New name.")
@click.option("--front-end", metavar="NAME", help="New front end system: name, or name and version.")
@click.option(
    "--filter",
    "filters",
    type=click.Choice([kind.value for kind in Filter]),
    multiple=True,
    metavar="TYPE",
    help=f"Replace all filters; may be repeated. {_TYPES}",
)
@click.option("--add", multiple=True, metavar="ID", help="A SenderCompID to add; may be repeated.")
@click.option("--remove", multiple=True, metavar="ID", help="A SenderCompID to remove; may be repeated.")
@click.option("--source", "sources", multiple=True, metavar="ID", help="Replace all sources; may be repeated.")
@click.option("--sources-from", metavar="FILE", help="Replace all sources: one SenderCompID per line (- for stdin).")
@click.option("--all-sources", is_flag=True, help="Add all active SenderComps of the entity in the market.")
@click.option("--gfid", "gfids", type=CODE, multiple=True, metavar="G", help="With --all-sources: only of this firm.")
@click.option("--remove-gfid", "gone", type=CODE, multiple=True, metavar="G", help="Remove all sources of this firm.")
@click.option("--version", type=int, metavar="N", help="Refuse unless the group is still at this version.")
@dry_run_option
@op_id_option
@verb
def edit(
    call: Call,
    group: str,
    entity: str,
    name: str | None,
    front_end: str | None,
    filters: tuple[str, ...],
    add: tuple[str, ...],
    remove: tuple[str, ...],
    sources: tuple[str, ...],
    sources_from: str | None,
    all_sources: bool,
    gfids: tuple[str, ...],
    gone: tuple[str, ...],
    version: int | None,
    dry_run: bool,
    op_id: str,
) -> int:
    """Request changes to a group and print the request.

    Options that are not given leave their part of the group unchanged.

    \b
    Examples:
      dropcopy groups edit DC-NY-1 --add AA1ACMEN --remove AA2ACMEN
      dropcopy groups edit DC-NY-1 --name DC-NY-MAIN --version 4
      dropcopy groups edit DC-NY-1 --all-sources --gfid ACM01 --remove-gfid ACM02
      dropcopy groups edit DC-NY-1 --add AA1ACMEN --dry-run
    """
    if sources and sources_from is not None:
        raise click.UsageError("Use either --source or --sources-from, not both.")
    if (sources or sources_from is not None) and (add or remove or all_sources or gone):
        raise click.UsageError(
            "--source and --sources-from replace all sources; do not combine them with options that add or remove some."
        )
    _check_gfids(all_sources, gfids)
    if both := set(gfids).intersection(gone):
        raise click.UsageError(f"--gfid adds and --remove-gfid removes {min(both)}. Use one of them.")
    if sources_from is not None:
        sources = tuple(_listed(sources_from))
    with call.signed_in() as (desk, actor):
        from dropcopy_tui.services.groups.groups import GroupEdit

        change = GroupEdit(
            name=name,
            front_end=front_end,
            filters=tuple(Filter(kind) for kind in filters) or None,
            sources=sources if sources or sources_from is not None else None,
            add=add,
            remove=remove,
            add_all=all_sources,
            add_gfids=gfids,
            remove_gfids=gone,
            version=version,
        )
        if dry_run:
            return show_dry_run(call, desk.groups.review_edit(actor, group, change, entity))
        with long_work(_NOTHING, "Requesting the changes"):
            view = desk.groups.edit(actor, group, change, entity, op_id)
    show(call, request_shape(view), request_lines(view))
    return 0


@groups.command("delete")
@click.argument("names", metavar="GROUP", nargs=-1, required=True)
@entity_option("Entity of the groups, if several have one of this name.")
@op_id_option
@destroys
@verb
def delete_groups(call: Call, names: tuple[str, ...], entity: str, op_id: str) -> None:
    """Request the deletion of groups and print one request per group.

    Their target sessions are released, not deleted.
    """
    with call.signed_in() as (desk, actor):
        # Repeated under its name, it may ask for what is gone by now. The first answer is what is returned then.
        found = [desk.groups.show(actor, name, entity).line for name in names] if not op_id else []
        call.confirm(f"Delete {', '.join(f'{line.name} of {line.entity}' for line in found) or ', '.join(names)}?")
        with long_work(_NOTHING, "Requesting the deletion"):
            views = desk.groups.delete(actor, names, entity, op_id)
    shapes = [request_shape(view) for view in views]
    lines = [line for view in views for line in request_lines(view)]
    show(call, shapes[0] if len(shapes) == 1 else shapes, lines)


groups.add_command(group_sources)
groups.add_command(group_firms)
groups.add_command(clone_group)


def _check_gfids(all_sources: bool, gfids: tuple[str, ...]) -> None:
    if gfids and not all_sources:
        raise click.UsageError("--gfid requires --all-sources.")


def _listed(name: str) -> Iterator[str]:
    """Yield the SenderCompIDs of a file, one per line; the file is never loaded whole."""
    with opened(name, "The list of sources") as file:
        while raw := file.readline(_LONGEST_LINE + 1):
            if len(raw) > _LONGEST_LINE:
                raise FileRefused(
                    f"{name} is not a list of SenderCompIDs: it has a line of over {_LONGEST_LINE} bytes."
                )
            if line := raw.decode("utf-8", "replace").removeprefix("\ufeff").strip():
                yield line

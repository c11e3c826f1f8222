"""dropcopy route."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

import click

from dropcopy_tui.cli.call import Call, verb
from dropcopy_tui.cli.codes import entity_option
from dropcopy_tui.cli.files import opened
from dropcopy_tui.cli.output import fields, say, table, write
from dropcopy_tui.cli.shapes import report_shape, routed_shape
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.visible import visible

if TYPE_CHECKING:
    from dropcopy_tui.services.routing.routing import Report, Route, RoutedMessage

_CHUNK = 262_144
_NAMED = 10
# Rows per write: one write per row would take most of the time of a long log.
_BLOCK = 500
_LINE = "{:>8}  {:<26}  {:<10}  {:<44}  {}"


@click.command("route")
@click.argument("file", metavar="FILE", required=False)
@click.option("--each", is_flag=True, help="Also list every message, with the reason if it is not copied.")
@click.option("--group", default="", metavar="G", help="Only this group, by name or id.")
@entity_option("Only groups of this entity.")
@click.option("--draft", type=click.IntRange(1), metavar="ID", help="Only this draft of yours, as if it were set up.")
@click.option("--example", is_flag=True, help="Print a sample log instead (sandbox only).")
@verb
def route(call: Call, file: str | None, each: bool, group: str, entity: str, draft: int | None, example: bool) -> None:
    """Show which messages of a FIX log (- for stdin) each group's target sessions receive.

    Fields are separated by SOH, | or ^A; messages are originals or copies (35=n). COPIES is the number of messages
    that each target session of the group receives; a message that matches several filters counts under each of them.
    A draft without sources is shown as if it had every SenderComp.

    \b
    Examples:
      dropcopy route orders.log --group DC-NY-1
      dropcopy route orders.log --draft 7 --each
      dropcopy route --example | dropcopy route - --each
    """
    if example:
        if file or each or group or draft:
            raise click.UsageError(
                "--example takes no file, --each, --group or --draft. Pipe its output into: dropcopy route -"
            )
        with call.signed_in() as (desk, actor):
            for line in desk.routing.example(actor, entity):
                write(line.decode("ascii"))
        return
    if draft and (group or entity):
        raise click.UsageError("Use --draft without --group and --entity.")
    if not file:
        raise click.UsageError("Specify a FIX log (- for stdin). In a sandbox, --example prints one.")
    with call.signed_in() as (desk, actor), opened(file, "The FIX log") as log:
        _print(call, desk.routing.route(actor, _chunks(log), entity, group, draft), each)


def _chunks(log: BinaryIO) -> Iterator[bytes]:
    while chunk := log.read(_CHUNK):
        yield chunk


def _print(call: Call, found: Route, each: bool) -> None:
    if call.as_json:
        _print_json(found, each)
        return
    if each:
        write(_LINE.format("LINE", "KIND", "SOURCE", "FILTERS", "COPIES TO").rstrip() + "\n")
        for block in _blocks(found):
            write("".join(f"{_line(row)}\n" for row in block))
        write("\n")
    report = found.report()
    write("".join(f"{line}\n" for line in _totals(report)))


def _print_json(found: Route, each: bool) -> None:
    """Print one document of any length: rows are written as they are read, followed by the totals."""
    write("{")
    if each:
        write('"rows": [')
        comma = ""
        for block in _blocks(found):
            write(comma + ",\n".join(json.dumps(routed_shape(row)) for row in block))
            comma = ",\n"
        write("],\n")
    write(json.dumps(report_shape(found.report()), indent=2).removeprefix("{") + "\n")


def _blocks(found: Route) -> Iterator[list[RoutedMessage]]:
    block: list[RoutedMessage] = []
    for row in found:
        block.append(row)
        if len(block) == _BLOCK:
            yield block
            block = []
    if block:
        yield block


def _line(row: RoutedMessage) -> str:
    what = row.reading
    filters = ", ".join(what.filters) or "-"
    to = ", ".join(f"{group.name} ({' '.join(group.target_sessions) or 'no target'})" for group in row.groups)
    said = [to or f"none: {row.why_not}", *row.problems]
    return visible(_LINE.format(row.line, what.kind.words, what.source or "-", filters, "  ! ".join(said)))


def _totals(report: Report) -> list[str]:
    pairs: list[tuple[str, object]] = [
        ("messages", f"{report.messages:,}"),
        ("received by no group", f"{report.unrouted:,}"),
        (
            "unknown sources",
            f"{plural(report.unknown, 'message')}{_some(report.unknown_sources)}" if report.unknown else "none",
        ),
    ]
    if report.flagged:
        pairs.append(
            ("wrong length, checksum or copy", f"{plural(report.flagged, 'message')}; use --each to list them")
        )
    if report.garbage:
        lines = _some(tuple(f"line {line}" for line in report.garbage_lines))
        pairs.append(("skipped, not FIX", f"{plural(report.garbage, 'piece')}{lines}"))
    rows = [
        (
            total.group.id,
            total.group.name,
            total.group.entity,
            " ".join(total.group.target_sessions) or "-",
            f"{total.copies:,}",
            ", ".join(f"{kind} {number:,}" for kind, number in total.by_filter.items()) or "-",
        )
        for total in report.groups
    ]
    headers = ("ID", "GROUP", "ENTITY", "TARGETS", "COPIES", "BY FILTER")
    if not report.messages:
        say("The log contains no FIX messages.")
    for miss in report.misses:
        say(miss)
    return [*fields(pairs), "", *table(headers, rows, "No groups found.")]


def _some(names: tuple[str, ...]) -> str:
    more = ", ..." if len(names) > _NAMED else ""
    return f": {', '.join(names[:_NAMED])}{more}" if names else ""

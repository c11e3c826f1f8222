"""dropcopy import."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO

import click

from dropcopy_tui.cli.call import Call, confirmable, verb
from dropcopy_tui.cli.files import opened
from dropcopy_tui.cli.long_work import long_work
from dropcopy_tui.cli.output import fields, say, show
from dropcopy_tui.domain.plurals import plural, some

if TYPE_CHECKING:
    from dropcopy_tui.domain.work import Work
    from dropcopy_tui.services.imports.imports import ImportReport, LineError, UpdateReport, UpdateSummary

# The values of services.imports.ImportKind, whose module is too heavy to import for a help text.
_KINDS = ("entities", "people", "front-ends", "sendercomps", "sessions")
_NOTHING = "Nothing was imported."


@click.command("import")
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("file")
@click.option(
    "--dry-run", is_flag=True, help="Validate the file, or show what --update would change, and import nothing."
)
@click.option(
    "--update", is_flag=True, help="Also change status, guarantor and gateway of SenderComps that the store has."
)
@confirmable
@verb
def import_file(call: Call, kind: str, file: str, dry_run: bool, update: bool) -> int:
    """Import FILE: CSV with a header in UTF-8 (- for stdin).

    If any line is invalid, nothing is imported and all errors are reported. With --update, a summary is shown first:
    what is new, changed, unchanged, and in the store but not in the file. Nothing is ever deleted.

    \b
    Examples:
      dropcopy import entities entities.csv --dry-run
      dropcopy import sendercomps - < sendercomps.csv
      dropcopy import sendercomps master-list.csv --update --yes
    """
    if update and not dry_run:
        call.require_confirmable("An update changes SenderComps in the store.")
    with opened(file, "The file") as stream, call.signed_in() as (desk, actor):
        from dropcopy_tui.services.imports.imports import ImportKind

        with long_work(_NOTHING) as work, _at_hand(stream) as whole:
            if update:
                updated = desk.imports.update_csv(
                    actor, ImportKind(kind), whole, dry_run=dry_run, confirm=lambda found: _confirm(call, work, found)
                )
                return _show_update(call, updated, dry_run=dry_run)
            report = desk.imports.import_csv(actor, ImportKind(kind), whole, dry_run=dry_run)
    would = {"would_import": 0 if report.rejected else report.read} if dry_run else {}
    show(call, _shape(report) | would, _lines(report))
    if report.rejected:
        return _rejected(report.rejected)
    if dry_run:
        say(f"Dry run: nothing was imported. Without --dry-run it would import {plural(report.read, 'row')}.")
    return 0


def _confirm(call: Call, work: Work, summary: UpdateSummary) -> None:
    work.expect("")  # the bar gives way to the question
    if not call.yes:
        for line in fields(_pairs(summary)):
            say(line)
    call.confirm(f"Import {summary.new:,} new and change {summary.changed:,}?")


def _show_update(call: Call, report: UpdateReport, *, dry_run: bool) -> int:
    summary = report.summary
    shape: dict[str, object] = {"read": report.read, "rejected": report.rejected, "errors": _errors(report.errors)}
    pairs: list[tuple[str, object]] = [("read", f"{report.read:,}"), ("rejected", f"{report.rejected:,}")]
    if summary is not None:
        shape |= {
            "new": summary.new,
            "changed": summary.changed,
            "unchanged": summary.unchanged,
            "gone": summary.gone,
            "gone_ids": list(summary.gone_ids),
            "deactivated_in_groups": summary.deactivated,
            "groups": list(summary.groups),
        }
        pairs = [pairs[0], *_pairs(summary)]
    shape |= {"updated": report.done}
    show(call, shape, fields([*pairs, *_error_pairs(report.errors)]))
    if report.rejected:
        return _rejected(report.rejected)
    if dry_run:
        say("Dry run: nothing was changed.")
    elif not report.done:
        say("Nothing to change: the store already has what the file says.")
    return 0


def _pairs(summary: UpdateSummary) -> list[tuple[str, object]]:
    gone = f"{summary.gone:,}"
    if summary.gone:
        gone += f" in the store but not in the file; they stay as they are: {_named(summary.gone_ids, summary.gone)}"
    pairs: list[tuple[str, object]] = [
        ("new", f"{summary.new:,}"),
        ("changed", f"{summary.changed:,}"),
        ("unchanged", f"{summary.unchanged:,}"),
        ("gone", gone),
    ]
    if summary.deactivated:
        pairs.append(
            (
                "in groups",
                f"{plural(summary.deactivated, 'SenderComp')} of {some(summary.groups)} "
                "would become inactive; the groups keep them until they are edited",
            )
        )
    return pairs


def _named(names: tuple[str, ...], count: int) -> str:
    """The first of so many, and how many more there are."""
    shown = names[:5]
    return ", ".join(shown) + (f" and {count - len(shown):,} more" if count > len(shown) else "")


def _rejected(count: int) -> int:
    rejected = plural(count, "line was", "lines were")
    say(f"dropcopy: {rejected} rejected, so nothing was imported. Correct the file and try again.")
    return 1


@contextmanager
def _at_hand(stream: BinaryIO) -> Iterator[BinaryIO]:
    """The stream itself, or a copy of a pipe.

    An import holds the store's write lock while it reads, and a slow pipe would make every other writer wait.
    """
    if stream.seekable():
        yield stream
        return
    with TemporaryFile() as copy:
        shutil.copyfileobj(stream, copy)
        copy.seek(0)
        yield copy


def _shape(report: ImportReport) -> dict[str, object]:
    return {
        "read": report.read,
        "imported": report.imported,
        "rejected": report.rejected,
        "errors": _errors(report.errors),
    }


def _errors(errors: tuple[LineError, ...]) -> list[dict[str, object]]:
    return [{"line": error.line, "reason": error.reason} for error in errors]


def _lines(report: ImportReport) -> list[str]:
    pairs: list[tuple[str, object]] = [
        ("read", f"{report.read:,}"),
        ("imported", f"{report.imported:,}"),
        ("rejected", f"{report.rejected:,}"),
    ]
    return fields([*pairs, *_error_pairs(report.errors)])


def _error_pairs(errors: tuple[LineError, ...]) -> list[tuple[str, object]]:
    return [("errors", [f"line {error.line}: {error.reason}" for error in errors])] if errors else []

"""dropcopy import."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO

import click

from dropcopy_tui.cli.call import Call, verb
from dropcopy_tui.cli.files import opened
from dropcopy_tui.cli.output import fields, say, show
from dropcopy_tui.domain.plurals import plural

if TYPE_CHECKING:
    from dropcopy_tui.services.imports.imports import ImportReport

# The values of services.imports.ImportKind, whose module is too heavy to import for a help text.
_KINDS = ("entities", "people", "front-ends", "sendercomps", "sessions")


@click.command("import")
@click.argument("kind", type=click.Choice(_KINDS))
@click.argument("file")
@click.option("--dry-run", is_flag=True, help="Validate the file without importing anything.")
@verb
def import_file(call: Call, kind: str, file: str, dry_run: bool) -> int:
    """Import FILE: CSV with a header in UTF-8 (- for stdin).

    If any line is invalid, nothing is imported and all errors are reported.

    \b
    Examples:
      dropcopy import entities entities.csv --dry-run
      dropcopy import sendercomps - < sendercomps.csv
    """
    with opened(file, "The file") as stream, call.signed_in() as (desk, actor):
        from dropcopy_tui.services.imports.imports import ImportKind

        with _at_hand(stream) as whole:
            report = desk.imports.import_csv(actor, ImportKind(kind), whole, dry_run=dry_run)
    would = {"would_import": 0 if report.rejected else report.read} if dry_run else {}
    show(call, _shape(report) | would, _lines(report))
    if report.rejected:
        rejected = plural(report.rejected, "line was", "lines were")
        say(f"dropcopy: {rejected} rejected, so nothing was imported. Correct the file and try again.")
        return 1
    if dry_run:
        say(f"Dry run: nothing was imported. Without --dry-run it would import {plural(report.read, 'row')}.")
    return 0


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
        "errors": [{"line": error.line, "reason": error.reason} for error in report.errors],
    }


def _lines(report: ImportReport) -> list[str]:
    pairs: list[tuple[str, object]] = [
        ("read", f"{report.read:,}"),
        ("imported", f"{report.imported:,}"),
        ("rejected", f"{report.rejected:,}"),
    ]
    if report.errors:
        pairs.append(("errors", [f"line {error.line}: {error.reason}" for error in report.errors]))
    return fields(pairs)

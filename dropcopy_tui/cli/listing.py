"""Whole lists from services that answer in pages: printed, or written row by row as JSON or CSV."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dropcopy_tui.cli.call import Call, Decorator, remembered
from dropcopy_tui.cli.long_work import long_work
from dropcopy_tui.cli.output import say, show, write
from dropcopy_tui.collector import rarely_collected
from dropcopy_tui.csv_cells import csv_lines, csv_text
from dropcopy_tui.domain.pages import Anchor, PageRequest, PageSource
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.work import current

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

Row = TypeVar("Row")
Shape = Mapping[str, Any]
_PAGE = 2_000
_AS_THEY_ARE = {str, int, type(None)}
# Made once: `json.dumps` makes an encoder for every value.
_encoded = json.JSONEncoder(sort_keys=True).encode
_LIMIT: Decorator = click.option("--limit", type=click.IntRange(1), metavar="N", help="Maximum number of rows.")
_CSV = remembered("--csv", "as_csv", is_flag=True, help="Print comma-separated values.")
_OUT = remembered("--out", "out", metavar="FILE", help="Write the list to a new file: .csv, else JSON.")


def list_options(function: Any) -> Any:
    """Decorate a verb that prints a list with `print_list`: it takes --limit, --csv and --out."""
    return _LIMIT(_CSV(_OUT(function)))


def rows_of(pages: PageSource[Row], match: str = "", limit: int | None = None) -> Iterator[Row]:
    """Yield every row, page after page, or the first `limit` rows. Raises Interrupted."""
    page_size = min(limit or _PAGE, _PAGE)
    ask = PageRequest(match=match, limit=page_size, count=False)
    return islice(_every(pages, ask, limit), limit)


def _every(pages: PageSource[Row], ask: PageRequest, limit: int | None) -> Iterator[Row]:
    work, done = current(), 0
    if work is not None:
        # A count is worth its time only where the bar may be seen.
        total = pages(replace(ask, limit=0, count=True)).total if work.is_watched else 0
        work.expect("Exporting", min(total, limit or total))
    while True:
        page = pages(ask)
        yield from page.rows
        done += len(page.rows)
        if work is not None:
            work.tell(done)
        if len(page.rows) < ask.limit:
            return
        ask = replace(ask, anchor=Anchor.AFTER, beside=page.cursors[-1])


def print_list(
    call: Call,
    desk: Desk,
    rows: Iterator[Row],
    shape: Callable[[Row], Shape],
    lines: Callable[[list[Row]], Iterable[str]],
    columns: tuple[str, ...] = (),
) -> None:
    """Print a list: a table, or with --json, --csv or --out every row as it comes, however many there are.

    Args:
        call: its options say how.
        desk: the open desk.
        rows: what `rows_of` yields.
        shape: the JSON shape of a row.
        lines: the table.
        columns: those of the CSV, where they are not the fields of the shape in their order.

    Raises:
        FileRefused: the file of --out exists, or cannot be written.
        Interrupted: there is no file of --out then.
    """
    check_list_options(call)
    as_csv = call.as_csv or (call.out or "").lower().endswith(".csv")
    if not (call.as_json or as_csv or call.out):
        show(call, None, lines(list(rows)))
        return
    shapes = map(shape, rows)
    write_rows(call, desk, _csv_chunks(shapes, columns) if as_csv else _json_chunks(shapes))


def check_list_options(call: Call) -> None:
    """Refuse what cannot be both. Raises UsageError."""
    if call.as_csv and call.as_json:
        raise click.UsageError("Use either --csv or --json, not both.")


def write_rows(call: Call, desk: Desk, chunks: Iterator[tuple[int, str]]) -> None:
    """Write pieces of a list, each with its number of rows, to the file of --out or to standard output.

    The whole list is read as it was at one moment, where that holds no writer up.
    """
    if call.out is None:
        with long_work("The output is incomplete.", rows_to_stdout=True), desk.snapshot(), rarely_collected():
            for _, text in chunks:
                write(text)
        return
    # Late for the sake of start-up: most lists are printed.
    from dropcopy_tui.new_file import new_text_file

    path, count = Path(call.out), 0
    with new_text_file(path) as file, long_work(f"{path} was not created."), desk.snapshot(), rarely_collected():
        for number, text in chunks:
            count += number
            file.write(text)
    say(f"{plural(count, 'row')} written to {path}.")


def _json_chunks(shapes: Iterator[Shape]) -> Iterator[tuple[int, str]]:
    """A JSON list, one row a line."""
    before = "[\n"
    while chunk := list(islice(shapes, _PAGE)):
        yield len(chunk), before + ",\n".join(map(json.dumps, chunk))
        before = ",\n"
    yield 0, "\n]\n" if before != "[\n" else "[]\n"


def _csv_chunks(shapes: Iterator[Shape], columns: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """A CSV document; its columns are the fields of the JSON shape, unless they are given."""
    first = next(shapes, None)
    names = columns or tuple(first or ())
    if names:
        yield 0, csv_text(names, ())
    rows = shapes if first is None else chain((first,), shapes)
    while chunk := list(islice(rows, _PAGE)):
        yield len(chunk), csv_lines([_column(values) for values in _columns(chunk, names)])


def _columns(chunk: list[Shape], names: tuple[str, ...]) -> Iterable[Sequence[Any]]:
    """The values of each column; of several columns, all are taken together."""
    if len(names) == 1:
        return [[row[names[0]] for row in chunk]]
    return zip(*map(itemgetter(*names), chunk), strict=True)


def _column(values: Sequence[Any]) -> Sequence[Any]:
    """The values of a column as cells: most columns have nothing but text."""
    return values if set(map(type, values)) <= _AS_THEY_ARE else list(map(_cell, values))


def _cell(value: Any) -> object:
    """Lists of words are separated by semicolons; what has parts of its own is JSON."""
    if type(value) is str or value is None:
        return value
    if type(value) is list and not value:
        return ""  # what nearly every list is
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "; ".join(value)
    if isinstance(value, (list, dict)):
        return _encoded(value) if value else ""
    return value

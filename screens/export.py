"""A list as a file, CSV or JSON: the columns that are shown, or others in their place, and every row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dropcopy_tui.collector import rarely_collected
from dropcopy_tui.csv_cells import csv_lines
from dropcopy_tui.domain.pages import Anchor, PageRequest, PageSource
from dropcopy_tui.domain.work import Work, current
from dropcopy_tui.new_file import new_text_file
from screens.widgets.columns import Column

_PAGE = 2_000
# As RFC 4180 has it: this file is for spreadsheets.
_LINE_END = "\r\n"


@dataclass(frozen=True, slots=True)
class Export:
    """The columns of a file, where its rows come from, and what is said of it before."""

    columns: Sequence[Column[Any]]
    source: PageSource[Any]
    text: str


def write_list(
    path: Path,
    columns: Sequence[Column[Any]],
    source: PageSource[Any],
    ask: PageRequest,
    snapshot: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> int:
    """Write the whole list, a page at a time; how many rows. Raises FileRefused, and Interrupted with no file then.

    A name that ends in .json makes it JSON, every other one CSV. In a `snapshot`, all pages are read as the store was
    at one moment.
    The file has no name before it is whole and synced, so that nothing half-written can be taken for the list.
    """
    with new_text_file(path) as file, snapshot():
        form = _as_json if path.suffix.lower() == ".json" else _as_csv
        return _write_rows(file.write, form(columns), source, ask)


def csv_bytes(
    columns: Sequence[Column[Any]],
    source: PageSource[Any],
    ask: PageRequest,
    check_size: Callable[[int], None],
    snapshot: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> tuple[int, bytes]:
    """The whole list in memory: how many rows, and the file. Raises what `check_size` does about its bytes so far."""
    content = bytearray()

    def write(text: str) -> None:
        content.extend(text.encode())
        check_size(len(content))

    with snapshot():
        count = _write_rows(write, _as_csv(columns), source, ask)
    return count, bytes(content)


@dataclass(frozen=True, slots=True)
class _Form:
    """How a file begins, what the rows of a page are in it (of the first page, or of a later one), and how it ends."""

    begin: str
    rows: Callable[[Sequence[Any], bool], str]
    end: Callable[[bool], str]


def _as_csv(columns: Sequence[Column[Any]]) -> _Form:
    """Titles, then a line for each row."""
    values = [column.export or column.show for column in columns]
    return _Form(
        csv_lines([(column.title,) for column in columns], _LINE_END),
        lambda rows, _: csv_lines([[value(row) for row in rows] for value in values], _LINE_END),
        lambda _: "",
    )


def _as_json(columns: Sequence[Column[Any]]) -> _Form:
    """A list of objects, one on each line, as commands write it; the fields have the names of the columns."""
    values = {column.title.lower().replace(" ", "_"): column.export or column.show for column in columns}

    def lines(rows: Sequence[Any]) -> Iterator[str]:
        return (json.dumps({name: value(row) for name, value in values.items()}) for row in rows)

    return _Form("", lambda rows, first: ("[\n" if first else ",\n") + ",\n".join(lines(rows)), _json_end)


def _json_end(is_empty: bool) -> str:
    return "[]\n" if is_empty else "\n]\n"


def _write_rows(write: Callable[[str], object], form: _Form, source: PageSource[Any], ask: PageRequest) -> int:
    write(form.begin)
    count = done = 0
    work = current() or Work()
    work.expect("Exporting", work.total)
    ask = replace(ask, anchor=Anchor.FIRST, limit=_PAGE, count=False)
    with rarely_collected():
        while True:
            page = source(ask)
            if page.rows:
                write(form.rows(page.rows, not count))
            count += len(page.rows)
            done += len(page.cursors)
            work.tell(done)
            # A row of the list may be some lines of the file, or none: the cursors say where the list ends.
            if len(page.cursors) < _PAGE:
                write(form.end(not count))
                return count
            ask = replace(ask, anchor=Anchor.AFTER, beside=page.cursors[-1])

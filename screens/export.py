"""A list as a CSV file: the columns that are shown, or others in their place, and every row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    """The columns of a CSV file, where its rows come from, and what is said of it before."""

    columns: Sequence[Column[Any]]
    source: PageSource[Any]
    text: str


def write_csv(
    path: Path,
    columns: Sequence[Column[Any]],
    source: PageSource[Any],
    ask: PageRequest,
    snapshot: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> int:
    """Write the whole list, a page at a time; how many rows. Raises FileRefused, and Interrupted with no file then.

    In a `snapshot`, all pages are read as the store was at one moment.
    The file has no name before it is whole and synced, so that nothing half-written can be taken for the list.
    """
    with new_text_file(path) as file, snapshot():
        return _write_rows(file.write, columns, source, ask)


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
        count = _write_rows(write, columns, source, ask)
    return count, bytes(content)


def _write_rows(
    write: Callable[[str], object], columns: Sequence[Column[Any]], source: PageSource[Any], ask: PageRequest
) -> int:
    values = [column.export or column.show for column in columns]
    write(csv_lines([(column.title,) for column in columns], _LINE_END))
    count = done = 0
    work = current() or Work()
    work.expect("Exporting", work.total)
    ask = replace(ask, anchor=Anchor.FIRST, limit=_PAGE, count=False)
    with rarely_collected():
        while True:
            page = source(ask)
            write(csv_lines([[value(row) for row in page.rows] for value in values], _LINE_END))
            count += len(page.rows)
            done += len(page.cursors)
            work.tell(done)
            # A row of the list may be some lines of the file, or none: the cursors say where the list ends.
            if len(page.cursors) < _PAGE:
                return count
            ask = replace(ask, anchor=Anchor.AFTER, beside=page.cursors[-1])

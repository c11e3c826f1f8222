"""A list as a CSV file: the columns that are shown, or others in their place, and every row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dropcopy_tui.csv_cells import csv_cell
from dropcopy_tui.domain.pages import Anchor, PageRequest, PageSource
from dropcopy_tui.domain.work import Work, current
from dropcopy_tui.new_file import new_text_file
from screens.widgets.columns import Column

_PAGE = 1_000


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
        return _write_rows(csv.writer(file), columns, source, ask)


def csv_bytes(columns: Sequence[Column[Any]], source: PageSource[Any], ask: PageRequest) -> tuple[int, bytes]:
    """The whole list in memory: how many rows, and the file."""
    text = io.StringIO(newline="")
    count = _write_rows(csv.writer(text), columns, source, ask)
    return count, text.getvalue().encode()


def _write_rows(writer: Any, columns: Sequence[Column[Any]], source: PageSource[Any], ask: PageRequest) -> int:
    writer.writerow(column.title for column in columns)
    count = done = 0
    work = current() or Work()
    work.expect("Exporting", work.total)
    ask = replace(ask, anchor=Anchor.FIRST, limit=_PAGE, count=False)
    while True:
        page = source(ask)
        writer.writerows([csv_cell(column.value(row)) for column in columns] for row in page.rows)
        count += len(page.rows)
        done += len(page.cursors)
        work.tell(done)
        # A row of the list may be some lines of the file, or none: the cursors say where the list ends.
        if len(page.cursors) < _PAGE:
            return count
        ask = replace(ask, anchor=Anchor.AFTER, beside=page.cursors[-1])

"""Cells of CSV files that people open in a spreadsheet: a value stays a value and never becomes a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from dropcopy_tui.domain.visible import visible

# A spreadsheet evaluates a cell that begins with one of these, also behind white space and in their full-width forms
# (OWASP: CSV injection). `visible` shows a tab or a line end as a glyph, but a reader may turn the glyph back.
_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@＝＋－＠]")
# What a cell begins with that the expression above has to look at.
_LEADS = frozenset(" =+-@")
_TEXT = {str}
_PLAIN = {str, int, float, type(None)}


def csv_cell(value: object) -> str:
    """The value as text that a spreadsheet shows as it is, with every control character visible.

    None is an empty cell. A number is left alone, also a negative one: guarded, it could not be summed.
    """
    if not isinstance(value, str):
        return "" if value is None else str(value)
    if value.isascii() and value.isprintable() and value[:1] not in _LEADS:
        return value  # what nearly every cell is, in a tenth of the time
    return ("'" if _FORMULA.match(value) else "") + visible(value)


def csv_column(values: Sequence[object]) -> Sequence[object]:
    """The values of one column in many rows, as `csv_cell` has each; a writer of CSV knows None and numbers itself."""
    kinds = set(map(type, values))
    if not kinds <= _PLAIN:
        return [csv_cell(value) for value in values]
    # All of them are looked at together: a million rows have ten million cells.
    texts: Any = values if kinds == _TEXT else [value for value in values if type(value) is str]
    together = "|".join(texts)
    if together.isascii() and together.isprintable() and _LEADS.isdisjoint({text[:1] for text in texts}):
        return values
    return [csv_cell(value) for value in values]


def csv_lines(columns: Sequence[Sequence[object]], end: str = "\n") -> str:
    """Lines of CSV, from the values of each column in these rows."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end).writerows(zip(*map(csv_column, columns), strict=True))
    return text.getvalue()


def csv_text(columns: Sequence[str] | None, rows: Iterable[Iterable[object]]) -> str:
    """A CSV document with its header, as the command line prints it; without columns, rows that follow others."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if columns is not None:
        writer.writerow(columns)
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return text.getvalue()

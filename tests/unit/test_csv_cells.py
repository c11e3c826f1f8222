"""CSV cells: a spreadsheet shows the value and evaluates nothing."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropcopy_tui.csv_cells import csv_cell, csv_lines, csv_text


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1 202 555 0134", "'+1 202 555 0134"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("   =1+1", "'   =1+1"),
        ("\u00a0=1+1", "'\u00a0=1+1"),
        ("＝1+1", "'＝1+1"),
        ("\t=1+1", "'␉=1+1"),
        ("\rplain", "'␍plain"),
        ("a\nb\x1b[2J", "a␊b␛[2J"),
        ("\u202egnp.exe", "�gnp.exe"),
        ("a=b", "a=b"),
        ("", ""),
        (None, ""),
        (-12, "-12"),
        ("-12", "'-12"),
    ],
)
def test_a_cell_is_what_a_person_sees(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


@given(st.text(max_size=8))
def test_no_cell_begins_a_formula(text: str) -> None:
    cell = csv_cell(text)
    begins = cell.lstrip()[:1]
    assert not begins or begins not in "=+-@＝＋－＠"
    assert not any(ord(character) < 0x20 for character in cell)


def test_a_document_is_one_line_a_row() -> None:
    text = csv_text(("id", "what"), [(1, "a,b\nc"), (None, "=1")])
    assert list(csv.reader(io.StringIO(text))) == [["id", "what"], ["1", "a,b␊c"], ["", "'=1"]]
    assert text.count("\n") == 3


_VALUES = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["=1+1", "-12", "a,b", 'say "x"', "tab\there", "\u202egnp", "＝1", "|=1", "plain", ""]),
    st.none(),
    st.integers(),
)


@given(st.lists(st.lists(_VALUES, min_size=3, max_size=3), max_size=5))
def test_columns_at_a_time_are_what_cells_one_by_one_are(rows: list[list[object]]) -> None:
    columns = [[row[place] for row in rows] for place in range(3)]
    assert csv_lines(columns) == csv_text(None, rows)

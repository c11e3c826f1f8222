"""What lists write and what password fields give away."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from textual.app import App, ComposeResult

from dropcopy_tui.domain.errors import FileRefused
from dropcopy_tui.domain.pages import Page, PageRequest
from screens.export import write_csv
from screens.widgets.columns import Column
from screens.widgets.inputs import SecretInput

FORMULAS = ["=1+1", "+1", "@SUM(A1)", "-1+1", "\t=1", "=cmd|' /C calc'!A0", "\x1b[2J"]


def listed(ask: PageRequest) -> Page[str]:
    return Page(tuple(FORMULAS), tuple((number,) for number in range(len(FORMULAS))), len(FORMULAS))


def test_an_exported_list_holds_no_formula_and_no_control_character(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    assert write_csv(path, [Column("What", str)], listed, PageRequest()) == len(FORMULAS)
    with path.open(newline="") as file:
        cells = [row[0] for row in csv.reader(file)][1:]
    assert len(cells) == len(FORMULAS)
    assert not [cell for cell in cells if cell.strip()[:1] in "=+-@" or not cell.isprintable()]


def test_an_export_never_writes_through_a_link(tmp_path: Path) -> None:
    other, path = tmp_path / "other", tmp_path / "list.csv"
    path.symlink_to(other)
    with pytest.raises(FileRefused):
        write_csv(path, [Column("What", str)], listed, PageRequest())
    assert not other.exists()


class Passwords(App[None]):
    def compose(self) -> ComposeResult:
        yield SecretInput(value="correct pony")


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+x", "super+c"])
async def test_a_password_field_gives_nothing_to_a_clipboard(key: str) -> None:
    app = Passwords()
    async with app.run_test() as pilot:
        field = app.query_one(SecretInput)
        field.focus()
        field.select_all()
        await pilot.press(key)
        assert app.clipboard == ""
        assert field.value == "correct pony"

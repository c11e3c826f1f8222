"""What lists write and what password fields give away."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest
from textual.app import App, ComposeResult

from dropcopy_tui.domain.errors import FileRefused, LimitReached
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.services.people.parcels import LARGEST, check_size
from screens.export import csv_bytes, write_list
from screens.widgets.columns import Column
from screens.widgets.inputs import SecretInput

FORMULAS = ["=1+1", "+1", "@SUM(A1)", "-1+1", "\t=1", "=cmd|' /C calc'!A0", "\x1b[2J"]


def listed(ask: PageRequest) -> Page[str]:
    return Page(tuple(FORMULAS), tuple((number,) for number in range(len(FORMULAS))), len(FORMULAS))


def test_an_exported_list_holds_no_formula_and_no_control_character(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    assert write_list(path, [Column("What", str)], listed, PageRequest()) == len(FORMULAS)
    with path.open(newline="") as file:
        cells = [row[0] for row in csv.reader(file)][1:]
    assert len(cells) == len(FORMULAS)
    assert not [cell for cell in cells if cell.strip()[:1] in "=+-@" or not cell.isprintable()]


@pytest.mark.parametrize("count", [0, 1, 2_000, 2_001])
def test_a_name_that_ends_in_json_makes_it_json(tmp_path: Path, count: int) -> None:
    def numbers(ask: PageRequest) -> Page[int]:
        start = ask.beside[0] + 1 if ask.beside else 0
        rows = tuple(range(start, min(count, start + ask.limit)))
        return Page(rows, tuple((row,) for row in rows), count)

    path = tmp_path / "list.JSON"
    columns = [Column("Row number", str), Column("What", lambda row: f"\x1b[2J={row}", export=lambda row: f"={row}")]
    assert write_list(path, columns, numbers, PageRequest()) == count
    assert json.loads(path.read_text()) == [{"row_number": str(row), "what": f"={row}"} for row in range(count)]


def test_an_export_for_ssh_ends_where_it_is_too_large_and_not_behind_the_last_row() -> None:
    pages = 0

    def endless(ask: PageRequest) -> Page[str]:
        nonlocal pages
        pages += 1
        return Page(("x" * 1_000,) * ask.limit, ((0,),) * ask.limit, 0)

    with pytest.raises(LimitReached):
        csv_bytes([Column("What", str)], endless, PageRequest(), check_size)
    assert pages <= LARGEST // 2_000_000 + 1
    assert csv_bytes([Column("What", str)], listed, PageRequest(), check_size)[0] == len(FORMULAS)


def test_an_export_never_writes_through_a_link(tmp_path: Path) -> None:
    other, path = tmp_path / "other", tmp_path / "list.csv"
    path.symlink_to(other)
    with pytest.raises(FileRefused):
        write_list(path, [Column("What", str)], listed, PageRequest())
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


def test_an_export_has_no_name_before_it_is_whole_and_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "list.csv"
    seen: list[list[Path]] = []
    synced: list[int] = []

    def watched(ask: PageRequest) -> Page[str]:
        seen.append(list(tmp_path.iterdir()))
        return listed(ask)

    def fsync(handle: int) -> None:
        seen.append(list(tmp_path.iterdir()))
        synced.append(os.fstat(handle).st_size)

    monkeypatch.setattr(os, "fsync", fsync)
    write_list(path, [Column("What", str)], watched, PageRequest())
    assert seen[:2] == [[], []]
    assert synced[0] == path.stat().st_size
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("failing", [OSError(28, "No space left on device"), KeyError("page")])
def test_an_export_that_fails_leaves_nothing(tmp_path: Path, failing: Exception) -> None:
    def source(_: PageRequest) -> Page[str]:
        raise failing

    with pytest.raises((FileRefused, KeyError)):
        write_list(tmp_path / "list.csv", [Column("What", str)], source, PageRequest())
    assert list(tmp_path.iterdir()) == []


def test_an_export_takes_no_name_that_was_taken_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"

    def source(ask: PageRequest) -> Page[str]:
        path.write_text("somebody else's")
        return listed(ask)

    with pytest.raises(FileRefused, match="created by another program"):
        write_list(path, [Column("What", str)], source, PageRequest())
    assert path.read_text() == "somebody else's"

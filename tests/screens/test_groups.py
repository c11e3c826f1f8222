"""The list of groups: its entity, its filter, its order, its file."""

from __future__ import annotations

import asyncio
import csv
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import OptionList

from screens.widgets.inputs import DeskInput
from tests.screens.conftest import Place
from tests.screens.seat import Seat, seated
from tests.stores import as_the_desk

Size = tuple[int, int]


def names(seat: Seat) -> list[str]:
    """The first column, top down."""
    return re.findall(r"^[> ][* ]([A-Z][A-Z0-9-]+) +BrokerTec", seat.text(), re.M)


async def test_the_only_entity_is_selected_by_itself(place: Place, size: Size) -> None:
    async with seated(place.app("tiny-operator"), size) as seat:
        await seat.press("enter")
        seat.sees("TINYDESK  TINY DESK LLC", "SMALL-DESK", "1 of 1 group")
        seat.sees_not("r another")


async def test_r_shows_another_entity(place: Place, size: Size) -> None:
    async with seated(place.app("multi-operator"), size) as seat:
        await seat.press("enter")
        seat.sees("ACME SECURITIES LLC", "r another")
        await seat.press("r")
        seat.sees("ACME", "EXRATES", "PLACEHLD")
        await seat.press("down", "enter")
        seat.sees("EXAMPLE RATES TRADING LLC", "RATES-US", "1 of 2 groups")
        await seat.press("r", "escape")
        seat.sees("EXAMPLE RATES TRADING LLC")


async def test_the_filter_works_as_one_types(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await seat.press("enter", "slash")
        await seat.type("us-r")
        await seat.until_seen("1 of 2 groups")
        assert names(seat) == ["US-RATES-RISK", "US-REPO-CLEARING"]
        await seat.type("zz")
        await seat.until_seen("Nothing matches")
        seat.sees("us-rzz", "Press Escape to clear the filter")
        await seat.press("escape")
        await seat.until_seen("1 of 6 groups")
        assert seat.on == "GroupsScreen"
        await seat.press("escape")
        assert seat.on == "HomeScreen"


async def test_sorting_by_each_column_and_back(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await seat.press("enter")
        first = names(seat)
        await seat.press("s")
        seat.sees(r"Group \^")
        await seat.press("s")
        seat.sees("Group v")
        assert names(seat) == sorted(first, reverse=True)
        for _ in range(5):
            await seat.press("s")
        seat.sees(r"Sources ?\^")
        sources = [int(number) for number in re.findall(r" (\d+) +1 ", seat.text())]
        assert sources == sorted(sources)


@pytest.mark.parametrize("tab", "1234")
async def test_keys_are_managed_from_every_tab(place: Place, tab: str) -> None:
    async with seated(place.app()) as seat:
        await seat.press("enter", "enter")
        assert seat.on == "GroupScreen"
        await seat.press(tab)
        seat.sees("k Keys")
        await seat.press("k")
        await seat.until(lambda: seat.on == "ChooseModal", "what is to be done with keys")


async def test_an_empty_list_says_which_key_fills_it(place: Place, size: Size) -> None:
    with sqlite3.connect(place.store) as connection:
        connection.execute("UPDATE drop_copy_group SET deleted_at = created_at")
    connection.close()
    as_the_desk(place.store)
    async with seated(place.app(), size) as seat:
        await seat.press("enter")
        seat.sees("no drop copy group yet", "Press n")


async def test_export_writes_what_is_shown_and_no_formulas(
    place: Place, size: Size, monkeypatch: pytest.MonkeyPatch
) -> None:
    formulas = ["=1+1", "+cmd", "-2", "@SUM(A1)", 'a,"b"']
    with sqlite3.connect(place.store) as connection:
        groups = [pk for (pk,) in connection.execute("SELECT id FROM drop_copy_group WHERE entity_id = 1 LIMIT 5")]
        for pk, name in zip(groups, formulas, strict=True):
            connection.execute("UPDATE drop_copy_group SET name = ?, name_key = ? WHERE id = ?", (name, name, pk))
    connection.close()
    as_the_desk(place.store)
    monkeypatch.chdir(place.folder)
    async with seated(place.app(), size) as seat:
        await seat.press("enter", "x")
        path = Path(seat.find(DeskInput).value)
        assert path.parent == place.folder
        assert path.suffix == ".csv"
        await seat.press("enter")
        seat.sees("6 rows written to")
    header, rows, mode = written(path)
    assert header[0] == "Group"
    assert len(rows) == 6
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert {"'=1+1", "'+cmd", "'-2", "'@SUM(A1)", 'a,"b"'} <= {row[0] for row in rows}
    assert mode & 0o077 == 0


def written(path: Path) -> tuple[list[str], list[list[str]], int]:
    """Header, rows and permissions of a CSV file."""
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows, path.stat().st_mode


@pytest.mark.parametrize(("answer", "screen"), [("Proceed", "WizardScreen"), ("Cancel", "GroupsScreen")])
async def test_n_asks_for_the_market_and_tells_the_fee(answer: str, screen: str, place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("enter", "n")
        seat.sees(r"BrokerTec U\.S\.", "BrokerTec EU")
        await seat.press("down", "enter")
        seat.sees("New group in BrokerTec EU", "ACME has 8 drop copy groups", "fee")
        options = seat.find(OptionList)
        options.highlighted = options.get_option_index(answer.lower())
        await seat.press("enter")
        assert seat.on == screen


async def test_the_first_group_of_an_entity_is_free(place: Place) -> None:
    with sqlite3.connect(place.store) as connection:
        connection.execute("UPDATE drop_copy_group SET deleted_at = created_at")
    connection.close()
    as_the_desk(place.store)
    async with seated(place.app()) as seat:
        await seat.press("n", "enter")
        seat.sees("ACME has no drop copy groups", "free")


async def test_an_answer_that_comes_while_its_screen_is_closing_breaks_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acting as another person closed a group's page in the midst of a reload, and ended the application."""
    async with seated(place.app()) as seat:
        await seat.press("enter", "enter")
        assert seat.on == "GroupScreen"
        page, answer = seat.screen, asyncio.Event()

        async def held(call: Callable[..., Any], *args: Any) -> Any:
            await answer.wait()
            return call(*args)

        monkeypatch.setattr("screens.groups.group.off_thread", held)
        page._load()  # type: ignore[attr-defined]
        await asyncio.sleep(0)
        seat.app.pop_screen()
        while page.query("#facts"):  # noqa: ASYNC110 - it is the moment in between that matters
            await asyncio.sleep(0)
        answer.set()
        await seat.settle()
        assert seat.on == "GroupsScreen"

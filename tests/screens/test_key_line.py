"""The line of keys, and the style sheets that are read before their screens open."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from unittest.mock import patch

import pytest

from dropcopy_tui.domain.pages import Page, PageRequest
from screens.frame import DeskScreen
from screens.groups.groups import GroupsScreen
from screens.terminal.textual_tuning import DeskStylesheet
from screens.widgets.key_bar import KeyBar
from screens.widgets.record_table import RecordTable
from tests.screens.conftest import Place
from tests.screens.seat import Seat, seated
from tests.screens.test_home import open_line


def keys_of(seat: Seat) -> str:
    """What the line says."""
    return str(seat.find(KeyBar).render())


async def test_keys_are_those_of_the_screen_each_once(place: Place) -> None:
    async with seated(place.app()) as seat:
        assert keys_of(seat) == "? Help n New group k Keys c Calendar ^p Commands q Quit"
        await open_line(seat, "menu", "Drop Copy Groups")
        assert isinstance(seat.screen, GroupsScreen)
        assert keys_of(seat).startswith("k Keys enter Open / Filter")
        assert keys_of(seat).count("Help") == 1
        await seat.press("escape")
        assert keys_of(seat).endswith("q Quit")


async def test_a_click_presses_the_key(place: Place) -> None:
    async with seated(place.app()) as seat:
        line = seat.find(KeyBar)
        at = keys_of(seat).index("Calendar")
        await seat.pilot.click(line, offset=(at, 0))
        await seat.settle()
        assert seat.on == "CalendarScreen"
        await seat.pilot.click(KeyBar, offset=(79, 0))
        await seat.settle()
        assert seat.on == "CalendarScreen"


@pytest.mark.usefixtures("prepared")
async def test_style_sheets_are_there_before_their_screens(place: Place) -> None:
    async with seated(place.app()) as seat:
        sheet = seat.app.stylesheet
        assert isinstance(sheet, DeskStylesheet)
        styles = Path(__file__).parents[2] / "styles"
        assert all(sheet.has_source(str(path)) for path in styles.glob("*.tcss"))
        assert not sheet._require_parse
        await open_line(seat, "menu", "Drop Copy Groups")
        assert isinstance(seat.screen, DeskScreen)
        assert seat.find(RecordTable).styles.overflow_x == "hidden"


async def test_another_theme_parses_everything_again(place: Place) -> None:
    async with seated(place.app()) as seat:
        before = seat.find(KeyBar).rich_style
        seat.app.theme = "desk-16"
        await seat.settle()
        assert seat.find(KeyBar).rich_style != before


async def test_where_a_question_mark_is_typed_f1_helps(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_line(seat, "menu", "Drop Copy Groups")
        await seat.press("slash")
        assert "F1 Help" in keys_of(seat)
        await seat.press("f1")
        assert seat.on == "HelpModal"


async def test_a_list_that_is_left_before_its_first_page_leaves_no_stale_screen(place: Place) -> None:
    """While a list waits for its first page nothing is drawn: whoever comes on top meanwhile is drawn afterwards."""
    async with seated(place.app()) as seat:
        release = threading.Event()
        drawn: list[object] = []
        app = seat.app

        def slow(_: PageRequest) -> Page[str]:
            release.wait(5)
            return Page((), (), 0)

        table = RecordTable((), str, source=slow)
        await app.screen.mount(table)
        assert app._batch_count == 1
        await table.remove()
        with patch.object(app, "_display", lambda screen, _: drawn.append(screen)):
            await asyncio.sleep(0.3)
        release.set()
        assert app._batch_count == 0
        assert drawn[-1:] == [app.screen]

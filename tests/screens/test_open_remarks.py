"""What people stumbled over: a key that is grey for whom it refuses, a name that is copied, a line that is whole."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from rich.color import Color as RichColor
from textual.widgets import OptionList

from screens.modals.choose import Choice, ChooseModal
from screens.navigation import OpenGroup, OpenPerson, OpenRequest, OpenWalkthroughs
from screens.terminal.guard import TerminalFacts
from screens.widgets.key_bar import KeyBar
from screens.widgets.record_table import RecordTable
from styles.contrast import LEAST, contrast
from styles.theme import THEMES
from tests.screens.conftest import OPERATOR, Place
from tests.screens.seat import Seat, seated
from tests.screens.test_edit import GROUP


def grey(seat: Seat) -> set[str]:
    return {does for _, _, does, on in seat.find(KeyBar)._shown if not on}


@pytest.mark.parametrize(
    ("user", "in_list", "on_page"),
    [(OPERATOR, set(), set()), ("acme-viewer", {"Keys", "New", "Delete"}, {"Keys", "Edit", "Delete"})],
)
async def test_what_a_person_may_not_do_is_grey_and_says_why(
    user: str, in_list: set[str], on_page: set[str], place: Place
) -> None:
    async with seated(place.app(user)) as seat:
        await seat.press("enter")
        assert grey(seat) == in_list
        if in_list:
            await seat.press("n")
            seat.says("Creating groups requires full access at an entity. Ask a user administrator.")
        await seat.app.go(OpenGroup(GROUP))
        await seat.settle()
        assert grey(seat) == on_page


@pytest.mark.parametrize(
    ("user", "route", "name"),
    [
        (OPERATOR, OpenRequest("DC-2026-000038"), "DC-2026-000038"),
        ("acme-admin", OpenPerson("acme-viewer"), "acme-viewer"),
        (OPERATOR, OpenGroup(GROUP), "US-ACTIVES"),
    ],
)
async def test_y_copies_the_name_of_a_record(user: str, route: object, name: str, place: Place) -> None:
    async with seated(place.app(user)) as seat:
        await seat.app.go(route)
        await seat.settle()
        with patch.object(seat.app, "copy_to_clipboard") as copied:
            await seat.press("y")
        assert [call.args[0] for call in copied.call_args_list] == [name]


async def test_a_line_of_help_that_is_found_is_whole(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("question_mark", "slash")
        await seat.type("target sessions")
        found = [str(option.prompt) for option in seat.find(OptionList)._options]
        assert any("\n" in line for line in found)
        assert not any("…" in line for line in found)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_walkthroughs_have_their_roles_and_names(size: tuple[int, int], place: Place) -> None:
    async with seated(place.app(), size) as seat:
        await seat.app.go(OpenWalkthroughs())
        await seat.settle()
        assert "Role" in seat.find(RecordTable).shown
        assert ("Name" in seat.find(RecordTable).shown) is (size[0] > 80)
        await seat.press("slash")
        await seat.type("find-help")
        seat.sees("Find your way with two keys", "1 of 1 walkthrough")


@pytest.mark.parametrize("theme", sorted(THEMES))
async def test_muted_words_under_the_cursor_can_be_read(theme: str, place: Place) -> None:
    tier = "truecolor" if theme not in ("desk-mono", "desk-16") else "16"
    async with seated(place.app(facts=TerminalFacts(tier=tier, theme=theme))) as seat:  # type: ignore[arg-type]
        seat.app.push_screen(ChooseModal("Which?", [Choice("a", "First", "and what it is")]))
        await seat.settle()
        line = next(strip for strip in seat.screen._compositor.render_strips() if "and what it is" in strip.text)
        words = next(segment for segment in line if "and what it is" in segment.text)
        assert words.style is not None
        colours = [words.style.color, words.style.bgcolor]
        if words.style.reverse or any(colour is None or colour.is_default for colour in colours):
            return
        ink, ground = (RichColor.get_truecolor(colour) for colour in colours if colour is not None)
        assert contrast(tuple(ink), tuple(ground)) >= LEAST

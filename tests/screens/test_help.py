"""Help: each screen says what it is for, with keys, commands, words and walkthrough; a search goes through it all."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
from textual.binding import Binding

from dropcopy_tui.domain.glossary import GLOSSARY
from dropcopy_tui.walkthroughs.library import WALKTHROUGHS
from screens.frame import DeskScreen
from screens.help_pages import GROUPS, all_pages, class_page, found, group_of
from screens.help_texts import HELP
from tests.documents.command_line import all_commands
from tests.screens.conftest import Place
from tests.screens.every_screen import import_all, subclasses
from tests.screens.seat import seated
from tests.screens.test_home import open_line
from tests.screens.test_keys import open_group

# What a line of help has at 80 columns.
_CELLS = 70
Size = tuple[int, int]


def leaves() -> dict[str, type[Any]]:
    """Every screen that can be opened: the classes that no other extends."""
    import_all()
    ours = [each for each in subclasses(DeskScreen) if each.__module__.startswith("screens.")]
    return {each.__name__: each for each in ours if not [sub for sub in ours if issubclass(sub, each) and sub != each]}


def test_every_screen_has_help() -> None:
    assert set(HELP) == set(leaves())
    assert {name: HELP[name].module for name in HELP} == {name: kind.__module__ for name, kind in leaves().items()}


@pytest.mark.parametrize("name", HELP)
def test_it_says_all_of_it(name: str) -> None:
    about, commands = HELP[name], {each.path for each in all_commands()}
    assert len(textwrap.wrap(about.purpose, _CELLS)) <= 2, about.purpose
    assert about.purpose.endswith(".")
    assert about.words
    assert [word for word in about.words if word not in GLOSSARY] == []
    assert about.commands
    assert [each for each in about.commands if f"dropcopy {each.partition(' -')[0]}" not in commands] == []
    assert about.walkthrough in WALKTHROUGHS


def test_titles_are_unique() -> None:
    assert len({about.title for about in HELP.values()}) == len(HELP)


async def test_the_help_of_a_screen_that_is_open_and_of_its_class_agree(place: Place) -> None:
    """What is found by a search is what F1 shows there."""
    import_all()
    async with seated(place.app()) as seat:
        for way in ("Drop Copy Groups", "Order Entry Sessions", "Request Status", "Notices", "Phone and mailbox"):
            await open_line(seat, "menu", way)
            page = class_page(seat.on)
            known = {key.words for key in page.keys}
            told = [each.binding for each in seat.screen.active_bindings.values() if each.enabled]
            missing = [each.tooltip for each in told if each.tooltip and each.tooltip not in known and not each.system]
            # The application's own keys work everywhere.
            assert {each for each in missing if each not in ("Quit.", "Redraw the screen.")} == set(), way
            await seat.press("escape")


async def test_purpose_words_keys_commands_and_walkthrough_are_shown(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await open_line(seat, "menu", "Drop Copy Groups")
        await seat.press("f1")
        seat.sees("Help: Drop Copy Groups")
        seat.says("The groups of a Registered Entity.")
        seat.says("Words: Drop copy group, Target session, Registered Entity")
        seat.sees("Keys on this screen", "n +Request a new drop copy group")
        for _ in range(8):
            await seat.press("pagedown")
        seat.sees("From a script", "dropcopy groups list")
        seat.says("Walkthrough: Look at a drop copy group")
        seat.says("Target session: The session that receives the copies of a group")
        await seat.press("escape")
        assert seat.on == "GroupsScreen"


async def test_a_search_finds_a_key_of_another_screen_and_shows_its_help(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await seat.press("f1", "slash")
        await seat.type("altered")
        seat.sees("Audit trail +Who did what", "Audit trail +v +Verify")
        await seat.press("enter")
        seat.sees("Help: Audit trail")
        await seat.press("slash")
        seat.sees("altered", "Audit trail +v +Verify")
        await seat.press("escape")
        seat.sees("Help: Audit trail")
        await seat.press("escape")
        assert seat.on == "HomeScreen"


async def test_what_is_found_is_chosen_with_down_and_enter(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("f1", "slash")
        await seat.type("walkthrough practice")
        await seat.press("down", "down", "up", "enter")
        seat.sees("Help: Walkthroughs")
        await seat.press("escape")


async def test_a_search_that_finds_nothing_says_so(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("f1", "slash")
        await seat.type("xyzzy")
        seat.says("Nothing matches.")
        await seat.press("enter")
        assert seat.on == "HelpModal"
        await seat.press("escape", "escape")
        assert seat.on == "HomeScreen"


async def test_a_dialog_says_what_it_is_above_of(place: Place) -> None:
    async with seated(place.app()) as seat:
        await open_group(seat, "US-RATES-RISK", "2")
        await seat.press("k", "f1")
        seat.sees("Help: This dialog", "A dialog above: A group", "Esc +Cancel and close")
        await seat.press("escape", "escape")


async def test_every_line_is_found_by_its_words() -> None:
    pages = await all_pages()
    assert len(pages) == len(HELP)
    for page in pages:
        assert page.keys, page.title
        assert {key.group for key in page.keys} <= set(GROUPS)
        for line in page.lines():
            assert any(hit.line == line for hit in found(pages, f"{page.title} {line}")), line
    assert found(pages, "") == []


@pytest.mark.parametrize(
    ("binding", "group"),
    [
        (Binding("up", "move(-1)", id="list.up"), "Move"),
        (Binding("1", "tab('details')", id="group.tab_details"), "Move"),
        (Binding("tab", "app.focus_next"), "Move"),
        (Binding("space", "pick", id="list.pick"), "Select"),
        (Binding("space", "turn", id="filters.turn"), "Select"),
        (Binding("space", "turn", id="front_ends.turn"), "Act"),
        (Binding("n", "new", id="groups.create"), "Act"),
    ],
)
def test_keys_are_grouped(binding: Binding, group: str) -> None:
    assert group_of(binding) == group

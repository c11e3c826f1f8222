"""Themes, keys and the key tester on the screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dropcopy_tui.config.looks import Looks
from dropcopy_tui.domain.settings import Settings
from screens.app import DropCopyApp
from screens.dress import dressed
from screens.keymap import checked_keys
from screens.terminal.app import LARGEST_COPY
from screens.terminal.choices import remembered
from screens.terminal.guard import TerminalFacts
from screens.walkthroughs.stage import KnownEntropy
from screens.widgets.inputs import SecretInput
from tests.screens.conftest import OPERATOR, Place
from tests.screens.seat import seated
from tests.screens.test_home import command, open_line

SIZE = (80, 24)


def app_with(place: Place, looks: Looks, choices: Path | None = None, tier: str = "256") -> DropCopyApp:
    """The application as a person with these looks starts it."""
    facts = dressed(TerminalFacts(tier=tier), looks, choices)  # type: ignore[arg-type]
    config = replace(place.config, paths=replace(place.config.paths, choices=choices), looks=looks)
    keys = checked_keys(looks.keys, config.paths.config)
    return DropCopyApp(config, facts, OPERATOR, clock=place.clock, entropy=KnownEntropy(), keys=keys)


async def test_a_theme_is_chosen_and_found_again(place: Place, tmp_path: Path) -> None:
    choices = tmp_path / "state" / "choices.json"
    async with seated(app_with(place, Looks(), choices), SIZE) as seat:
        assert seat.app.theme == "desk-dark"
        await command(seat, "Theme")
        seat.sees("automatic +what suits this terminal", "contrast +the highest contrast")
        await seat.type("light")
        await seat.press("enter")
        assert seat.app.theme == "desk-light"
    assert remembered(choices, "here", "theme") == "light"
    async with seated(app_with(place, Looks(theme="contrast"), choices), SIZE) as seat:
        assert seat.app.theme == "desk-light"
        await command(seat, "Theme")
        seat.sees("automatic +as the configuration says: contrast")
        await seat.type("automatic")
        await seat.press("enter")
        assert seat.app.theme == "desk-contrast"
    assert remembered(choices, "here", "theme") == ""


@pytest.mark.parametrize(("tier", "first"), [("16", "desk-16"), ("mono", "desk-mono")])
async def test_a_terminal_with_few_colours_says_which_themes_it_lacks(place: Place, tier: str, first: str) -> None:
    async with seated(app_with(place, Looks(theme="light"), tier=tier), SIZE) as seat:
        assert seat.app.theme == first
        await command(seat, "Theme")
        seat.sees("light: this terminal has too few colours")
        await seat.press("escape")
        assert seat.app.theme == first


async def test_keys_of_one_s_own_work_and_are_shown(place: Place) -> None:
    keys = {"groups.create": "w", "app.commands": ":,ctrl+p", "home.calendar": "n"}
    async with seated(app_with(place, Looks(keys=keys)), SIZE) as seat:
        seat.sees("w New group", "n Calendar", ": Commands")
        await seat.press("n")
        assert seat.on == "CalendarScreen"
        await seat.press("escape", "colon")
        assert seat.on == "CommandPalette"
        await seat.press("escape", "f1")
        seat.sees("w +Request a new drop copy group", "n +Open the key calendar")
        await seat.press("escape", "w")
        seat.sees("Create New Group")


async def test_the_key_tester_shows_keys_and_none_does_anything(place: Place) -> None:
    async with seated(app_with(place, Looks()), SIZE) as seat:
        await command(seat, "Key tester")
        assert seat.on == "KeyTesterScreen"
        await seat.press("q", "ctrl+t", "f2", "question_mark", "left_square_bracket")
        assert seat.on == "KeyTesterScreen"
        seat.sees(r"^\W*\[ +left_square_bracket +\[", r"\? +question_mark +\?", "F2 +f2", "Ctrl-T +ctrl\\+t", "q +q +q")
        await seat.press("escape")
        assert seat.on == "HomeScreen"


async def copied(place: Place, setting: str, *keys: str) -> tuple[str, str]:
    """What is on the clipboard after these keys in the groups, and what is on the screen."""
    app = app_with(replace(place, settings=Settings(clipboard=setting)), Looks())
    async with seated(app, SIZE) as seat:
        await open_line(seat, "menu", "Drop Copy Groups")
        await seat.press(*keys)
        return seat.app.clipboard, seat.text()


async def test_y_sends_what_the_row_is_called(place: Place) -> None:
    text, screen = await copied(place, "allow", "y")
    assert text
    assert f"{text} was sent to the terminal." in screen


async def test_a_site_can_switch_it_off(place: Place) -> None:
    text, screen = await copied(place, "deny", "y")
    assert text == ""
    assert "Copying is switched off here" in screen


async def test_what_is_too_long_is_not_sent(place: Place) -> None:
    async with seated(app_with(place, Looks()), SIZE) as seat:
        seat.app.copy_to_clipboard("x" * (LARGEST_COPY + 1))
        await seat.settle()
        assert seat.app.clipboard == ""
        seat.app.copy_to_clipboard("x" * 100)
        await seat.settle()
        seat.says("xxx… was sent to the terminal.")


async def test_a_password_is_never_sent(place: Place) -> None:
    async with seated(app_with(place, Looks()), SIZE) as seat:
        field = SecretInput()
        await seat.screen.mount(field)
        field.focus()
        await seat.type("secret")
        await seat.press("home", "shift+end", "ctrl+c", "ctrl+x")
        assert seat.app.clipboard == ""

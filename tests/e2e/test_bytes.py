"""What the application sends over a slow line: 256 colours, 80x24, every byte counted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.pty import Terminal
from tests.e2e.test_demo_terminal import demo, home, made_home, to_name
from tests.e2e.test_terminal_contract import CSI

FIXTURES = (home, made_home)
FIRST, SCREEN, MODAL, PAGE, ROW, LETTER = 12_000, 8_000, 6_000, 3_000, 600, 400


def sent(terminal: Terminal, *keys: str, shows: str = "") -> int:
    """How many bytes came because of these keys."""
    before = len(terminal.raw)
    terminal.press(*keys)
    if shows:
        terminal.wait_for(shows)
    terminal.wait_quiet(0.4)
    return len(terminal.raw) - before


def test_the_first_screen(home: Path) -> None:
    with demo(home) as terminal:
        assert 0 < len(terminal.raw) <= FIRST
        assert b"\x1b" not in CSI.sub(b"", terminal.raw).replace(b"\x1b(B", b"")


def test_rows_and_pages_of_a_list(home: Path) -> None:
    with demo(home) as terminal:
        assert 0 < sent(terminal, "down") <= ROW
        assert 0 < sent(terminal, "enter", shows="1 of 40 sessions") <= SCREEN
        for key in ("down", "down", "up"):
            assert 0 < sent(terminal, key) <= ROW, key
        for key in ("pagedown", "pagedown", "end", "home"):
            assert 0 < sent(terminal, key) <= PAGE, key


def test_screens_and_their_tabs(home: Path) -> None:
    with demo(home) as terminal:
        for opens, shows in (("enter", "US-ACTIVES"), ("enter", "Filters: messages copied"), ("3", "SenderComp")):
            assert 0 < sent(terminal, opens, shows=shows) <= SCREEN, shows
        for back in ("US-ACTIVES", "Needs attention"):
            assert 0 < sent(terminal, "escape", shows=back) <= SCREEN, back


@pytest.mark.parametrize(
    ("key", "shows"), [("n", "Create New Group"), ("?", "Keys on this screen"), ("ctrl+p", "Search for commands")]
)
def test_dialogs_are_opaque_and_cheap(key: str, shows: str, home: Path) -> None:
    with demo(home) as terminal:
        assert 0 < sent(terminal, key, shows=shows) <= MODAL
        assert "Needs attention" not in terminal.text()
        assert 0 < sent(terminal, "escape", shows="Needs attention") <= MODAL


def test_a_letter_that_is_typed(home: Path) -> None:
    with demo(home) as terminal:
        to_name(terminal)
        terminal.wait_quiet(0.6)
        for letter in "GILTS":
            assert 0 < sent(terminal, letter) <= LETTER, letter


def test_nothing_is_sent_for_what_changes_nothing(home: Path) -> None:
    with demo(home) as terminal:
        sent(terminal, "enter", shows="US-ACTIVES")
        sent(terminal, "home")
        assert sent(terminal, "home") == 0
        assert sent(terminal, "f5") == 0


def test_a_repaint_sends_the_whole_screen(home: Path) -> None:
    with demo(home) as terminal:
        before = len(terminal.raw)
        assert 1_000 < sent(terminal, "ctrl+l") <= SCREEN
        words = re.findall(rb"[A-Za-z]{4,}", re.sub(rb"\x1b\[[\d;]*[A-Za-z]", b"", terminal.raw[before:]))
        assert {b"Request", b"Needs", b"Expiring", b"Commands"} <= set(words)


def test_idle_sends_nothing(home: Path) -> None:
    with demo(home) as terminal:
        for keys, shows in (((), "Needs attention"), (("enter",), "US-ACTIVES"), (("?",), "Keys on this screen")):
            sent(terminal, *keys, shows=shows)
            terminal.wait_quiet(0.6)
            # Longer than the desk looks for what others did.
            assert terminal.bytes_in(5.5) == 0, shows

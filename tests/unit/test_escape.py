"""Escape is a key of its own, however fast the next one follows; sequences of the terminal stay whole."""

from __future__ import annotations

import pytest
from textual._xterm_parser import XTermParser

from screens.terminal.escape import ESCAPE, EscapeKeys
from screens.terminal.paste import END, START, PasteCap

CASES = (
    ("\x1bn", ["escape", "n"]),
    ("\x1b\r", ["escape", "enter"]),
    ("\x1b\t", ["escape", "tab"]),
    ("\x1b ", ["escape", "space"]),
    ("\x1b\x7f", ["escape", "backspace"]),
    ("\x1b1", ["escape", "1"]),
    ("\x1bf", ["escape", "f"]),
    ("\x1b/ab", ["escape", "slash", "a", "b"]),
    ("\x1b\x11", ["escape", "ctrl+q"]),
    ("\x1b\xe9", ["escape", "\xe9"]),
    ("\x1b\x1b", ["escape", "escape"]),
    ("\x1b\x1bn", ["escape", "escape", "n"]),
    ("\x1b\x1b[A", ["escape", "up"]),
    ("\x1bO!", ["escape", "O", "exclamation_mark"]),
    ("\x1b[A\x1bOB\x1b[15~\x1b[Zx", ["up", "down", "f5", "shift+tab", "x"]),
    ("\x1b[A\x1b", ["up", "escape"]),
    ("\x1b", ["escape"]),
    ("\x1b[", ["escape", "left_square_bracket"]),
    ("\x1bO", ["escape", "O"]),
)


def keys(pieces: list[str]) -> list[str]:
    """What the driver makes of input that comes in these pieces, and a pause behind them."""
    parser, escapes, found = XTermParser(), EscapeKeys(), list[str]()
    parts = [part for piece in pieces for part in escapes.feed(piece)] + list(escapes.pause())
    for part in parts:
        found += ["escape"] if part == ESCAPE else [getattr(event, "key", "?") for event in parser.feed(part)]
    return found


@pytest.mark.parametrize(("sent", "meant"), CASES)
def test_in_one_write(sent: str, meant: list[str]) -> None:
    assert keys([sent]) == meant


@pytest.mark.parametrize(("sent", "meant"), CASES)
def test_in_a_write_for_each_byte(sent: str, meant: list[str]) -> None:
    assert keys(list(sent)) == meant


def test_an_escape_inside_a_paste_is_no_key() -> None:
    pasted = "one\x1ba\x1b[A\r\r"
    parser, escapes, cap = XTermParser(), EscapeKeys(), PasteCap()
    events = [event for part in escapes.feed(cap(START + pasted + END)) for event in parser.feed(part)]
    assert [type(event).__name__ for event in events] == ["Paste"]
    assert getattr(events[0], "text", "") == "one\N{SYMBOL FOR ESCAPE}a\N{SYMBOL FOR ESCAPE}[A\r\r"

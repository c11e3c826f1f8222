"""What a person sees of pyte's screen: two screens that look the same are equal."""

from __future__ import annotations

import unicodedata
from typing import Any, NamedTuple

import pyte


class Seen(NamedTuple):
    """A cell: its character, and what can be seen of the way in which it is drawn."""

    character: str
    foreground: str
    background: str
    attributes: tuple[bool, ...]


def seen(screen: Any) -> list[list[Seen]]:
    """Every line's cells."""
    return [[_seen(screen.buffer[y][x]) for x in range(screen.columns)] for y in range(screen.lines)]


def painted(text: str, columns: int, lines: int) -> Any:
    """The screen of a terminal that was empty, and does not wrap lines."""
    screen = pyte.Screen(columns, lines)
    screen.reset_mode(pyte.modes.DECAWM)
    pyte.Stream(screen).feed(text)
    return screen


def _seen(cell: Any) -> Seen:
    lines = (cell.underscore, cell.strikethrough, cell.reverse, cell.blink)
    if cell.data == " ":
        # Neither its colour nor its weight is seen where there is no character.
        return Seen(" ", cell.fg if any(lines) else "default", cell.bg, (False, False, *lines))
    return Seen(unicodedata.normalize("NFC", cell.data), cell.fg, cell.bg, (cell.bold, cell.italics, *lines))

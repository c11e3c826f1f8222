"""The panel below the application: what happens, why, and which key does it.

It has lines of the terminal that the application does not know of, so that no screen or dialog has to make room for it,
and nothing of the application is covered.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.message import Message

from dropcopy_tui.domain.visible import visible
from screens.terminal.driver import TerminalDriver

LINES = 4
_SAID = 2
_RESET, _BOLD, _REVERSE = "\x1b[0m", "\x1b[1m", "\x1b[7m"


@dataclass(frozen=True, slots=True)
class Words:
    """What the panel says: its title, the step in its words, and a line about keys."""

    title: str
    said: str
    keys: str


def said_lines(said: str, columns: int) -> list[str]:
    """The words of a step as the panel breaks them."""
    return textwrap.wrap(said, max(20, columns - 2), break_on_hyphens=False)


def panel(words: Words, columns: int, glyphs: str = "unicode") -> list[str]:
    """The lines of the panel, each as wide as the terminal."""
    lines = said_lines(visible(words.said), columns)[:_SAID]
    lines += [""] * (_SAID - len(lines))
    plain = [f" {visible(words.title)}", *(f" {line}" for line in lines), f" {visible(words.keys)}"]
    if glyphs == "ascii":
        plain = [line.encode("ascii", "replace").decode() for line in plain]
    title, *said, keys = (line[:columns].ljust(columns) for line in plain)
    return [f"{_REVERSE}{_BOLD}{title}{_RESET}", *said, f"{_BOLD}{keys}{_RESET}"]


class PanelDriver(TerminalDriver):
    """A terminal whose last lines the application does not have."""

    def __init__(self, app: Any, *, debug: bool = False, mouse: bool = True, size: Any = None) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        columns, lines = size or super()._get_terminal_size()
        self._lines = lines
        self._size = _without_panel(columns, lines)

    def _get_terminal_size(self) -> tuple[int, int]:
        columns, self._lines = super()._get_terminal_size()
        return _without_panel(columns, self._lines)

    def process_message(self, message: Message) -> None:
        """Take the panel off sizes that the terminal reports in band."""
        if isinstance(message, events.Resize):
            self._lines = message.size.height
            message = events.Resize.from_dimensions(_without_panel(*message.size), None)
        super().process_message(message)

    def show_panel(self, lines: list[str]) -> None:
        """Draw the panel; the cursor and the pen stay what the application believes they are."""
        first = self._lines - LINES + 1
        drawn = "".join(f"\x1b[{first + number};1H{line}" for number, line in enumerate(lines))
        self.write(f"\x1b7{_RESET}{drawn}\x1b8")
        self.flush()


def _without_panel(columns: int, lines: int) -> tuple[int, int]:
    return columns, max(1, lines - LINES)

"""A minimal table on Textual's Line API: every row in a list, a cursor, six keys. `o` opens it, `c` closes it.

Run with the path of a store: it shows the SenderComps that are in it.
"""

from __future__ import annotations

import sqlite3
import sys
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Label

Line = tuple[str, str, str]
_ROWS = "SELECT sender_comp_id, gfid, gateway FROM sender_comp ORDER BY sender_comp_id"
_HERE = Style(reverse=True)


class LineTable(ScrollView, can_focus=True):
    """Draws the lines that are on the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("up", "move(-1)", "Up"),
        ("down", "move(1)", "Down"),
        ("pageup", "page(-1)", "Page up"),
        ("pagedown", "page(1)", "Page down"),
        ("home", "go(0)", "First"),
        ("end", "go(-1)", "Last"),
    ]
    DEFAULT_CSS = "LineTable { height: 1fr; }"

    def __init__(self, rows: list[Line]) -> None:
        super().__init__()
        self._rows = rows
        self._cursor = 0
        self.virtual_size = Size(40, len(rows))

    def render_line(self, y: int) -> Strip:
        """One row."""
        number = int(self.scroll_y) + y
        if number >= len(self._rows):
            return Strip.blank(self.size.width)
        name, firm, gateway = self._rows[number]
        style = _HERE if number == self._cursor else None
        text = f"{name:<12}{firm:<7}{gateway.upper():<8}"
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, style)

    def action_move(self, by: int) -> None:
        """By rows."""
        self._put(self._cursor + by)

    def action_page(self, by: int) -> None:
        """By pages."""
        self._put(self._cursor + by * self.size.height)

    def action_go(self, to: int) -> None:
        """To an end."""
        self._put(to % len(self._rows))

    def _put(self, number: int) -> None:
        old, self._cursor = self._cursor, max(0, min(number, len(self._rows) - 1))
        top, height = int(self.scroll_y), self.size.height
        if top <= self._cursor < top + height:
            self.refresh_lines(old - top, 1)
            self.refresh_lines(self._cursor - top, 1)
        else:
            y = self._cursor if self._cursor < top else self._cursor - height + 1
            self.scroll_to(y=y, animate=False, force=True)
            self.refresh()


class LinesApp(App[None]):
    """Waits for `o`, then shows the table."""

    BINDINGS = [("o", "open", "Open"), ("c", "close", "Close")]

    def __init__(self, rows: list[Line]) -> None:
        super().__init__()
        self._rows = rows

    def compose(self) -> ComposeResult:
        """What tells the stopwatch that keys are read."""
        yield Label("press o")

    def action_open(self) -> None:
        """Show the table."""
        table = LineTable(self._rows)
        self.mount(table)
        table.focus()

    async def action_close(self) -> None:
        """Take it away again."""
        await self.query(LineTable).remove()


if __name__ == "__main__":
    connection = sqlite3.connect(sys.argv[1])
    found = connection.execute(_ROWS).fetchall()
    connection.close()
    LinesApp(found).run()

"""The key calendar's table: a line a session, a cell a week."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType

from dropcopy_tui.domain.keypairs import left_in_cells
from dropcopy_tui.services.keys.calendar import CalendarLine
from screens.keys.life_line import WEEK, monday_of, months, spans
from screens.widgets.columns import Column, fitted
from screens.widgets.record_table import RecordTable
from screens.wording import TONES

_STEP = 4
# Weeks of the past that are seen at first: what stopped lately needs someone.
_BEFORE = 3
_LIFE = "Weeks"
_YEAR = 52


def _expires(line: CalendarLine) -> str:
    """The day, and how far off it is: `15 Dec 26  23 d`."""
    last = line.last
    if last is None:
        return "no key pair yet"
    day, month, year = last.when.split()[:3]
    short = f"{day} {month} {year[2:]}"
    return f"{short:>9} {left_in_cells(last.days):>5}" if last.state.living else f"exp. {short}"


def _tone(line: CalendarLine) -> str:
    return TONES[line.last.state] if line.last else "muted"


COLUMNS: tuple[Column[CalendarLine], ...] = (
    Column("Session", lambda line: line.session_id, 7, order="session_id"),
    Column("Market", lambda line: line.market_name, 14, order="market", optional=2),
    Column("Entity", lambda line: line.entity, 8, optional=3),
    Column(_LIFE, lambda line: "", least=_YEAR),
    Column("Expires", _expires, 15, order="expires", tone=_tone),
)


class CalendarTable(RecordTable[CalendarLine]):
    """Sessions by when their key pairs expire; left and right move through time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "shift(-1)", "Earlier", key_display="left", show=False, id="calendar.earlier",
                tooltip="Four weeks back."),
        Binding("right", "shift(1)", "Later", key_display="right", show=False, id="calendar.later",
                tooltip="Four weeks forward."),
        Binding("t", "today", "Today", id="calendar.today", tooltip="Return to today."),
    ]  # fmt: skip
    COMPONENT_CLASSES: ClassVar[set[str]] = {"record-table--today"}
    DEFAULT_CSS = """
    CalendarTable {
        & > .record-table--today { color: $accent; }
    }
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._today = date.min
        self._start = date.min

    def show_today(self, today: date) -> None:
        """Know which day it is, and show the weeks around it."""
        self._today = today
        self._start = monday_of(today) - _BEFORE * WEEK
        self.redraw()

    def redraw(self) -> None:
        """Draw every line again."""
        self._strips.clear()
        self.refresh()

    # -- drawing

    def inked(
        self, row: CalendarLine, column: Column[CalendarLine], cells: int, base: Style, here: bool
    ) -> list[Segment]:
        """The weeks have many tones in one column."""
        if column.title != _LIFE:
            return super().inked(row, column, cells, base, here)
        if self._today == date.min:
            return [Segment(" " * (cells + 1), base)]
        drawn = spans(row.pairs, self._start, cells, self._today)
        segments = [Segment(text, base + self._style(tone) if tone and not here else base) for text, tone in drawn]
        return [*segments, Segment(" ", base)]

    def titled(self, column: Column[CalendarLine], cells: int) -> str:
        """Above the weeks stand the months."""
        if column.title != _LIFE:
            return super().titled(column, cells)
        return fitted(months(self._start, cells) if self._today != date.min else "", cells, False)

    # -- actions

    def action_shift(self, by: int) -> None:
        """Through time, by four weeks."""
        if abs((self._start + by * _STEP * WEEK - self._today).days) < 3_000:
            self._start += by * _STEP * WEEK
            self.redraw()

    def action_today(self) -> None:
        """Back to today."""
        self.show_today(self._today)

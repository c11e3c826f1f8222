"""On a wide terminal, lists show beside them what is under the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget

from dropcopy_tui.domain.errors import DeskError
from screens.jobs import job
from screens.lists import ListScreen
from screens.terminal.values import facts, paragraphs, value, wrapped
from screens.widgets.detail import Detail
from screens.widgets.record_list import ListChanged
from screens.widgets.record_table import RecordTable
from screens.widgets.sheet import Draw

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

# Cells from which there is room beside a list.
WIDE = 110
# Seconds that the cursor stays on a row before the row is read: whoever holds a key down passes it by.
_STAYS = 0.08


class DetailedScreen(ListScreen):
    """A list with a pane beside it. Subclasses say what is to be read of a row, and how it is drawn."""

    async def describe(self, desk: Desk, row: Any) -> Draw:
        """Read what is known of the row. Raises DeskError where the person may not."""
        raise NotImplementedError

    def with_detail(self, *lists: Widget) -> ComposeResult:
        """The lists, and the pane beside them."""
        # Textual's breakpoints count from the first change of size, and a screen that opens has none.
        self._fit()
        with Horizontal(classes="with-detail"):
            yield from lists
            yield Detail()

    @on(ListChanged)
    def _look_beside(self, event: ListChanged) -> None:
        event.stop()
        self._show_seen()

    @on(events.Resize)
    def _resized(self) -> None:
        self._fit()
        self.call_after_refresh(self._show_seen)

    def _fit(self) -> None:
        self.set_class(self.app.size.width >= WIDE, "-wide")

    def _show_seen(self) -> None:
        """Read what is under the cursor of the list that is seen, where there is room for it."""
        if self.has_class("-wide"):
            for table in self.seen_tables():
                if not table.is_opening:
                    self._show_detail(table.current, left_out(table))

    @job(exclusive=True, group="detail")
    async def _show_detail(self, row: Any, more: Sequence[tuple[str, str, str]]) -> None:
        detail = self.query_one(Detail)
        if row is None:
            detail.clear()
            return
        await asyncio.sleep(_STAYS)
        try:
            draw = await self.describe(await self.desk(), row)
        except DeskError as error:
            draw = _refused(error.message)
        detail.show(with_more(draw, more))


def left_out(table: RecordTable[Any]) -> list[tuple[str, str, str]]:
    """What the row has in columns that the person has left out, or has no room for."""
    row, how = table.current, table.arrangement
    if row is None or how is None or not (how.on or how.off):
        return []
    return [(column.title, column.value(row), "") for column in table.columns if column.title not in table.shown]


def with_more(draw: Draw, more: Sequence[tuple[str, str, str]]) -> Draw:
    """What is known of the row, and below it the columns that the list does not show."""
    if not more:
        return draw
    label = min(20, max(len(title) for title, _, _ in more) + 2)
    head = value("Columns left out", "bold")
    return lambda width: Content("\n").join([draw(width), Content(""), head, facts(more, label, width)])


def _refused(message: str) -> Draw:
    return lambda width: paragraphs("\n".join(wrapped(message, width)), "$text-muted")

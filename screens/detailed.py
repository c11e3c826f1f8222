"""On a wide terminal, lists show beside them what is under the cursor."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widget import Widget

from dropcopy_tui.domain.errors import DeskError
from screens.jobs import job
from screens.lists import ListScreen
from screens.terminal.values import paragraphs, wrapped
from screens.widgets.detail import Detail
from screens.widgets.record_list import ListChanged
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
                    self._show_detail(table.current)

    @job(exclusive=True, group="detail")
    async def _show_detail(self, row: Any) -> None:
        detail = self.query_one(Detail)
        if row is None:
            detail.clear()
            return
        await asyncio.sleep(_STAYS)
        try:
            draw = await self.describe(await self.desk(), row)
        except DeskError as error:
            draw = _refused(error.message)
        detail.show(draw)


def _refused(message: str) -> Draw:
    return lambda width: paragraphs("\n".join(wrapped(message, width)), "$text-muted")

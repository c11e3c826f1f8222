"""A scrolling view over a service's pages: it asks for what is about to be seen, and knows nothing of how rows look.

It holds what is on the screen and a margin. Pages are fetched beside the rows that are known, off the UI thread, and a
slow older answer never overwrites a newer one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, TypeVar

from textual import work
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.worker import Worker

from dropcopy_tui.domain.errors import DeskError, Interrupted
from dropcopy_tui.domain.pages import Anchor, Page, PageRequest, PageSource
from dropcopy_tui.domain.work import Work
from screens.widgets.row_window import RowWindow

Row = TypeVar("Row")
_MARGIN_PAGES = 2
# So much is fetched at a time beside what is held: a question takes a millisecond, and a row more next to nothing.
_AHEAD_MARGINS = 2
_WINDOW_MARGINS = 6
# Seconds a screen that opens waits for its first page before it is drawn without.
_PATIENCE = 0.1


class PagedRows(ScrollView, Generic[Row]):
    """Rows by number, below one line of titles. `beside` is called when the count or the position changed."""

    cursor: reactive[int] = reactive(0, repaint=False)

    @dataclass
    class Changed(Message):
        """The total, the position, the order or the selection changed."""

        table: PagedRows[Any]

    @dataclass
    class Refused(Message):
        """The service refused a page."""

        error: DeskError

    def __init__(self, source: PageSource[Row] | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.source = source
        self.query_ask = PageRequest()
        self.beside: Callable[[], object] = lambda: None
        # Rows that others have changed, added or removed since a key was pressed last.
        self.changed = 0
        self._window: RowWindow[Row] = RowWindow()
        self._asked = False
        self._opening: Worker[None] | None = None
        self._reading: asyncio.Task[Page[Row]] | None = None
        self._counting = Work()
        self._is_held = self._is_stale = self._is_told = False
        self._scrolled: tuple[Size, Size] | None = None

    @property
    def total(self) -> int:
        """How long the list is; -1 before it was read."""
        return self._window.total

    @property
    def is_opening(self) -> bool:
        """Whether the list is on its way: not once it was refused."""
        refused = self._opening is not None and self._opening.is_finished
        return self.source is not None and self.total < 0 and not refused

    # -- hooks

    def rows_changed(self) -> None:
        """The rows are others than before: what was drawn of them is void."""

    def row_key(self, row: Row) -> Hashable:
        """What a row is known by when the list is read again: its place may be another one by then."""
        return row

    # -- reading

    def load_first(self) -> None:
        """Read the list from its start."""
        self._asked = self.source is not None
        self.cursor = self.changed = 0
        if not self._asked:
            return
        self.scroll_to(y=0, animate=False, force=True)
        if self.total < 0:
            self._hold_screen()
        first = replace(self.query_ask, anchor=Anchor.FIRST, limit=self._height)
        self._opening = self._load(first, 0)

    def reload(self) -> None:
        """Read the rows that are shown again. The cursor stays on its row, and the row where it is on the screen."""
        if self.is_opening and self._opening is not None:
            # The first page is being read: another one in its place would only come later.
            self._is_stale = True
        else:
            self._reload_at(int(self.scroll_y))

    def follow(self) -> None:
        """Read the rows again because others have changed the store, and count the rows that are not as they were."""
        self.expect_changes()
        self.reload()

    def expect_changes(self) -> None:
        """Others have changed the store: the next reading counts the rows that are not as they were."""
        self._is_told = self.total >= 0

    def _reload_stale(self) -> None:
        """What changed while the list was opened is in it now."""
        if self._is_stale and not self.is_opening:
            self._is_stale = False
            self.reload()

    def _reload_at(self, top: int) -> None:
        start = max(0, top - self._margin)
        # Nothing that is fetched beside may cancel it: else the rows would stay as they were.
        self._opening = self._load(
            replace(self.query_ask, anchor=Anchor.AT, at=start, limit=self._margin * 3), start, again=True
        )

    @work(exclusive=True, group="pages")
    async def _load(self, ask: PageRequest, start: int, again: bool = False) -> None:
        """Fetch a page and show it. `start` is the number of its first row; `again`: the rows that are shown now."""
        if self.source is None:
            return
        try:
            if ask.anchor is Anchor.FIRST and ask.count:
                page = await self._first(self.source, ask)
            else:
                page = await self._read(self.source, ask)
        except DeskError as error:
            self._let_screen_go()
            self.post_message(self.Refused(error))
            return
        held = self._window.row(self.cursor) if again else None
        before = self.total
        if again and self._is_told:
            self._is_told = False
            self.changed += self._differences(page, start)
        self._keep(ask, page, start)
        self._let_screen_go()
        if held is not None:
            self._follow(self.row_key(held), self.total - before)
        if self._is_stale:
            self.call_later(self._reload_stale)

    def _differences(self, page: Page[Row], start: int) -> int:
        """How many rows on the screen will not be what they were, or will be gone."""
        top = int(self.scroll_y)
        held = {self.row_key(row): row for row in self._window.page.rows}
        there = {self.row_key(row) for row in page.rows}
        will_be_seen = page.rows[max(0, top - start) : max(0, top - start) + self._height]
        are_seen = [row for number in range(top, top + self._height) if (row := self._window.row(number)) is not None]
        others = sum(held.get(self.row_key(row)) != row for row in will_be_seen)
        return others + sum(self.row_key(row) not in there for row in are_seen)

    def _follow(self, key: Hashable, shift: int) -> None:
        """Put the cursor on the row that it was on: others may have come above it, or gone."""
        number = self._number_of(key)
        if number is None:
            # Far more rows came or went above it than are held: it is where the length of the list says.
            if abs(shift) > self._margin and 0 <= self.cursor + shift < self.total:
                self._chase(key, self.cursor + shift)
            return
        moved = number - self.cursor
        if moved:
            self.cursor = number
            self.scroll_to(y=max(0, self.scroll_y + moved), animate=False, force=True)
            self.rows_changed()
            self._changed()
            self.refresh()

    def _number_of(self, key: Hashable) -> int | None:
        """The number of a row that is held."""
        rows = enumerate(self._window.page.rows, self._window.start)
        return next((number for number, row in rows if self.row_key(row) == key), None)

    @work(exclusive=True, group="pages")
    async def _chase(self, key: Hashable, number: int) -> None:
        """Read where the row should be by now, and put the cursor on it if it is there."""
        if self.source is None:
            return
        start = max(0, number - self._margin)
        ask = replace(self.query_ask, anchor=Anchor.AT, at=start, limit=self._margin * 3)
        try:
            page = await self._read(self.source, ask)
        except DeskError as error:
            self.post_message(self.Refused(error))
            return
        if any(self.row_key(row) == key for row in page.rows):
            self._keep(ask, page, start)
            self._follow(key, 0)

    async def _first(self, source: PageSource[Row], ask: PageRequest) -> Page[Row]:
        """The first page. A long list is shown before it is counted: counting takes longer than reading."""
        page = await self._read(source, replace(ask, count=False))
        # The length that was known stays until the new one is: else the scrollbar would come and go with every key.
        self._window.show(page, 0, max(len(page.rows), self.total if len(page.rows) == ask.limit else 0))
        self.rows_changed()
        self._draw_all()
        self._let_screen_go()
        if len(page.rows) < ask.limit:
            return replace(page, total=len(page.rows))
        self._counting = Work()
        counted = await self._read(partial(_count, self._counting, source), replace(ask, limit=0))
        return replace(page, total=max(counted.total, len(page.rows)))

    async def _read(self, source: PageSource[Row], ask: PageRequest) -> Page[Row]:
        """One page at a time: whoever types faster than the store answers leaves one question behind, not ten."""
        while self._reading is not None and not self._reading.done():
            # How long the list was is no longer of interest, and may take longer to find out than to read it.
            self._counting.cancel()
            await asyncio.wait([self._reading])
        self._reading = asyncio.create_task(asyncio.to_thread(source, ask))
        # Whoever asked may have been cancelled by then: a refusal that no one reads is not an error of the application.
        self._reading.add_done_callback(_heard)
        return await asyncio.shield(self._reading)

    def _keep(self, ask: PageRequest, page: Page[Row], start: int) -> None:
        seen = self._seen_whole() and ask.anchor in (Anchor.AFTER, Anchor.BEFORE)
        self._window.keep(ask, page, start, self._margin * _WINDOW_MARGINS)
        if seen and self._seen_whole():
            # Rows beside those that are seen: what was drawn stays.
            self._want()
        else:
            self.rows_changed()
            self._settle()

    def _want(self) -> None:
        """Fetch the missing rows that are about to be seen, in the cheapest way."""
        if self._opening is not None and not self._opening.is_finished:
            # It is still counting, comes here when it is through, and must not be cancelled: no one else counts.
            return
        wanted = self._window.wanted(int(self.scroll_y), self._height, self._margin * _AHEAD_MARGINS, self.query_ask)
        if wanted is not None:
            self._load(*wanted)

    # -- a screen that opens

    def _hold_screen(self) -> None:
        """A moment's patience of a screen that opens with its first page: it is drawn once instead of twice."""
        if self._is_held:
            return
        self._is_held = True
        self.app._begin_batch()
        # A timer of the application's: whatever becomes of this list, the screen is let go.
        self.app.set_timer(_PATIENCE, self._let_screen_go)

    def _let_screen_go(self) -> None:
        """Draw what was held now, rather than at the next tick of the screen's timer."""
        if self._is_held:
            self._is_held = False
            self.app._end_batch()
            # Whoever has left meanwhile is on another screen, and that one was not drawn either.
            self.app.screen.refresh()
            self.app.screen._refresh_layout()

    # -- what is seen

    @property
    def _height(self) -> int:
        """How many rows the screen has room for, below the titles."""
        return max(1, (self.size.height or self.app.size.height) - 1)

    @property
    def _margin(self) -> int:
        return max(20, self._height * _MARGIN_PAGES)

    def _seen_whole(self) -> bool:
        """Whether every row on the screen is known: rows beside it change nothing there."""
        top = int(self.scroll_y)
        bottom = min(max(self.total, 0), top + self._height)
        return self._window.covers(top, bottom)

    def _settle(self) -> None:
        self._keep_cursor()
        self._changed()
        self._draw_all()
        # What is about to be seen is fetched when what is seen was drawn: both would take turns.
        self.call_after_refresh(self._want)

    def _changed(self) -> None:
        """Report a change: neighbours of the rows immediately, so that both are drawn together; the screen in turn."""
        self.beside()
        self.post_message(self.Changed(self))

    def _draw_all(self) -> None:
        self._measure()
        self._keep_cursor()
        self._scroll_update(self.virtual_size)
        self.refresh()

    def _measure(self) -> None:
        self.virtual_size = Size(1, max(self.total, 0) + 1)

    def _keep_cursor(self) -> None:
        self.cursor = min(self.cursor, max(0, self.total - 1))

    # -- what Textual asks

    def _scroll_update(self, virtual_size: Size) -> None:
        """The scrollbar is drawn with the rows, and when it changes: Textual draws it after every layout."""
        if self._scrolled != (now := (virtual_size, self.container_size)):
            self._scrolled = now
            super()._scroll_update(virtual_size)

    def on_mount(self) -> None:
        """The first page is read while the screen is laid out."""
        if not self._asked:
            self.load_first()

    def on_resize(self) -> None:
        """Read what is seen now."""
        self._measure()
        self._want()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Rows that scroll into view are fetched."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            # Rows beyond the screen are fetched when the screen is drawn: both would take turns.
            self.call_after_refresh(self._want) if self._seen_whole() else self._want()


def _count(work: Work, source: PageSource[Row], ask: PageRequest) -> Page[Row]:
    """The length of a list, -1 where another question came before the answer."""
    try:
        with work.doing():
            return source(ask)
    except Interrupted:
        return Page((), (), -1)


def _heard(reading: asyncio.Task[Any]) -> None:
    if not reading.cancelled():
        reading.exception()

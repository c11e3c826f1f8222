"""The rows of a long list that are held: what is on the screen and a margin, whatever the list's length."""

from __future__ import annotations

from dataclasses import replace
from typing import Generic, TypeVar

from dropcopy_tui.domain.pages import Anchor, Page, PageRequest

Row = TypeVar("Row")


class RowWindow(Generic[Row]):
    """Consecutive rows of a list, by number. `total` is how long the list is, -1 before it was read."""

    def __init__(self) -> None:
        self.total = -1
        self.start = 0
        self.page: Page[Row] = Page((), (), 0)

    @property
    def end(self) -> int:
        """The number behind the last row that is held."""
        return self.start + len(self.page.rows)

    def row(self, number: int) -> Row | None:
        """The row with this number, if it is held."""
        place = number - self.start
        return self.page.rows[place] if 0 <= place < len(self.page.rows) else None

    def covers(self, low: int, high: int) -> bool:
        """Whether all rows from `low` up to `high` (left out) are held."""
        return self.start <= low and high <= self.end

    def show(self, page: Page[Row], start: int, total: int) -> None:
        """Hold these rows and no others."""
        self.start, self.page, self.total = start, page, total

    def keep(self, ask: PageRequest, page: Page[Row], start: int, most: int) -> None:
        """Take a page in beside what is held, or instead of it; never more than `most` rows are held.

        A page that is shorter than what was asked for is an end of the list: where the total says otherwise,
        the list has changed meanwhile.
        """
        held, short = self.page, len(page.rows) < ask.limit
        if ask.anchor is Anchor.AFTER:
            rows, cursors = held.rows + page.rows, held.cursors + page.cursors
            self.total = self.start + len(rows) if short else self.total
            cut = max(0, len(rows) - most)
            self.start, self.page = self.start + cut, Page(rows[cut:], cursors[cut:], 0)
        elif ask.anchor is Anchor.BEFORE:
            rows, cursors = page.rows + held.rows, page.cursors + held.cursors
            start = self.start - len(page.rows)
            missing = start if short else min(start, 0)
            self.start, self.total = start - missing, self.total - missing
            self.page = Page(rows[:most], cursors[:most], 0)
        else:
            self._replace(ask, page, start, short)

    def _replace(self, ask: PageRequest, page: Page[Row], start: int, short: bool) -> None:
        if page.total >= 0:
            self.total = page.total
        elif short:
            self.total = start + len(page.rows) if page.rows or not start else min(self.total, start)
        if ask.anchor is Anchor.LAST:
            start = max(0, self.total - len(page.rows))
        self.start, self.page = start, page

    def wanted(self, top: int, height: int, ahead: int, ask: PageRequest) -> tuple[PageRequest, int] | None:
        """What to ask for so that a screen above and below `top` is held, in the cheapest way.

        Returns the page to ask for and the number of its first row; None when nothing is missing.
        """
        low, high = max(0, top - height), min(self.total, top + 2 * height)
        if self.total <= 0 or self.covers(low, high):
            return None
        ask = replace(ask, limit=ahead, count=False)
        beside = self.start <= top <= self.end and self.page.rows
        if beside and high > self.end:
            return replace(ask, anchor=Anchor.AFTER, beside=self.page.cursors[-1]), self.end
        if beside and low < self.start:
            return replace(ask, anchor=Anchor.BEFORE, beside=self.page.cursors[0]), 0
        if high == self.total:
            return replace(ask, anchor=Anchor.LAST), 0
        if low == 0:
            return replace(ask, anchor=Anchor.FIRST), 0
        return replace(ask, anchor=Anchor.AT, at=low, limit=ahead), low

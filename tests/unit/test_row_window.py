"""The rows that are held: right for any walk, also over a list that becomes shorter meanwhile."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dropcopy_tui.domain.pages import Anchor, Page, PageRequest
from screens.widgets.row_window import RowWindow

HEIGHT, MARGIN, MOST = 10, 20, 120


def page_of(length: int, ask: PageRequest) -> Page[int]:
    """A service's answer over the numbers 0 to length - 1."""
    if ask.anchor is Anchor.AFTER:
        rows = range(ask.beside[0] + 1, length)[: ask.limit]
    elif ask.anchor is Anchor.BEFORE:
        rows = range(min(length, ask.beside[0]))[-ask.limit :]
    elif ask.anchor is Anchor.LAST:
        rows = range(length)[-ask.limit :]
    else:
        rows = range(length)[ask.at : ask.at + ask.limit] if ask.anchor is Anchor.AT else range(length)[: ask.limit]
    total = length if ask.count else -1
    return Page(tuple(rows), tuple((row, row) for row in rows), total)


def fill(window: RowWindow[int], top: int, length: int) -> int:
    """Ask until nothing is wanted; how many pages that took."""
    for asked in range(100):
        wanted = window.wanted(top, HEIGHT, MARGIN, PageRequest())
        if wanted is None:
            return asked
        ask, start = wanted
        window.keep(ask, page_of(length, ask), start, MOST)
    raise AssertionError("it never has enough")


@given(st.integers(0, 2_000), st.lists(st.integers(0, 2_000), max_size=12))
def test_any_walk_shows_the_right_rows(length: int, tops: list[int]) -> None:
    window: RowWindow[int] = RowWindow()
    window.keep(PageRequest(), page_of(length, PageRequest()), 0, MOST)
    for top in tops:
        top = min(top, max(0, length - HEIGHT))
        fill(window, top, length)
        assert [window.row(number) for number in range(top, min(length, top + HEIGHT))] == list(
            range(top, min(length, top + HEIGHT))
        )
        assert len(window.page.rows) <= max(MOST, 2 * MARGIN, 100)


@given(st.integers(1, 500), st.integers(0, 500), st.lists(st.integers(0, 500), min_size=1, max_size=6))
def test_a_list_that_became_shorter_is_not_asked_for_ever(length: int, left: int, tops: list[int]) -> None:
    window: RowWindow[int] = RowWindow()
    window.keep(PageRequest(), page_of(length, PageRequest()), 0, MOST)
    for top in tops:
        fill(window, min(top, window.total), min(left, length))

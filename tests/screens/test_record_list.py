"""The one list on its own, over a million rows that somebody else would have to hold."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from rich.cells import cell_len
from textual.app import ComposeResult

from dropcopy_tui.domain.errors import Interrupted, StoreBusy
from dropcopy_tui.domain.pages import Anchor, Page, PageRequest
from dropcopy_tui.domain.work import current
from screens.terminal.app import TerminalApp
from screens.widgets import paged_rows
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from tests.screens.seat import Seat, seated

MILLION = 1_000_000
COLUMNS: tuple[Column[int], ...] = (
    Column("Number", lambda row: f"{row:,}", 10, order="number", right=True),
    Column("Name", lambda row: f"row {row}"),
    Column("Parity", lambda row: "even" if row % 2 == 0 else "odd", 8, optional=1),
    Column("Remark", lambda row: "nothing", 26, optional=2),
)


@dataclass
class Numbers:
    """Every number below a limit; a filter of digits keeps the multiples of that number."""

    limit: int = MILLION
    asks: list[PageRequest] = field(default_factory=list)
    before: Callable[[PageRequest], None] = lambda _: None

    def __call__(self, ask: PageRequest) -> Page[int]:
        self.asks.append(ask)
        self.before(ask)
        rows = range(0, self.limit, int(ask.match) if ask.match.isdigit() and int(ask.match) else 1)
        if ask.descending:
            rows = rows[::-1]
        start, end = self._span(ask, rows)
        chosen = tuple(rows[max(0, start) : end])
        return Page(chosen, tuple((row,) for row in chosen), len(rows) if ask.count else -1)

    @staticmethod
    def _span(ask: PageRequest, rows: range) -> tuple[int, int]:
        if ask.anchor is Anchor.LAST:
            return len(rows) - ask.limit, len(rows)
        if ask.anchor is Anchor.BEFORE:
            at = rows.index(ask.beside[0])
            return at - ask.limit, at
        start = {Anchor.FIRST: 0, Anchor.AT: ask.at}.get(ask.anchor, -1)
        start = start if start >= 0 else rows.index(ask.beside[0]) + 1
        return start, start + ask.limit


class ListApp(TerminalApp):
    """One list."""

    def __init__(
        self, source: Callable[[PageRequest], Page[Any]] | None, columns: tuple[Column[Any], ...] = COLUMNS
    ) -> None:
        super().__init__()
        self.records: RecordList[Any] = RecordList(columns, lambda row: row, source=source, noun="numbers")

    def compose(self) -> ComposeResult:
        yield self.records

    def on_mount(self) -> None:
        self.records.focus_list()


def table_of(seat: Seat) -> RecordTable[Any]:
    found: RecordTable[Any] = seat.app.records.table
    return found


def holds_a_window_only(table: RecordTable[Any]) -> None:
    assert len(table._window.page.rows) <= table._margin * 6
    assert len(table._strips) <= 4_000


async def test_a_list_that_is_read_again_while_it_opens_is_drawn_with_its_first_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paged_rows, "_PATIENCE", 600.0)
    source, is_asked, is_read = Numbers(), threading.Event(), threading.Event()

    def wait(_: PageRequest) -> None:
        is_asked.set()
        is_read.wait(20)

    source.before = wait
    async with seated(ListApp(None)) as seat:
        table = table_of(seat)
        table.show_source(source)
        await asyncio.to_thread(is_asked.wait, 20)
        table.reload()
        table.reload()
        await asyncio.sleep(0)
        first = [ask.anchor for ask in source.asks]
        is_read.set()
        await seat.settle()
        # The screen is drawn when the first page is there, not when its patience is at an end.
        assert not table._is_held
        seat.sees(r"^> +0 +row 0\b", r"1 of 1,000,000 numbers")
        assert first == [Anchor.FIRST]
        # What may have changed since the first page was read is read once more.
        assert [ask.anchor for ask in source.asks].count(Anchor.AT) == 1


async def test_a_list_that_was_refused_can_be_read_again() -> None:
    refusals = [StoreBusy("The store is busy."), None, None, None, None]
    source = Numbers()

    def refuse(_: PageRequest) -> None:
        refusal = refusals.pop(0) if refusals else None
        if refusal is not None:
            raise refusal

    source.before = refuse
    async with seated(ListApp(source)) as seat:
        table = table_of(seat)
        await seat.settle()
        # A key waits for a list that is on its way; for one that was refused it would wait in vain.
        assert not table.is_opening
        assert not seat.app.in_transit
        assert not table._is_held
        table.reload()
        await seat.settle()
        seat.sees(r"^> +0 +row 0\b")


async def test_a_refused_page_that_no_one_waits_for_ends_nothing() -> None:
    source, may_answer = Numbers(), threading.Event()
    async with seated(ListApp(source)) as seat:
        table = table_of(seat)

        def refuse(_: PageRequest) -> None:
            may_answer.wait(20)
            raise StoreBusy("The store is busy.")

        source.before = refuse
        table.reload()
        reading = None
        while reading is None or reading.done():
            await asyncio.sleep(0)
            reading = table._reading
        heard: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(str(context["message"])))
        await table.remove()
        may_answer.set()
        await asyncio.wait([reading])
        table._reading = None
        del reading
        gc.collect()
        await asyncio.sleep(0)
        assert heard == []


async def test_every_key_goes_where_it_says(size: tuple[int, int]) -> None:
    source = Numbers()
    async with seated(ListApp(source), size) as seat:
        table = table_of(seat)
        page = table._height - 1
        for keys, at in (
            (["down", "j", "down"], 3),
            (["up", "k"], 1),
            (["pagedown"], 1 + page),
            (["pagedown", "pageup"], 1 + page),
            (["end"], MILLION - 1),
            (["down"], MILLION - 1),
            (["pageup"], MILLION - 1 - page),
            (["home"], 0),
            (["up"], 0),
            (["G"], MILLION - 1),
            (["g"], 0),
        ):
            await seat.press(*keys)
            assert table.cursor == at, keys
            assert table.current == at
            seat.sees(rf"^> +{at:,} +row {at}\b", rf"{at + 1:,} of 1,000,000 numbers")
            seat.sees_not(r"^ *\.\.\.$")
            holds_a_window_only(table)
        assert max(ask.limit for ask in source.asks) <= 1_000


async def test_a_page_that_comes_while_its_list_closes_ends_nothing() -> None:
    """A list that is left loses its widgets one by one, and its table may be the last of them."""
    async with seated(ListApp(Numbers())) as seat:
        for kind in (".count", ".empty"):
            await seat.app.records.query_one(kind).remove()
            table_of(seat).reload()
            await seat.settle()
        seat.sees("row 1")


async def test_walking_far_never_holds_more_than_the_window() -> None:
    source = Numbers()
    async with seated(ListApp(source)) as seat:
        table = table_of(seat)
        for number in range(30):
            await seat.press("pagedown")
            holds_a_window_only(table)
            assert table.current == table.cursor, number
        await seat.press(*["pageup"] * 30)
        assert table.current == 0
        # A jump into the middle, as a scroll bar makes it.
        table.scroll_to(y=500_000, animate=False, force=True)
        await seat.settle()
        seat.sees("row 500000")
        holds_a_window_only(table)
        assert sum(ask.limit for ask in source.asks) < 20_000


async def test_a_selection_of_everything_has_exceptions() -> None:
    async with seated(ListApp(Numbers())) as seat:
        table = table_of(seat)
        await seat.press("space", "space")
        assert table.picked.keys == {0, 1}
        seat.sees("2 selected")
        await seat.press("asterisk", "home", "space", "end", "space")
        assert table.picked.everything
        assert table.picked.keys == {0, MILLION - 1}
        assert table.picked_size == MILLION - 2
        seat.sees("999,998 selected")
        assert not table.picked.holds(0)
        assert table.picked.holds(123_456)
        await seat.press("u")
        assert table.picked_size == 0
        seat.sees_not("selected")


async def test_all_that_match_is_bound_to_the_filter() -> None:
    async with seated(ListApp(Numbers())) as seat:
        table = table_of(seat)
        await seat.press("slash")
        await seat.type("250000")
        await seat.until_seen("of 4 numbers")
        await seat.press("enter", "asterisk")
        assert (table.picked_size, table.picked.match) == (4, "250000")
        seat.app.records.clear_filter()
        await seat.until_seen("of 1,000,000")
        assert table.picked_size == 0


async def test_sorting_backwards_starts_at_the_other_end() -> None:
    async with seated(ListApp(Numbers())) as seat:
        await seat.press("s")
        seat.sees(r"Number \^")
        await seat.press("s")
        seat.sees("Number v", "^> +999,999 ")
        await seat.press("s")
        seat.sees("^> +0 +row 0")


async def test_a_column_that_is_not_shown_is_not_sorted_by() -> None:
    hidden: Column[int] = Column("Hidden", str, 40, order="hidden", optional=1)
    wide: Column[int] = Column("Wide", str, 60, order="n")
    asked: list[str] = []
    async with seated(ListApp(Numbers(before=lambda ask: asked.append(ask.order)), (hidden, wide))) as seat:
        seat.sees_not("Hidden")
        await seat.press("s")
        seat.sees(r"Wide \^")
        await seat.press("s", "s")
    assert set(asked) == {"", "n"}


async def test_a_slow_older_answer_never_overwrites_a_newer_one() -> None:
    release, asked = threading.Event(), threading.Event()

    def wait(ask: PageRequest) -> None:
        if ask.match == "2":
            asked.set()
            release.wait(1)

    async with seated(ListApp(Numbers(before=wait))) as seat:
        table = table_of(seat)
        try:
            table.narrow("2")
            await _until(seat, asked.is_set)
            table.narrow("500000")
            await _until(seat, lambda: table.total == 2)
        finally:
            release.set()
        await seat.settle()
        assert table.total == 2
        seat.sees("row 500000", "1 of 2 numbers")


async def test_what_is_fetched_while_a_list_is_counted_does_not_end_the_count() -> None:
    """Rows below the first page are wanted at once; the old total would stand there for ever."""
    release, counting = threading.Event(), threading.Event()

    def wait(ask: PageRequest) -> None:
        if ask.match == "2" and not ask.limit:
            counting.set()
            release.wait(2)

    async with seated(ListApp(Numbers(before=wait))) as seat:
        table = table_of(seat)
        try:
            table.narrow("2")
            await _until(seat, counting.is_set)
            await seat.pilot.press("pagedown", "pagedown")
            await seat.pilot.pause(0.01)
        finally:
            release.set()
        await seat.settle()
        assert table.total == MILLION // 2
        seat.sees("row 84", "of 500,000 numbers")
        seat.sees_not(r"^ *\.\.\.$")


async def _until(seat: Seat, holds: Callable[[], bool]) -> None:
    """Without settling: a worker is meant to be busy."""
    for _ in range(2_000):
        if holds():
            return
        await seat.pilot.pause(0.005)
    raise AssertionError(seat.text())


@pytest.mark.parametrize("width", [60, 80, 200])
async def test_columns_fit_and_the_least_needed_go_first(width: int) -> None:
    async with seated(ListApp(Numbers()), (width, 20)) as seat:
        lines = seat.text().split("\n")
        header = lines[0]
        assert "Number" in header
        assert "Name" in header
        assert ("Remark" in header) is (width >= 80)
        assert all(cell_len(line) <= width for line in lines)
        assert len({line.index("row ") for line in lines[1:18]}) == 1


@pytest.mark.parametrize(
    "text",
    [
        "漢字かな交じり文" * 20,
        "[/x][@click=app.quit]x[/]",
        "a\x1b]52;c;aGk=\x07\x9b31mb",
        "\u202eabc\u200b",
        "x" * 10_000,
        "",
        "🚀e\u0301",
    ],
    ids=["wide", "markup", "escape", "bidi", "long", "empty", "emoji"],
)
async def test_odd_values_keep_their_cells(text: str) -> None:
    columns: tuple[Column[int], ...] = (
        Column("Text", lambda row: text, 17),
        Column("Right", lambda row: text, 9, right=True),
        Column("Rest", lambda row: f"|{row}"),
    )
    async with seated(ListApp(Numbers(30), columns), (60, 20)) as seat:
        lines = seat.text().split("\n")[1:18]
        for line in lines:
            assert cell_len(line) <= 60
            before, mark, _ = line.rpartition("|")
            assert mark
            assert cell_len(before) == 2 + 18 + 10, line
        assert "\x1b" not in seat.text()
        assert "\u202e" not in seat.text()


@pytest.mark.parametrize("total", [0, 1, 17, 18, 19])
async def test_short_lists(total: int) -> None:
    async with seated(ListApp(Numbers(total)), (80, 20)) as seat:
        table = table_of(seat)
        await seat.press("end")
        assert table.cursor == max(0, total - 1)
        await seat.press("pageup", "down", "space", "enter", "home", "s")
        assert table.cursor == 0
        if total:
            noun = "number" if total == 1 else "numbers"
            seat.sees(rf"1 of {total} {noun}\b")
        else:
            seat.sees("The list is empty")


async def test_a_list_that_shrinks_keeps_its_cursor_inside() -> None:
    source = Numbers()
    async with seated(ListApp(source)) as seat:
        table = table_of(seat)
        await seat.press("end")
        source.limit = 5
        await seat.press("ctrl+r")
        assert table.total == 5
        assert table.current is not None, seat.text()
        seat.sees("^> +4 ")


async def test_the_next_key_does_not_wait_for_the_count_of_the_one_before() -> None:
    """A count of a million takes longer than a page: the store ends it in the middle of its statement."""
    counting, ended = threading.Event(), threading.Event()

    def slow(ask: PageRequest) -> None:
        work = current()
        if ask.limit == 0 and ask.match == "2" and work is not None:
            counting.set()
            while not work.is_cancelled:
                assert not ended.wait(0.01), "nobody ended the count"
            raise Interrupted

    numbers = Numbers(before=slow)
    async with seated(ListApp(numbers)) as seat:
        table = table_of(seat)
        await _until(seat, lambda: table.total == MILLION)
        table.narrow("2")
        await _until(seat, counting.is_set)
        table.narrow("3")
        try:
            await _until(seat, lambda: table.total == len(range(0, MILLION, 3)))
        finally:
            ended.set()
        assert table._window.row(1) == 3


async def test_rows_that_come_beside_what_is_seen_draw_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    source, drawn = Numbers(), list[int]()
    really = RecordTable._drawn

    def noting(self: RecordTable[Any], row: Any, state: Any, width: int) -> Any:
        drawn.append(row)
        return really(self, row, state, width)

    async with seated(ListApp(source)) as seat:
        table = table_of(seat)
        asked = len(source.asks)
        monkeypatch.setattr(RecordTable, "_drawn", noting)
        for _ in range(5 * table._height):
            await seat.press("down")
        assert len(source.asks) > asked, "nothing was fetched on the way"
        # Each row with the cursor on it, and without.
        assert all(drawn.count(row) <= 2 for row in set(drawn)), drawn


async def test_a_row_in_the_place_of_another_is_drawn() -> None:
    names = {5: "before"}

    def source(ask: PageRequest) -> Page[Any]:
        page = Numbers(100)(ask)
        return Page(tuple((row, names.get(row, "")) for row in page.rows), page.cursors, page.total)

    columns: tuple[Column[Any], ...] = (
        Column("Number", lambda row: str(row[0]), 10),
        Column("Name", lambda row: row[1]),
    )
    async with seated(ListApp(source, columns)) as seat:
        assert "before" in seat.text()
        names[5] = "after"
        table_of(seat).reload()
        await seat.until_seen("after")
        assert "before" not in seat.text()

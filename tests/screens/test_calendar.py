"""The key calendar: what expires when, in one look."""

from __future__ import annotations

import csv
import re
import sqlite3
from datetime import UTC, datetime

from screens.keys.calendar_table import CalendarTable
from screens.terminal.guard import TerminalFacts
from screens.widgets.record_table import RecordTable
from tests.screens.conftest import Place
from tests.screens.hostile import spoil
from tests.screens.seat import Seat, footer_fits, seated
from tests.screens.test_home import command, open_line
from tests.screens.test_hostile import looks_harmless
from tests.screens.test_keys import choose
from tests.stores import as_the_desk

Size = tuple[int, int]
YEAR = 52


def change(place: Place, sql: str, *values: object) -> None:
    with sqlite3.connect(place.store) as connection:
        connection.execute(sql, values)
    connection.close()
    as_the_desk(place.store)


def line_of(seat: Seat, session_id: str) -> str:
    """The line of a session, from its Session ID on."""
    found = re.search(rf"^[> ] +({session_id} .*)$", seat.text(), re.M)
    assert found, seat.text()
    return found[1]


async def go_to(seat: Seat, session_id: str) -> None:
    await seat.press("home")
    for _ in range(70):
        if re.search(rf"^> +{session_id} ", seat.text(), re.M):
            return
        await seat.press("down")
    raise AssertionError(f"no line {session_id}\n{seat.text()}")


async def test_what_needs_somebody_soonest_stands_first(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        seat.sees("Expiring key pairs by month  c calendar")
        await seat.press("c")
        assert seat.on == "CalendarScreen"
        seat.sees("Request Center > Key calendar", "━ active .*▒ expiring .*◆ expires .*H holiday .*│┿╫ today")
        seat.sees("All sessions of all entities", "Session .*Nov Dec Jan  Feb", "1 of 55 sessions")
        shown = re.findall(r"^[> ]+ ([A-Z0-9]{3}) ", seat.text(), re.M)
        assert shown[:10] == ["MU1", "T3F", "03T", "0FR", "06J", "049", "005", "04O", "T6B", "T2E"]
        assert re.search(r"━━▒╫▒▒◆ .* 16 Dec 26  23 d", line_of(seat, "T6B"))
        assert re.search(r"◆  │ .* exp. 2 Nov 26", line_of(seat, "06J"))
        assert footer_fits(seat)
        table = seat.find(CalendarTable)
        weeks = next(cells for column, cells in table._layout if column.title == "Weeks")
        assert weeks >= YEAR
        await seat.press("escape")
        assert seat.on == "HomeScreen"


async def test_the_line_under_the_cursor_is_said_in_words(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await command(seat, "Key calendar")
        await go_to(seat, "T6B")
        seat.says("expires Wed 16 Dec 2026 17:30 ET, in 23 days; no second pair")
        await go_to(seat, "T3F")
        seat.says("T3F feed stopped: pair")
        seat.says("expired Wed 14 Oct 2026 18:30 UK, 40 days ago")
        await go_to(seat, "T5A")
        seat.says("expires Fri 11 Dec 2026 17:30 ET, in 18 days; then")
        seat.says("until Fri 19 Nov 2027 17:30 ET; moved from Sat 20 Nov: weekend")
        assert re.search(r"===", line_of(seat, "T5A"))
        await seat.press("end")
        seat.sees("^> (?P<id>[A-Z0-9]{3}) .* no key pair yet", "^ [A-Z0-9]{3}: no key pair yet")


async def test_a_holiday_that_moved_a_date_is_marked_and_said(place: Place) -> None:
    """01Z would have ended on Easter Sunday 2027, behind a Good Friday."""
    async with seated(place.app()) as seat:
        await seat.press("c")
        await go_to(seat, "01Z")
        assert re.search(r"▒▒▒▒H ", line_of(seat, "01Z"))
        seat.says("expires Thu 25 Mar 2027 17:30 ET, in 122 days; no second pair; moved from Sun 28 Mar:")
        seat.says("weekend and holiday")


async def test_a_holiday_that_came_later_leaves_the_expiry_and_is_said(place: Place) -> None:
    from dataclasses import replace
    from datetime import date

    place.settings = replace(place.settings, closed_days=frozenset({date(2026, 12, 16)}))
    async with seated(place.app()) as seat:
        await seat.press("c")
        await go_to(seat, "T6B")
        seat.says("expires Wed 16 Dec 2026 17:30 ET, in 23 days; no second pair; now a holiday,")
        await go_to(seat, "T2E")
        seat.sees_not("now a holiday")


async def test_time_moves_by_left_and_right(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("c")
        await go_to(seat, "T6B")
        before = line_of(seat, "T6B")
        await seat.press("right")
        seat.sees(r"Session +Dec Jan  Feb")
        assert line_of(seat, "T6B").index("◆") == before.index("◆") - 4
        await seat.press("left", "left", "left")
        seat.sees(r"Session +Oct Nov  Dec Jan")
        assert line_of(seat, "T6B").index("◆") == before.index("◆") + 8
        assert "◆" in line_of(seat, "T3F")
        await seat.press("t")
        assert line_of(seat, "T6B") == before


async def test_s_sorts_by_session_and_slash_filters(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("c", "s")
        seat.sees(r"^> 005 ", r"Sess\S* \^")
        await seat.press("slash")
        await seat.type("t5a")
        await seat.until_seen("1 of 1 session")
        seat.sees(r"^> T5A ")
        await seat.press("enter", "escape")
        await seat.until_seen("of 55 sessions")


async def test_enter_opens_the_session_where_it_lives(place: Place, size: Size) -> None:
    async with seated(place.app(), size) as seat:
        await seat.press("c")
        await go_to(seat, "T6B")
        await seat.press("enter")
        assert seat.on == "GroupScreen"
        seat.sees("US-ACTIVES", "> T6B ")
        await seat.press("escape")
        assert seat.on == "CalendarScreen"
        await go_to(seat, "04O")
        await seat.press("enter")
        assert seat.on == "SessionsScreen"
        seat.sees("ACME > Order Entry Sessions", "^> 04O ", "1 of 1 session +/04O")
        await seat.press("escape")
        assert seat.on == "CalendarScreen"


async def test_one_kind_and_one_entity(place: Place, size: Size) -> None:
    async with seated(place.app("multi-operator"), size) as seat:
        await seat.press("c", "f")
        await choose(seat, "Market Data")
        seat.sees("Market Data Sessions of all entities", "1 of 6 sessions")
        seat.sees_not("T6B")
        await seat.press("r")
        await choose(seat, "EXRATES")
        seat.sees("Market Data Sessions of EXRATES", "No active sessions.")
        await seat.press("f")
        await choose(seat, "All sessions")
        seat.sees("All sessions of EXRATES", "TE1 ", "TE2 ", "1 of 2 sessions")
        await seat.press("r")
        await choose(seat, "all")
        seat.sees("All sessions of all entities")


async def test_the_csv_has_the_columns_of_the_report(place: Place) -> None:
    target = place.folder / "pairs.csv"
    async with seated(place.app()) as seat:
        await seat.press("c", "slash")
        await seat.type("t5a")
        await seat.until_seen("1 of 1 session")
        await seat.press("enter", "x")
        seat.says("The key pairs of 1 session: one row per key pair, filtered and sorted as shown.")
        seat.screen.query_one("Input").value = str(target)  # type: ignore[attr-defined]
        await seat.press("enter")
        seat.says("2 rows written to")
    from dropcopy_tui.cli.key_report import COLUMNS

    head, *lines = list(csv.reader(target.read_text().splitlines()))
    assert tuple(head) == COLUMNS
    found = [dict(zip(head, line, strict=True)) for line in lines]
    assert [(row["session_id"], row["state"], row["days_left"]) for row in found] == [
        ("T5A", "pending_expiration", "18"),
        ("T5A", "active", "361"),
    ]
    assert found[0]["expires_at"] == "2026-12-11T22:30:00Z"
    assert datetime.fromisoformat(found[1]["created_at"]).tzinfo == UTC


async def test_the_glyphs_tell_it_in_ascii_without_colour(place: Place, size: Size) -> None:
    facts = TerminalFacts(glyphs="ascii", tier="mono")
    async with seated(place.app(facts=facts), size) as seat:
        await seat.press("c")
        await go_to(seat, "T6B")
        filters = seat.app.get_line_filters()
        from textual.color import Color

        lines = seat.screen._compositor.render_strips()
        for gate in filters:
            lines = [strip.apply_filter(gate, Color.parse("black")) for strip in lines]
        text = "\n".join(strip.text for strip in lines)
        assert text.isascii()
        assert re.search(r"> +T6B .*--#\+##\*", text)
        assert re.search(r"- active .*= two .*# expiring .*\* expires .*H holiday .*x deleted .*\|\+\+ today", text)


async def test_hostile_names(place: Place, size: Size) -> None:
    spoil(place.store)
    async with seated(place.app(), size) as seat:
        await seat.press("c")
        assert seat.on == "CalendarScreen"
        for _ in range(14):
            await seat.press("down")
            looks_harmless(seat)
        for keys in (("f",), ("escape", "r"), ("escape", "s"), ("x",), ("escape", "end"), ("enter",)):
            await seat.press(*keys)
            looks_harmless(seat)
        await seat.press("escape")
        for line in ("Order Entry Sessions", "Market Data Sessions"):
            await seat.press(*["escape"] * 3)
            await open_line(seat, "menu", line)
            looks_harmless(seat)


async def test_a_new_pair_is_there_when_one_comes_back(place: Place) -> None:
    async with seated(place.app()) as seat:
        await seat.press("c")
        await go_to(seat, "T6B")
        await seat.press("enter")
        change(
            place, "UPDATE key_pair SET expires_at = '2026-12-30 22:30:00.000000' WHERE expires_at LIKE '2026-12-16%'"
        )
        await seat.press("escape")
        seat.sees(r"T6B .* 30 Dec 26  37 d")


async def test_somebody_without_an_entity(place: Place) -> None:
    async with seated(place.app("ease-agent")) as seat:
        await seat.press("c")
        assert seat.find(RecordTable).total == 0
        seat.sees("No active sessions.")

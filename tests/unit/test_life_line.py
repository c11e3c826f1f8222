"""The weeks of the key calendar, and why a last day is not the nominal one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from dropcopy_tui.domain.key_days import Move, is_shortened, move_of
from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.domain.visible import ASCII
from dropcopy_tui.services.keys.calendar import CalendarPair
from screens.keys.life_line import (
    ALIVE,
    ALIVE_TODAY,
    DELETED,
    EXPIRY,
    LEGEND,
    MOVED,
    PENDING,
    PENDING_TODAY,
    TWO,
    months,
    spans,
)
from screens.keys.life_line import (
    TODAY as TODAY_GLYPH,
)

# A Monday.
START = date(2026, 11, 2)
TODAY = START + timedelta(weeks=3, days=1)


def pair(made: int, ends: int, gone: int | None = None, move: Move | None = None) -> CalendarPair:
    """A pair that lives from the Wednesday of a week to that of another, counted from START."""
    first, last = (START + timedelta(weeks=week, days=2) for week in (made, ends))
    state = KeyState.DELETED if gone is not None else KeyState.EXPIRED if last < TODAY else KeyState.ACTIVE
    return CalendarPair(
        access_key_id="A" * 20,
        state=state,
        created_at=datetime.combine(first, datetime.min.time(), UTC),
        expires_at=datetime.combine(last, datetime.min.time(), UTC),
        when="",
        days=(last - TODAY).days,
        left="",
        made=first,
        pending=last - timedelta(weeks=4),
        ends=last,
        gone=None if gone is None else START + timedelta(weeks=gone, days=2),
        move=move,
    )


def drawn(*pairs: CalendarPair, weeks: int = 14) -> str:
    return "".join(text for text, _ in spans(pairs, START, weeks, TODAY))


@pytest.mark.parametrize(
    ("pairs", "line"),
    [
        ((), "   │          "),
        ((pair(-9, 12),), "━━━┿━━━━▒▒▒▒◆ "),
        ((pair(-9, 30),), "━━━┿━━━━━━━━━━"),
        ((pair(-9, 1),), "▒◆ │          "),
        ((pair(-9, -2),), "   │          "),
        ((pair(-9, 5),), "━▒▒╫▒◆        "),
        ((pair(-9, 3),), "▒▒▒◆          "),
        ((pair(5, 40),), "   │ ━━━━━━━━━"),
        # The older pair lives on beside the newer one, then the newer one alone.
        ((pair(-40, 5), pair(2, 54)), "━▒===◆━━━━━━━━"),
        # An expired pair, a gap, a new one.
        ((pair(-40, 1), pair(3, 55)), "▒◆ ┿━━━━━━━━━━"),
        ((pair(-9, 12, gone=2),), "━━x│          "),
        ((pair(-9, 12, move=Move(date(2027, 1, 29), holiday=True)),), "━━━┿━━━━▒▒▒▒H "),
        ((pair(-9, 12, move=Move(date(2027, 1, 30), holiday=False)),), "━━━┿━━━━▒▒▒▒◆ "),
    ],
)
def test_a_line_of_weeks(pairs: tuple[CalendarPair, ...], line: str) -> None:
    assert drawn(*pairs) == line


def test_the_days_of_a_week_belong_to_it() -> None:
    """Monday and Sunday: a pair that ends on a Sunday is over on the Monday after."""
    sunday = START + timedelta(weeks=4, days=6)
    ending = replace(pair(-9, 4), ends=sunday, pending=START + timedelta(weeks=1))
    assert drawn(ending, weeks=7) == "━▒▒╫◆  "
    later = replace(ending, ends=sunday + timedelta(days=1), pending=START + timedelta(days=6))
    assert drawn(later, weeks=7) == "▒▒▒╫▒◆ "


def test_every_tone_and_every_glyph_is_in_the_legend() -> None:
    tones = {tone for _, tone in spans([pair(-9, 1), pair(5, 20, gone=8)], START, 14, TODAY) if tone}
    assert tones == {"warning", "error", "success", "muted", "today"}
    assert spans([pair(-9, 1)], START, 3, TODAY)[0] == ("▒", "warning")
    assert spans([pair(-9, 1)], START, 3, TODAY)[1] == ("◆", "error")
    told = {glyph for glyphs, _, _ in LEGEND for glyph in glyphs}
    assert told == {ALIVE, TWO, PENDING, TODAY_GLYPH, ALIVE_TODAY, PENDING_TODAY, EXPIRY, MOVED, DELETED}
    plain = [{ASCII.get(glyph, glyph) for glyph in glyphs} for glyphs, _, _ in LEGEND]
    assert all(glyph.isascii() for glyphs in plain for glyph in glyphs)
    assert sum(map(len, plain)) == len(set().union(*plain)), "in ASCII two of them would look alike"


@pytest.mark.parametrize("weeks", [3, 13, 26, 52, 76, 104])
def test_months_stand_where_they_begin(weeks: int) -> None:
    header = months(START, weeks)
    assert len(header) == weeks
    if weeks >= 13:
        assert header.startswith("Nov ")
        # 1 December 2026 is the Tuesday of week 4, 1 January 2027 the Friday of week 8.
        assert header[4:7] == "Dec"
        assert header[8:11] == "Jan"


@pytest.mark.parametrize(
    ("made", "ends", "newer", "move"),
    [
        (date(2025, 12, 15), date(2026, 12, 15), None, None),
        (date(2025, 12, 25), date(2026, 12, 24), None, Move(date(2026, 12, 25), holiday=True)),
        (date(2025, 12, 19), date(2026, 12, 18), None, Move(date(2026, 12, 19), holiday=False)),
        # Saturday, with a holiday on the Friday before it.
        (date(2025, 12, 26), date(2026, 12, 24), None, Move(date(2026, 12, 26), holiday=True)),
        (date(2024, 2, 29), date(2025, 2, 28), None, None),
        (date(2025, 12, 15), date(2026, 4, 1), None, None),
        (date(2025, 12, 15), date(2026, 4, 1), date(2026, 3, 4), None),
        (date(2025, 12, 15), date(2026, 4, 2), date(2026, 3, 6), Move(date(2026, 4, 3), holiday=True)),
    ],
)
def test_why_a_day_was_moved(made: date, ends: date, newer: date | None, move: Move | None) -> None:
    assert move_of(made, ends, newer) == move


def test_a_life_cut_by_a_newer_pair_is_not_one_moved_by_closed_days() -> None:
    assert is_shortened(date(2025, 12, 15), date(2026, 4, 1))
    assert not is_shortened(date(2025, 12, 15), date(2026, 12, 4))

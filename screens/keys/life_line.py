"""A session's key pairs as a line of weeks: pure, so that every week can be tested.

Each glyph tells by itself what it means, in one colour and in ASCII: colour only says it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from dropcopy_tui.domain.dates import month_name
from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.services.keys.calendar import CalendarPair

WEEK = timedelta(weeks=1)
ALIVE, TWO, PENDING = "━", "=", "▒"
TODAY, ALIVE_TODAY, PENDING_TODAY = "│", "┿", "╫"
EXPIRY, MOVED, DELETED, NOTHING = "◆", "H", "x", " "
LEGEND = (
    (ALIVE, "active", "success"),
    (TWO, "two", "success"),
    (PENDING, "expiring", "warning"),
    (EXPIRY, "expires", "warning"),
    (MOVED, "holiday", "warning"),
    (DELETED, "deleted", "muted"),
    (TODAY + ALIVE_TODAY + PENDING_TODAY, "today", "today"),
)
_TONES = {
    ALIVE: "success", TWO: "success", ALIVE_TODAY: "success", PENDING: "warning", PENDING_TODAY: "warning",
    DELETED: "muted", TODAY: "today",
}  # fmt: skip
_ON_TODAY = {NOTHING: TODAY, ALIVE: ALIVE_TODAY, PENDING: PENDING_TODAY}
_ENDS = {KeyState.ACTIVE: "success", KeyState.PENDING_EXPIRATION: "warning", KeyState.EXPIRED: "error"}


def monday_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def months(start: date, weeks: int) -> str:
    """The header above so many weeks from a Monday: each month's name where its first day is."""
    cells = [" "] * weeks
    for number in range(weeks):
        last = start + number * WEEK + timedelta(days=6)
        if last.day <= 7 and number + 3 <= weeks:
            cells[number : number + 3] = month_name(last.month)
    if weeks >= 4 and not any(cell.strip() for cell in cells[:4]):
        cells[:3] = month_name(start.month)
    return "".join(cells)


def spans(pairs: Sequence[CalendarPair], start: date, weeks: int, today: date) -> list[tuple[str, str]]:
    """The line of so many weeks from a Monday, as texts with their tones."""
    end = start + weeks * WEEK
    near = [pair for pair in pairs if pair.made < end and _over(pair) >= start]
    found: list[tuple[str, str]] = []
    for number in range(weeks):
        glyph, tone = _week(near, start + number * WEEK, today)
        if found and found[-1][1] == tone:
            found[-1] = (found[-1][0] + glyph, tone)
        else:
            found.append((glyph, tone))
    return found


def _over(pair: CalendarPair) -> date:
    """The day on which the life ended or ends."""
    return pair.gone or pair.ends


def _week(pairs: Sequence[CalendarPair], monday: date, today: date) -> tuple[str, str]:
    """One week's glyph and tone: what ends in it is seen first."""
    sunday = monday + timedelta(days=6)
    ending = [pair for pair in pairs if pair.gone is None and monday <= pair.ends <= sunday]
    if ending:
        moved = any(pair.move and pair.move.holiday for pair in ending)
        return MOVED if moved else EXPIRY, _ENDS[ending[-1].state]
    if any(pair.gone and monday <= pair.gone <= sunday for pair in pairs):
        return DELETED, _TONES[DELETED]
    glyph = _life([pair for pair in pairs if pair.made <= sunday and _over(pair) >= monday], sunday)
    if monday <= today <= sunday:
        glyph = _ON_TODAY.get(glyph, glyph)
    return glyph, _TONES.get(glyph, "")


def _life(living: Sequence[CalendarPair], sunday: date) -> str:
    if not living:
        return NOTHING
    if len(living) > 1:
        return TWO
    # A deleted key pair is drawn until its deletion only: it was never expiring after that.
    return PENDING if living[0].pending <= sunday and living[0].gone is None else ALIVE

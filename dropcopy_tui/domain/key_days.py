"""The validity of a key pair in calendar days of its market, as the key calendar shows it (rules K1 to K4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

_DAY = timedelta(days=1)
_SATURDAY = 5
_GRACE = timedelta(weeks=4)
# Closed days move a last day by less than this many days; a larger difference means that a newer pair shortened the
# validity.
_LONGEST_MOVE = 14


@dataclass(frozen=True, slots=True)
class Move:
    """A last day that differs from the nominal one because the market is closed on the days after it (rule K2)."""

    nominal: date
    holiday: bool


def a_year_after(day: date) -> date:
    """The same date next year; 28 February for 29 February."""
    if (day.month, day.day) == (2, 29):
        return date(day.year + 1, 2, 28)
    return day.replace(year=day.year + 1)


def is_shortened(made: date, ends: date) -> bool:
    """Whether the pair expires weeks before its twelve months are over, because of a newer pair (rules K3, K4)."""
    return (a_year_after(made) - ends).days > _LONGEST_MOVE


def move_of(made: date, ends: date, newer_made: date | None = None) -> Move | None:
    """Whether closed days moved the last day, and from which day.

    The result follows from the stored days alone: the holiday calendar may have changed since, but the key pair's
    expiry has not.

    Args:
        made: the day the pair was created, in its market's zone.
        ends: its last day there.
        newer_made: the day the next pair was created, from which the four weeks of a shortened validity count.
    """
    nominal = a_year_after(made)
    if is_shortened(made, ends):
        if newer_made is None:
            return None
        nominal = newer_made + _GRACE
    if not 0 < (nominal - ends).days <= _LONGEST_MOVE:
        return None
    skipped = (ends + number * _DAY for number in range(1, (nominal - ends).days + 1))
    return Move(nominal, any(day.weekday() < _SATURDAY for day in skipped))

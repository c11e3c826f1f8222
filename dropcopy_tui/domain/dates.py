"""Dates and times as people read them: `15 Dec 2026 17:30 ET`.

English by tables of its own: the names that strftime knows follow the locale of the machine, and a screen, an email
and an export must say the same whoever runs the program.
"""

from __future__ import annotations

from datetime import date, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def month_name(month: int) -> str:
    """The short name of a month, 1 to 12."""
    return _MONTHS[month - 1]


def weekday_name(day: date) -> str:
    """The short name of a day's weekday."""
    return _WEEKDAYS[day.weekday()]


def date_words(day: date, *, weekday: bool = False, year: bool = True) -> str:
    """Such as `5 Dec 2026`, or `Sat 5 Dec` with the weekday and without the year."""
    parts = (weekday_name(day) if weekday else "", str(day.day), month_name(day.month), _year(day, year))
    return " ".join(part for part in parts if part)


def moment_words(when: datetime, zone: str = "UTC") -> str:
    """Such as `5 Dec 2026 07:03 UTC`.

    Args:
        when: read on its own wall clock; it is not converted.
        zone: what that clock is called.
    """
    return f"{date_words(when)} {_clock(when)} {zone}"


def column_moment(when: datetime, *, year: bool = True, clock: bool = True, seconds: bool = False) -> str:
    """For a column, where all are equally long: ` 5 Dec 2026 07:03`."""
    parts = (f"{when.day:>2}", month_name(when.month), _year(when, year), _clock(when, seconds) if clock else "")
    return " ".join(part for part in parts if part)


def _year(day: date, shown: bool) -> str:
    return str(day.year) if shown else ""


def _clock(when: datetime, seconds: bool = False) -> str:
    return f"{when.hour:02d}:{when.minute:02d}" + (f":{when.second:02d}" if seconds else "")

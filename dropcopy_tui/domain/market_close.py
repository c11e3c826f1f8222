"""Market close and business days, in each market's own time zone (rule K2).

Holidays come from the `holidays` library: SIFMA recommendations for U.S. government securities, London
Stock Exchange days for the UK, CME for Globex. Its early closes count as business days, because a market that
closes early was open. The site's configuration overrides the library.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.markets import Market

_DAY = timedelta(days=1)
_SATURDAY = 5
# No real calendar closes a market for longer; more closed days in a row are a mistake in the configuration.
_LONGEST_CLOSURE = 60
# Market.calendar -> the ISO 10383 market code under which the `holidays` library has its financial calendar.
_LIBRARY_NAMES = {"SIFMA": "XSIF", "UK": "XLON", "CME": "XCME"}


@dataclass(frozen=True, slots=True)
class MarketHours:
    """When a market closes, and on which days.

    Attributes:
        zone: IANA name of the market's time zone.
        close: local time of market close in that zone.
        calendar: the value of `Market.calendar`.
        closed: additional days on which the site's configuration closes the market.
        open: holidays on which the site's configuration opens it; a day in both sets is closed.
    """

    zone: str
    close: time
    calendar: str
    closed: frozenset[date] = frozenset()
    open: frozenset[date] = frozenset()


def hours_of(
    market: Market, *, close: time | None = None, closed: Iterable[date] = (), opened: Iterable[date] = ()
) -> MarketHours:
    """The market's hours; `close`, `closed` and `opened` are the overrides of the site's configuration."""
    return MarketHours(
        zone=market.zone,
        close=market.close if close is None else close,
        calendar=market.calendar,
        closed=frozenset(closed),
        open=frozenset(opened),
    )


def is_business_day(hours: MarketHours, day: date) -> bool:
    """Whether the market is open on the day: the site's overrides come first, then weekends, then the calendar."""
    if day in hours.closed:
        return False
    if day in hours.open:
        return True
    return day.weekday() < _SATURDAY and day not in _holidays(hours.calendar, day.year)


def business_day_on_or_before(hours: MarketHours, day: date) -> date:
    """The day itself or the nearest business day before it.

    Raises:
        InvalidValue: the site's overrides leave no business day in the 60 days before.
    """
    for back in range(_LONGEST_CLOSURE):
        earlier = day - back * _DAY
        if is_business_day(hours, earlier):
            return earlier
    raise _endless(day, "before")


def close_of(hours: MarketHours, day: date) -> datetime:
    """The moment of market close on that day (business day or not), aware, in UTC."""
    return datetime.combine(day, hours.close, ZoneInfo(hours.zone)).astimezone(UTC)


def local_day(hours: MarketHours, now: datetime) -> date:
    """The date in the market's zone. Raises ValueError for a time without a zone."""
    return local_time(hours, now).date()


def local_time(hours: MarketHours, when: datetime) -> datetime:
    """The time in the market's zone. Raises ValueError for a time without a zone."""
    if when.tzinfo is None:
        raise ValueError("a time without a zone would be interpreted in the machine's zone")
    return when.astimezone(ZoneInfo(hours.zone))


def next_close(hours: MarketHours, now: datetime) -> datetime:
    """The first market close of a business day after now, in UTC.

    Raises:
        InvalidValue: the site's overrides leave no business day in the 60 days after.
    """
    today = local_day(hours, now)
    for ahead in range(_LONGEST_CLOSURE):
        day = today + ahead * _DAY
        if is_business_day(hours, day) and close_of(hours, day) > now:
            return close_of(hours, day)
    raise _endless(today, "after")


def calendar_covers(hours: MarketHours, year: int) -> bool:
    """Whether the library knows the year's holidays; without them only weekends are closed."""
    return bool(_holidays(hours.calendar, year))


def _endless(day: date, side: str) -> InvalidValue:
    return InvalidValue(
        f"The configuration leaves no business day in the {_LONGEST_CLOSURE} days {side} {day}. Check closed_days.",
        "closed_days",
    )


@lru_cache(maxsize=256)
def _holidays(calendar: str, year: int) -> frozenset[date]:
    """Full-day holidays of one year; empty where the library has no such year or calendar."""
    code = _LIBRARY_NAMES.get(calendar)
    if code is None:
        return frozenset()
    from holidays import financial_holidays  # imported late for start-up speed: it takes a tenth of a second

    return frozenset(financial_holidays(code, years=year, expand=False))

"""Rule K2: market close through the clock changes, and business days against days known otherwise."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.market_close import (
    MarketHours,
    business_day_on_or_before,
    calendar_covers,
    close_of,
    hours_of,
    is_business_day,
    local_day,
    next_close,
)
from dropcopy_tui.domain.markets import MARKETS, market_named

US = hours_of(market_named("brokertec_us"))
EU = hours_of(market_named("brokertec_eu"))
GLOBEX = hours_of(market_named("globex"))
EVERY = (US, EU, GLOBEX)
YEARS = range(2021, 2031)
# Western Easter Sundays as published, not computed.
EASTER = {
    2021: date(2021, 4, 4),
    2022: date(2022, 4, 17),
    2023: date(2023, 4, 9),
    2024: date(2024, 3, 31),
    2025: date(2025, 4, 20),
    2026: date(2026, 4, 5),
    2027: date(2027, 3, 28),
    2028: date(2028, 4, 16),
    2029: date(2029, 4, 1),
    2030: date(2030, 4, 21),
}
THANKSGIVING = {
    2021: 25,
    2022: 24,
    2023: 23,
    2024: 28,
    2025: 27,
    2026: 26,
    2027: 25,
    2028: 23,
    2029: 22,
    2030: 28,
}
# SIFMA closes early instead of fully when the employment report is released on Good Friday.
OPEN_GOOD_FRIDAYS = {2021, 2023, 2026}


@pytest.mark.parametrize(
    ("hours", "day", "utc"),
    [
        # United States: summer time from 8 March to 1 November 2026.
        (US, date(2026, 3, 6), datetime(2026, 3, 6, 22, 30, tzinfo=UTC)),
        (US, date(2026, 3, 8), datetime(2026, 3, 8, 21, 30, tzinfo=UTC)),
        (US, date(2026, 10, 30), datetime(2026, 10, 30, 21, 30, tzinfo=UTC)),
        (US, date(2026, 11, 2), datetime(2026, 11, 2, 22, 30, tzinfo=UTC)),
        # United Kingdom: summer time from 29 March to 25 October 2026.
        (EU, date(2026, 3, 27), datetime(2026, 3, 27, 18, 30, tzinfo=UTC)),
        (EU, date(2026, 3, 30), datetime(2026, 3, 30, 17, 30, tzinfo=UTC)),
        (EU, date(2026, 10, 23), datetime(2026, 10, 23, 17, 30, tzinfo=UTC)),
        (EU, date(2026, 10, 26), datetime(2026, 10, 26, 18, 30, tzinfo=UTC)),
        # The weeks when the two differ by four hours.
        (US, date(2026, 3, 16), datetime(2026, 3, 16, 21, 30, tzinfo=UTC)),
        (EU, date(2026, 3, 16), datetime(2026, 3, 16, 18, 30, tzinfo=UTC)),
        (GLOBEX, date(2026, 1, 5), datetime(2026, 1, 5, 22, 0, tzinfo=UTC)),
        (GLOBEX, date(2026, 7, 6), datetime(2026, 7, 6, 21, 0, tzinfo=UTC)),
    ],
)
def test_close_follows_the_clock_changes(hours: MarketHours, day: date, utc: datetime) -> None:
    assert close_of(hours, day) == utc
    assert close_of(hours, day).tzinfo is UTC


@pytest.mark.parametrize("hours", EVERY, ids=lambda hours: hours.calendar)
@pytest.mark.parametrize("year", YEARS)
def test_weekends_are_closed_and_most_weekdays_open(hours: MarketHours, year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    assert not any(is_business_day(hours, day) for day in days if day.weekday() >= 5)
    closed = [day for day in days if day.weekday() < 5 and not is_business_day(hours, day)]
    assert 3 <= len(closed) <= 13


@pytest.mark.parametrize("year", YEARS)
def test_thanksgiving(year: int) -> None:
    day = date(year, 11, THANKSGIVING[year])
    assert day.weekday() == 3
    assert not is_business_day(US, day)
    assert not is_business_day(GLOBEX, day)
    assert is_business_day(EU, day)
    for hours in EVERY:
        assert is_business_day(hours, day + timedelta(days=1))


@pytest.mark.parametrize("year", YEARS)
def test_good_friday_and_easter_monday(year: int) -> None:
    friday, monday = EASTER[year] - timedelta(days=2), EASTER[year] + timedelta(days=1)
    assert not is_business_day(EU, friday)
    assert not is_business_day(GLOBEX, friday)
    assert is_business_day(US, friday) == (year in OPEN_GOOD_FRIDAYS)
    assert not is_business_day(EU, monday)
    assert is_business_day(US, monday)
    assert is_business_day(GLOBEX, monday)


@pytest.mark.parametrize("year", YEARS)
def test_christmas(year: int) -> None:
    day = date(year, 12, 25)
    for hours in EVERY:
        assert not is_business_day(hours, day)
    # On a Saturday the Americas rest on Friday, London on the Monday and Tuesday after.
    if day.weekday() == 5:
        assert not is_business_day(US, date(year, 12, 24))
        assert not is_business_day(EU, date(year, 12, 27))
        assert not is_business_day(EU, date(year, 12, 28))
    if day.weekday() == 6:
        assert not is_business_day(US, date(year, 12, 26))
        assert not is_business_day(GLOBEX, date(year, 12, 26))
        assert not is_business_day(EU, date(year, 12, 27))


@pytest.mark.parametrize(
    ("hours", "day", "is_open"),
    [
        (US, date(2026, 11, 11), False),  # Veterans Day
        (GLOBEX, date(2026, 11, 11), True),
        (EU, date(2026, 11, 11), True),
        (US, date(2026, 10, 12), False),  # Columbus Day
        (US, date(2026, 7, 3), False),  # Independence Day on a Saturday
        (EU, date(2026, 7, 3), True),
        (EU, date(2026, 12, 28), False),  # Boxing Day on a Saturday
        (US, date(2026, 12, 28), True),
        (EU, date(2023, 5, 8), False),  # coronation
        (EU, date(2022, 9, 19), False),  # state funeral
        (EU, date(2026, 8, 31), False),  # late summer bank holiday
        (US, date(2026, 6, 19), False),  # Juneteenth
        (US, date(2026, 12, 24), True),  # an early close is a business day
        (GLOBEX, date(2026, 1, 19), True),  # Martin Luther King Day: Globex pauses only
        (US, date(2026, 1, 19), False),
    ],
)
def test_known_days(hours: MarketHours, day: date, is_open: bool) -> None:
    assert is_business_day(hours, day) is is_open


def test_the_business_day_before() -> None:
    assert business_day_on_or_before(US, date(2026, 11, 25)) == date(2026, 11, 25)
    assert business_day_on_or_before(US, date(2026, 11, 26)) == date(2026, 11, 25)
    assert business_day_on_or_before(US, date(2026, 11, 29)) == date(2026, 11, 27)
    assert business_day_on_or_before(EU, date(2026, 4, 6)) == date(2026, 4, 2)
    assert business_day_on_or_before(EU, date(2027, 1, 1)) == date(2026, 12, 31)


def test_the_next_close_is_after_now() -> None:
    friday_close = close_of(US, date(2026, 11, 20))
    assert next_close(US, friday_close - timedelta(seconds=1)) == friday_close
    assert next_close(US, friday_close) == close_of(US, date(2026, 11, 23))
    # Already Saturday in UTC, still Friday evening in New York.
    late = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
    assert local_day(US, late) == date(2026, 11, 20)
    assert next_close(US, late) == close_of(US, date(2026, 11, 23))
    assert next_close(US, close_of(US, date(2026, 11, 25))) == close_of(US, date(2026, 11, 27))


def test_the_site_overrides_the_library() -> None:
    monday, holiday, saturday = date(2026, 11, 23), date(2026, 11, 26), date(2026, 11, 28)
    site = hours_of(market_named("brokertec_us"), closed={monday}, opened={holiday, saturday, monday})
    assert not is_business_day(site, monday)
    assert is_business_day(site, holiday)
    assert is_business_day(site, saturday)
    assert business_day_on_or_before(site, date(2026, 11, 29)) == saturday


def test_the_close_may_be_configured() -> None:
    site = hours_of(market_named("globex"), close=time(15, 0))
    assert close_of(site, date(2026, 1, 5)) == datetime(2026, 1, 5, 21, 0, tzinfo=UTC)


def test_a_site_that_closes_everything_is_refused() -> None:
    first = date(2026, 1, 1)
    site = hours_of(market_named("globex"), closed=[first + timedelta(days=n) for n in range(-100, 100)])
    with pytest.raises(InvalidValue, match="leaves no business day"):
        business_day_on_or_before(site, first)
    with pytest.raises(InvalidValue, match="leaves no business day"):
        next_close(site, datetime(2026, 1, 1, tzinfo=UTC))


def test_a_year_without_calendar_has_weekends_only() -> None:
    for market in MARKETS.values():
        hours = hours_of(market)
        assert all(calendar_covers(hours, year) for year in range(2025, 2040))
        assert not calendar_covers(hours, 1900)
        assert not calendar_covers(hours, 2500)
    unknown = MarketHours("UTC", time(12), "NOWHERE")
    assert not calendar_covers(unknown, 2026)
    assert is_business_day(unknown, date(2026, 12, 25))
    assert not is_business_day(unknown, date(2026, 12, 26))


def test_a_time_without_a_zone_is_a_mistake_of_the_caller() -> None:
    naive = datetime(2026, 1, 5, 12)  # noqa: DTZ001  # that is the point
    with pytest.raises(ValueError, match="without a zone"):
        next_close(US, naive)

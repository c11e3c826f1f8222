"""Rules K1 to K4 and K8, to the second."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.keypairs import (
    PENDING_WINDOW,
    ExpiryChange,
    KeyPair,
    KeyState,
    days_left,
    expiry_for,
    grace_expiry,
    left_in_cells,
    left_words,
    market_date,
    pending_from,
    plan_generation,
    state_of,
)
from dropcopy_tui.domain.market_close import MarketHours, close_of, hours_of, is_business_day, local_day
from dropcopy_tui.domain.markets import MARKETS, Market, market_named

US = hours_of(market_named("brokertec_us"))
EU = hours_of(market_named("brokertec_eu"))
GLOBEX = hours_of(market_named("globex"))
# Sunday 22 November 2026, noon in New York.
NOW = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MOMENTS = st.integers(0, 14 * 365 * 86_400).map(
    lambda seconds: datetime(2021, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
GRACE = close_of(US, date(2026, 12, 18))  # 20 December is a Sunday
A_YEAR = close_of(US, date(2027, 11, 22))


def pair(name: str, expires: datetime, created: datetime | None = None, **more: datetime) -> KeyPair:
    return KeyPair(name, "T4C", created or expires - timedelta(days=365), expires, zone=US.zone, **more)


# K1


def test_state_follows_from_the_clock() -> None:
    key = pair("A", GRACE)
    # From the first second of the market's day four weeks before: Friday 20 November in New York.
    begins = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
    assert pending_from(GRACE, US.zone) == begins
    assert state_of(key, begins - SECOND) is KeyState.ACTIVE
    assert state_of(key, begins) is KeyState.PENDING_EXPIRATION
    assert state_of(key, GRACE - SECOND) is KeyState.PENDING_EXPIRATION
    assert state_of(key, GRACE) is KeyState.EXPIRED
    assert state_of(key, GRACE + SECOND) is KeyState.EXPIRED


def test_deleted_wins_over_everything() -> None:
    key = pair("A", GRACE, deleted_at=NOW)
    assert state_of(key, NOW) is KeyState.DELETED
    assert state_of(key, GRACE + SECOND) is KeyState.DELETED
    # A clock that goes back revives neither a deleted pair nor one whose place another pair has.
    assert state_of(key, NOW - timedelta(days=1)) is KeyState.DELETED
    assert state_of(replace(pair("A", GRACE), replaced=True), NOW) is KeyState.EXPIRED
    assert [state for state in KeyState if state.living] == [KeyState.ACTIVE, KeyState.PENDING_EXPIRATION]
    assert KeyState.PENDING_EXPIRATION.words == "expiring"


@pytest.mark.parametrize("market", MARKETS.values(), ids=lambda market: market.code)
def test_pending_begins_four_weeks_of_days_before_through_the_clock_changes(market: Market) -> None:
    hours = hours_of(market)
    for number in range(366):
        day = date(2026, 1, 1) + timedelta(days=number)
        begins = pending_from(close_of(hours, day), hours.zone)
        assert local_day(hours, begins) == day - PENDING_WINDOW
        assert local_day(hours, begins - SECOND) == day - PENDING_WINDOW - timedelta(days=1)


@settings(deadline=None)
@given(MOMENTS, st.sampled_from(list(MARKETS.values())), st.integers(1, 500))
def test_a_pair_that_stays_beside_a_new_one_is_pending_at_once(now: datetime, market: Market, days: int) -> None:
    """Rule K3, at every second: two pairs live only while the older is within four weeks of its expiry."""
    hours = hours_of(market)
    own = expiry_for(hours, now - timedelta(days=365 - min(days, 364)))
    older = KeyPair("A", "T4C", now - timedelta(days=500), max(own, now + SECOND), zone=hours.zone)
    plan = plan_generation("T4C", [older], hours, now)
    ends = plan.changes[0].new if plan.changes else older.expires_at
    for moment in (now, now + (ends - now) / 3, now + (ends - now) / 2, ends - SECOND):
        assert state_of(replace(older, expires_at=ends), moment) is KeyState.PENDING_EXPIRATION
    assert state_of(replace(older, expires_at=ends), ends) is KeyState.EXPIRED


def test_a_clock_far_before_the_present_pair_is_refused() -> None:
    """Four weeks from a clock that went back would end before the pair began."""
    early = OLDER.created_at - timedelta(days=40)
    with pytest.raises(InvalidValue, match=r"Correct the clock. Nothing was changed\."):
        plan_generation("T4C", [OLDER], US, early)


def test_days_left_are_days_of_the_market() -> None:
    assert days_left(US, GRACE, GRACE) == 0
    midnight = datetime(2026, 12, 17, 5, 0, tzinfo=UTC)
    assert [days_left(US, GRACE, midnight - SECOND), days_left(US, GRACE, midnight)] == [2, 1]


# K2


# Every day of ten years, in each market: the close of a business day, at most twelve months later.
@pytest.mark.parametrize("market", MARKETS.values(), ids=lambda market: market.code)
def test_every_key_of_ten_years_ends_at_a_close(market: Market) -> None:
    hours, offsets = hours_of(market), set()
    zone = ZoneInfo(hours.zone)
    day, made = date(2026, 1, 1), 0
    while day <= date(2035, 12, 31):
        same = date(day.year + 1, 2, 28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + 1)
        for clock in (time(0, 0), time(12, 0), time(23, 59, 59)):
            now = datetime.combine(day, clock, zone).astimezone(UTC)
            expires = expiry_for(hours, now)
            last = expires.astimezone(zone)
            assert last.timetz().replace(tzinfo=None) == market.close
            assert is_business_day(hours, last.date())
            assert same - timedelta(days=6) <= last.date() <= same
            # Nothing between: the next business day would be too late.
            between = [last.date() + timedelta(days=n) for n in range(1, (same - last.date()).days + 1)]
            assert not any(is_business_day(hours, later) for later in between)
            assert state_of(KeyPair("A", "T4C", now, expires, zone=hours.zone), expires - SECOND).living
            assert not state_of(KeyPair("A", "T4C", now, expires, zone=hours.zone), expires).living
            offsets.add(last.utcoffset())
            made += 1
        day += timedelta(days=1)
    assert made == 3 * 3_652
    # Summer and winter were both among them.
    assert len(offsets) == 2


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (NOW, date(2027, 11, 22)),
        (datetime(2025, 11, 22, 17, tzinfo=UTC), date(2026, 11, 20)),  # a Sunday
        (datetime(2025, 11, 26, 17, tzinfo=UTC), date(2026, 11, 25)),  # Thanksgiving 2026
        (datetime(2024, 2, 29, 17, tzinfo=UTC), date(2025, 2, 28)),
        (datetime(2028, 2, 29, 17, tzinfo=UTC), date(2029, 2, 28)),
        (datetime(2027, 2, 28, 17, tzinfo=UTC), date(2028, 2, 28)),
        # One second around midnight in New York.
        (datetime(2026, 3, 11, 3, 59, 59, tzinfo=UTC), date(2027, 3, 10)),
        (datetime(2026, 3, 11, 4, 0, 0, tzinfo=UTC), date(2027, 3, 11)),
        # After today's close it is still today.
        (close_of(US, date(2026, 3, 11)) + SECOND, date(2027, 3, 11)),
    ],
)
def test_a_life_of_twelve_months_ends_at_market_close(now: datetime, day: date) -> None:
    assert expiry_for(US, now) == close_of(US, day)


@settings(deadline=None)
@given(MOMENTS, st.sampled_from(list(MARKETS.values())))
def test_every_expiry_is_a_close_of_a_business_day(now: datetime, market: Market) -> None:
    hours = hours_of(market)
    for expires, days in ((expiry_for(hours, now), 366), (grace_expiry(hours, now), 28)):
        day = local_day(hours, expires)
        assert is_business_day(hours, day)
        assert expires == close_of(hours, day)
        assert days - 7 <= (day - local_day(hours, now)).days <= days


# K3


def test_the_first_pair() -> None:
    plan = plan_generation("T4C", [], US, NOW)
    assert (plan.new_expires_at, plan.changes, plan.deleted, plan.choice_needed) == (A_YEAR, (), None, ())
    assert plan.sentence == "T4C gets its first key pair"


def test_a_second_pair_inside_the_window_leaves_the_older_alone() -> None:
    own = close_of(US, date(2026, 12, 15))
    plan = plan_generation("T4C", [pair("A", own)], US, NOW)
    assert (plan.new_expires_at, plan.changes, plan.deleted, plan.choice_needed) == (A_YEAR, (), None, ())
    assert plan.sentence == "T4C gets a second key pair; the current one still expires on 15 Dec 2026"


def test_an_early_rotation_gives_the_older_four_weeks() -> None:
    own = close_of(US, date(2027, 3, 1))
    plan = plan_generation("T4C", [pair("A", own)], US, NOW)
    assert plan.changes == (ExpiryChange("A", own, GRACE),)
    assert plan.deleted is None
    assert plan.sentence == (
        "T4C gets a second key pair; the current one will expire sooner, at market close in four weeks "
        "(18 Dec 2026 17:30 ET)"
    )


@pytest.mark.parametrize(("later", "moves"), [(timedelta(0), False), (-SECOND, False), (SECOND, True)])
def test_the_older_never_lives_longer_than_four_weeks(later: timedelta, moves: bool) -> None:
    plan = plan_generation("T4C", [pair("A", GRACE + later)], US, NOW)
    assert bool(plan.changes) is moves
    assert all(change.new == GRACE for change in plan.changes)


def test_the_cap_holds_inside_the_window_too() -> None:
    """The site moved its holidays: the own expiry lies in the window, but after the four weeks' close."""
    monday = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)  # after the day's close
    own = close_of(US, date(2026, 12, 21))
    site = hours_of(market_named("brokertec_us"), closed={date(2026, 12, 21)})
    assert state_of(pair("A", own), monday) is KeyState.PENDING_EXPIRATION
    plan = plan_generation("T4C", [pair("A", own)], site, monday)
    assert plan.changes == (ExpiryChange("A", own, GRACE),)


def test_four_weeks_count_market_days_not_hours() -> None:
    """Four weeks over the end of summer time are an hour longer: still the same wall clock time."""
    now = datetime(2026, 10, 15, 15, 0, tzinfo=UTC)
    assert grace_expiry(US, now) == datetime(2026, 11, 12, 22, 30, tzinfo=UTC)


# K4


OLDER = pair("OLD", close_of(US, date(2026, 12, 15)), NOW - timedelta(days=340))
NEWER = pair("NEW", close_of(US, date(2027, 11, 1)), NOW - timedelta(days=20))


@pytest.mark.parametrize("living", [(OLDER, NEWER), (NEWER, OLDER)])
def test_a_third_pair_needs_a_choice_with_the_older_first(living: tuple[KeyPair, ...]) -> None:
    plan = plan_generation("T5A", living, US, NOW)
    assert plan.choice_needed == ("OLD", "NEW")
    assert plan.deleted is None
    assert plan.changes == ()
    assert plan.sentence == "T5A gets a third key pair; select which of the current two to delete"


def test_dropping_the_older_gives_the_newer_four_weeks() -> None:
    plan = plan_generation("T5A", [OLDER, NEWER], US, NOW, "OLD")
    assert (plan.deleted, plan.choice_needed) == ("OLD", ())
    assert plan.changes == (ExpiryChange("NEW", NEWER.expires_at, GRACE),)
    assert plan.new_expires_at == A_YEAR
    assert "the older one is deleted immediately" in plan.sentence
    assert plan.sentence.endswith("will expire sooner, at market close in four weeks (18 Dec 2026 17:30 ET)")


def test_dropping_the_newer_leaves_the_older_its_sooner_expiry() -> None:
    plan = plan_generation("T5A", [OLDER, NEWER], US, NOW, "NEW")
    assert (plan.deleted, plan.changes) == ("NEW", ())
    assert plan.sentence == (
        "T5A gets a third key pair; of the current two, the newer one is deleted immediately "
        "and the other still expires on 15 Dec 2026"
    )


def test_the_older_counts_by_creation_not_by_expiry() -> None:
    first = pair("FIRST", close_of(US, date(2027, 10, 1)), NOW - timedelta(days=50))
    second = pair("SECOND", close_of(US, date(2026, 12, 1)), NOW - timedelta(days=49))
    assert plan_generation("T5A", [second, first], US, NOW).choice_needed == ("FIRST", "SECOND")


@pytest.mark.parametrize("living", [(), (NEWER,), (OLDER, NEWER)])
def test_a_choice_that_is_not_living_is_refused(living: tuple[KeyPair, ...]) -> None:
    with pytest.raises(InvalidValue, match="Nothing was changed") as refusal:
        plan_generation("T5A", living, US, NOW, "OTHER")
    assert refusal.value.field == "drop"


def test_the_last_living_pair_is_not_deleted_by_a_stale_choice() -> None:
    """The older expired while the person was choosing to delete the newer."""
    after = OLDER.expires_at
    with pytest.raises(InvalidValue, match="none needs to be deleted"):
        plan_generation("T5A", [OLDER, NEWER], US, after, "NEW")


def test_three_living_pairs_are_refused() -> None:
    with pytest.raises(InvalidValue, match="3 active"):
        plan_generation("T5A", [OLDER, NEWER, pair("X", A_YEAR)], US, NOW, "X")


@settings(deadline=None)
@given(
    st.lists(st.integers(-400, 400), max_size=2),
    MOMENTS,
    st.sampled_from([None, 0, 1]),
)
def test_never_more_than_two_living(days: list[int], now: datetime, choice: int | None) -> None:
    keys = [
        pair(f"K{number}", now + timedelta(days=day), now - timedelta(days=500 - number))
        for number, day in enumerate(days)
    ]
    alive = [key for key in keys if state_of(key, now).living]
    drop = alive[choice].access_key_id if choice is not None and len(alive) == 2 else None
    plan = plan_generation("T4C", keys, US, now, drop)
    if plan.choice_needed:
        assert len(alive) == 2
        return
    left = [key for key in alive if key.access_key_id != plan.deleted]
    assert len(left) <= 1
    moved = {change.access_key_id: change for change in plan.changes}
    for key in left:
        ends = moved[key.access_key_id].new if key.access_key_id in moved else key.expires_at
        assert ends == min(key.expires_at, grace_expiry(US, now))
        # The pair that remains is pending by the day's close at the latest.
        assert ends - close_of(US, local_day(US, now)) <= PENDING_WINDOW + timedelta(hours=1)


# K8


def test_a_session_whose_keys_all_expired_gets_a_new_pair() -> None:
    words = "T4C gets a new key pair; the earlier ones are no longer valid"
    assert plan_generation("T4C", [], US, NOW, had_keys=True).sentence == words
    gone = [pair("A", NOW), pair("B", A_YEAR, deleted_at=NOW - SECOND)]
    plan = plan_generation("T4C", gone, US, NOW)
    assert (plan.sentence, plan.changes, plan.choice_needed) == (words, (), ())
    # One second before its expiry the first one still counts.
    assert "second key pair" in plan_generation("T4C", gone, US, NOW - SECOND).sentence


# Words


@pytest.mark.parametrize(
    ("hours", "when", "words"),
    [
        (US, datetime(2026, 12, 15, 22, 30, tzinfo=UTC), "15 Dec 2026 17:30 ET"),
        (US, datetime(2026, 7, 1, 21, 30, tzinfo=UTC), "1 Jul 2026 17:30 ET"),
        (EU, datetime(2026, 7, 1, 17, 30, tzinfo=UTC), "1 Jul 2026 18:30 UK"),
        (GLOBEX, datetime(2026, 1, 5, 22, 0, tzinfo=UTC), "5 Jan 2026 16:00 CT"),
    ],
)
def test_market_dates(hours: MarketHours, when: datetime, words: str) -> None:
    assert market_date(hours, when) == words


@pytest.mark.parametrize(
    ("days", "words", "cells"),
    [
        (23, "in 23 days", "23 d"),
        (1, "in 1 day", "1 d"),
        (0, "today", "today"),
        (-1, "1 day ago", "-1 d"),
        (-3, "3 days ago", "-3 d"),
        (1234, "in 1,234 days", "1,234 d"),
    ],
)
def test_days_in_words(days: int, words: str, cells: str) -> None:
    assert (left_words(days), left_in_cells(days)) == (words, cells)


def test_the_words_of_zones_without_a_label() -> None:
    tokyo = MarketHours("Asia/Tokyo", GLOBEX.close, GLOBEX.calendar)
    assert market_date(tokyo, datetime(2026, 1, 5, 22, 0, tzinfo=UTC)) == "6 Jan 2026 07:00 JST"


def test_plans_are_the_same_whatever_the_order() -> None:
    plans = {plan_generation("T5A", order, US, NOW, "OLD") for order in itertools.permutations((OLDER, NEWER))}
    assert len(plans) == 1


def test_a_session_that_has_three_pairs_by_whatever_way_gets_no_fourth() -> None:
    pairs = [pair(name, A_YEAR - SECOND * number) for number, name in enumerate("ABC")]
    for drop in (None, "A"):
        with pytest.raises(InvalidValue, match="T4C has 3 active key pairs"):
            plan_generation("T4C", pairs, US, NOW, drop)

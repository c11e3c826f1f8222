"""The daily batch of a market, where it is set so (rule Q5)."""

from __future__ import annotations

from datetime import datetime

from dropcopy_tui.domain.keypairs import market_date
from dropcopy_tui.domain.market_close import MarketHours, hours_of, local_day, next_close
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.requests import RequestType
from dropcopy_tui.domain.settings import Settings


def due_at(market: str, settings: Settings, ready: datetime) -> datetime | None:
    """When the batch takes what was ready then; None where the market has no batch: immediately."""
    hours = _hours(market, settings)
    return next_close(hours, ready) if hours else None


def due_words(market: str, settings: Settings, due: datetime, now: datetime) -> str:
    """The moment in the batch's zone, such as `16:00 CT today` or `24 Nov 2026 16:00 CT`."""
    hours = _hours(market, settings)
    if hours is None:
        return ""
    words = market_date(hours, due)
    if local_day(hours, due) != local_day(hours, now):
        return words
    return " ".join(words.split(" ")[3:]) + " today"


def outcome_words(asked: RequestType, market: str, settings: Settings, now: datetime) -> str:
    """What happens to the group, and when, once no approval is missing: `the group is deleted immediately`."""
    due = due_at(market, settings, now)
    when = f"in the batch of {due_words(market, settings, due, now)}" if due else "immediately"
    return f"{asked.outcome} {when}"


def effective_words(market: str, settings: Settings, now: datetime, *, waits: bool) -> str:
    """When a request that is submitted now takes effect. `waits`: someone has to approve it first."""
    due = due_at(market, settings, now)
    if due is None:
        return "immediately after the last approval" if waits else "immediately after you submit"
    when = due_words(market, settings, due, now)
    if waits:
        return f"in the first daily batch after the last approval, {when} at the earliest"
    return f"{when}, in the daily batch"


def _hours(market: str, settings: Settings) -> MarketHours | None:
    at = settings.batches.get(market)
    if at is None:
        return None
    hours = hours_of(market_named(market), close=at, closed=settings.closed_days, opened=settings.open_days)
    # The batch runs on the days of its market, but at the hour and in the zone that the site has set.
    return MarketHours(settings.batch_zone, hours.close, hours.calendar, hours.closed, hours.open)

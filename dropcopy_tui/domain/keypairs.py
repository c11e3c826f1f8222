"""Key pairs: their states, their expiry, and the effect of a new one on the others (rules K1 to K4, K8).

Four weeks are days of the market, not hours (rules K1, K3, K4): a pair is pending expiration from the first second of
the market's day four weeks before its last day. A pair that a rotation shortens expires at market close four weeks
from today, up to a day more than 4 x 7 x 24 hours away. Counted in days it is pending immediately, so that whenever
two pairs are accepted, the older one is pending.

A pair that gateways accept, whether active or pending expiration, is called `living` in code; the messages call it
active.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dropcopy_tui.domain.dates import date_words, moment_words
from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.market_close import (
    MarketHours,
    business_day_on_or_before,
    close_of,
    local_day,
    local_time,
)
from dropcopy_tui.domain.plurals import plural

# Rules K1, K3, K4: a pair is pending for its last four weeks, and an older pair keeps at most four weeks.
PENDING_WINDOW = timedelta(weeks=4)
MOST_LIVING = 2
_LABELS = {"America/New_York": "ET", "Europe/London": "UK", "America/Chicago": "CT"}
# In no time zone is a pair pending earlier than this before its expiry: most pairs are known to be active without
# converting time zones.
_SURELY_ACTIVE = PENDING_WINDOW + timedelta(days=1, hours=2)


class KeyState(StrEnum):
    """Rule K1: the state is never stored; it follows from the stored times and the clock."""

    ACTIVE = "active"
    PENDING_EXPIRATION = "pending_expiration"
    EXPIRED = "expired"
    DELETED = "deleted"

    @property
    def words(self) -> str:
        """The state in words."""
        return "expiring" if self is KeyState.PENDING_EXPIRATION else self.value

    @property
    def living(self) -> bool:
        """Whether a logon with the key is accepted."""
        return self in (KeyState.ACTIVE, KeyState.PENDING_EXPIRATION)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The public side of a key pair, without its secret; times are aware.

    Attributes:
        zone: the time zone of its market, in which days are counted (rule K1).
        replaced: the pair had expired, and another one took its place: setting the clock back does not revive it.
    """

    access_key_id: str
    session_id: str
    created_at: datetime
    expires_at: datetime
    deleted_at: datetime | None = None
    zone: str = "UTC"
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class ExpiryChange:
    """A pair that will expire sooner than it would have without the new one."""

    access_key_id: str
    old: datetime
    new: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """The effect of generating a pair for one session, computed before anything is changed.

    Attributes:
        session_id: the session.
        new_expires_at: when the new pair expires.
        changes: the pairs whose expiry changes.
        deleted: access key id of the pair that is deleted immediately (rule K4).
        choice_needed: access key ids of the active pairs, older first, until the one to delete has been chosen.
        sentence: the whole effect in words, with dates in the market's zone.
        until: the expiry of the new pair in the market's time.
        refusal: why this session gets no new pair, or "" if it gets one; with a refusal, nothing above applies.
    """

    session_id: str
    new_expires_at: datetime
    changes: tuple[ExpiryChange, ...]
    deleted: str | None
    choice_needed: tuple[str, ...]
    sentence: str
    until: str = ""
    refusal: str = ""


def state_of(key: KeyPair, now: datetime) -> KeyState:
    """Rule K1. A key is refused from the very second of its expiry; a deletion does not depend on the clock."""
    if key.deleted_at is not None:
        return KeyState.DELETED
    if key.replaced or now >= key.expires_at:
        return KeyState.EXPIRED
    if key.expires_at - now < _SURELY_ACTIVE and now >= pending_from(key.expires_at, key.zone):
        return KeyState.PENDING_EXPIRATION
    return KeyState.ACTIVE


def pending_from(expires_at: datetime, zone: str) -> datetime:
    """Rule K1: the first second of the market's day four weeks before the last day of a pair, in UTC."""
    market = ZoneInfo(zone)
    first = expires_at.astimezone(market).date() - PENDING_WINDOW
    return datetime.combine(first, time.min, market).astimezone(UTC)


def days_left(hours: MarketHours, expires_at: datetime, now: datetime) -> int:
    """The market's calendar days from today until the last day of a pair; 0 on that day, negative after it (rule K7).

    The one way to count: screens, emails, the report and exports all say this number.
    """
    return days_from(local_day(hours, now), hours, expires_at)


def days_from(today: date, hours: MarketHours, expires_at: datetime) -> int:
    """The same from a day of the market that is known already, for many pairs at one moment."""
    return (local_day(hours, expires_at) - today).days


def expiry_for(hours: MarketHours, now: datetime) -> datetime:
    """Rule K2: market close 12 months from today in the market's zone, or of the business day before."""
    today = local_day(hours, now)
    return close_of(hours, business_day_on_or_before(hours, _a_year_after(today)))


def grace_expiry(hours: MarketHours, now: datetime) -> datetime:
    """Rules K3, K4: market close four weeks from today (market's zone), or of the business day before."""
    today = local_day(hours, now)
    return close_of(hours, business_day_on_or_before(hours, today + PENDING_WINDOW))


def plan_generation(
    session_id: str,
    living: Sequence[KeyPair],
    hours: MarketHours,
    now: datetime,
    drop: str | None = None,
    *,
    had_keys: bool = False,
) -> Plan:
    """Plan the effect of a new pair for the session.

    Args:
        session_id: the session.
        living: its pairs; those that have expired or been deleted by now are ignored.
        hours: the hours of the session's market.
        now: an aware time.
        drop: access key id of the pair to delete immediately, if there are two (rule K4).
        had_keys: whether the session had pairs before, none of which is still active (rule K8).

    Raises:
        InvalidValue: `drop` is not an active pair, or nothing needs to be deleted, or three pairs are active, or the
            clock is so far behind that an existing pair would expire before it was created.
    """
    pairs = sorted(
        (key for key in living if state_of(key, now).living),
        key=lambda key: (key.created_at, key.expires_at, key.access_key_id),
    )
    _check_drop(session_id, pairs, drop)
    expires = expiry_for(hours, now)
    if len(pairs) == MOST_LIVING:
        plan = _third_pair(session_id, pairs, hours, now, expires, drop)
    elif pairs:
        plan = _second_pair(session_id, pairs[0], hours, now, expires)
    else:
        again = had_keys or living
        words = "gets a new key pair; the earlier ones are no longer valid" if again else "gets its first key pair"
        plan = Plan(session_id, expires, (), None, (), f"{session_id} {words}")
    return replace(plan, until=market_date(hours, expires))


def _check_drop(session_id: str, pairs: Sequence[KeyPair], drop: str | None) -> None:
    if len(pairs) > MOST_LIVING:
        raise InvalidValue(
            f"{session_id} has {len(pairs)} active key pairs. Delete all but two first. Nothing was changed.",
            "session_id",
        )
    if drop is None:
        return
    if all(key.access_key_id != drop for key in pairs):
        raise InvalidValue(
            f"The key pair of {session_id} that was selected for deletion is no longer active. "
            "Review the key pairs again. Nothing was changed.",
            "drop",
        )
    if len(pairs) < MOST_LIVING:
        # The other pair expired while the person was choosing: this one may be the session's only active pair.
        raise InvalidValue(
            f"{session_id} now has one active key pair, so none needs to be deleted. "
            "Review the key pairs again. Nothing was changed.",
            "drop",
        )


def _second_pair(session_id: str, present: KeyPair, hours: MarketHours, now: datetime, expires: datetime) -> Plan:
    """Rule K3. The present pair expires at its own expiry or after four weeks, whichever comes first."""
    changes = _shortened(present, hours, now)
    words = f"gets a second key pair; the current one {_fate(present, changes, hours)}"
    return Plan(session_id, expires, changes, None, (), f"{session_id} {words}")


def _third_pair(
    session_id: str,
    pairs: Sequence[KeyPair],
    hours: MarketHours,
    now: datetime,
    expires: datetime,
    drop: str | None,
) -> Plan:
    """Rule K4: a third pair requires that one of the two is deleted."""
    if drop is None:
        ids = tuple(key.access_key_id for key in pairs)
        words = "gets a third key pair; select which of the current two to delete"
        return Plan(session_id, expires, (), None, ids, f"{session_id} {words}")
    older, newer = pairs
    gone, stays = ("older", newer) if older.access_key_id == drop else ("newer", older)
    changes = _shortened(stays, hours, now)
    fate = _fate(stays, changes, hours)
    words = f"gets a third key pair; of the current two, the {gone} one is deleted immediately and the other {fate}"
    return Plan(session_id, expires, changes, drop, (), f"{session_id} {words}")


def _shortened(key: KeyPair, hours: MarketHours, now: datetime) -> tuple[ExpiryChange, ...]:
    """The change to a pair that may stay valid for four weeks at most; its validity is never extended."""
    latest = grace_expiry(hours, now)
    if key.expires_at <= latest:
        return ()
    if latest <= key.created_at:
        made = market_date(hours, key.created_at)
        raise InvalidValue(
            f"{key.session_id} has a key pair created on {made}, and the clock of this machine is more than four weeks "
            "behind that. Correct the clock. Nothing was changed."
        )
    return (ExpiryChange(key.access_key_id, key.expires_at, latest),)


def _fate(key: KeyPair, changes: tuple[ExpiryChange, ...], hours: MarketHours) -> str:
    if not changes:
        return f"still expires on {date_words(local_day(hours, key.expires_at))}"
    when = market_date(hours, changes[0].new)
    return f"will expire sooner, at market close in four weeks ({when})"


def market_date(hours: MarketHours, when: datetime) -> str:
    """The time in the market's zone, such as `15 Dec 2026 17:30 ET`."""
    local = local_time(hours, when)
    label = _LABELS.get(hours.zone) or local.tzname() or hours.zone
    return moment_words(local, label)


def left_words(days: int) -> str:
    """The days until a pair's last day, such as `in 23 days`, `today`, `3 days ago`."""
    if days == 0:
        return "today"
    return f"in {plural(days, 'day')}" if days > 0 else f"{plural(-days, 'day')} ago"


def left_in_cells(days: int) -> str:
    """The same for a narrow column, such as `23 d`, `today`."""
    return f"{days:,} d" if days else "today"


def _a_year_after(day: date) -> date:
    """The same date next year; 28 February for 29 February."""
    if (day.month, day.day) == (2, 29):
        return date(day.year + 1, 2, 28)
    return day.replace(year=day.year + 1)

"""Key pairs: their states, their life, and what a new one does to the others (rules K1 to K4, K8).

Four weeks are days of the market, not hours (rules K1, K3, K4): a pair is pending from the first second of the
market's day four weeks before its last day. A pair that a rotation shortens ends at market close four weeks from
today, which is up to a day more than 4 x 7 x 24 hours away; counted in days it is pending at once, so that two
pairs live only while the older is pending, at every second after the newer one was made.
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

# Rules K1, K3, K4: a pair is pending for its last four weeks, and an older pair gets four weeks at most.
PENDING_WINDOW = timedelta(weeks=4)
MOST_LIVING = 2
_LABELS = {"America/New_York": "ET", "Europe/London": "UK", "America/Chicago": "CT"}
# No pair is pending earlier than this before its end, whatever the zone: most pairs are told active at a glance.
_SURELY_ACTIVE = PENDING_WINDOW + timedelta(days=1, hours=2)
_UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


class KeyState(StrEnum):
    """Rule K1: it follows from the stored times and the clock."""

    ACTIVE = "active"
    PENDING_EXPIRATION = "pending_expiration"
    EXPIRED = "expired"
    DELETED = "deleted"

    @property
    def words(self) -> str:
        """The state in words."""
        return self.value.replace("_", " ")

    @property
    def living(self) -> bool:
        """Whether a logon with the key is accepted."""
        return self in (KeyState.ACTIVE, KeyState.PENDING_EXPIRATION)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The public side of a key pair; times are aware. The secret is not part of it.

    Attributes:
        zone: of its market, in which days are counted (rule K1).
        replaced: it had expired, and another pair has its place: a clock that goes back does not revive it.
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
    """A pair that will now expire sooner than it would have."""

    access_key_id: str
    old: datetime
    new: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What generating a pair does to one session, before anything is done.

    Attributes:
        session_id: the session.
        new_expires_at: when the new pair expires.
        changes: pairs whose expiry moves.
        deleted: access key id of the pair deleted at once (rule K4).
        choice_needed: living access key ids, older first, while `deleted` has yet to be chosen.
        sentence: all of it in words, dates in the market's zone.
        until: the end of the new pair in the market's own time.
        refusal: why this session gets no new pair, "" if it does; then nothing else above holds.
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
    """Rule K1. A key is refused from the very second of its expiry on; a deletion holds whatever the clock says."""
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
    """The days of the market from today to the last day of a pair; 0 on that day (rule K7)."""
    return (local_day(hours, expires_at) - local_day(hours, now)).days


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
    """What a new pair for the session would do.

    Args:
        session_id: the session.
        living: its pairs; those that are expired or deleted by now are left aside.
        hours: of the session's market.
        now: aware.
        drop: access key id of the pair to delete at once, when there are two (rule K4).
        had_keys: whether the session had pairs before, none of which is living (rule K8).

    Raises:
        InvalidValue: `drop` is not a living pair, or nothing has to be deleted, or three pairs are living, or the
            clock stands so far back that a present pair would end before it began.
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
        words = "a new pair; the earlier ones are no longer valid" if had_keys or living else "the first pair"
        plan = Plan(session_id, expires, (), None, (), f"{session_id}: {words}")
    return replace(plan, until=market_date(hours, expires))


def _check_drop(session_id: str, pairs: Sequence[KeyPair], drop: str | None) -> None:
    if len(pairs) > MOST_LIVING:
        raise InvalidValue(
            f"{session_id} has {len(pairs)} living key pairs. Delete all but two first; nothing changed.",
            "session_id",
        )
    if drop is None:
        return
    if all(key.access_key_id != drop for key in pairs):
        raise InvalidValue(
            f"{session_id} has no living key pair with the id that was chosen to be deleted. "
            "Look again; nothing changed.",
            "drop",
        )
    if len(pairs) < MOST_LIVING:
        # The other pair expired while the person was choosing: this one may be all the session has.
        raise InvalidValue(
            f"{session_id} has one living key pair by now, so none has to be deleted. Look again; nothing changed.",
            "drop",
        )


def _second_pair(session_id: str, present: KeyPair, hours: MarketHours, now: datetime, expires: datetime) -> Plan:
    """Rule K3. Inside the pending window the own expiry is the sooner one, earlier the four weeks are."""
    changes = _shortened(present, hours, now)
    words = f"a second pair; the present one {_fate(present, changes, hours)}"
    return Plan(session_id, expires, changes, None, (), f"{session_id}: {words}")


def _third_pair(
    session_id: str,
    pairs: Sequence[KeyPair],
    hours: MarketHours,
    now: datetime,
    expires: datetime,
    drop: str | None,
) -> Plan:
    """Rule K4."""
    if drop is None:
        ids = tuple(key.access_key_id for key in pairs)
        return Plan(session_id, expires, (), None, ids, f"{session_id}: third pair, choose which one to delete now")
    older, newer = pairs
    gone, stays = ("older", newer) if older.access_key_id == drop else ("newer", older)
    changes = _shortened(stays, hours, now)
    words = f"a third pair; the {gone} one is deleted at once, the other {_fate(stays, changes, hours)}"
    return Plan(session_id, expires, changes, drop, (), f"{session_id}: {words}")


def _shortened(key: KeyPair, hours: MarketHours, now: datetime) -> tuple[ExpiryChange, ...]:
    """The change to a pair that may live four weeks at most; a life is never made longer."""
    latest = grace_expiry(hours, now)
    if key.expires_at <= latest:
        return ()
    if latest <= key.created_at:
        made = market_date(hours, key.created_at)
        raise InvalidValue(
            f"{key.session_id} has a key pair made on {made}, and the clock of this machine is more than four weeks "
            "before that. Set the clock right; nothing changed."
        )
    return (ExpiryChange(key.access_key_id, key.expires_at, latest),)


def _fate(key: KeyPair, changes: tuple[ExpiryChange, ...], hours: MarketHours) -> str:
    if not changes:
        return f"keeps its expiry of {date_words(local_day(hours, key.expires_at))}"
    when = market_date(hours, changes[0].new)
    return f"will now expire in four weeks, at market close: {when}"


def market_date(hours: MarketHours, when: datetime) -> str:
    """The moment on the market's wall clock, such as `15 Dec 2026 17:30 ET`."""
    local = local_time(hours, when)
    label = _LABELS.get(hours.zone) or local.tzname() or hours.zone
    return moment_words(local, label)


def how_far(now: datetime, when: datetime) -> str:
    """The distance in whole units, such as `in 23 days`, `in 5 hours`, `3 days ago`; `now` below a minute."""
    distance = abs(when - now)
    for name, unit in _UNITS:
        count = distance // unit
        if count:
            words = f"{count:,} {name}{'' if count == 1 else 's'}"
            return f"in {words}" if when > now else f"{words} ago"
    return "now"


def _a_year_after(day: date) -> date:
    """The same date next year; 28 February for 29 February."""
    if (day.month, day.day) == (2, 29):
        return date(day.year + 1, 2, 28)
    return day.replace(year=day.year + 1)

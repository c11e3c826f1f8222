"""The first screen: what there is, and what needs someone. Imports no database library (see store.glance)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dropcopy_tui.domain.keypairs import days_left, left_words, market_date, pending_from
from dropcopy_tui.domain.market_close import hours_of, local_day
from dropcopy_tui.domain.markets import MARKETS, Menu, market_named, markets_of
from dropcopy_tui.domain.people import Actor, Entitlement, Role
from dropcopy_tui.domain.places import Place
from dropcopy_tui.domain.sessions import SessionKind
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.store import home_queries

# A pair made today ends in the thirteenth month; fourteen make two even columns.
_MONTHS = 14


@dataclass(frozen=True, slots=True)
class ExpiringSession:
    """A session whose last active pair expires soon; `when` and `how_far` say it in words."""

    session_pk: int
    session_id: str
    kind: str
    market: str
    expires_at: datetime
    days: int
    when: str
    how_far: str


@dataclass(frozen=True, slots=True)
class KeylessSession:
    """A session without an active key pair; `since` says how long its feed has been stopped, "" if it never ran."""

    session_pk: int
    session_id: str
    kind: str
    market: str
    expired_at: datetime | None
    since: str


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft that can be resumed."""

    id: int
    name: str
    market: str
    step: int

    @property
    def market_name(self) -> str:
        """The market in words."""
        return market_named(self.market).name


@dataclass(frozen=True, slots=True)
class Month:
    """How many sessions' last pairs end in a month."""

    year: int
    month: int
    keys: int


@dataclass(frozen=True, slots=True)
class HomeView:
    """Everything on the first screen. `actor` is None when the person is not known here.

    `held` are their roles: what is offered, by courtesy; services decide what is allowed (rule P3).
    """

    actor: Actor | None
    sandbox: bool
    entities: int
    groups: Mapping[Menu, int]
    order_entry: int
    market_data: int
    requests: int
    to_review: int
    notices: int
    expiring: tuple[ExpiringSession, ...]
    stopped: tuple[KeylessSession, ...]
    without: tuple[KeylessSession, ...]
    drafts: tuple[DraftLine, ...]
    months: tuple[Month, ...]
    held: frozenset[Entitlement] = frozenset()

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that are held anywhere."""
        return frozenset(each.role for each in self.held)

    @property
    def no_entity(self) -> str:
        """What to do for whoever has access to none: on a new desk, operations begin with its entities."""
        if Role.OPERATIONS in self.roles:
            return "You have no access to any entity. If there is none yet: dropcopy import entities FILE"
        return "You have no access to any entity. Ask a user administrator."


def home(
    place: Place, settings: Settings, now: datetime, *, user_id: str = "", os_account: str = "", origin: str = "",
    key: Path | None = None,
) -> HomeView:  # fmt: skip
    """The first screen of a person who is proven already.

    Where no desk has looked at the account yet, `key` is the file of the master key: an account that was changed from
    outside is not shown anything. Raises StoreUnusable, WrongMasterKey, MasterKeyLoose, MasterKeyMissing.
    """
    seen = home_queries.glance(place, now, user_id=user_id, os_account=os_account, key=key)
    # The desk is for drop copy: its sessions stand first, the others behind them.
    keyless = sorted(seen.keyless, key=lambda key: key.kind != SessionKind.DROP_COPY)
    expiring = [key for key in seen.living if now >= pending_from(key.expires_at, market_named(key.market).zone)]
    return HomeView(
        actor=Actor(*seen.person, origin) if seen.person else None,
        sandbox=seen.sandbox,
        entities=seen.entities,
        groups={menu: _of_menu(seen.groups, menu) for menu in Menu},
        order_entry=seen.sessions.get("order_entry", 0),
        market_data=seen.sessions.get("market_data", 0),
        requests=seen.requests,
        to_review=seen.to_review,
        notices=seen.notices,
        expiring=tuple(_expiring(key, settings, now) for key in expiring),
        stopped=tuple(_keyless(key, now) for key in keyless if key.expired_at),
        without=tuple(_keyless(key, now) for key in keyless if not key.expired_at),
        drafts=tuple(DraftLine(*draft) for draft in seen.drafts),
        months=_months(seen.living, now),
        held=frozenset(Entitlement(Role(role), entity) for role, entity in seen.held),
    )


def _of_menu(groups: dict[str, int], menu: Menu) -> int:
    return sum(groups.get(market.code, 0) for market in markets_of(menu))


def _expiring(key: home_queries.LivingKey, settings: Settings, now: datetime) -> ExpiringSession:
    market = market_named(key.market)
    hours = hours_of(market, close=settings.closes.get(key.market))
    words, days = market_date(hours, key.expires_at), days_left(hours, key.expires_at, now)
    about = (key.session_pk, key.session_id, key.kind, key.market)
    return ExpiringSession(*about, key.expires_at, days, words, left_words(days))


def _keyless(key: home_queries.Keyless, now: datetime) -> KeylessSession:
    hours = hours_of(market_named(key.market))
    since = left_words(days_left(hours, key.expired_at, now)) if key.expired_at else ""
    return KeylessSession(key.session_pk, key.session_id, key.kind, key.market, key.expired_at, since)


def _months(living: tuple[home_queries.LivingKey, ...], now: datetime) -> tuple[Month, ...]:
    """This month and those after it, each with the number of sessions whose last pair ends in it."""
    counted: Counter[tuple[int, int]] = Counter()
    for key in living:
        day = local_day(hours_of(market_named(key.market)), key.expires_at)
        counted[day.year, day.month] += 1
    months = []
    # Where it is still the old month, pairs of that month may yet expire.
    today = min(local_day(hours_of(market), now) for market in MARKETS.values())
    year, month = today.year, today.month
    for _ in range(_MONTHS):
        months.append(Month(year, month, counted[year, month]))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return tuple(months)

"""The key calendar: which session's key pairs are valid when, those first that need someone soonest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Row
from sqlmodel import col

from dropcopy_tui.domain.key_days import Move, is_shortened, move_of
from dropcopy_tui.domain.keypairs import KeyState, days_left, left_words, market_date, pending_from, state_of
from dropcopy_tui.domain.market_close import MarketHours, is_business_day, local_day
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.sessions import SessionKind, SessionStatus
from dropcopy_tui.services.base import key_of, market_words
from dropcopy_tui.services.sessions.key_rows import key_rows, market_hours, pair_of
from dropcopy_tui.services.sessions.sessions import parts_of, session_rows
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.store.paging import Dated, Listing, fetch
from dropcopy_tui.store.parts import OwnerPart
from dropcopy_tui.store.tables import EntityRow, GroupRow, KeyPairRow, SessionRow


@dataclass(frozen=True, slots=True)
class CalendarPair:
    """The life of a key pair. Days are those of its market; `when`, `days` and `left` as in `KeyView`.

    Attributes:
        made: the first day.
        pending: the day from which it is pending expiration.
        ends: the last day; of a deleted pair as well, whose life ended on the day `gone`.
        move: from which day closed days moved the end, if they did.
        shortened: a newer pair cut its life.
    """

    access_key_id: str
    state: KeyState
    created_at: datetime
    expires_at: datetime
    when: str
    days: int
    left: str
    made: date
    pending: date
    ends: date
    gone: date | None = None
    move: Move | None = None
    shortened: bool = False


@dataclass(frozen=True, slots=True)
class CalendarLine:
    """A session with its pairs, oldest first."""

    pk: int
    session_id: str
    kind: SessionKind
    market: str
    market_name: str
    entity: str
    group: str
    group_id: int | None
    pairs: tuple[CalendarPair, ...]

    @property
    def living(self) -> tuple[CalendarPair, ...]:
        """The pairs that a gateway accepts now, the one that ends first in front."""
        return tuple(sorted((pair for pair in self.pairs if pair.state.living), key=lambda pair: pair.expires_at))

    @property
    def last(self) -> CalendarPair | None:
        """The pair that says when the session stops or stopped; None where it never had one that was kept."""
        kept = [pair for pair in self.pairs if pair.state is not KeyState.DELETED]
        return max(kept, key=lambda pair: pair.expires_at, default=None)


class Calendar(Service):
    """The lives of the key pairs of all active sessions that a person may see."""

    def page(
        self, actor: Actor, ask: PageRequest, kind: SessionKind | None = None, entity: str = ""
    ) -> Page[CalendarLine]:
        """A page of active sessions, by when they stop. Raises NotFound."""
        with self._reading(actor) as uow:
            parts = parts_of(uow, kind, entity, SessionStatus.ACTIVE)
            page = fetch(uow.tx, _listing(parts), ask, lambda row: row)
            return Page(self._lines(uow, page.rows), page.cursors, page.total)

    def is_open(self, actor: Actor, market: str, day: date) -> bool:
        """Whether the market is open on the day by today's calendar: holidays may have come since a pair was made."""
        with self._reading(actor) as uow:
            return is_business_day(market_hours(market, uow.settings), day)

    def _lines(self, uow: UnitOfWork, rows: Sequence[Row[SessionRow, str, str]]) -> tuple[CalendarLine, ...]:
        pairs = key_rows(uow, [key_of(row[0].id) for row in rows])
        now = uow.now
        hours = {market: market_hours(market, uow.settings) for market in {row[0].market for row in rows}}
        return tuple(_line(row, pairs[key_of(row[0].id)], hours[row[0].market], now) for row in rows)


def _listing(parts: Sequence[OwnerPart]) -> Listing:
    name = col(SessionRow.session_id)
    return Listing(
        rows=session_rows(),
        parts=parts,
        orders={"expires": col(SessionRow.stops_at), "session_id": name, "market": (col(SessionRow.market), name)},
        tie=col(SessionRow.id),
        searched=(
            col(SessionRow.session_id),
            market_words(col(SessionRow.market)),
            col(SessionRow.kind),
            Dated(col(SessionRow.stops_at)),
            col(GroupRow.name),
            col(EntityRow.code),
        ),
    )


def _line(
    found: Row[SessionRow, str, str], rows: Sequence[KeyPairRow], hours: MarketHours, now: datetime
) -> CalendarLine:
    place: SessionRow = found[0]
    made = [local_day(hours, row.created_at) for row in rows]
    pairs = [
        _pair(row, place, hours, now, made[number + 1] if number + 1 < len(made) else None)
        for number, row in enumerate(rows)
    ]
    return CalendarLine(
        pk=key_of(place.id),
        session_id=place.session_id,
        kind=SessionKind(place.kind),
        market=place.market,
        market_name=market_named(place.market).name,
        entity=found[1],
        group=found[2] or "",
        group_id=place.group_id,
        pairs=tuple(pairs),
    )


def _pair(
    row: KeyPairRow, place: SessionRow, hours: MarketHours, now: datetime, newer_made: date | None
) -> CalendarPair:
    made, ends = local_day(hours, row.created_at), local_day(hours, row.expires_at)
    state, days = state_of(pair_of(row, place.session_id, place.market), now), days_left(hours, row.expires_at, now)
    return CalendarPair(
        access_key_id=row.access_key_id,
        state=state,
        created_at=row.created_at,
        expires_at=row.expires_at,
        when=market_date(hours, row.expires_at),
        days=days,
        left=left_words(days) if state is not KeyState.DELETED else state.words,
        made=made,
        pending=local_day(hours, pending_from(row.expires_at, hours.zone)),
        ends=ends,
        gone=local_day(hours, row.deleted_at) if row.deleted_at else None,
        move=move_of(made, ends, newer_made),
        shortened=is_shortened(made, ends) and newer_made is not None,
    )

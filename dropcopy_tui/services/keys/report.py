"""The key pair report: what expires when, which notices were sent, and what the calendar says now (rules K1, K2, K7).

A stored expiry stays, whatever becomes of the calendar: the report says where today's calendar would give another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, select
from sqlmodel import col

from dropcopy_tui.domain.keypairs import (
    KeyPair,
    KeyState,
    days_from,
    expiry_for,
    grace_expiry,
    market_date,
    state_of,
)
from dropcopy_tui.domain.market_close import calendar_covers, is_business_day, local_day
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.sessions import SessionKind
from dropcopy_tui.services.sessions.key_rows import PAIRS, market_hours, public_pair
from dropcopy_tui.services.sessions.sessions import SESSIONS, parts_of
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.store.paging import Listing, fetch
from dropcopy_tui.store.parts import OwnerPart
from dropcopy_tui.store.tables import EntityRow, ExpiryNoticeRow, KeyPairRow, SessionRow

# Where `_select` has the code of the entity.
_ENTITY = len(PAIRS.columns) + len(SESSIONS.columns)


class KeyReportLine(NamedTuple):
    """A key pair in the report, of which an export has many. Days are those of its market.

    Attributes:
        days_left: to its last day, 0 on that day; None for a pair that does not live.
        notice_days: the threshold it was last told for (rule K7); None: no one was told yet.
        remark: what a reader would not expect of its expiry, "" where there is nothing.
    """

    session_pk: int
    session_id: str
    market: str
    kind: SessionKind
    entity: str
    access_key_id: str
    state: KeyState
    created_at: datetime
    age_days: int
    expires_at: datetime
    when: str
    days_left: int | None
    notice_days: int | None
    notice_at: datetime | None
    remark: str
    deleted_at: datetime | None = None
    deleted_by: str = ""


class KeyReport(Service):
    """The key pairs of the sessions that a person may see."""

    def page(self, actor: Actor, ask: PageRequest, *, entity: str = "", deleted: bool = False) -> Page[KeyReportLine]:
        """A page of the report, by session; `deleted` pairs are in it where asked for. Raises NotFound."""
        with self._reading(actor) as uow:
            rows = _select()
            if not deleted:
                rows = rows.where(col(KeyPairRow.deleted_at).is_(None))
            page = fetch(uow.tx, _listing(rows, parts_of(uow, None, entity, None)), ask, lambda row: row)
            return Page(self._lines(uow, page.rows), page.cursors, page.total)

    def of_sessions(self, actor: Actor, session_pks: Sequence[int]) -> tuple[KeyReportLine, ...]:
        """The lines of some sessions, in their order, as far as the person may see them; without deleted pairs."""
        order = {pk: number for number, pk in enumerate(session_pks)}
        with self._reading(actor) as uow:
            rows = _select().where(
                col(SessionRow.id).in_(session_pks),
                col(SessionRow.entity_id).in_(uow.visible_ids()),
                col(KeyPairRow.deleted_at).is_(None),
            )
            rows = rows.order_by(col(KeyPairRow.created_at), col(KeyPairRow.id))
            lines = self._lines(uow, uow.tx.connection().execute(rows).all())
            return tuple(sorted(lines, key=lambda line: order[line.session_pk]))

    def _lines(self, uow: UnitOfWork, found: Sequence[Row[Any]]) -> tuple[KeyReportLine, ...]:
        """Lines for rows of `_select`; their sessions' other pairs and their notices take one query each."""
        owners = SESSIONS.read(uow.tx, found, len(PAIRS.columns))
        pairs = PAIRS.read(uow.tx, found)
        made = _made(uow, list({owner.id for owner in owners}))
        told = _told(uow, [pair.id for pair in pairs])
        markets = {market: _Market(uow, market) for market in {owner.market for owner in owners}}
        rows = zip(pairs, owners, found, strict=True)
        return tuple(
            markets[owner.market].line(pair, owner, row[_ENTITY], made[owner.id], told.get(pair.id, (None, None)))
            for pair, owner, row in rows
        )


class _Market:
    """The calendar of one market, as the lines of a page ask it: about the same few days again and again."""

    def __init__(self, uow: UnitOfWork, market: str) -> None:
        self._tx, self._now = uow.tx, uow.now
        self._hours = market_hours(market, uow.settings)
        self._today = local_day(self._hours, uow.now)
        self._ends: dict[date, datetime] = {}
        self._grace: dict[date, datetime] = {}

    def line(
        self, pair: Any, owner: Any, entity: str, made: Sequence[datetime], told: tuple[int | None, datetime | None]
    ) -> KeyReportLine:
        """The line of a pair; `made` is when each pair of its session was."""
        key = public_pair(self._tx, pair, owner.session_id, owner.market)
        state = state_of(key, self._now)
        created = local_day(self._hours, key.created_at)
        return KeyReportLine(
            owner.id,
            owner.session_id,
            owner.market,
            SessionKind(owner.kind),
            entity,
            key.access_key_id,
            state,
            key.created_at,
            (self._today - created).days,
            key.expires_at,
            market_date(self._hours, key.expires_at),
            days_from(self._today, self._hours, key.expires_at) if state.living else None,
            *told,
            self._remark(key, created, made) if state.living else "",
            pair.deleted_at,
            pair.deleted_by,
        )

    def _remark(self, key: KeyPair, created: date, made: Sequence[datetime]) -> str:
        """What today's calendar says against a stored expiry, which stays (rule K2)."""
        remarks = []
        due = self._due_today(key, created, made)
        last_day = local_day(self._hours, key.expires_at)
        if due != key.expires_at:
            why = "" if is_business_day(self._hours, last_day) else f"{last_day} is no longer a business day; "
            remarks.append(
                f"{why}by today's calendar it would expire {market_date(self._hours, due)}; its expiry does not change"
            )
        if not calendar_covers(self._hours, last_day.year):
            remarks.append(f"holidays for {last_day.year} are not yet known: only weekends were considered")
        return "; ".join(remarks)

    def _due_today(self, key: KeyPair, created: date, made: Sequence[datetime]) -> datetime:
        """When a pair would end had it and those after it been made under today's calendar (rules K2 to K4)."""
        due = self._ends.get(created)
        if due is None:
            due = self._ends[created] = expiry_for(self._hours, key.created_at)
        # A pair's expiry may come from a newer one of its session (rule K4): each that was made while this one lived
        # gave it four weeks at most.
        later = [self._grace_of(other) for other in made if key.created_at < other < key.expires_at]
        return min(due, *later) if later else due

    def _grace_of(self, made: datetime) -> datetime:
        day = local_day(self._hours, made)
        if day not in self._grace:
            self._grace[day] = grace_expiry(self._hours, made)
        return self._grace[day]


def _made(uow: UnitOfWork, session_pks: Sequence[int]) -> dict[int, list[datetime]]:
    """When each pair of some sessions was made, deleted ones as well."""
    found: dict[int, list[datetime]] = defaultdict(list)
    rows = select(col(KeyPairRow.session_pk), col(KeyPairRow.created_at))
    for pk, at in uow.tx.execute(rows.where(col(KeyPairRow.session_pk).in_(session_pks))):
        found[pk].append(at)
    return found


def _told(uow: UnitOfWork, keys: Sequence[int]) -> dict[int, tuple[int, datetime]]:
    """The nearest threshold for which a notice of each pair was sent, and when."""
    rows = uow.tx.execute(
        select(col(ExpiryNoticeRow.key_pair_id), col(ExpiryNoticeRow.days), col(ExpiryNoticeRow.at))
        .where(col(ExpiryNoticeRow.key_pair_id).in_(keys))
        .order_by(col(ExpiryNoticeRow.days).desc())
    )
    return {pk: (days, at) for pk, days, at in rows}


def _select() -> Select[Any]:
    return (
        select(*PAIRS.columns, *SESSIONS.columns, col(EntityRow.code))
        .select_from(KeyPairRow)
        .join(SessionRow, col(SessionRow.id) == col(KeyPairRow.session_pk))
        .join(EntityRow, col(EntityRow.id) == col(SessionRow.entity_id))
    )


def _listing(rows: Select[Any], parts: Sequence[OwnerPart]) -> Listing:
    return Listing(
        rows=rows,
        parts=parts,
        orders={"session_id": (col(SessionRow.session_id), col(SessionRow.id))},
        tie=col(KeyPairRow.id),
        searched=(col(SessionRow.session_id), col(SessionRow.market)),
    )

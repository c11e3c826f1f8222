"""The key pair report: what expires when, which notices were sent, and what the calendar says now (rules K1, K2, K7).

A stored expiry stays, whatever becomes of the calendar: the report says where today's calendar would give another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, Select, select
from sqlmodel import col

from dropcopy_tui.domain.keypairs import (
    KeyPair,
    KeyState,
    days_left,
    expiry_for,
    grace_expiry,
    market_date,
    state_of,
)
from dropcopy_tui.domain.market_close import MarketHours, calendar_covers, is_business_day, local_day
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.sessions import SessionKind
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.sessions.key_rows import key_rows, market_hours, pair_of
from dropcopy_tui.services.sessions.sessions import parts_of
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.store.paging import Listing, fetch
from dropcopy_tui.store.parts import OwnerPart
from dropcopy_tui.store.tables import EntityRow, ExpiryNoticeRow, KeyPairRow, SessionRow


@dataclass(frozen=True, slots=True)
class KeyReportLine:
    """A key pair in the report. Days are those of its market.

    Attributes:
        days_left: to its last day, 0 on that day; None for a pair that does not live.
        notice_days: the threshold it was last told for (rule K7); None: no one was told yet.
        remark: what a reader would not expect of its expiry, "" where there is nothing.
    """

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
            found = uow.tx.execute(rows.order_by(col(KeyPairRow.created_at), col(KeyPairRow.id))).all()
            return self._lines(uow, sorted(found, key=lambda row: order[key_of(row[1].id)]))

    def _lines(self, uow: UnitOfWork, rows: Sequence[Row[KeyPairRow, SessionRow, str]]) -> tuple[KeyReportLine, ...]:
        """Lines for rows of `_select`; their sessions' other pairs and their notices take one query each."""
        siblings = key_rows(uow, list({key_of(row[1].id) for row in rows}))
        told = _told(uow, [key_of(row[0].id) for row in rows])
        return tuple(self._line(uow, row, siblings[key_of(row[1].id)], told.get(key_of(row[0].id))) for row in rows)

    def _line(
        self,
        uow: UnitOfWork,
        found: Row[KeyPairRow, SessionRow, str],
        siblings: Sequence[KeyPairRow],
        told: tuple[int, datetime] | None,
    ) -> KeyReportLine:
        pair, owner, entity = found[0], found[1], found[2]
        now, hours = uow.now, market_hours(owner.market, uow.settings)
        key = pair_of(pair, owner.session_id, owner.market)
        state = state_of(key, now)
        # A pair's expiry may come from a newer one of its session (rule K4), so the remark needs all of them.
        others = [pair_of(row, owner.session_id, owner.market) for row in siblings if row.id != pair.id]
        return KeyReportLine(
            session_id=owner.session_id,
            market=owner.market,
            kind=SessionKind(owner.kind),
            entity=entity,
            access_key_id=key.access_key_id,
            state=state,
            created_at=key.created_at,
            age_days=(local_day(hours, now) - local_day(hours, key.created_at)).days,
            expires_at=key.expires_at,
            when=market_date(hours, key.expires_at),
            days_left=days_left(hours, key.expires_at, now) if state.living else None,
            notice_days=told[0] if told else None,
            notice_at=told[1] if told else None,
            remark=_remark(key, others, hours) if state.living else "",
            deleted_at=pair.deleted_at,
            deleted_by=pair.deleted_by,
        )


def _remark(key: KeyPair, others: Sequence[KeyPair], hours: MarketHours) -> str:
    """What today's calendar says against a stored expiry, which stays (rule K2)."""
    remarks = []
    due = _due_today(key, others, hours)
    last_day = local_day(hours, key.expires_at)
    if due != key.expires_at:
        why = "" if is_business_day(hours, last_day) else f"{last_day} is no longer a business day; "
        remarks.append(
            f"{why}by today's calendar it would expire {market_date(hours, due)}; its expiry does not change"
        )
    if not calendar_covers(hours, last_day.year):
        remarks.append(f"holidays for {last_day.year} are not yet known: only weekends were considered")
    return "; ".join(remarks)


def _due_today(key: KeyPair, others: Sequence[KeyPair], hours: MarketHours) -> datetime:
    """When a pair would end had it and those after it been made under today's calendar (rules K2 to K4)."""
    due = expiry_for(hours, key.created_at)
    # Each pair that was made while this one lived gave it four weeks at most.
    later = [other.created_at for other in others if key.created_at < other.created_at < key.expires_at]
    return min([due, *(grace_expiry(hours, made) for made in later)])


def _told(uow: UnitOfWork, keys: Sequence[int]) -> dict[int, tuple[int, datetime]]:
    """The nearest threshold for which a notice of each pair was sent, and when."""
    rows = uow.tx.execute(
        select(col(ExpiryNoticeRow.key_pair_id), col(ExpiryNoticeRow.days), col(ExpiryNoticeRow.at))
        .where(col(ExpiryNoticeRow.key_pair_id).in_(keys))
        .order_by(col(ExpiryNoticeRow.days).desc())
    )
    return {pk: (days, at) for pk, days, at in rows}


def _select() -> Select[KeyPairRow, SessionRow, str]:
    return (
        select(KeyPairRow, SessionRow, col(EntityRow.code))
        .join(SessionRow, col(SessionRow.id) == col(KeyPairRow.session_pk))
        .join(EntityRow, col(EntityRow.id) == col(SessionRow.entity_id))
    )


def _listing(rows: Select[KeyPairRow, SessionRow, str], parts: Sequence[OwnerPart]) -> Listing:
    return Listing(
        rows=rows,
        parts=parts,
        orders={"session_id": (col(SessionRow.session_id), col(SessionRow.id))},
        tie=col(KeyPairRow.id),
        searched=(col(SessionRow.session_id), col(SessionRow.market)),
    )

"""Which sessions stop within four weeks unless someone makes a pair (rule K7)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from dropcopy_tui.domain.keypairs import PENDING_WINDOW, days_left, left_words, market_date, pending_from
from dropcopy_tui.domain.market_close import hours_of
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.sessions import SessionStatus
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.services.views import PendingView
from dropcopy_tui.store.tables import KeyPairRow, SessionRow

# The domain counts the four weeks in days of the market; the store is asked for a little more, and then it chooses.
_SLACK = timedelta(days=4)


def expiring(uow: UnitOfWork, conditions: Sequence[ColumnElement[bool]]) -> tuple[PendingView, ...]:
    """Active sessions whose last living pair is pending expiration, the soonest first.

    Asked by the index on the expiry: it costs what is found, however many sessions there are.
    """
    now = uow.now
    later = aliased(KeyPairRow)
    another = select(col(later.id)).where(
        col(later.session_pk) == col(KeyPairRow.session_pk),
        col(later.deleted_at).is_(None),
        col(later.expires_at) > col(KeyPairRow.expires_at),
    )
    rows = (
        select(KeyPairRow, SessionRow)
        .join(SessionRow, col(SessionRow.id) == col(KeyPairRow.session_pk))
        .where(
            col(KeyPairRow.expires_at) > now,
            col(KeyPairRow.expires_at) <= now + PENDING_WINDOW + _SLACK,
            col(KeyPairRow.deleted_at).is_(None),
            col(SessionRow.status) == SessionStatus.ACTIVE.value,
            ~another.exists(),
            *conditions,
        )
        .order_by(col(KeyPairRow.expires_at), col(SessionRow.session_id))
    )
    # Two pairs may end at the same moment.
    found = {place.id: (pair, place) for pair, place in uow.tx.execute(rows)}
    return tuple(_view(pair, place, now) for pair, place in found.values() if _is_pending(pair, place, now))


def _is_pending(pair: KeyPairRow, place: SessionRow, now: datetime) -> bool:
    return pending_from(pair.expires_at, market_named(place.market).zone) <= now


def _view(pair: KeyPairRow, place: SessionRow, now: datetime) -> PendingView:
    hours = hours_of(market_named(place.market))
    return PendingView(
        session_pk=key_of(place.id),
        session_id=place.session_id,
        group_id=place.group_id,
        when=market_date(hours, pair.expires_at),
        left=left_words(days_left(hours, pair.expires_at, now)),
    )

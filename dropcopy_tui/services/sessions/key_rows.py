"""Key pairs as the store has them: read with their sessions, seen by the domain, and destroyed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import func, select, update
from sqlalchemy.orm import object_session
from sqlmodel import Session, col

from dropcopy_tui.domain.keypairs import KeyPair, KeyState, days_left, left_words, market_date, state_of
from dropcopy_tui.domain.market_close import MarketHours, hours_of
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services.unit_of_work import UnitOfWork, was_later
from dropcopy_tui.services.views import KeyView
from dropcopy_tui.store.tables import NEVER, KeyPairRow, SessionRow

# So many sessions go into one IN: SQLite before 3.32 binds 999 values at most.
_CHUNK = 500


def key_rows(uow: UnitOfWork, session_pks: Sequence[int]) -> dict[int, list[KeyPairRow]]:
    """The key pairs of sessions, oldest first."""
    found: dict[int, list[KeyPairRow]] = defaultdict(list)
    for start in range(0, len(session_pks), _CHUNK):
        chosen = session_pks[start : start + _CHUNK]
        rows = uow.tx.execute(
            select(KeyPairRow)
            .where(col(KeyPairRow.session_pk).in_(chosen))
            .order_by(col(KeyPairRow.created_at), col(KeyPairRow.id))
        ).scalars()
        for row in rows:
            found[row.session_pk].append(row)
    return found


def pair_of(row: KeyPairRow, session_id: str, market: str = "") -> KeyPair:
    """A key pair's public side as the domain knows it; without a market its days are those of UTC."""
    return KeyPair(
        row.access_key_id,
        session_id,
        row.created_at,
        row.expires_at,
        row.deleted_at,
        zone=market_named(market).zone if market else "UTC",
        replaced=row.slot is None or _is_over(row),
    )


def _is_over(row: KeyPairRow) -> bool:
    """Whether the pair has expired although the clock, which went back, says otherwise."""
    tx = object_session(row)
    return tx is not None and was_later(cast("Session", tx), row.after_event, row.expires_at)


def key_view(row: KeyPairRow, session_id: str, market: str, now: datetime) -> KeyView:
    """A key pair's public side with its state now."""
    hours = hours_of(market_named(market))
    state, days = state_of(pair_of(row, session_id, market), now), days_left(hours, row.expires_at, now)
    return KeyView(
        access_key_id=row.access_key_id,
        session_id=session_id,
        state=state,
        created_at=row.created_at,
        expires_at=row.expires_at,
        when=market_date(hours, row.expires_at),
        days=days,
        left=left_words(days) if state is not KeyState.DELETED else state.words,
        deleted_at=row.deleted_at,
        deleted_by=row.deleted_by,
    )


def destroy(uow: UnitOfWork, pair: KeyPairRow) -> None:
    """Delete a key pair: what was sealed is gone with the transaction, and its place is free (rule K6)."""
    pair.deleted_at, pair.deleted_by = uow.now, uow.actor.user_id
    pair.sealed_secret, pair.slot = None, None


def keep_stops(uow: UnitOfWork, session_pks: Iterable[int]) -> None:
    """Keep when the last pair of each session ends, which the calendar sorts by; whoever changes pairs calls it."""
    uow.tx.flush()
    last = select(func.max(col(KeyPairRow.expires_at))).where(
        col(KeyPairRow.session_pk) == col(SessionRow.id), col(KeyPairRow.deleted_at).is_(None)
    )
    pks = sorted(session_pks)
    for start in range(0, len(pks), _CHUNK):
        chosen = update(SessionRow).where(col(SessionRow.id).in_(pks[start : start + _CHUNK]))
        ends = func.coalesce(last.correlate(SessionRow).scalar_subquery(), NEVER)
        uow.tx.execute(chosen.values(stops_at=ends).execution_options(synchronize_session=False))


def market_hours(market: str, settings: Settings) -> MarketHours:
    """The market's hours with what the site's configuration changes."""
    return hours_of(
        market_named(market),
        close=settings.closes.get(market),
        closed=settings.closed_days,
        opened=settings.open_days,
    )

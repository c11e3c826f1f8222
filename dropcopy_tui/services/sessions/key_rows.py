"""Key pairs as the store has them: read with their sessions, seen by the domain, and destroyed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import func, select, update
from sqlalchemy.orm import object_session
from sqlmodel import Session, col

from dropcopy_tui.domain.keypairs import KeyPair, KeyState, days_from, left_words, market_date, state_of
from dropcopy_tui.domain.market_close import MarketHours, hours_of, local_day
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services.unit_of_work import UnitOfWork, was_later
from dropcopy_tui.services.views import KeyView
from dropcopy_tui.store.plain_rows import PlainRows
from dropcopy_tui.store.tables import NEVER, KeyPairRow, SessionRow

PAIRS = PlainRows("key_pair")

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


def listed_pairs(uow: UnitOfWork, session_pks: Sequence[int]) -> dict[int, list[Any]]:
    """The same as plain rows, for lists: nothing of them is changed."""
    # They are read past the session, which would write by itself what was changed in it before.
    uow.tx.flush()
    found: dict[int, list[Any]] = defaultdict(list)
    for start in range(0, len(session_pks), _CHUNK):
        chosen = col(KeyPairRow.session_pk).in_(session_pks[start : start + _CHUNK])
        rows = select(*PAIRS.columns).where(chosen).order_by(col(KeyPairRow.created_at), col(KeyPairRow.id))
        for row in PAIRS.read(uow.tx, uow.tx.connection().execute(rows).all()):
            found[row.session_pk].append(row)
    return found


def pair_of(row: KeyPairRow, session_id: str, market: str = "") -> KeyPair:
    """A key pair's public side as the domain knows it; without a market its days are those of UTC."""
    return public_pair(cast("Session | None", object_session(row)), row, session_id, market)


def public_pair(tx: Session | None, row: Any, session_id: str, market: str = "") -> KeyPair:
    """The same of a plain row as well; `tx` says whether the pair is over although the clock went back since."""
    over = row.slot is None or (tx is not None and was_later(tx, row.after_event, row.expires_at))
    zone = market_named(market).zone if market else "UTC"
    return KeyPair(row.access_key_id, session_id, row.created_at, row.expires_at, row.deleted_at, zone, over)


class KeyViews:
    """Views of the key pairs of one market at one moment."""

    def __init__(self, uow: UnitOfWork, market: str) -> None:
        self._tx, self._now, self._market = uow.tx, uow.now, market
        self._hours = hours_of(market_named(market))
        self._today = local_day(self._hours, uow.now)

    def view(self, row: Any, session_id: str) -> KeyView:
        """The public side of a key pair, of a plain row as well, with its state now."""
        state = state_of(public_pair(self._tx, row, session_id, self._market), self._now)
        days = days_from(self._today, self._hours, row.expires_at)
        return KeyView(
            row.access_key_id,
            session_id,
            state,
            row.created_at,
            row.expires_at,
            market_date(self._hours, row.expires_at),
            days,
            left_words(days) if state is not KeyState.DELETED else state.words,
            row.deleted_at,
            row.deleted_by,
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

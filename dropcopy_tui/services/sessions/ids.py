"""Session IDs: setup allocates them, no one picks one (domain section 1)."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.errors import LimitReached
from dropcopy_tui.domain.sessions import session_ids
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import SenderCompRow, SessionRow

_GUESSES = 50


def free_session_id(uow: UnitOfWork, market: str, start: int) -> str:
    """A Session ID that nothing uses: no session of any market, and no SenderComp of this market.

    A key pair belongs to its Session ID, so two users of one ID would share keys. Where the market's
    SenderComps use up the whole alphabet, an ID that no session has is taken: SenderComps without a session
    have no keys, and the target's SenderCompID differs from theirs in its indicator.
    Raises LimitReached when every ID has a session.
    """
    for number, candidate in enumerate(session_ids(start)):
        if number == _GUESSES:
            break
        if not _has_session(uow, candidate) and not _has_sender_comp(uow, market, candidate):
            return candidate
    return _any_free(uow, market, start)


def _any_free(uow: UnitOfWork, market: str, start: int) -> str:
    """The same after the first guesses failed: read what is used once instead of asking for each."""
    sessions = set(uow.tx.execute(select(col(SessionRow.session_id))).scalars())
    comps = select(col(SenderCompRow.session_id)).where(col(SenderCompRow.market) == market).distinct()
    used = sessions | set(uow.tx.execute(comps).scalars())
    for taken in (used, sessions):
        for candidate in session_ids(start):
            if candidate not in taken:
                return candidate
    raise LimitReached("All Session IDs are in use, so the group cannot be set up. Contact GAM.")


def _has_session(uow: UnitOfWork, session_id: str) -> bool:
    rows = select(col(SessionRow.id)).where(col(SessionRow.session_id) == session_id)
    return uow.tx.execute(rows.limit(1)).first() is not None


def _has_sender_comp(uow: UnitOfWork, market: str, session_id: str) -> bool:
    rows = select(col(SenderCompRow.id)).where(
        col(SenderCompRow.market) == market, col(SenderCompRow.session_id) == session_id
    )
    return uow.tx.execute(rows.limit(1)).first() is not None

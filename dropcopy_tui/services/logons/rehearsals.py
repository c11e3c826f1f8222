"""Logon rehearsals: who may hold one, what the gateway would say to a logon, and what it leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import col

from dropcopy_tui.domain.errors import NotFound
from dropcopy_tui.domain.logon import LogonMessage
from dropcopy_tui.domain.logon_verdict import Verdict
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.people import MAY_USE_KEYS, Actor
from dropcopy_tui.domain.sessions import check_session_id
from dropcopy_tui.services.logons.key_ring import KeyRing, firms_for, managed_ids, other_rows, own_rows, rows_of
from dropcopy_tui.services.logons.logons import MOST_OTHERS
from dropcopy_tui.services.sessions.sessions import session_rows
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.store.tables import EntityRow, SessionRow

_MOST_REASONS = 6


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a logon."""

    accepted: bool
    session_id: str | None
    access_key_id: str | None
    reasons: tuple[str, ...] = ()


class Rehearsal:
    """A rehearsal that is being held: the sessions it is about, and their open keys.

    The secrets that were opened stay in this object's memory until it ends, and go nowhere else.
    """

    def __init__(self, session_id: str, market: str, ring: KeyRing) -> None:
        self.session_id, self.market, self._ring = session_id, market, ring

    def __repr__(self) -> str:
        return f"Rehearsal({self.session_id or 'all'}, {self.market or 'all markets'})"


class Rehearsals(Service):
    """A gateway to try a client on, with the keys that the person manages."""

    def start(self, actor: Actor, session_id: str = "", market: str = "") -> Rehearsal:
        """A rehearsal with one session's keys, or with those of every session whose keys the person manages.

        Raises:
            NotEntitled: the person manages no keys, or not those of this session's entity.
            NotFound: the session does not exist, or the person has no access to it.
            InvalidValue: the Session ID or the market is not valid.
        """
        if market:
            market_named(market)
        with self._reading(actor) as uow:
            if session_id:
                self._check_session(uow, check_session_id(session_id), market)
            else:
                managed_ids(uow)
        return Rehearsal(session_id, market, KeyRing(self._resources.vault, self._resources.environment))

    def _check_session(self, uow: UnitOfWork, session_id: str, market: str) -> None:
        """Every session of this name must be one whose keys the person manages."""
        rows = session_rows(col(SessionRow.session_id) == session_id, col(SessionRow.entity_id).in_(uow.visible_ids()))
        if market:
            rows = rows.where(col(SessionRow.market) == market)
        found = uow.tx.execute(rows).all()
        if not found:
            raise NotFound(f"Session {session_id} does not exist, or you have no access to it.")
        for row in found:
            uow.require(MAY_USE_KEYS, uow.tx.get_one(EntityRow, row[0].entity_id))

    def judge(self, actor: Actor, rehearsal: Rehearsal, message: LogonMessage) -> Verdict:
        """What the gateway says to the logon now: keys made, deleted or expired since the last one count.

        Raises:
            NotEntitled: the person's right is gone.
            MasterKeyMissing: secrets cannot be opened.
        """
        ring, now = rehearsal._ring, self._now()
        with self._reading(actor) as uow:
            rows = rows_of(managed_ids(uow))
            if rehearsal.market:
                rows = rows.where(col(SessionRow.market) == rehearsal.market)
            asked = rows.where(col(SessionRow.session_id) == rehearsal.session_id) if rehearsal.session_id else rows
            own = own_rows(uow, asked, message)
            ring.hold(own, firms_for(uow, own, message))
            if not ring.accepts(message, now):
                ring.hold_too(other_rows(uow, rows, MOST_OTHERS))
        other = rehearsal.session_id and message.session_id != rehearsal.session_id
        also = f"The logon is not for session {rehearsal.session_id}, to which this rehearsal is limited."
        return ring.verdict(message, now, (also,) if other else ())

    def note(self, actor: Actor, rehearsal: Rehearsal, outcome: Outcome) -> None:
        """Leave the outcome of a logon in the audit trail. Raises NotEntitled."""
        with self._writing(actor) as uow:
            # A client may claim any Session ID: an entity is named only where the person manages its keys.
            managed = managed_ids(uow)
            known = session_rows(
                col(SessionRow.session_id) == (outcome.session_id or ""), col(SessionRow.entity_id).in_(managed)
            )
            row = uow.tx.execute(known).first()
            after = {
                "accepted": outcome.accepted,
                "access_key_id": shorten(outcome.access_key_id) if outcome.access_key_id else None,
                "why": list(outcome.reasons[:_MOST_REASONS]),
            }
            subject = shorten(outcome.session_id or rehearsal.session_id or "unknown")
            uow.record("logon:rehearsed", subject, entity=row[1] if row else None, after=after)

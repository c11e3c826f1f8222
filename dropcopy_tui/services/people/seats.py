"""Seats: who is signed in to the application, where, and since when; how a seat is locked, resumed and ended.

An application asks `look` every few seconds: whoever acts from a seat that has ended is served by no verb of the desk.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from sqlmodel import col

from dropcopy_tui.domain.errors import NotFound
from dropcopy_tui.domain.names import clean_name
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import MAY_AUDIT, MAY_OPERATE, Actor
from dropcopy_tui.domain.seats import REASON_LENGTH, Ending, SeatPlace, SeatRules, SeatWay, length_words
from dropcopy_tui.services.factors.challenges import answer, spend
from dropcopy_tui.services.factors.table import FACTORS, Proof, Purpose
from dropcopy_tui.services.people.seat_locks import SENT, LockWay, require_way, resume, ways_of, wrong_answer
from dropcopy_tui.services.people.seat_rows import end_seat, end_seats, open_seat, own_seat, with_seat
from dropcopy_tui.services.people.seat_views import SeatView, listing, view_of
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork, person_row
from dropcopy_tui.store.access_tables import SeatRow
from dropcopy_tui.store.paging import fetch
from dropcopy_tui.store.tables import PersonRow


class Seats(Service):
    """The seats of the person who acts, and for operations those of all."""

    @property
    def rules(self) -> SeatRules | None:
        """When seats are locked and end; None on a desk that keeps none."""
        return self._resources.seat_rules

    def page(self, actor: Actor, ask: PageRequest, *, everyone: bool = False) -> Page[SeatView]:
        """Open seats, the newest first: the person's own, or those of everyone. Raises NotEntitled."""
        with self._reading(actor) as uow:
            if everyone:
                uow.require(MAY_AUDIT)
            mine = () if everyone else (col(SeatRow.person_id) == actor.person_id,)
            return fetch(uow.tx, listing(*mine), ask, partial(view_of, uow))

    def look(self, actor: Actor) -> None:
        """Whether the seat may stay. Raises SeatEnded: who ended it and why; NotEntitled: the account is disabled."""
        with self._reading(actor):
            pass

    def open(self, actor: Actor, place: SeatPlace, way: SeatWay) -> Actor:
        """Open the seat that could not be written when the person was recognised, because the store was busy.

        Raises SeatsTaken.
        """
        with self._writing(actor) as uow:
            return with_seat(actor, open_seat(uow, person_row(uow), place, way))

    def keep(self, actor: Actor, acted_at: datetime) -> None:
        """Say that the application runs, and when a key was last pressed in it; no event. Raises SeatEnded."""
        with self._writing(actor) as uow:
            row = own_seat(uow)
            row.seen_at, row.acted_at = uow.now, max(row.acted_at, min(acted_at, uow.now))
            uow.tx.add(row)

    def ways(self, actor: Actor) -> tuple[LockWay, ...]:
        """With what the seat is resumed, the first one foremost; none where there is nothing to ask."""
        with self._reading(actor) as uow:
            return ways_of(uow, own_seat(uow), person_row(uow))

    def lock(self, actor: Actor, acted_at: datetime) -> None:
        """Lock the seat, which was idle since then. Raises SeatEnded."""
        with self._writing(actor) as uow:
            row = own_seat(uow)
            row.locked_at, row.tries, row.seen_at = uow.now, 0, uow.now
            row.acted_at = max(row.acted_at, min(acted_at, uow.now))
            uow.tx.add(row)
            uow.record("seat:locked", actor.user_id, after={"seat": row.id, "idle_since": row.acted_at.isoformat()})

    def resume(self, actor: Actor, way: str, code: str, challenge: str = "") -> None:
        """Resume the seat with the code of a second factor, of the challenge that it was sent for.

        A password resumes it by `Identity.resume`. A wrong code counts; too many of them end the seat.

        Raises SecondFactorFailed, SeatEnded, InvalidValue: it cannot be a code; FactorUnavailable: not with this.
        """
        if way in FACTORS and way not in SENT:
            FACTORS[way].check_code(code.strip().replace(" ", ""))
        with self._writing(actor) as uow:
            person = person_row(uow)
            row = require_way(uow, person, way)
            if way in SENT:
                spend(uow, Proof(challenge, code), Purpose.RESUME)
            elif not answer(uow, person, way, code):
                raise wrong_answer(uow, row)
            resume(uow, row, way)

    def leave(self, actor: Actor, how: Ending = Ending.LEFT, limit: timedelta | None = None) -> None:
        """End the seat that acts: its person leaves it, or its time is over, which has this limit.

        Raises SeatEnded: it has ended already.
        """
        with self._writing(actor) as uow:
            end_seat(uow, own_seat(uow), how, length_words(limit) if limit is not None else "")

    def end(self, actor: Actor, seat: int, reason: str = "") -> SeatView:
        """End a seat, with a word for its person: one's own, or for operations anyone's.

        Raises NotFound: it does not exist, has ended, or is not the person's to see; NotEntitled; InvalidValue.
        """
        reason = clean_name(reason, "Reason", REASON_LENGTH, "reason") if reason.strip() else ""
        with self._writing(actor) as uow:
            row = _open_one(uow, seat)
            person = uow.tx.get_one(PersonRow, row.person_id)
            own = row.person_id == actor.person_id
            if not own:
                uow.require(MAY_OPERATE)
            view = view_of(uow, uow.tx.execute(listing(col(SeatRow.id) == seat).rows).one())
            how = Ending.ENDED if not own else Ending.LEFT if seat == actor.seat else Ending.ELSEWHERE
            end_seat(uow, row, how, reason)
            if not own:
                said = f" {reason}" if reason else ""
                uow.tell(person, "Your seat was ended", f"{actor.user_id} ended your seat at {view.where}.{said}")
            return view

    def end_others(self, actor: Actor) -> int:
        """End every seat of the person's own but the one that acts; how many."""
        with self._writing(actor) as uow:
            return end_seats(uow, person_row(uow), Ending.ELSEWHERE, but=actor.seat)


def _open_one(uow: UnitOfWork, seat: int) -> SeatRow:
    row = uow.tx.get(SeatRow, seat)
    if row is None or (row.person_id != uow.actor.person_id and not uow.roles_at(None) & MAY_AUDIT):
        raise NotFound(f"Seat {seat} does not exist, or you have no access to it.")
    if row.ended_at is not None:
        raise NotFound(f"Seat {seat} has ended already. Nothing was changed.")
    return row

"""Seats inside a caller's transaction: opened, ended, and those whose process is gone cleared away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlmodel import col

from dropcopy_tui.domain.errors import SeatEnded, SeatsTaken
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.seats import (
    Ending,
    SeatPlace,
    SeatRules,
    SeatTimes,
    SeatWay,
    ends_by,
    length_words,
    over,
)
from dropcopy_tui.process import is_gone
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.unit_of_work import UnitOfWork, last_event, was_later
from dropcopy_tui.store.access_tables import SeatRow
from dropcopy_tui.store.tables import PersonRow

IS_OPEN: ColumnElement[bool] = col(SeatRow.ended_at).is_(None)


def open_seat(uow: UnitOfWork, person: PersonRow, place: SeatPlace, way: SeatWay) -> int:
    """A new seat of the person, who was just proven; its number, 0 on a desk that keeps none.

    Raises SeatsTaken: they have as many as they may have. Seats whose process is gone do not count.
    """
    rules = uow.resources.seat_rules
    if rules is None:
        return 0
    clear_lost(uow, rules, col(SeatRow.person_id) == person.id)
    held = uow.tx.execute(select(SeatRow).where(IS_OPEN, col(SeatRow.person_id) == person.id)).scalars().all()
    if len(held) >= rules.most:
        raise SeatsTaken(_taken(person, held))
    row = SeatRow(
        person_id=key_of(person.id),
        way=way.value,
        fingerprint=place.fingerprint,
        host=place.host,
        account=place.account,
        tty=place.tty,
        address=place.address,
        machine=place.machine,
        pid=place.pid,
        started=place.started,
        opened_at=uow.now,
        seen_at=uow.now,
        acted_at=uow.now,
        after_event=last_event(uow),
    )
    uow.tx.add(row)
    uow.tx.flush()
    uow.record("seat:opened", person.user_id, after={"seat": row.id, "way": way.value, "host": place.host})
    return key_of(row.id)


def _taken(person: PersonRow, held: Any) -> str:
    numbers = ", ".join(str(row.id) for row in held)
    return (
        f"{person.user_id} already has {plural(len(held), 'open seat')} ({numbers}), "
        f"the most that one person may have. Leave one, or end one: dropcopy seats end {held[0].id}"
    )


def own_seat(uow: UnitOfWork) -> SeatRow:
    """The seat that the person acts from. Raises SeatEnded where they act from none."""
    row = uow.tx.get(SeatRow, uow.actor.seat) if uow.actor.seat else None
    if row is None or row.person_id != uow.actor.person_id:
        raise SeatEnded("This is not a seat: only the application has one.")
    return row


def end_seat(uow: UnitOfWork, row: SeatRow, how: Ending, reason: str = "") -> None:
    """End a seat, in the name of whoever acts. Its application leaves as soon as it looks."""
    row.ended_at, row.how, row.reason = uow.now, how.value, reason
    row.ended_by = uow.actor.person_id or None
    uow.tx.add(row)
    person = uow.tx.get_one(PersonRow, row.person_id)
    after = {"seat": row.id, "how": how.value} | ({"reason": reason} if reason else {})
    uow.record("seat:ended", person.user_id, after=after)


def end_seats(uow: UnitOfWork, person: PersonRow, how: Ending, *where: ColumnElement[bool], but: int = 0) -> int:
    """End all open seats of a person, or those of a condition, except the one with this number; how many."""
    mine = (col(SeatRow.person_id) == person.id, col(SeatRow.id) != but)
    rows = uow.tx.execute(select(SeatRow).where(IS_OPEN, *mine, *where).order_by(col(SeatRow.id))).scalars().all()
    for row in rows:
        end_seat(uow, row, how)
    return len(rows)


def clear_lost(uow: UnitOfWork, rules: SeatRules, *where: ColumnElement[bool]) -> int:
    """End the seats that did not say so themselves, in the desk's name; how many."""
    ended = 0
    for row in uow.tx.execute(select(SeatRow).where(IS_OPEN, *where).order_by(col(SeatRow.id))).scalars().all():
        how = ending_of(row, rules, uow)
        if how is not None:
            limit = {Ending.IDLE: length_words(rules.sign_out), Ending.OLD: length_words(rules.life)}
            end_seat(uow.by(DESK), row, how, limit.get(how, ""))
            ended += 1
    return ended


def ending_of(row: SeatRow, rules: SeatRules, uow: UnitOfWork) -> Ending | None:
    """How an open seat has ended in truth; None while it may be in use."""
    times = SeatTimes(row.opened_at, row.seen_at, row.acted_at, row.locked_at)
    found = over(times, rules, uow.now, gone=is_gone(row.machine, row.pid, row.started))
    if found is None and was_later(uow.tx, row.after_event, ends_by(times, rules)):
        return Ending.OLD  # the clock went back since
    return found


def drop_ended(uow: UnitOfWork, age: timedelta) -> int:
    """Remove the rows of seats that ended longer ago than this; the audit trail keeps what happened. How many."""
    gone: Any = uow.tx.execute(delete(SeatRow).where(col(SeatRow.ended_at) < uow.now - age))
    return int(gone.rowcount)


def with_seat(actor: Actor, seat: int) -> Actor:
    """The person, acting from this seat."""
    return Actor(actor.person_id, actor.user_id, actor.name, actor.origin, seat)

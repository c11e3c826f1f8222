"""The lock of a seat: with what it is resumed, and what a wrong answer costs.

A password opens a seat that a password opened. A seat that an SSH key or an account of the host opened would be opened
by whoever sits there, so it takes a second factor; where the person has none, their password; where they have neither,
the seat is not locked but ended: signing in again is all there is to ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dropcopy_tui.domain.errors import FactorUnavailable, NotSignedIn, SeatEnded, SecondFactorFailed
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.seats import MOST_TRIES, Ending, SeatWay
from dropcopy_tui.services.factors.strategy import strategy_of
from dropcopy_tui.services.factors.table import FACTORS
from dropcopy_tui.services.people.seat_rows import end_seat, own_seat
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.access_tables import SeatRow
from dropcopy_tui.store.tables import PersonRow

PASSWORD = SeatWay.PASSWORD.value
# Their codes are asked for, and count among those of the day; the others are at hand.
SENT = ("sms", "duo")
# Whoever has one of these is not asked for less.
_OWN = ("totp", "sms")
_ALL = ("totp", "sms", "duo", "recovery")


@dataclass(frozen=True, slots=True)
class LockWay:
    """What resumes a seat: `password`, or the name of a second factor. `hint` says where its code is from.

    `digits` are the fewest and the most of its codes, none for a password. `sent`: a code has to be asked for.
    """

    name: str
    label: str
    hint: str = ""
    digits: tuple[int, int] = (0, 0)
    sent: bool = False


def ways_of(uow: UnitOfWork, row: SeatRow, person: PersonRow) -> tuple[LockWay, ...]:
    """With what the seat is resumed, the first one foremost; none where there is nothing to ask."""
    password = (LockWay(PASSWORD, "Password"),) if person.password_hash else ()
    if row.way == SeatWay.PASSWORD and password:
        return password
    factors = tuple(_usable(uow, person))
    if any(way.name in _OWN for way in factors):
        return factors
    return (*factors, *password)


def _usable(uow: UnitOfWork, person: PersonRow) -> Iterator[LockWay]:
    for name in _ALL:
        offer = strategy_of(name).offer(uow, person)
        if not offer.reason:
            factor = FACTORS[name]
            yield LockWay(name, factor.label, offer.hint, factor.digits, name in SENT)


def require_way(uow: UnitOfWork, person: PersonRow, name: str) -> SeatRow:
    """The seat that acts, if this resumes it. Raises SeatEnded, FactorUnavailable."""
    row = own_seat(uow)
    if name not in [way.name for way in ways_of(uow, row, person)]:
        raise FactorUnavailable("This does not resume your seat. Select another way, or sign in again.")
    return row


def wrong_answer(uow: UnitOfWork, row: SeatRow) -> NotSignedIn | SecondFactorFailed:
    """Count a wrong answer, and what to raise for it: too many end the seat."""
    row.tries += 1
    uow.tx.add(row)
    uow.record("seat:unproven", uow.actor.user_id, after={"seat": row.id, "tries": row.tries})
    left = MOST_TRIES - row.tries
    if left > 0:
        return SecondFactorFailed(f"That is not right: {plural(left, 'attempt')} left.", retry=True)
    end_seat(uow, row, Ending.UNPROVEN)
    return SeatEnded("You were signed out after too many wrong answers at the lock. Your drafts are kept.")


def resume(uow: UnitOfWork, row: SeatRow, way: str, **also: bool) -> None:
    """The person was proven: the seat is open again."""
    locked = row.locked_at
    row.locked_at, row.tries, row.seen_at, row.acted_at = None, 0, uow.now, uow.now
    uow.tx.add(row)
    before = {"locked_at": locked.isoformat()} if locked is not None else {}
    uow.record("seat:resumed", uow.actor.user_id, before=before, after={"seat": row.id, "by": way, **also})

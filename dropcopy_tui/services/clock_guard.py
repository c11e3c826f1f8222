"""A clock that went back: it is recorded, and operations is told. What has a life of its own does not get it back.

Codes, tickets, invitations and resets ask `unit_of_work.was_later` whether an event after them proves that their time
was over already.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from sqlmodel import col, select

from dropcopy_tui.domain.dates import moment_words
from dropcopy_tui.domain.people import MAY_OPERATE
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.services.rights import holders
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import AuditRow, PersonRow

WENT_BACK = "clock:went_back"
# Two hosts may differ by so much, and a clock may be set right by it.
TOLERATED = timedelta(minutes=2)
# So many events are looked at: those since the last round of the scheduled jobs, and more.
_RECENT = 1_000


def steps_back(uow: UnitOfWork) -> list[tuple[datetime, datetime]]:
    """Where the times of recent events go back by more than two minutes: from when to when, oldest first.

    Those that were recorded already are left out. The present moment counts as the last event.
    """
    known = select(AuditRow.id).where(AuditRow.action == WENT_BACK).order_by(col(AuditRow.id).desc()).limit(1)
    after = uow.tx.exec(known).first() or 0
    rows = select(AuditRow.at).where(col(AuditRow.id) >= after).order_by(col(AuditRow.id).desc()).limit(_RECENT)
    times = [*reversed(uow.tx.exec(rows).all()), uow.now]
    return [(before, then) for before, then in pairwise(times) if before - then > TOLERATED]


def note_steps(uow: UnitOfWork) -> None:
    """Record that the clock went back, and tell operations, once."""
    found = steps_back(uow)
    if not found:
        return
    before, then = found[-1]
    minutes = int((before - then).total_seconds() // 60)
    uow.record(
        WENT_BACK, "clock", before={"at": before.isoformat()}, after={"at": then.isoformat(), "times": len(found)}
    )
    words = (
        f"It went from {moment_words(before)} back to {moment_words(then)}, by {plural(minutes, 'minute')}. Codes, "
        "tickets and invitations that were over stay so. Check the clock of every host: timedatectl set-ntp true"
    )
    people = {person for person, _ in holders(uow.tx, MAY_OPERATE)}
    for person in uow.tx.exec(select(PersonRow).where(col(PersonRow.id).in_(people)).order_by(col(PersonRow.id))):
        uow.tell(person, "The clock of a host went back", words)

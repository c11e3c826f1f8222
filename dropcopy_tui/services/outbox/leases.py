"""The lease on a message of the outbox: one sender's alone until a moment, so that each is sent once.

A sender takes it in one short transaction, sends outside of any, and marks the message in another. One that is killed
loses its lease when the moment has come, and another sender takes the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, or_, select
from sqlmodel import col

from dropcopy_tui.domain.mail import MessageState
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import OutboxRow


@dataclass(frozen=True, slots=True)
class Lease:
    """A message, and the moment until which no one else sends it."""

    id: int
    until: datetime


def is_free(row: OutboxRow, now: datetime) -> bool:
    """Whether the message waits to be sent, and no sender has it."""
    return row.state == MessageState.QUEUED.value and (row.leased_until is None or row.leased_until <= now)


def due(channel: ColumnElement[bool], now: datetime) -> Select[OutboxRow]:
    """The messages of a channel that are due and that no sender has, the oldest first."""
    next_at, leased_until = col(OutboxRow.next_at), col(OutboxRow.leased_until)
    return (
        select(OutboxRow)
        .where(col(OutboxRow.state) == MessageState.QUEUED.value, channel)
        .where(or_(next_at.is_(None), next_at <= now), or_(leased_until.is_(None), leased_until <= now))
        .order_by(col(OutboxRow.id))
    )


def still_leased(uow: UnitOfWork, lease: Lease) -> OutboxRow | None:
    """The message's row, unless the lease ended and another sender has it, or it was sent."""
    # The moment names the holder: a later lease of another sender ends at a later moment.
    row = uow.tx.get_one(OutboxRow, lease.id)
    return row if row.state == MessageState.QUEUED.value and row.leased_until == lease.until else None

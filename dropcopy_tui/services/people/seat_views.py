"""Open seats as lists show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, select
from sqlmodel import col

from dropcopy_tui.domain.seats import SeatRules, SeatState, SeatWay, idle_words
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.people.seat_rows import IS_OPEN, ending_of
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.access_tables import SeatRow
from dropcopy_tui.store.paging import Listing
from dropcopy_tui.store.tables import PersonRow


@dataclass(frozen=True, slots=True)
class SeatView:
    """An open seat. `idle` says how long ago the last key press was, to within five minutes; `is_own`: it acts.

    `state` is `lost` for one whose process has ended, or is not heard of any longer: it ends with the next `tick`.
    """

    id: int
    person: str
    way: SeatWay
    state: SeatState
    host: str
    account: str
    tty: str
    address: str
    fingerprint: str
    opened_at: datetime
    acted_at: datetime
    locked_at: datetime | None
    idle: str
    is_own: bool = False

    @property
    def where(self) -> str:
        """The address that it is used from, or the terminal of the host itself."""
        return self.address or f"{self.account} {self.tty.removeprefix('/dev/')}".strip()


def listing(*where: ColumnElement[bool]) -> Listing:
    """Open seats, the newest first."""
    rows = (
        select(SeatRow, col(PersonRow.user_id))
        .join(PersonRow, col(PersonRow.id) == col(SeatRow.person_id))
        .where(IS_OPEN, *where)
    )
    return Listing(
        rows,
        {
            "opened": col(SeatRow.opened_at),
            "person": col(PersonRow.user_id),
            "used": col(SeatRow.acted_at),
        },
        col(SeatRow.id),
        (col(PersonRow.user_id), col(SeatRow.host), col(SeatRow.address), col(SeatRow.account), col(SeatRow.tty)),
        newest_first=True,
    )


def view_of(uow: UnitOfWork, found: Row[SeatRow, str]) -> SeatView:
    """A row of `listing` as people see it now."""
    row, person = found[:2]
    locked = SeatState.LOCKED if row.locked_at is not None else SeatState.OPEN
    over = ending_of(row, uow.resources.seat_rules or SeatRules(), uow) is not None
    return SeatView(
        key_of(row.id),
        person,
        SeatWay(row.way),
        SeatState.LOST if over else locked,
        row.host,
        row.account,
        row.tty,
        row.address,
        row.fingerprint,
        row.opened_at,
        row.acted_at,
        row.locked_at,
        idle_words(row.acted_at, uow.now),
        uow.actor.seat == row.id,
    )

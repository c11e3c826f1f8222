"""The tables of access: where people are signed in, and what replaces a second factor that was lost."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from dropcopy_tui.domain.seats import Ending, SeatWay
from dropcopy_tui.store.dialect import BIG
from dropcopy_tui.store.trust_tables import Proven, proof_field

_EMPTY = text("''")
_OPEN = text("ended_at IS NULL")
_WAYS = ", ".join(f"'{way}'" for way in SeatWay)
_ENDINGS = ", ".join(f"'{how}'" for how in Ending)


class SeatRow(SQLModel, table=True):
    """A seat: who is signed in, where and how (see `domain.seats`), since when, and how it ended.

    `machine`, `pid` and `started` name its process. `acted_at` is the last key press that its application told of,
    `seen_at` when it last told anything. `tries` counts wrong answers at the present lock.
    `after_event` is the last audit event before it: later ones prove which times passed.
    """

    __tablename__ = "seat"
    __table_args__ = (
        CheckConstraint(f"way IN ({_WAYS})", name="ck_seat_way"),
        CheckConstraint(f"how IN ('', {_ENDINGS})", name="ck_seat_how"),
        CheckConstraint("(ended_at IS NULL) = (how = '')", name="ck_seat_ended"),
        CheckConstraint("ended_by IS NULL OR ended_at IS NOT NULL", name="ck_seat_ended_by"),
        CheckConstraint("tries >= 0", name="ck_seat_tries"),
        Index("ix_seat_person", "person_id", "ended_at"),
        Index("ix_seat_open", "opened_at", "id", sqlite_where=_OPEN),
    )
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    way: str
    fingerprint: str = Field(default="", sa_column_kwargs={"server_default": _EMPTY})
    host: str
    account: str
    tty: str = Field(default="", sa_column_kwargs={"server_default": _EMPTY})
    address: str = Field(default="", sa_column_kwargs={"server_default": _EMPTY})
    machine: str
    pid: int
    started: int = Field(sa_type=BIG)
    opened_at: datetime
    seen_at: datetime
    acted_at: datetime
    locked_at: datetime | None = None
    tries: int = 0
    ended_at: datetime | None = None
    ended_by: int | None = Field(default=None, foreign_key="person.id")
    how: str = Field(default="", sa_column_kwargs={"server_default": _EMPTY})
    reason: str = Field(default="", sa_column_kwargs={"server_default": _EMPTY})
    after_event: int = Field(default=0, sa_type=BIG, sa_column_kwargs={"server_default": text("0")})


class RecoveryCodeRow(Proven, table=True):
    """A code that replaces a lost second factor, once; only a keyed digest of it is stored.

    It confirms nothing before `usable_at`: whoever stole a way in does not gain a second factor with it.
    """

    __tablename__ = "recovery_code"
    __table_args__ = (Index("ix_recovery_code_person", "person_id", "code_mac"),)
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    code_mac: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    made_at: datetime
    usable_at: datetime
    used_at: datetime | None = None
    proof: bytes | None = proof_field()

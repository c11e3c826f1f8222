"""The tables that prove the others: where the audit trail is sealed, and how far it goes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Column, LargeBinary
from sqlmodel import Field, SQLModel

from dropcopy_tui.store.dialect import BIG


class Proven(SQLModel):
    """A row that grants power. Its `proof` is a keyed digest over what it says: see `store/proofs.py`."""


def proof_field() -> Any:
    """The column of the proof; null in a row that no desk has written."""
    return Field(default=None, sa_column=Column(LargeBinary, nullable=True), repr=False)


class AuditChainRow(SQLModel, table=True):
    """A stretch of the audit trail whose events are sealed by keys of one root.

    The first begins with the store, or where a store of an earlier version was sealed; another begins with every new
    master key. `previous` is the digest of the last event before it, `events_before` their number. `sealed_root` is
    the root under the present master key; null where the present master key itself gives it.
    """

    __tablename__ = "audit_chain"
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    first_event: int = Field(sa_type=BIG)
    events_before: int = Field(sa_type=BIG)
    previous: str
    began_at: datetime
    sealed_root: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class AuditHeadRow(SQLModel, table=True):
    """The end of the audit trail, one row: how many events there are, the last one, and the key of the next.

    `sealed_key` opens with these values only: whoever cuts the trail cannot make a row that fits what is left. `states`
    are those of rows that were written since the last event; null before states were kept.
    """

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="ck_audit_head_one"),)
    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    chain: int = Field(foreign_key="audit_chain.number")
    events: int = Field(sa_type=BIG)
    last_event: int = Field(sa_type=BIG)
    digest: str
    sealed_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    states: str | None = None

"""Master data: front end systems and SenderComps, and the counts of these."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from dropcopy_tui.domain.markets import Gateway
from dropcopy_tui.domain.sessions import SenderCompStatus
from dropcopy_tui.store.tables.words import IS_INACTIVE, NO_ROWID, kept_counts, one_of


class FrontEndRow(SQLModel, table=True):
    """A front end system."""

    __tablename__ = "front_end"
    __table_args__ = (UniqueConstraint("name", "version", "vendor", name="uq_front_end"),)
    id: int | None = Field(default=None, primary_key=True)
    name: str
    version: str
    vendor: str


class FrontEndMappingRow(SQLModel, table=True):
    """A front end system that an entity may use (rule G8)."""

    __tablename__ = "front_end_mapping"
    entity_id: int = Field(primary_key=True, foreign_key="entity.id")
    front_end_id: int = Field(primary_key=True, foreign_key="front_end.id", index=True)


class SenderCompRow(SQLModel, table=True):
    """An order-entry SenderComp that can be a source."""

    __tablename__ = "sender_comp"
    __table_args__ = (
        one_of("gateway", Gateway, "ck_sender_comp_gateway"),
        one_of("status", SenderCompStatus, "ck_sender_comp_status"),
        CheckConstraint("sender_comp_id = session_id || gfid || fti", name="ck_sender_comp_parts"),
        CheckConstraint("fti IN ('P', 'B', 'U', 'N')", name="ck_sender_comp_fti"),
        UniqueConstraint("market", "sender_comp_id", name="uq_sender_comp"),
        Index("ix_sender_comp_list", "entity_id", "market", "sender_comp_id"),
        Index("ix_sender_comp_anywhere", "entity_id", "sender_comp_id"),
        Index("ix_sender_comp_gfid", "entity_id", "market", "gfid", "sender_comp_id"),
        Index("ix_sender_comp_session", "market", "session_id"),
        # Few are inactive: those that are need no look at all the others.
        Index(
            "ix_sender_comp_inactive",
            "entity_id",
            "market",
            "sender_comp_id",
            sqlite_where=text(IS_INACTIVE),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    entity_id: int = Field(foreign_key="entity.id")
    market: str
    sender_comp_id: str
    session_id: str
    gfid: str
    fti: str
    gateway: str
    guarantor_id: int | None = Field(default=None, foreign_key="entity.id")
    status: str = SenderCompStatus.ACTIVE.value


class SenderCompCountRow(SQLModel, table=True):
    """How many SenderComps an entity has in a market, whatever their status, part by part (`store/counts.py`)."""

    __tablename__ = "sender_comp_count"
    __table_args__ = (*kept_counts("sender_comp_count"), NO_ROWID)
    entity_id: int = Field(primary_key=True, foreign_key="entity.id")
    market: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    part: str = Field(primary_key=True)
    members: int


class SenderCompMarkRow(SQLModel, table=True):
    """Up to which SenderComp the kept counts and the search have taken them in; one row."""

    __tablename__ = "sender_comp_mark"
    up_to: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})

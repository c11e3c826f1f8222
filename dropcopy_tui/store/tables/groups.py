"""Drop copy groups and drafts of them, each with its SenderComps and their counts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, Column, Index, text
from sqlmodel import Field, SQLModel

from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.store.tables.words import NO_ROWID, by_gfid, kept_counts, one_of
from dropcopy_tui.store.trust_tables import Proven, proof_field


class GroupRow(Proven, table=True):
    """A drop copy group. Its name is unique at the entity until the group is deleted (rule G3).

    `set_digest` is the digest of the SenderComps that it copies, which carry no proof of their own.
    """

    __tablename__ = "drop_copy_group"
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="ck_drop_copy_group_name"),
        Index(
            "uq_drop_copy_group_name",
            "entity_id",
            "name_key",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    entity_id: int = Field(foreign_key="entity.id")
    market: str
    name: str
    name_key: str
    front_end_id: int = Field(foreign_key="front_end.id")
    sources: int
    version: int = 1
    created_at: datetime
    created_by: int = Field(foreign_key="person.id")
    deleted_at: datetime | None = None
    set_digest: str | None = None
    proof: bytes | None = proof_field()


class GroupFilterRow(Proven, table=True):
    """A communication type that a group copies (rule G4)."""

    __tablename__ = "group_filter"
    __table_args__ = (one_of("filter", Filter, "ck_group_filter_filter"),)
    group_id: int = Field(primary_key=True, foreign_key="drop_copy_group.id")
    filter: str = Field(primary_key=True)
    proof: bytes | None = proof_field()


class GroupSourceRow(SQLModel, table=True):
    """A SenderComp whose messages a group copies.

    The sets of SenderComps carry the SenderCompID and the GFID, which never change, and are stored in the order in
    which lists show them: a page of a set of any size is read from one place, and nothing is sorted.
    """

    __tablename__ = "group_source"
    __table_args__ = (by_gfid("group_source", "group_id"), NO_ROWID)
    group_id: int = Field(primary_key=True, foreign_key="drop_copy_group.id")
    sender_comp_id: str = Field(primary_key=True)
    sender_comp_pk: int = Field(primary_key=True, foreign_key="sender_comp.id", index=True)
    gfid: str


class GroupCountRow(SQLModel, table=True):
    """How many SenderComps a group copies, part by part."""

    __tablename__ = "group_count"
    __table_args__ = (*kept_counts("group_count"), NO_ROWID)
    group_id: int = Field(primary_key=True, foreign_key="drop_copy_group.id")
    kind: str = Field(primary_key=True)
    part: str = Field(primary_key=True)
    members: int


class DraftRow(SQLModel, table=True):
    """The input of a person in the wizard; its sources are in draft_source (architecture, decision 4).

    A draft with a group is an edit of it that began at the group's `base_version` (rules G7, G10). One that is
    `parked_for` another keeps what that one had at an entity which it has left: it counts as submitted, so that it is
    neither listed nor opened.
    """

    __tablename__ = "draft"
    __table_args__ = (
        CheckConstraint("step BETWEEN 1 AND 6", name="ck_draft_step"),
        Index("ix_draft_person", "person_id", "submitted_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    market: str
    entity_id: int | None = Field(default=None, foreign_key="entity.id")
    name: str = ""
    front_end_id: int | None = Field(default=None, foreign_key="front_end.id")
    filters: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    group_id: int | None = Field(default=None, foreign_key="drop_copy_group.id", index=True)
    base_version: int | None = None
    step: int = 1
    version: int = 1
    updated_at: datetime
    submitted_at: datetime | None = None
    parked_for: int | None = Field(default=None, foreign_key="draft.id")


class DraftSourceRow(SQLModel, table=True):
    """A SenderComp that was added to a draft."""

    __tablename__ = "draft_source"
    __table_args__ = (by_gfid("draft_source", "draft_id"), NO_ROWID)
    draft_id: int = Field(primary_key=True, foreign_key="draft.id")
    sender_comp_id: str = Field(primary_key=True)
    sender_comp_pk: int = Field(primary_key=True, foreign_key="sender_comp.id")
    gfid: str


class DraftCountRow(SQLModel, table=True):
    """How many SenderComps a draft has, part by part."""

    __tablename__ = "draft_count"
    __table_args__ = (*kept_counts("draft_count"), NO_ROWID)
    draft_id: int = Field(primary_key=True, foreign_key="draft.id")
    kind: str = Field(primary_key=True)
    part: str = Field(primary_key=True)
    members: int

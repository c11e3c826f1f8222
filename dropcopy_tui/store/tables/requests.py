"""Requests, what they change, and who decided what about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Index, text
from sqlmodel import Field, SQLModel

from dropcopy_tui.domain.requests import RequestStatus, RequestType
from dropcopy_tui.store.tables.words import NO_ROWID, OPEN_CHANGE, OPEN_REQUEST, by_gfid, kept_counts, one_of, orders
from dropcopy_tui.store.trust_tables import Proven, proof_field


class RequestRow(Proven, table=True):
    """A request (rule Q1). A completed edit produced version `group_version` of the group.

    `search` has the words that lists show except the status, in lower case, for filtering. `stage` is what lists sort
    by: the status, and of what is in progress the first firm whose approval is missing. `entity` and `submitter` are
    the code and the user id, which never change. `needs` are the entities whose approval it needs, and
    `draft_digest` is what was submitted: an approval that was removed, and a draft that was changed since, show.
    `op_id` names the act by which it was submitted, and `op_digest` is what that act said: see
    `services/requests/repeated.py`.
    """

    __tablename__ = "request"
    __table_args__ = (
        one_of("type", RequestType, "ck_request_type"),
        one_of("status", RequestStatus, "ck_request_status"),
        CheckConstraint("(status = 'in_progress') = (ended_at IS NULL)", name="ck_request_ended"),
        Index("ix_request_status", "status", "id"),
        # Covering indexes for filters: a hundred thousand requests are searched without reading their rows.
        Index("ix_request_person", "submitted_by", "id", "search", "status"),
        Index("ix_request_entity", "entity_id", "id", "search", "status"),
        # What became of a group: who edited it last, and what they changed.
        Index("ix_request_group", "group_id", "id"),
        # What a person asked for, and what was asked for an entity, in the order of each column.
        *orders(
            "request",
            ("submitted_by",),
            own_type="type",
            own_subject="subject",
            own_entity="entity",
            own_by="submitter",
            own_stage="stage",
        ),
        *orders(
            "request", ("entity_id",), type="type", subject="subject", code="entity", by="submitter", stage="stage"
        ),
        # Few are open: they wait for approval.
        *orders(
            "request",
            ("status",),
            OPEN_REQUEST,
            open_type="type",
            open_subject="subject",
            open_entity="entity",
            open_by="submitter",
            open_stage="stage",
        ),
        Index("ix_request_op", "submitted_by", "op_id", "id", sqlite_where=text("op_id IS NOT NULL")),
        # A group has at most one open change (rule G10).
        Index(
            "uq_request_open_change",
            "group_id",
            unique=True,
            sqlite_where=text(OPEN_CHANGE),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(unique=True)
    type: str
    status: str = RequestStatus.IN_PROGRESS.value
    entity_id: int = Field(foreign_key="entity.id")
    subject: str
    search: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    entity: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    submitter: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    stage: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    draft_id: int | None = Field(default=None, foreign_key="draft.id", unique=True)
    group_id: int | None = Field(default=None, foreign_key="drop_copy_group.id")
    group_version: int | None = None
    asked: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    reasons: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    submitted_by: int = Field(foreign_key="person.id")
    submitted_at: datetime
    ended_at: datetime | None = None
    version: int = 1
    needs: str | None = None
    draft_digest: str | None = None
    op_id: str | None = None
    op_digest: str | None = None
    proof: bytes | None = proof_field()


class RequestSourceRow(SQLModel, table=True):
    """A SenderComp that an edit adds to its group or removes from it; the record is kept permanently."""

    __tablename__ = "request_source"
    __table_args__ = (
        one_of("change", ("added", "removed"), "ck_request_source_change"),
        by_gfid("request_source", "request_id", "change"),
        NO_ROWID,
    )
    request_id: int = Field(primary_key=True, foreign_key="request.id")
    change: str = Field(primary_key=True)
    sender_comp_id: str = Field(primary_key=True)
    sender_comp_pk: int = Field(primary_key=True, foreign_key="sender_comp.id")
    gfid: str


class RequestCountRow(SQLModel, table=True):
    """How many SenderComps an edit adds or removes, part by part."""

    __tablename__ = "request_count"
    __table_args__ = (*kept_counts("request_count"), NO_ROWID)
    request_id: int = Field(primary_key=True, foreign_key="request.id")
    change: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    part: str = Field(primary_key=True)
    members: int


class ApprovalRow(Proven, table=True):
    """An entity whose approval a request needs, and the person who gave it (rule Q3)."""

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint("(given_by IS NULL) = (given_at IS NULL)", name="ck_approval_given"),
        Index("ix_approval_open", "entity_id", "given_at", "request_id"),
    )
    request_id: int = Field(primary_key=True, foreign_key="request.id")
    entity_id: int = Field(primary_key=True, foreign_key="entity.id")
    given_by: int | None = Field(default=None, foreign_key="person.id")
    given_at: datetime | None = None
    proof: bytes | None = proof_field()


class DecisionRow(Proven, table=True):
    """A decision about a request by an approver or the requester (rules Q2, Q3)."""

    __tablename__ = "decision"
    __table_args__ = (
        Index("ix_decision_person", "person_id", "request_id"),
        CheckConstraint("verdict IN ('approve', 'deny', 'cancel')", name="ck_decision_verdict"),
        CheckConstraint("verdict <> 'deny' OR length(reason) > 0", name="ck_decision_reason"),
    )
    id: int | None = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    entity_id: int | None = Field(default=None, foreign_key="entity.id")
    verdict: str
    reason: str = ""
    at: datetime
    proof: bytes | None = proof_field()

"""What the desk keeps about itself, tells people, and records."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Index, LargeBinary, text, true
from sqlmodel import Field, SQLModel

from dropcopy_tui.store.dialect import BIG
from dropcopy_tui.store.tables.words import ZERO, orders


class SettingRow(SQLModel, table=True):
    """The store's own settings: its id, whether it is a sandbox, and the check value of its master key."""

    __tablename__ = "setting"
    key: str = Field(primary_key=True)
    value: str


class NoticeRow(SQLModel, table=True):
    """A notice in the application for one person (rule Q6). `unread` and `about` sort: the request, or 0."""

    __tablename__ = "notice"
    __table_args__ = orders("notice", ("person_id",), list="id", unread="unread", about="about")
    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    person_id: int = Field(foreign_key="person.id")
    text: str
    request_id: int | None = Field(default=None, foreign_key="request.id")
    about: int = Field(default=0, sa_column_kwargs={"server_default": ZERO})
    at: datetime
    read_at: datetime | None = None
    unread: bool = Field(default=True, sa_column_kwargs={"server_default": true()})


class OutboxRow(SQLModel, table=True):
    """A message to send. If it contains a code, its body is sealed and `body` is empty.

    The process that leases a queued message sends it; a failed message is retried from `next_at` on.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("channel IN ('email', 'sms')", name="ck_outbox_channel"),
        CheckConstraint("state IN ('queued', 'sent', 'held', 'failed')", name="ck_outbox_state"),
        *orders("outbox", (), state="state", channel="channel", to="recipient"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    channel: str
    person_id: int | None = Field(default=None, foreign_key="person.id")
    recipient: str
    subject: str
    body: str
    sealed_body: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    state: str
    created_at: datetime
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    next_at: datetime | None = None
    leased_until: datetime | None = None
    sent_at: datetime | None = None
    error: str = Field(default="", sa_column_kwargs={"server_default": text("''")})


class AuditRow(SQLModel, table=True):
    """An audit event (rule P4), chained to the previous event by a digest that is sealed: see `store/chain.py`.

    `states` are the rows that grant power as this change left them: see `store/states.py`.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_at", "at"),
        Index("ix_audit_event_person", "person", "id"),
        Index("ix_audit_event_subject", "subject", "id"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    at: datetime
    person: str
    origin: str
    action: str = Field(index=True)
    entity: str | None = None
    subject: str = ""
    before: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    after: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    digest: str
    states: str | None = None

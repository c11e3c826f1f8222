"""The lifecycle of requests: approvals, edits and their changes; invitations; delivery of the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OPEN_CHANGE = "status = 'in_progress' AND type IN ('edit_group', 'delete_group')"
# The same words as services.requests.views.search_words makes; the date is in UTC.
_WORDS = """
    UPDATE request SET search = lower(reference || ' ' || replace(type, '_', ' ') || ' ' || subject
        || ' ' || (SELECT code FROM entity WHERE entity.id = request.entity_id)
        || ' ' || (SELECT user_id FROM person WHERE person.id = request.submitted_by)
        || ' ' || substr(submitted_at, 1, 10))
"""


def upgrade() -> None:
    """Add tables and columns; the outstanding approvals of requests become rows."""
    _approvals()
    _edits()
    _search()
    _invitations()
    _mailbox()
    op.create_index("ix_audit_event_person", "audit_event", ["person", "id"], unique=False)
    op.create_index("ix_audit_event_subject", "audit_event", ["subject", "id"], unique=False)


def _approvals() -> None:
    op.create_table(
        "approval",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("given_by", sa.Integer(), nullable=True),
        sa.Column("given_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("(given_by IS NULL) = (given_at IS NULL)", name="ck_approval_given"),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"]),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"]),
        sa.ForeignKeyConstraint(["given_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("request_id", "entity_id"),
    )
    op.create_index("ix_approval_open", "approval", ["entity_id", "given_at", "request_id"], unique=False)
    _take_approvals_over(op.get_bind())
    op.drop_column("request", "waits_for")


def _take_approvals_over(connection: sa.Connection) -> None:
    """Copy the approvals: the first version kept their entities as a JSON list in the request."""
    request = sa.table("request", sa.column("id", sa.Integer), sa.column("waits_for", sa.JSON))
    decision = sa.table("decision", *(sa.column(name) for name in ("request_id", "entity_id", "person_id", "verdict")))
    decided_at = sa.column("at", UTCDateTime())
    approval = sa.table(
        "approval",
        *(sa.column(name, sa.Integer) for name in ("request_id", "entity_id", "given_by")),
        sa.column("given_at", UTCDateTime()),
    )
    given = {
        (row.request_id, row.entity_id): (row.person_id, row.at)
        for row in connection.execute(
            sa.select(decision, decided_at).where(decision.c.verdict == "approve").select_from(decision)
        )
    }
    for row in connection.execute(sa.select(request)).all():
        for entity_id in row.waits_for:
            person, at = given.get((row.id, entity_id), (None, None))
            values = {"request_id": row.id, "entity_id": entity_id, "given_by": person, "given_at": at}
            connection.execute(sa.insert(approval).values(**values))


def _edits() -> None:
    op.create_table(
        "request_source",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("sender_comp_pk", sa.Integer(), nullable=False),
        sa.CheckConstraint("change IN ('added', 'removed')", name="ck_request_source_change"),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"]),
        sa.ForeignKeyConstraint(["sender_comp_pk"], ["sender_comp.id"]),
        sa.PrimaryKeyConstraint("request_id", "change", "sender_comp_pk"),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_request_source_sender_comp_pk"), "request_source", ["sender_comp_pk"], unique=False)
    op.execute("ALTER TABLE request ADD COLUMN group_version INTEGER")
    op.create_index(
        "uq_request_open_change",
        "request",
        ["group_id"],
        unique=True,
        sqlite_where=sa.text(_OPEN_CHANGE),
        postgresql_where=sa.text(_OPEN_CHANGE),
    )
    op.execute("ALTER TABLE draft ADD COLUMN group_id INTEGER REFERENCES drop_copy_group (id)")
    op.execute("ALTER TABLE draft ADD COLUMN base_version INTEGER")
    op.create_index(op.f("ix_draft_group_id"), "draft", ["group_id"], unique=False)


def _search() -> None:
    op.execute("ALTER TABLE request ADD COLUMN search VARCHAR DEFAULT '' NOT NULL")
    op.execute(_WORDS)
    op.drop_index("ix_request_entity_id", "request")
    op.drop_index("ix_request_person", "request")
    op.create_index("ix_request_entity", "request", ["entity_id", "id", "search", "status"], unique=False)
    op.create_index("ix_request_person", "request", ["submitted_by", "id", "search", "status"], unique=False)


def _invitations() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code_mac", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("tries >= 0", name="ck_invitation_tries"),
        sa.CheckConstraint("expires_at > created_at", name="ck_invitation_life"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_invitation_person_id"), "invitation", ["person_id"], unique=False)


def _mailbox() -> None:
    op.execute("ALTER TABLE outbox ADD COLUMN attempts INTEGER DEFAULT 0 NOT NULL")
    for column in ("next_at", "leased_until", "sent_at"):
        op.execute(f"ALTER TABLE outbox ADD COLUMN {column} DATETIME")
    op.execute("ALTER TABLE outbox ADD COLUMN error VARCHAR DEFAULT '' NOT NULL")

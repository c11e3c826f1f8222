"""The lifecycle of key pairs: expiry notices, and second factors that agents and providers confirm."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables and columns."""
    op.create_table(
        "expiry_notice",
        sa.Column("key_pair_id", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["key_pair_id"], ["key_pair.id"]),
        sa.PrimaryKeyConstraint("key_pair_id", "days"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "factor_reset",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("factor", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="ck_factor_reset_confirmed"),
        sa.CheckConstraint("confirmed_by IS NULL OR confirmed_by <> asked_by", name="ck_factor_reset_two_agents"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_factor_reset_person", "factor_reset", ["person_id", "confirmed_at"], unique=False)
    op.execute("ALTER TABLE challenge ADD COLUMN issued_by INTEGER REFERENCES person (id)")
    op.execute("ALTER TABLE challenge ADD COLUMN remote_id VARCHAR DEFAULT '' NOT NULL")

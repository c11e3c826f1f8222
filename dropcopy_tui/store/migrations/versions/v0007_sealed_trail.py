"""A sealed audit trail, and proofs of rows that grant power: both with keys of the master key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from dropcopy_tui.store.dialect import BIG

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Their rows grant power.
_PROVEN = (
    "approval", "authenticator", "challenge", "decision", "entitlement", "entity", "factor_reset", "invitation", "key_pair",
    "person", "recovery_code", "request", "ssh_key",
)  # fmt: skip


def upgrade() -> None:
    """New tables. They are filled where the master key is at hand: see `services/sealing.py`."""
    op.create_table(
        "audit_chain",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_event", BIG, nullable=False),
        sa.Column("events_before", BIG, nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("began_at", UTCDateTime(), nullable=False),
        sa.Column("sealed_root", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chain", sa.Integer(), nullable=False),
        sa.Column("events", BIG, nullable=False),
        sa.Column("last_event", BIG, nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_audit_head_one"),
        sa.ForeignKeyConstraint(["chain"], ["audit_chain.number"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for table in _PROVEN:
        op.add_column(table, sa.Column("proof", sa.LargeBinary(), nullable=True))

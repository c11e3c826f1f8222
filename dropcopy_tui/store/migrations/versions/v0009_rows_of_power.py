"""Proofs of sessions, groups and filters; the state of every proven row in the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dropcopy_tui.store.dialect import BIG

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_PROVEN = ("session", "drop_copy_group", "group_filter")
_TEXTS = (
    ("drop_copy_group", "set_digest"),
    ("request", "needs"),
    ("request", "draft_digest"),
    ("request", "op_id"),
    ("request", "op_digest"),
    ("audit_event", "states"),
    ("audit_head", "states"),
)


# An application of an earlier version may still be open, and looks at the version only when it starts. What it writes
# would be taken for a change from outside. Each of its changes has an audit event, which knows nothing of states.
_NO_EARLIER_VERSION = """
CREATE TRIGGER audit_event_of_an_earlier_version BEFORE INSERT ON audit_event WHEN NEW.states IS NULL
BEGIN SELECT RAISE(ABORT, 'the store was migrated: start the newer version of dropcopy'); END
"""


def upgrade() -> None:
    """New columns. They are filled where the master key is at hand: see `services/sealing.py`."""
    for table, column in _TEXTS:
        op.add_column(table, sa.Column(column, sa.String(), nullable=True))
    for table in _PROVEN:
        op.add_column(table, sa.Column("proof", sa.LargeBinary(), nullable=True))
    op.add_column("key_pair", sa.Column("after_event", BIG, nullable=True))
    op.add_column("seat", sa.Column("after_event", BIG, server_default=sa.text("0"), nullable=False))
    op.create_index(
        "ix_request_op",
        "request",
        ["submitted_by", "op_id", "id"],
        sqlite_where=sa.text("op_id IS NOT NULL"),
        postgresql_where=sa.text("op_id IS NOT NULL"),
    )
    connection = op.get_bind()
    if connection.dialect.name == "sqlite" and connection.scalar(sa.text("SELECT EXISTS (SELECT 1 FROM audit_event)")):
        op.execute(_NO_EARLIER_VERSION)

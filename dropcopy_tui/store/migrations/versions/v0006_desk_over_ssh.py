"""The desk over SSH: the keys with which people sign in, files on their way, and where people are signed in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """New tables, and the order in which a group's requests are found."""
    op.create_index("ix_request_group", "request", ["group_id", "id"])
    op.create_table(
        "ssh_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("blob", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=False),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.Column("last_used_at", UTCDateTime(), nullable=True),
        sa.Column("revoked_by", sa.Integer(), nullable=True),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("(revoked_by IS NULL) = (revoked_at IS NULL)", name="ck_ssh_key_revoked"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["revoked_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("fingerprint"),
    )
    op.create_index("ix_ssh_key_person", "ssh_key", ["person_id", "id"])
    op.create_table(
        "parcel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("ticket_mac", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("taken_at", UTCDateTime(), nullable=True),
        sa.Column("after_event", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("direction IN ('out', 'in')", name="ck_parcel_direction"),
        sa.CheckConstraint("taken_at IS NULL OR sealed IS NULL", name="ck_parcel_taken"),
        sa.CheckConstraint("expires_at > created_at", name="ck_parcel_life"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ticket_mac"),
    )
    op.create_index("ix_parcel_person", "parcel", ["person_id", "direction", "name"])
    op.create_index("ix_parcel_expiry", "parcel", ["expires_at"])
    _seats()
    _recovery_codes()


def _seats() -> None:
    """Where people are signed in."""
    op.create_table(
        "seat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("tty", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("address", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.Column("acted_at", UTCDateTime(), nullable=False),
        sa.Column("locked_at", UTCDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("how", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("reason", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("way IN ('password', 'account', 'ssh_key', 'sandbox')", name="ck_seat_way"),
        sa.CheckConstraint(
            "how IN ('', 'left', 'idle', 'old', 'lost', 'unproven', 'ended', 'elsewhere', 'disabled', 'roles', "
            "'key', 'password')",
            name="ck_seat_how",
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (how = '')", name="ck_seat_ended"),
        sa.CheckConstraint("ended_by IS NULL OR ended_at IS NOT NULL", name="ck_seat_ended_by"),
        sa.CheckConstraint("tries >= 0", name="ck_seat_tries"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_seat_person", "seat", ["person_id", "ended_at"])
    still = sa.text("ended_at IS NULL")
    op.create_index("ix_seat_open", "seat", ["opened_at", "id"], sqlite_where=still, postgresql_where=still)


def _recovery_codes() -> None:
    """What replaces a second factor that was lost."""
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("code_mac", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("usable_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_recovery_code_person", "recovery_code", ["person_id", "code_mac"])

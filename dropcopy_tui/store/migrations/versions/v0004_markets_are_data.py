"""Markets are data: the CHECK constraints that named them are removed. Factors, roles and deletions remember whose they are."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = ("sender_comp", "drop_copy_group", "draft", "session")


def upgrade() -> None:
    """Take the checks away, and add what second factors and approvals need; the rows stay where they are."""
    for table in _TABLES:
        _drop_check(table, f"ck_{table}_market")
    _factors()
    _givers()
    _deleters()
    _parked()


def _factors() -> None:
    op.create_table(
        "factor_state",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("factor", sa.String(), nullable=False),
        sa.Column("wrong_in_row", sa.Integer(), nullable=False),
        sa.Column("off_since", UTCDateTime(), nullable=True),
        sa.CheckConstraint("wrong_in_row >= 0", name="ck_factor_state_wrong"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id", "factor"),
        sqlite_with_rowid=False,
    )
    op.execute("ALTER TABLE authenticator ADD COLUMN proven_by VARCHAR DEFAULT '' NOT NULL")
    op.execute("ALTER TABLE authenticator ADD COLUMN vouched_by INTEGER REFERENCES person (id)")
    op.execute("ALTER TABLE authenticator ADD COLUMN usable_at DATETIME")
    for column in ("scope", "ended"):
        op.execute(f"ALTER TABLE challenge ADD COLUMN {column} VARCHAR DEFAULT '' NOT NULL")
    for table in ("challenge", "invitation", "factor_reset"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN after_event INTEGER DEFAULT 0 NOT NULL")


def _givers() -> None:
    op.execute("ALTER TABLE entitlement ADD COLUMN given_by INTEGER REFERENCES person (id)")
    op.execute("ALTER TABLE entitlement ADD COLUMN given_at DATETIME")


def _deleters() -> None:
    op.execute("ALTER TABLE key_pair ADD COLUMN deleted_by VARCHAR DEFAULT '' NOT NULL")


def _parked() -> None:
    op.execute("ALTER TABLE draft ADD COLUMN parked_for INTEGER REFERENCES draft (id)")


def _drop_check(table: str, name: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rewrite(table, name)
    else:
        op.drop_constraint(name, table, type_="check")


def _rewrite(table: str, name: str) -> None:
    """Take a CHECK out of the text of a table, as SQLite's documentation of ALTER TABLE describes (section 7).

    Copying the table would take minutes for a million rows, and needs foreign keys off, which no transaction can do.
    A CHECK says nothing about the rows on disk, so that the text is all there is to change.
    """
    connection = op.get_bind()
    text = connection.execute(
        sa.text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = :table"), {"table": table}
    ).scalar_one()
    changed = re.sub(rf",\s*CONSTRAINT {name} CHECK \(market IN \([^()]*\)\)", "", text)
    if changed == text:
        raise RuntimeError(f"{table} has no {name}")
    version = int(connection.exec_driver_sql("PRAGMA schema_version").scalar_one())
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    try:
        connection.execute(
            sa.text("UPDATE sqlite_schema SET sql = :text WHERE type = 'table' AND name = :table"),
            {"text": changed, "table": table},
        )
        # Other connections read the tables' texts again when this number changes.
        connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    finally:
        connection.exec_driver_sql("PRAGMA writable_schema=OFF")

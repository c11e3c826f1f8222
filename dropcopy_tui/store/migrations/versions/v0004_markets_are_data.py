"""Markets are data: the CHECK constraints that named them are removed."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = ("sender_comp", "drop_copy_group", "draft", "session")


def upgrade() -> None:
    """Take the checks away; the rows stay where they are."""
    for table in _TABLES:
        _drop_check(table, f"ck_{table}_market")


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

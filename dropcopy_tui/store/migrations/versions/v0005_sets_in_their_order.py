"""Sets of SenderComps are stored in the order in which lists show them, so that no page sorts a whole set.

SenderCompIDs get an index of their pieces, so that a search as you type reads what it finds and nothing else. How many
SenderComps each set and each entity has, by first characters and by Globex Firm, is kept from here on.

Sessions, requests and notices keep what their lists sort by, and have an index for each order of their lists.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OWNERS = {"group_source": "drop_copy_group.id", "draft_source": "draft.id", "request_source": "request.id"}
_OPEN = "status = 'in_progress'"
# Indexes by table: what they begin with, which rows they have, and the columns of each. The row number comes last.
_ORDERS = [
    ("session", "entity_id, kind, status", "",
     {"list": "session_id", "market": "market, session_id", "stop": "stops_at"}),
    ("request", "submitted_by", "",
     {"own_type": "type", "own_subject": "subject", "own_entity": "entity", "own_by": "submitter", "own_stage": "stage"}),
    ("request", "entity_id", "",
     {"type": "type", "subject": "subject", "code": "entity", "by": "submitter", "stage": "stage"}),
    ("request", "status", _OPEN,
     {"open_type": "type", "open_subject": "subject", "open_entity": "entity", "open_by": "submitter",
      "open_stage": "stage"}),
    ("notice", "person_id", "", {"list": "", "unread": "unread", "about": "about"}),
    ("outbox", "", "", {"channel": "channel", "to": "recipient"}),
    ("person", "", "", {"name": "name"}),
]  # fmt: skip
_STOPS = """UPDATE session SET stops_at = coalesce((SELECT max(expires_at) FROM key_pair
    WHERE session_pk = session.id AND deleted_at IS NULL), stops_at)"""
_STAGES = """UPDATE request SET entity = (SELECT code FROM entity WHERE entity.id = request.entity_id),
    submitter = (SELECT user_id FROM person WHERE person.id = request.submitted_by),
    stage = CASE WHEN status <> 'in_progress' THEN status ELSE 'in_progress, ' || coalesce('awaiting ' || (
        SELECT min(code) FROM approval JOIN entity ON entity.id = approval.entity_id
        WHERE request_id = request.id AND given_at IS NULL), 'queued') END"""


def upgrade() -> None:
    """Copy each set once, in its new order; the indexes follow, so that they are built from sorted rows."""
    for table, owner in _OWNERS.items():
        keys = [f"{table.removesuffix('_source')}_id", *(["change"] if table == "request_source" else [])]
        _make(f"{table}_new", keys, owner)
        columns = ", ".join([*keys, "sender_comp_id", "sender_comp_pk", "gfid"])
        order = ", ".join([*keys, "sender_comp_id"])
        # The names of tables and columns come from this file.
        rows = f"SELECT {columns} FROM {table} JOIN sender_comp ON sender_comp.id = sender_comp_pk ORDER BY {order}"  # noqa: S608
        op.execute(f"INSERT INTO {table}_new ({columns}) {rows}")
        op.drop_table(table)
        op.rename_table(f"{table}_new", table)
        op.create_index(f"ix_{table}_gfid", table, [*keys, "gfid", "sender_comp_id", "sender_comp_pk"])
    op.create_index("ix_sender_comp_anywhere", "sender_comp", ["entity_id", "sender_comp_id"])
    # Who receives the messages of a SenderComp is asked of the groups only.
    op.create_index(op.f("ix_group_source_sender_comp_pk"), "group_source", ["sender_comp_pk"])
    op.create_index(
        "ix_sender_comp_inactive",
        "sender_comp",
        ["entity_id", "market", "sender_comp_id"],
        sqlite_where=sa.text("status = 'inactive'"),
        postgresql_where=sa.text("status = 'inactive'"),
    )
    _counts()
    _search()
    _orders()


def _orders() -> None:
    never = sa.text("'9999-01-01 00:00:00.000000'")
    op.add_column("session", sa.Column("stops_at", UTCDateTime(), server_default=never, nullable=False))
    for name in ("entity", "submitter", "stage"):
        op.add_column("request", sa.Column(name, sa.String(), server_default=sa.text("''"), nullable=False))
    op.add_column("notice", sa.Column("about", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("notice", sa.Column("unread", sa.Boolean(), server_default=sa.true(), nullable=False))
    # They are filled before they are indexed.
    op.execute(_STOPS)
    op.execute(_STAGES)
    op.execute("UPDATE notice SET about = coalesce(request_id, 0), unread = (read_at IS NULL)")
    op.create_index("ix_decision_person", "decision", ["person_id", "request_id"])
    op.drop_index("ix_session_list", "session")
    op.drop_index("ix_notice_person", "notice")
    for table, owner, where, orders in _ORDERS:
        some: dict[str, Any] = {f"{dialect}_where": sa.text(where) for dialect in ("sqlite", "postgresql") if where}
        for name, order in orders.items():
            columns = [column for column in f"{owner}, {order}, id".split(", ") if column]
            op.create_index(f"ix_{table}_{name}", table, columns, **some)


def _counts() -> None:
    market = sa.Column("market", sa.String(), nullable=False)
    entity: list[sa.Column[Any]] = [sa.Column("entity_id", sa.Integer(), nullable=False), market]
    _count("sender_comp", "sender_comp_count", entity, "entity.id")
    for table, owner in _OWNERS.items():
        noun = table.removesuffix("_source")
        keys: list[sa.Column[Any]] = [sa.Column(f"{noun}_id", sa.Integer(), nullable=False)]
        keys += [sa.Column("change", sa.String(), nullable=False)] if noun == "request" else []
        _count(table, f"{noun}_count", keys, owner)
    op.create_table(
        "sender_comp_mark",
        sa.Column("up_to", sa.Integer(), nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("up_to"),
    )
    op.execute("INSERT INTO sender_comp_mark SELECT coalesce(max(id), 0) FROM sender_comp")


def _count(rows: str, table: str, keys: list[sa.Column[Any]], owner: str) -> None:
    """Make a table of kept counts, and fill it."""
    names = [key.name for key in keys]
    op.create_table(
        table,
        *keys,
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('sender_comp_id', 'gfid')", name=f"ck_{table}_kind"),
        sa.CheckConstraint("members > 0", name=f"ck_{table}_members"),
        sa.ForeignKeyConstraint([names[0]], [owner]),
        sa.PrimaryKeyConstraint(*names, "kind", "part"),
        sqlite_with_rowid=False,
    )
    listed = ", ".join(names)
    for kind, part in {"sender_comp_id": "substr(sender_comp_id, 1, 2)", "gfid": "gfid"}.items():
        # The names come from this file.
        counted = f"SELECT {listed}, '{kind}', {part}, count(*) FROM {rows} GROUP BY {listed}, {part}"  # noqa: S608
        op.execute(f"INSERT INTO {table} ({listed}, kind, part, members) {counted}")


def _search() -> None:
    # It keeps pieces and row numbers, and not the text again. SenderComps are never deleted or renamed.
    op.execute(
        "CREATE VIRTUAL TABLE sender_comp_search USING fts5("
        "sender_comp_id, content='sender_comp', content_rowid='id', tokenize='trigram', detail=none, columnsize=0)"
    )
    op.execute("INSERT INTO sender_comp_search (rowid, sender_comp_id) SELECT id, sender_comp_id FROM sender_comp")


def _make(table: str, keys: list[str], owner: str) -> None:
    changes = [sa.Column(key, sa.String(), nullable=False) for key in keys[1:]]
    checks = [sa.CheckConstraint("change IN ('added', 'removed')", name="ck_request_source_change")] if changes else []
    op.create_table(
        table,
        sa.Column(keys[0], sa.Integer(), nullable=False),
        *changes,
        sa.Column("sender_comp_id", sa.String(), nullable=False),
        sa.Column("sender_comp_pk", sa.Integer(), nullable=False),
        sa.Column("gfid", sa.String(), nullable=False),
        *checks,
        sa.ForeignKeyConstraint([keys[0]], [owner]),
        sa.ForeignKeyConstraint(["sender_comp_pk"], ["sender_comp.id"]),
        sa.PrimaryKeyConstraint(*keys, "sender_comp_id", "sender_comp_pk"),
        sqlite_with_rowid=False,
    )

"""The first tables of the store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("entity", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_audit_event_action"), "audit_event", ["action"], unique=False)
    op.create_index("ix_audit_event_at", "audit_event", ["at"], unique=False)
    op.create_table(
        "entity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("clearing_firm", sa.Boolean(), nullable=False),
        sa.Column("approvals", sa.String(), nullable=False),
        sa.CheckConstraint("approvals IN ('never', 'always')", name="ck_entity_approvals"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_table(
        "front_end",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", "version", "vendor", name="uq_front_end"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("mobile", sa.String(), nullable=True),
        sa.Column("os_account", sa.String(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("failed_tries", sa.Integer(), nullable=False),
        sa.Column("locked_until", UTCDateTime(), nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("failed_tries >= 0", name="ck_person_failed_tries"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
        sa.UniqueConstraint("os_account"),
        sa.UniqueConstraint("user_id"),
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "authenticator",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("sealed_seed", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", UTCDateTime(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "challenge",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("factor", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("code_mac", sa.LargeBinary(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("tries BETWEEN 0 AND 3", name="ck_challenge_tries"),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_challenge_day", "challenge", ["person_id", "created_at"], unique=False)
    op.create_table(
        "draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("market", sa.String(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("front_end_id", sa.Integer(), nullable=True),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("submitted_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("market IN ('brokertec_us', 'brokertec_eu', 'globex')", name="ck_draft_market"),
        sa.CheckConstraint("step BETWEEN 1 AND 6", name="ck_draft_step"),
        sa.ForeignKeyConstraint(
            ["entity_id"],
            ["entity.id"],
        ),
        sa.ForeignKeyConstraint(
            ["front_end_id"],
            ["front_end.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_draft_person", "draft", ["person_id", "submitted_at"], unique=False)
    op.create_table(
        "drop_copy_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("market", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_key", sa.String(), nullable=False),
        sa.Column("front_end_id", sa.Integer(), nullable=False),
        sa.Column("sources", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("market IN ('brokertec_us', 'brokertec_eu', 'globex')", name="ck_drop_copy_group_market"),
        sa.CheckConstraint("length(name) > 0", name="ck_drop_copy_group_name"),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["entity_id"],
            ["entity.id"],
        ),
        sa.ForeignKeyConstraint(
            ["front_end_id"],
            ["front_end.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "uq_drop_copy_group_name",
        "drop_copy_group",
        ["entity_id", "name_key"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "entitlement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(entity_id IS NULL) = (role IN ('auditor', 'ease_agent', 'gam', 'operations'))",
            name="ck_entitlement_place",
        ),
        sa.CheckConstraint(
            "role IN ('read_only', 'full_access', 'key_management', 'administrative_manager', 'user_administrator', 'ease_agent', 'gam', 'operations', 'auditor')",
            name="ck_entitlement_role",
        ),
        sa.ForeignKeyConstraint(
            ["entity_id"],
            ["entity.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id", "role", "entity_id", name="uq_entitlement"),
    )
    op.create_index(op.f("ix_entitlement_entity_id"), "entitlement", ["entity_id"], unique=False)
    op.create_index(
        "uq_entitlement_desk",
        "entitlement",
        ["person_id", "role"],
        unique=True,
        sqlite_where=sa.text("entity_id IS NULL"),
        postgresql_where=sa.text("entity_id IS NULL"),
    )
    op.create_table(
        "front_end_mapping",
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("front_end_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entity_id"],
            ["entity.id"],
        ),
        sa.ForeignKeyConstraint(
            ["front_end_id"],
            ["front_end.id"],
        ),
        sa.PrimaryKeyConstraint("entity_id", "front_end_id"),
    )
    op.create_index(op.f("ix_front_end_mapping_front_end_id"), "front_end_mapping", ["front_end_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("channel IN ('email', 'sms')", name="ck_outbox_channel"),
        sa.CheckConstraint("state IN ('queued', 'sent', 'held', 'failed')", name="ck_outbox_state"),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_outbox_state", "outbox", ["state", "id"], unique=False)
    op.create_table(
        "sender_comp",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("market", sa.String(), nullable=False),
        sa.Column("sender_comp_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("gfid", sa.String(), nullable=False),
        sa.Column("fti", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("guarantor_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.CheckConstraint("fti IN ('P', 'B', 'U', 'N')", name="ck_sender_comp_fti"),
        sa.CheckConstraint("gateway IN ('cgw', 'msgw')", name="ck_sender_comp_gateway"),
        sa.CheckConstraint("market IN ('brokertec_us', 'brokertec_eu', 'globex')", name="ck_sender_comp_market"),
        sa.CheckConstraint("status IN ('active', 'inactive')", name="ck_sender_comp_status"),
        sa.CheckConstraint("sender_comp_id = session_id || gfid || fti", name="ck_sender_comp_parts"),
        sa.ForeignKeyConstraint(
            ["entity_id"],
            ["entity.id"],
        ),
        sa.ForeignKeyConstraint(
            ["guarantor_id"],
            ["entity.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("market", "sender_comp_id", name="uq_sender_comp"),
    )
    op.create_index(
        "ix_sender_comp_gfid", "sender_comp", ["entity_id", "market", "gfid", "sender_comp_id"], unique=False
    )
    op.create_index("ix_sender_comp_list", "sender_comp", ["entity_id", "market", "sender_comp_id"], unique=False)
    op.create_index("ix_sender_comp_session", "sender_comp", ["market", "session_id"], unique=False)
    op.create_table(
        "draft_source",
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("sender_comp_pk", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"],
            ["draft.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sender_comp_pk"],
            ["sender_comp.id"],
        ),
        sa.PrimaryKeyConstraint("draft_id", "sender_comp_pk"),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_draft_source_sender_comp_pk"), "draft_source", ["sender_comp_pk"], unique=False)
    op.create_table(
        "group_filter",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("filter", sa.String(), nullable=False),
        sa.CheckConstraint(
            "filter IN ('heartbeat', 'reject', 'acknowledgement', 'execution_order_entry', 'execution_create_cancel_modify', 'execution_elimination', 'trade_fill_notice', 'trade_cancel', 'order_mass_action', 'trade_bust')",
            name="ck_group_filter_filter",
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["drop_copy_group.id"],
        ),
        sa.PrimaryKeyConstraint("group_id", "filter"),
    )
    op.create_table(
        "group_source",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("sender_comp_pk", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["drop_copy_group.id"],
        ),
        sa.ForeignKeyConstraint(
            ["sender_comp_pk"],
            ["sender_comp.id"],
        ),
        sa.PrimaryKeyConstraint("group_id", "sender_comp_pk"),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_group_source_sender_comp_pk"), "group_source", ["sender_comp_pk"], unique=False)
    op.create_table(
        "request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("waits_for", sa.JSON(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("submitted_by", sa.Integer(), nullable=False),
        sa.Column("submitted_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(status = 'in_progress') = (ended_at IS NULL)", name="ck_request_ended"),
        sa.CheckConstraint(
            "status IN ('in_progress', 'completed', 'failed', 'denied', 'cancelled')",
            name="ck_request_status",
        ),
        sa.CheckConstraint(
            "type IN ('create_group', 'edit_group', 'delete_group', 'generate_key', 'delete_key')",
            name="ck_request_type",
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"],
            ["draft.id"],
        ),
        sa.ForeignKeyConstraint(
            ["entity_id"],
            ["entity.id"],
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["drop_copy_group.id"],
        ),
        sa.ForeignKeyConstraint(
            ["submitted_by"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("draft_id"),
        sa.UniqueConstraint("reference"),
    )
    op.create_index(op.f("ix_request_entity_id"), "request", ["entity_id"], unique=False)
    op.create_index("ix_request_person", "request", ["submitted_by", "id"], unique=False)
    op.create_index("ix_request_status", "request", ["status", "id"], unique=False)
    op.create_table(
        "session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("market", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("gateway", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("gateway IN ('cgw', 'msgw')", name="ck_session_gateway"),
        sa.CheckConstraint("kind IN ('drop_copy', 'order_entry', 'market_data')", name="ck_session_kind"),
        sa.CheckConstraint("market IN ('brokertec_us', 'brokertec_eu', 'globex')", name="ck_session_market"),
        sa.CheckConstraint("status IN ('active', 'released', 'retired')", name="ck_session_status"),
        sa.CheckConstraint("length(session_id) = 3", name="ck_session_session_id"),
        sa.ForeignKeyConstraint(
            ["entity_id"],
            ["entity.id"],
        ),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["drop_copy_group.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("market", "session_id", name="uq_session"),
    )
    op.create_index(op.f("ix_session_group_id"), "session", ["group_id"], unique=False)
    op.create_index("ix_session_list", "session", ["entity_id", "kind", "session_id"], unique=False)
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=True),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("verdict <> 'deny' OR length(reason) > 0", name="ck_decision_reason"),
        sa.CheckConstraint("verdict IN ('approve', 'deny', 'cancel')", name="ck_decision_verdict"),
        sa.ForeignKeyConstraint(
            ["entity_id"],
            ["entity.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["request.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_decision_request_id"), "decision", ["request_id"], unique=False)
    op.create_table(
        "key_pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("session_pk", sa.Integer(), nullable=False),
        sa.Column("access_key_id", sa.String(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=True),
        sa.Column("slot", sa.Integer(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.CheckConstraint("deleted_at IS NULL OR sealed_secret IS NULL", name="ck_key_pair_destroyed"),
        sa.CheckConstraint("expires_at > created_at", name="ck_key_pair_life"),
        sa.CheckConstraint("length(access_key_id) = 20", name="ck_key_pair_access_key_id"),
        sa.CheckConstraint("slot IN (1, 2)", name="ck_key_pair_slot"),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["session_pk"],
            ["session.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("access_key_id"),
        sa.UniqueConstraint("session_pk", "slot", name="uq_key_pair_slot"),
    )
    op.create_index("ix_key_pair_expiry", "key_pair", ["expires_at"], unique=False)
    op.create_index(op.f("ix_key_pair_session_pk"), "key_pair", ["session_pk"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("read_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["request.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_notice_person", "notice", ["person_id", "read_at", "id"], unique=False)


def downgrade() -> None:
    """Drop all tables."""
    op.drop_index("ix_notice_person", table_name="notice")
    op.drop_table("notice")
    op.drop_index(op.f("ix_key_pair_session_pk"), table_name="key_pair")
    op.drop_index("ix_key_pair_expiry", table_name="key_pair")
    op.drop_table("key_pair")
    op.drop_index(op.f("ix_decision_request_id"), table_name="decision")
    op.drop_table("decision")
    op.drop_index("ix_session_list", table_name="session")
    op.drop_index(op.f("ix_session_group_id"), table_name="session")
    op.drop_table("session")
    op.drop_index("ix_request_status", table_name="request")
    op.drop_index("ix_request_person", table_name="request")
    op.drop_index(op.f("ix_request_entity_id"), table_name="request")
    op.drop_table("request")
    op.drop_index(op.f("ix_group_source_sender_comp_pk"), table_name="group_source")
    op.drop_table("group_source")
    op.drop_table("group_filter")
    op.drop_index(op.f("ix_draft_source_sender_comp_pk"), table_name="draft_source")
    op.drop_table("draft_source")
    op.drop_index("ix_sender_comp_session", table_name="sender_comp")
    op.drop_index("ix_sender_comp_list", table_name="sender_comp")
    op.drop_index("ix_sender_comp_gfid", table_name="sender_comp")
    op.drop_table("sender_comp")
    op.drop_index("ix_outbox_state", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index(op.f("ix_front_end_mapping_front_end_id"), table_name="front_end_mapping")
    op.drop_table("front_end_mapping")
    op.drop_index(
        "uq_entitlement_desk",
        table_name="entitlement",
        sqlite_where=sa.text("entity_id IS NULL"),
        postgresql_where=sa.text("entity_id IS NULL"),
    )
    op.drop_index(op.f("ix_entitlement_entity_id"), table_name="entitlement")
    op.drop_table("entitlement")
    op.drop_index(
        "uq_drop_copy_group_name",
        table_name="drop_copy_group",
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.drop_table("drop_copy_group")
    op.drop_index("ix_draft_person", table_name="draft")
    op.drop_table("draft")
    op.drop_index("ix_challenge_day", table_name="challenge")
    op.drop_table("challenge")
    op.drop_table("authenticator")
    op.drop_table("setting")
    op.drop_table("person")
    op.drop_table("front_end")
    op.drop_table("entity")
    op.drop_index("ix_audit_event_at", table_name="audit_event")
    op.drop_index(op.f("ix_audit_event_action"), table_name="audit_event")
    op.drop_table("audit_event")

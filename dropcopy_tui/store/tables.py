"""The tables. The domain validates values before they become rows; the constraints here are the last defence.

No row leaves the services: they return frozen dataclasses.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Index, LargeBinary, UniqueConstraint, text, true
from sqlmodel import Field, SQLModel

import dropcopy_tui.store.access_tables  # noqa: F401 - its tables belong to METADATA
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.markets import Gateway
from dropcopy_tui.domain.people import DESK_ROLES, Role
from dropcopy_tui.domain.requests import Approvals, RequestStatus, RequestType
from dropcopy_tui.domain.sessions import SenderCompStatus, SessionKind, SessionStatus
from dropcopy_tui.store.dialect import BIG
from dropcopy_tui.store.trust_tables import AuditHeadRow, Proven, proof_field

_DESK = ", ".join(f"'{role}'" for role in sorted(DESK_ROLES))
_NO_ROWID = {"sqlite_with_rowid": False}
# Kept counts are by the first characters of the SenderCompID, and by Globex Firm.
COUNTED_BY = ("sender_comp_id", "gfid")
# As a text, and not as a parameter: an index over some rows serves only the condition that it is made with.
IS_INACTIVE = f"status = '{SenderCompStatus.INACTIVE.value}'"
OPEN_REQUEST = f"status = '{RequestStatus.IN_PROGRESS.value}'"
_ZERO = text("0")
# Behind every other moment.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_OPEN_CHANGE = "status = 'in_progress' AND type IN ('edit_group', 'delete_group')"


def _by_gfid(table: str, *owner: str) -> Index:
    """The order in which a set of SenderComps is narrowed by Globex Firm, and counted by it."""
    return Index(f"ix_{table}_gfid", *owner, "gfid", "sender_comp_id", "sender_comp_pk")


def _orders(table: str, owner: tuple[str, ...], where: str = "", **orders: str) -> tuple[Index, ...]:
    """The orders in which lists show the rows of an owner, by the names of their indexes; row numbers break ties."""
    some: dict[str, Any] = {"sqlite_where": text(where)} if where else {}
    columns = {name: dict.fromkeys([*owner, *order.split(", "), "id"]) for name, order in orders.items()}
    return tuple(Index(f"ix_{table}_{name}", *columns[name], **some) for name in orders)


def _one_of(column: str, values: Any, name: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


def _kept_counts(table: str) -> tuple[Any, ...]:
    """What a table of kept counts is checked for: see `store/counts.py`."""
    return (_one_of("kind", COUNTED_BY, f"ck_{table}_kind"), CheckConstraint("members > 0", name=f"ck_{table}_members"))


class SettingRow(SQLModel, table=True):
    """The store's own settings: its id, whether it is a sandbox, and the check value of its master key."""

    __tablename__ = "setting"
    key: str = Field(primary_key=True)
    value: str


class EntityRow(Proven, table=True):
    """A Registered Entity."""

    __tablename__ = "entity"
    __table_args__ = (_one_of("approvals", Approvals, "ck_entity_approvals"),)
    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    name: str
    clearing_firm: bool = False
    approvals: str = Approvals.NEVER.value
    proof: bytes | None = proof_field()


class PersonRow(Proven, table=True):
    """A person and their credentials (rule P1)."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("failed_tries >= 0", name="ck_person_failed_tries"),
        *_orders("person", (), name="name"),
    )
    id: int | None = Field(default=None, primary_key=True)
    user_id: str = Field(unique=True)
    name: str
    email: str = Field(unique=True)
    mobile: str | None = None
    os_account: str | None = Field(default=None, unique=True)
    password_hash: str | None = None
    failed_tries: int = 0
    locked_until: datetime | None = None
    disabled: bool = False
    created_at: datetime
    proof: bytes | None = proof_field()


class InvitationRow(Proven, table=True):
    """A one-time code with which a person sets their password; only a keyed digest of the code is stored.

    `after_event` is the last audit event before it.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("tries >= 0", name="ck_invitation_tries"),
        CheckConstraint("expires_at > created_at", name="ck_invitation_life"),
    )
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    code_mac: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    tries: int = 0
    created_at: datetime
    created_by: int = Field(foreign_key="person.id")
    expires_at: datetime
    used_at: datetime | None = None
    after_event: int = Field(default=0, sa_type=BIG, sa_column_kwargs={"server_default": text("0")})
    proof: bytes | None = proof_field()


class AuthenticatorRow(Proven, table=True):
    """An authenticator app: its encrypted seed, and the last accepted time step, so that no code works twice.

    `proven_by` is the factor that opened the enrolment, `vouched_by` the EASE agent whose code did. Without an agent,
    the app confirms nothing before `usable_at`: whoever stole a way in does not gain a second factor with it.
    """

    __tablename__ = "authenticator"
    person_id: int = Field(primary_key=True, foreign_key="person.id")
    sealed_seed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    confirmed_at: datetime | None = None
    last_step: int = 0
    proven_by: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    vouched_by: int | None = Field(default=None, foreign_key="person.id")
    usable_at: datetime | None = None
    proof: bytes | None = proof_field()


class SshKeyRow(Proven, table=True):
    """An SSH public key with which a person signs in to the desk over SSH.

    A fingerprint belongs to one person for good: a revoked key never comes back, not even for another person.
    """

    __tablename__ = "ssh_key"
    __table_args__ = (
        CheckConstraint("(revoked_by IS NULL) = (revoked_at IS NULL)", name="ck_ssh_key_revoked"),
        Index("ix_ssh_key_person", "person_id", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    fingerprint: str = Field(unique=True)
    kind: str
    blob: str
    label: str
    added_by: int = Field(foreign_key="person.id")
    added_at: datetime
    last_used_at: datetime | None = None
    revoked_by: int | None = Field(default=None, foreign_key="person.id")
    revoked_at: datetime | None = None
    proof: bytes | None = proof_field()


class ParcelRow(SQLModel, table=True):
    """A file on its way between a person's own machine and the desk over SSH: sealed, and destroyed when it is taken.

    `direction` is `out` for what `get` delivers once, `in` for what `put` brought. Of the ticket, only a keyed digest
    is stored.
    """

    __tablename__ = "parcel"
    __table_args__ = (
        CheckConstraint("direction IN ('out', 'in')", name="ck_parcel_direction"),
        CheckConstraint("taken_at IS NULL OR sealed IS NULL", name="ck_parcel_taken"),
        CheckConstraint("expires_at > created_at", name="ck_parcel_life"),
        Index("ix_parcel_person", "person_id", "direction", "name"),
        Index("ix_parcel_expiry", "expires_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    direction: str
    name: str
    ticket_mac: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    size: int
    created_at: datetime
    expires_at: datetime
    taken_at: datetime | None = None
    after_event: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})


class FactorStateRow(SQLModel, table=True):
    """How often a person's factor was answered wrongly in a row; `off_since` is when that switched it off."""

    __tablename__ = "factor_state"
    __table_args__ = (CheckConstraint("wrong_in_row >= 0", name="ck_factor_state_wrong"), _NO_ROWID)
    person_id: int = Field(primary_key=True, foreign_key="person.id")
    factor: str = Field(primary_key=True)
    wrong_in_row: int = 0
    off_since: datetime | None = None


class EntitlementRow(Proven, table=True):
    """A role at an entity, or a desk-wide role (if and only if entity_id is null).

    `given_by` and `given_at` are null for roles that were given before they were recorded.
    """

    __tablename__ = "entitlement"
    __table_args__ = (
        _one_of("role", Role, "ck_entitlement_role"),
        CheckConstraint(f"(entity_id IS NULL) = (role IN ({_DESK}))", name="ck_entitlement_place"),
        UniqueConstraint("person_id", "role", "entity_id", name="uq_entitlement"),
        Index(
            "uq_entitlement_desk",
            "person_id",
            "role",
            unique=True,
            sqlite_where=text("entity_id IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    role: str
    entity_id: int | None = Field(default=None, foreign_key="entity.id", index=True)
    given_by: int | None = Field(default=None, foreign_key="person.id")
    given_at: datetime | None = None
    proof: bytes | None = proof_field()


class FrontEndRow(SQLModel, table=True):
    """A front end system."""

    __tablename__ = "front_end"
    __table_args__ = (UniqueConstraint("name", "version", "vendor", name="uq_front_end"),)
    id: int | None = Field(default=None, primary_key=True)
    name: str
    version: str
    vendor: str


class FrontEndMappingRow(SQLModel, table=True):
    """A front end system that an entity may use (rule G8)."""

    __tablename__ = "front_end_mapping"
    entity_id: int = Field(primary_key=True, foreign_key="entity.id")
    front_end_id: int = Field(primary_key=True, foreign_key="front_end.id", index=True)


class SenderCompRow(SQLModel, table=True):
    """An order-entry SenderComp that can be a source."""

    __tablename__ = "sender_comp"
    __table_args__ = (
        _one_of("gateway", Gateway, "ck_sender_comp_gateway"),
        _one_of("status", SenderCompStatus, "ck_sender_comp_status"),
        CheckConstraint("sender_comp_id = session_id || gfid || fti", name="ck_sender_comp_parts"),
        CheckConstraint("fti IN ('P', 'B', 'U', 'N')", name="ck_sender_comp_fti"),
        UniqueConstraint("market", "sender_comp_id", name="uq_sender_comp"),
        Index("ix_sender_comp_list", "entity_id", "market", "sender_comp_id"),
        Index("ix_sender_comp_anywhere", "entity_id", "sender_comp_id"),
        Index("ix_sender_comp_gfid", "entity_id", "market", "gfid", "sender_comp_id"),
        Index("ix_sender_comp_session", "market", "session_id"),
        # Few are inactive: those that are need no look at all the others.
        Index(
            "ix_sender_comp_inactive",
            "entity_id",
            "market",
            "sender_comp_id",
            sqlite_where=text(IS_INACTIVE),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    entity_id: int = Field(foreign_key="entity.id")
    market: str
    sender_comp_id: str
    session_id: str
    gfid: str
    fti: str
    gateway: str
    guarantor_id: int | None = Field(default=None, foreign_key="entity.id")
    status: str = SenderCompStatus.ACTIVE.value


class SenderCompCountRow(SQLModel, table=True):
    """How many SenderComps an entity has in a market, whatever their status, part by part (`store/counts.py`)."""

    __tablename__ = "sender_comp_count"
    __table_args__ = (*_kept_counts("sender_comp_count"), _NO_ROWID)
    entity_id: int = Field(primary_key=True, foreign_key="entity.id")
    market: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    part: str = Field(primary_key=True)
    members: int


class SenderCompMarkRow(SQLModel, table=True):
    """Up to which SenderComp the kept counts and the search have taken them in; one row."""

    __tablename__ = "sender_comp_mark"
    up_to: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})


class GroupRow(SQLModel, table=True):
    """A drop copy group. Its name is unique at the entity until the group is deleted (rule G3)."""

    __tablename__ = "drop_copy_group"
    __table_args__ = (
        CheckConstraint("length(name) > 0", name="ck_drop_copy_group_name"),
        Index(
            "uq_drop_copy_group_name",
            "entity_id",
            "name_key",
            unique=True,
            sqlite_where=text("deleted_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    entity_id: int = Field(foreign_key="entity.id")
    market: str
    name: str
    name_key: str
    front_end_id: int = Field(foreign_key="front_end.id")
    sources: int
    version: int = 1
    created_at: datetime
    created_by: int = Field(foreign_key="person.id")
    deleted_at: datetime | None = None


class GroupFilterRow(SQLModel, table=True):
    """A communication type that a group copies (rule G4)."""

    __tablename__ = "group_filter"
    __table_args__ = (_one_of("filter", Filter, "ck_group_filter_filter"),)
    group_id: int = Field(primary_key=True, foreign_key="drop_copy_group.id")
    filter: str = Field(primary_key=True)


class GroupSourceRow(SQLModel, table=True):
    """A SenderComp whose messages a group copies.

    The sets of SenderComps carry the SenderCompID and the GFID, which never change, and are stored in the order in
    which lists show them: a page of a set of any size is read from one place, and nothing is sorted.
    """

    __tablename__ = "group_source"
    __table_args__ = (_by_gfid("group_source", "group_id"), _NO_ROWID)
    group_id: int = Field(primary_key=True, foreign_key="drop_copy_group.id")
    sender_comp_id: str = Field(primary_key=True)
    sender_comp_pk: int = Field(primary_key=True, foreign_key="sender_comp.id", index=True)
    gfid: str


class GroupCountRow(SQLModel, table=True):
    """How many SenderComps a group copies, part by part."""

    __tablename__ = "group_count"
    __table_args__ = (*_kept_counts("group_count"), _NO_ROWID)
    group_id: int = Field(primary_key=True, foreign_key="drop_copy_group.id")
    kind: str = Field(primary_key=True)
    part: str = Field(primary_key=True)
    members: int


class DraftRow(SQLModel, table=True):
    """The input of a person in the wizard; its sources are in draft_source (architecture, decision 4).

    A draft with a group is an edit of it that began at the group's `base_version` (rules G7, G10). One that is
    `parked_for` another keeps what that one had at an entity which it has left: it counts as submitted, so that it is
    neither listed nor opened.
    """

    __tablename__ = "draft"
    __table_args__ = (
        CheckConstraint("step BETWEEN 1 AND 6", name="ck_draft_step"),
        Index("ix_draft_person", "person_id", "submitted_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    market: str
    entity_id: int | None = Field(default=None, foreign_key="entity.id")
    name: str = ""
    front_end_id: int | None = Field(default=None, foreign_key="front_end.id")
    filters: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    group_id: int | None = Field(default=None, foreign_key="drop_copy_group.id", index=True)
    base_version: int | None = None
    step: int = 1
    version: int = 1
    updated_at: datetime
    submitted_at: datetime | None = None
    parked_for: int | None = Field(default=None, foreign_key="draft.id")


class DraftSourceRow(SQLModel, table=True):
    """A SenderComp that was added to a draft."""

    __tablename__ = "draft_source"
    __table_args__ = (_by_gfid("draft_source", "draft_id"), _NO_ROWID)
    draft_id: int = Field(primary_key=True, foreign_key="draft.id")
    sender_comp_id: str = Field(primary_key=True)
    sender_comp_pk: int = Field(primary_key=True, foreign_key="sender_comp.id")
    gfid: str


class DraftCountRow(SQLModel, table=True):
    """How many SenderComps a draft has, part by part."""

    __tablename__ = "draft_count"
    __table_args__ = (*_kept_counts("draft_count"), _NO_ROWID)
    draft_id: int = Field(primary_key=True, foreign_key="draft.id")
    kind: str = Field(primary_key=True)
    part: str = Field(primary_key=True)
    members: int


class SessionRow(SQLModel, table=True):
    """A session with a Session ID: the target session of a group, or an order entry or market data session.

    `stops_at` is when the last of its key pairs ends that was not deleted; NEVER where there is none.
    """

    __tablename__ = "session"
    __table_args__ = (
        _one_of("kind", SessionKind, "ck_session_kind"),
        _one_of("gateway", Gateway, "ck_session_gateway"),
        _one_of("status", SessionStatus, "ck_session_status"),
        CheckConstraint("length(session_id) = 3", name="ck_session_session_id"),
        UniqueConstraint("market", "session_id", name="uq_session"),
        *_orders(
            "session", ("entity_id", "kind", "status"), list="session_id", market="market, session_id", stop="stops_at"
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    entity_id: int = Field(foreign_key="entity.id")
    market: str
    session_id: str
    kind: str
    gateway: str
    status: str = SessionStatus.ACTIVE.value
    group_id: int | None = Field(default=None, foreign_key="drop_copy_group.id", index=True)
    created_at: datetime
    stops_at: datetime = Field(
        default=NEVER, sa_column_kwargs={"server_default": text(f"'{NEVER:%Y-%m-%d} 00:00:00.000000'")}
    )


class KeyPairRow(Proven, table=True):
    """A key pair. An active one occupies slot 1 or 2 of its session, so that there are never three (rule K3).

    `deleted_by` is the user id, as the audit trail has it; "" for pairs that earlier versions deleted.
    """

    __tablename__ = "key_pair"
    __table_args__ = (
        CheckConstraint("length(access_key_id) = 20", name="ck_key_pair_access_key_id"),
        CheckConstraint("slot IN (1, 2)", name="ck_key_pair_slot"),
        CheckConstraint("expires_at > created_at", name="ck_key_pair_life"),
        CheckConstraint("deleted_at IS NULL OR sealed_secret IS NULL", name="ck_key_pair_destroyed"),
        UniqueConstraint("session_pk", "slot", name="uq_key_pair_slot"),
        Index("ix_key_pair_expiry", "expires_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    session_pk: int = Field(foreign_key="session.id", index=True)
    access_key_id: str = Field(unique=True)
    sealed_secret: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    slot: int | None = None
    created_at: datetime
    expires_at: datetime
    deleted_at: datetime | None = None
    created_by: int = Field(foreign_key="person.id")
    deleted_by: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    proof: bytes | None = proof_field()


class ChallengeRow(Proven, table=True):
    """A second factor that was started (rule P2); only a keyed digest of its code is stored.

    An EASE code was issued by an agent (`issued_by`); `remote_id` is the id that an external provider gave it.
    `scope` is a digest of what the code was asked for ("" binds it to its purpose only), `ended` says why it is
    no longer answered, and `after_event` is the last audit event before it: later events prove which times passed.
    """

    __tablename__ = "challenge"
    __table_args__ = (
        CheckConstraint("tries BETWEEN 0 AND 3", name="ck_challenge_tries"),
        Index("ix_challenge_day", "person_id", "created_at"),
    )
    id: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    factor: str
    purpose: str
    code_mac: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    tries: int = 0
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    issued_by: int | None = Field(default=None, foreign_key="person.id")
    remote_id: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    scope: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    ended: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    after_event: int = Field(default=0, sa_type=BIG, sa_column_kwargs={"server_default": text("0")})
    proof: bytes | None = proof_field()


class FactorResetRow(Proven, table=True):
    """The reset of a person's factor, requested by one EASE agent and confirmed by another.

    `after_event` as in a challenge: a clock that is set back does not lengthen its life.
    """

    __tablename__ = "factor_reset"
    __table_args__ = (
        CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="ck_factor_reset_confirmed"),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> asked_by", name="ck_factor_reset_two_agents"),
        Index("ix_factor_reset_person", "person_id", "confirmed_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id")
    factor: str
    asked_by: int = Field(foreign_key="person.id")
    asked_at: datetime
    expires_at: datetime
    confirmed_by: int | None = Field(default=None, foreign_key="person.id")
    confirmed_at: datetime | None = None
    after_event: int = Field(default=0, sa_type=BIG, sa_column_kwargs={"server_default": text("0")})
    proof: bytes | None = proof_field()


class ExpiryNoticeRow(SQLModel, table=True):
    """A sent expiry notice of a key pair, by days before its expiry, so that each is sent once (rule K7)."""

    __tablename__ = "expiry_notice"
    __table_args__ = (_NO_ROWID,)
    key_pair_id: int = Field(primary_key=True, foreign_key="key_pair.id")
    days: int = Field(primary_key=True)
    at: datetime


class RequestRow(Proven, table=True):
    """A request (rule Q1). A completed edit produced version `group_version` of the group.

    `search` has the words that lists show except the status, in lower case, for filtering. `stage` is what lists sort
    by: the status, and of what is in progress the first firm whose approval is missing. `entity` and `submitter` are
    the code and the user id, which never change.
    """

    __tablename__ = "request"
    __table_args__ = (
        _one_of("type", RequestType, "ck_request_type"),
        _one_of("status", RequestStatus, "ck_request_status"),
        CheckConstraint("(status = 'in_progress') = (ended_at IS NULL)", name="ck_request_ended"),
        Index("ix_request_status", "status", "id"),
        # Covering indexes for filters: a hundred thousand requests are searched without reading their rows.
        Index("ix_request_person", "submitted_by", "id", "search", "status"),
        Index("ix_request_entity", "entity_id", "id", "search", "status"),
        # What became of a group: who edited it last, and what they changed.
        Index("ix_request_group", "group_id", "id"),
        # What a person asked for, and what was asked for an entity, in the order of each column.
        *_orders(
            "request",
            ("submitted_by",),
            own_type="type",
            own_subject="subject",
            own_entity="entity",
            own_by="submitter",
            own_stage="stage",
        ),
        *_orders(
            "request", ("entity_id",), type="type", subject="subject", code="entity", by="submitter", stage="stage"
        ),
        # Few are open: they wait for approval.
        *_orders(
            "request",
            ("status",),
            OPEN_REQUEST,
            open_type="type",
            open_subject="subject",
            open_entity="entity",
            open_by="submitter",
            open_stage="stage",
        ),
        # A group has at most one open change (rule G10).
        Index(
            "uq_request_open_change",
            "group_id",
            unique=True,
            sqlite_where=text(_OPEN_CHANGE),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(unique=True)
    type: str
    status: str = RequestStatus.IN_PROGRESS.value
    entity_id: int = Field(foreign_key="entity.id")
    subject: str
    search: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    entity: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    submitter: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    stage: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    draft_id: int | None = Field(default=None, foreign_key="draft.id", unique=True)
    group_id: int | None = Field(default=None, foreign_key="drop_copy_group.id")
    group_version: int | None = None
    asked: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    reasons: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    submitted_by: int = Field(foreign_key="person.id")
    submitted_at: datetime
    ended_at: datetime | None = None
    version: int = 1
    proof: bytes | None = proof_field()


class RequestSourceRow(SQLModel, table=True):
    """A SenderComp that an edit adds to its group or removes from it; the record is kept permanently."""

    __tablename__ = "request_source"
    __table_args__ = (
        _one_of("change", ("added", "removed"), "ck_request_source_change"),
        _by_gfid("request_source", "request_id", "change"),
        _NO_ROWID,
    )
    request_id: int = Field(primary_key=True, foreign_key="request.id")
    change: str = Field(primary_key=True)
    sender_comp_id: str = Field(primary_key=True)
    sender_comp_pk: int = Field(primary_key=True, foreign_key="sender_comp.id")
    gfid: str


class RequestCountRow(SQLModel, table=True):
    """How many SenderComps an edit adds or removes, part by part."""

    __tablename__ = "request_count"
    __table_args__ = (*_kept_counts("request_count"), _NO_ROWID)
    request_id: int = Field(primary_key=True, foreign_key="request.id")
    change: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    part: str = Field(primary_key=True)
    members: int


class ApprovalRow(Proven, table=True):
    """An entity whose approval a request needs, and the person who gave it (rule Q3)."""

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint("(given_by IS NULL) = (given_at IS NULL)", name="ck_approval_given"),
        Index("ix_approval_open", "entity_id", "given_at", "request_id"),
    )
    request_id: int = Field(primary_key=True, foreign_key="request.id")
    entity_id: int = Field(primary_key=True, foreign_key="entity.id")
    given_by: int | None = Field(default=None, foreign_key="person.id")
    given_at: datetime | None = None
    proof: bytes | None = proof_field()


class DecisionRow(Proven, table=True):
    """A decision about a request by an approver or the requester (rules Q2, Q3)."""

    __tablename__ = "decision"
    __table_args__ = (
        Index("ix_decision_person", "person_id", "request_id"),
        CheckConstraint("verdict IN ('approve', 'deny', 'cancel')", name="ck_decision_verdict"),
        CheckConstraint("verdict <> 'deny' OR length(reason) > 0", name="ck_decision_reason"),
    )
    id: int | None = Field(default=None, primary_key=True)
    request_id: int = Field(foreign_key="request.id", index=True)
    person_id: int = Field(foreign_key="person.id")
    entity_id: int | None = Field(default=None, foreign_key="entity.id")
    verdict: str
    reason: str = ""
    at: datetime
    proof: bytes | None = proof_field()


class NoticeRow(SQLModel, table=True):
    """A notice in the application for one person (rule Q6). `unread` and `about` sort: the request, or 0."""

    __tablename__ = "notice"
    __table_args__ = _orders("notice", ("person_id",), list="id", unread="unread", about="about")
    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    person_id: int = Field(foreign_key="person.id")
    text: str
    request_id: int | None = Field(default=None, foreign_key="request.id")
    about: int = Field(default=0, sa_column_kwargs={"server_default": _ZERO})
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
        *_orders("outbox", (), state="state", channel="channel", to="recipient"),
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
    """An audit event (rule P4), chained to the previous event by a digest that is sealed: see `store/chain.py`."""

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


# Every table, wherever it is described.
METADATA = AuditHeadRow.metadata

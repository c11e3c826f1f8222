"""Who works with the desk: entities, people, and what proves who they are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from dropcopy_tui.domain.people import Role
from dropcopy_tui.domain.requests import Approvals
from dropcopy_tui.store.dialect import BIG
from dropcopy_tui.store.tables.words import DESK, NO_ROWID, one_of, orders
from dropcopy_tui.store.trust_tables import Proven, proof_field


class EntityRow(Proven, table=True):
    """A Registered Entity."""

    __tablename__ = "entity"
    __table_args__ = (one_of("approvals", Approvals, "ck_entity_approvals"),)
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
        *orders("person", (), name="name"),
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
    __table_args__ = (CheckConstraint("wrong_in_row >= 0", name="ck_factor_state_wrong"), NO_ROWID)
    person_id: int = Field(primary_key=True, foreign_key="person.id")
    factor: str = Field(primary_key=True)
    wrong_in_row: int = 0
    off_since: datetime | None = None


class ListArrangementRow(SQLModel, table=True):
    """How a person has arranged a list: columns and sort, as JSON."""

    __tablename__ = "list_arrangement"
    __table_args__ = (NO_ROWID,)
    person_id: int = Field(primary_key=True, foreign_key="person.id")
    list_name: str = Field(primary_key=True)
    arranged: str


class EntitlementRow(Proven, table=True):
    """A role at an entity, or a desk-wide role (if and only if entity_id is null).

    `given_by` and `given_at` are null for roles that were given before they were recorded.
    """

    __tablename__ = "entitlement"
    __table_args__ = (
        one_of("role", Role, "ck_entitlement_role"),
        CheckConstraint(f"(entity_id IS NULL) = (role IN ({DESK}))", name="ck_entitlement_place"),
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

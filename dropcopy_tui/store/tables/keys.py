"""Sessions, their key pairs, and the codes that confirm what is done with these."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from dropcopy_tui.domain.markets import Gateway
from dropcopy_tui.domain.sessions import SessionKind, SessionStatus
from dropcopy_tui.store.dialect import BIG
from dropcopy_tui.store.tables.words import NEVER, NO_ROWID, one_of, orders
from dropcopy_tui.store.trust_tables import Proven, proof_field


class SessionRow(Proven, table=True):
    """A session with a Session ID: the target session of a group, or an order entry or market data session.

    `stops_at` is when the last of its key pairs ends that was not deleted; NEVER where there is none. Lists sort by it,
    and its proof does not cover it.
    """

    __tablename__ = "session"
    __table_args__ = (
        one_of("kind", SessionKind, "ck_session_kind"),
        one_of("gateway", Gateway, "ck_session_gateway"),
        one_of("status", SessionStatus, "ck_session_status"),
        CheckConstraint("length(session_id) = 3", name="ck_session_session_id"),
        UniqueConstraint("market", "session_id", name="uq_session"),
        *orders(
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
    proof: bytes | None = proof_field()


class KeyPairRow(Proven, table=True):
    """A key pair. An active one occupies slot 1 or 2 of its session, so that there are never three (rule K3).

    `deleted_by` is the user id, as the audit trail has it; "" for pairs that earlier versions deleted. `after_event` is
    the last audit event before it, null for those of earlier versions: later events prove which times passed.
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
    after_event: int | None = Field(default=None, sa_type=BIG)
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
    __table_args__ = (NO_ROWID,)
    key_pair_id: int = Field(primary_key=True, foreign_key="key_pair.id")
    days: int = Field(primary_key=True)
    at: datetime

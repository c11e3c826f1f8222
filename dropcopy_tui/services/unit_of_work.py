"""What every change leaves behind, inside its own transaction: audit events, notices, messages to send."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlmodel import Session, col, select

from dropcopy_tui.domain.errors import NotEntitled
from dropcopy_tui.domain.mail import MessageState, is_loopback
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.base import Means, key_of
from dropcopy_tui.store.tables import AuditRow, NoticeRow, OutboxRow, PersonRow

FIRST_DIGEST = "0" * 64


def record(
    session: Session,
    means: Means,
    actor: Actor,
    action: str,
    subject: str,
    *,
    entity: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write an audit event (rule P4), chained to the last one. Values must be JSON, and never a secret."""
    session.flush()
    last = session.exec(select(AuditRow.digest).order_by(col(AuditRow.id).desc()).limit(1)).first()
    row = AuditRow(
        at=means.clock.now(),
        person=actor.user_id,
        origin=actor.origin,
        action=action,
        entity=entity,
        subject=subject,
        before=dict(before or {}),
        after=dict(after or {}),
        digest="",
    )
    row.digest = digest_of(row, last or FIRST_DIGEST)
    session.add(row)
    session.flush()


@contextmanager
def writing(means: Means, actor: Actor) -> Iterator[Session]:
    """One write transaction of the person's; a right that is missing is an event of its own (rule P4)."""
    with _refusals_noted(means, actor), means.store.write() as session:
        yield session


@contextmanager
def reading(means: Means, actor: Actor) -> Iterator[Session]:
    """One look at the store; a right that is missing is an event (rule P4)."""
    with _refusals_noted(means, actor), means.store.read() as session:
        yield session


@contextmanager
def _refusals_noted(means: Means, actor: Actor) -> Iterator[None]:
    try:
        yield
    except NotEntitled as refusal:
        with means.store.write() as session:
            record(session, means, actor, "person:refused", actor.user_id, after={"why": refusal.message})
        raise


def digest_of(row: AuditRow, previous: str) -> str:
    """SHA-256 over the digest before and everything the event says."""
    what = [row.action, row.entity, row.subject, row.before, row.after]
    said = [previous, row.at.isoformat(timespec="microseconds"), row.person, row.origin, *what]
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def email_state(means: Means) -> str:
    """The state of a new email: held where nothing sends it, so that it waits where it can be read."""
    sends = means.mail is not None and not means.sandbox
    return (MessageState.QUEUED if sends else MessageState.HELD).value


def text_state(means: Means) -> str:
    """The state of a new text message: a sandbox holds it, but for a provider on this machine (a rehearsal)."""
    sends = means.sms is not None and (not means.sandbox or is_loopback(means.sms.host))
    return (MessageState.QUEUED if sends else MessageState.HELD).value


def tell(
    session: Session, means: Means, person: PersonRow, subject: str, body: str, request_id: int | None = None
) -> None:
    """Tell a person twice, as rule Q6 says: a notice in the application and an email."""
    now = means.clock.now()
    session.add(NoticeRow(person_id=key_of(person.id), text=subject, request_id=request_id, at=now))
    session.add(
        OutboxRow(
            channel="email",
            person_id=person.id,
            recipient=person.email,
            subject=subject,
            body=body,
            state=email_state(means),
            created_at=now,
        )
    )


def text_message(session: Session, means: Means, person: PersonRow, body: str) -> int:
    """Put a text message into the outbox, its body sealed: it carries a code. The message's primary key."""
    row = OutboxRow(
        channel="sms", person_id=person.id, recipient=person.mobile or "", subject="", body="",
        state=text_state(means), created_at=means.clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    row.sealed_body = means.vault.seal(body.encode(), "outbox", str(row.id))
    return key_of(row.id)


def sealed_mail(session: Session, means: Means, person: PersonRow, subject: str, body: str) -> None:
    """Put an email into the outbox, its body sealed: it carries a code."""
    row = OutboxRow(
        channel="email", person_id=person.id, recipient=person.email, subject=subject, body="",
        state=email_state(means), created_at=means.clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    row.sealed_body = means.vault.seal(body.encode(), "outbox", str(row.id))

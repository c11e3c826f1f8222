"""Messages whose body carries a code: they lie in the outbox sealed."""

from __future__ import annotations

from dropcopy_tui.services.base import Resources, key_of
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import OutboxRow, PersonRow


def text_message(uow: UnitOfWork, person: PersonRow, body: str) -> int:
    """Put a text message into the outbox. Returns the message's primary key."""
    return _sealed(uow, person, "sms", person.mobile or "", "", body, uow.resources.text_state)


def sealed_mail(uow: UnitOfWork, person: PersonRow, subject: str, body: str) -> None:
    """Put an email into the outbox."""
    _sealed(uow, person, "email", person.email, subject, body, uow.resources.email_state)


def _sealed(
    uow: UnitOfWork, person: PersonRow, channel: str, recipient: str, subject: str, body: str, state: str
) -> int:
    row = OutboxRow(
        channel=channel,
        person_id=person.id,
        recipient=recipient,
        subject=subject,
        body="",
        state=state,
        created_at=uow.now,
    )
    uow.tx.add(row)
    uow.tx.flush()
    # Sealed for its own row: the body of one message cannot be read under another's number.
    row.sealed_body = uow.resources.vault.seal(body.encode(), "outbox", str(row.id))
    return key_of(row.id)


def unsealed(resources: Resources, number: int | None, sealed: bytes | None) -> str:
    """The body of the sealed message with this number. Raises MasterKeyMissing, WrongMasterKey."""
    return resources.vault.open(sealed or b"", "outbox", str(number)).decode()

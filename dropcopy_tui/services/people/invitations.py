"""Invitations: a person sets their own password with a one-time code from their mailbox (rules P1, P4).

Neither the administrator who invites nor the log nor the audit trail ever has the code.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from sqlalchemy import or_, select
from sqlmodel import col

from dropcopy_tui.domain.accounts import (
    CODE_GROUP,
    CODE_GROUPS,
    CODE_LETTERS,
    INVITATION_TRIES,
    clean_invitation_code,
    grouped_code,
)
from dropcopy_tui.domain.dates import moment_words
from dropcopy_tui.domain.errors import NotSignedIn
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.seats import Ending
from dropcopy_tui.services.base import Resources, key_of
from dropcopy_tui.services.messages import sealed_mail
from dropcopy_tui.services.people.passwords import hash_password
from dropcopy_tui.services.people.seat_rows import end_seats
from dropcopy_tui.services.people.views import newest_invitation
from dropcopy_tui.services.rights import nobody
from dropcopy_tui.services.unit_of_work import UnitOfWork, last_event, was_later, writing
from dropcopy_tui.store.tables import InvitationRow, PersonRow

_NO_MATCH = (
    "The user id or the invitation code is incorrect, or the code has been used, "
    "has expired or has had too many attempts. "
    "Ask a user administrator for a new one. Nothing was changed."
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A password was set. `locked_until`: wrong attempts locked the account before, and it stays so."""

    user_id: str
    locked_until: datetime | None


def send_invitation(uow: UnitOfWork, person: PersonRow) -> datetime:
    """Mail a new code to the person; it voids the older ones. When it ends.

    Raises MasterKeyMissing: a code can neither be checked nor sealed without the key.
    """
    now = uow.now
    row = InvitationRow(
        person_id=key_of(person.id),
        code_mac=b"",
        created_at=now,
        created_by=uow.actor.person_id,
        expires_at=now + uow.settings.invitation_life,
        after_event=last_event(uow),
    )
    uow.tx.add(row)
    uow.tx.flush()
    code = "".join(
        CODE_LETTERS[uow.resources.entropy.below(len(CODE_LETTERS))] for _ in range(CODE_GROUPS * CODE_GROUP)
    )
    row.code_mac = _mac(uow.resources, row, code)
    sealed_mail(uow, person, "Your invitation to the drop copy desk", _letter(uow.actor, person, row, code))
    return row.expires_at


def _letter(actor: Actor, person: PersonRow, row: InvitationRow, code: str) -> str:
    return (
        f"{actor.user_id} has invited you to the drop copy desk. Your user id is {person.user_id}. "
        f"Your invitation code is {grouped_code(code)}. It can be used once, until {moment_words(row.expires_at)}, "
        f"with at most {INVITATION_TRIES} attempts. Use it to set your password: "
        f"press F2 on the sign-in screen, or run: dropcopy people accept {person.user_id}. "
        "Do not share the code with anyone."
    )


def accept_invitation(resources: Resources, login: str, code: str, password: str, origin: str) -> Accepted:
    """Set the password of the person who holds the invitation code.

    Raises:
        InvalidValue: the password is too short, or this cannot be a code; it uses no attempt.
        NotSignedIn: the one answer for everything else that is wrong; a wrong code counts as a try.
    """
    code = clean_invitation_code(code)
    # Before the lookup: it takes as long for a person who does not exist, and delays no other writer.
    hashed = hash_password(password)
    with writing(resources, nobody(origin, login)) as uow:
        person = _person(uow, login)
        if person is None:
            _refuse(uow, shorten(login, 40), "unknown")
        row = newest_invitation(uow, key_of(person.id))
        complaint = _complaint(uow, person, row)
        if row is None or complaint:
            _refuse(uow, person.user_id, complaint)
        if not hmac.compare_digest(_mac(resources, row, code), row.code_mac):
            row.tries += 1
            _refuse(uow, person.user_id, "code")
        return _set_password(uow, person, row, hashed)


def _set_password(uow: UnitOfWork, person: PersonRow, row: InvitationRow, hashed: str) -> Accepted:
    now = uow.now
    row.used_at = now
    person.password_hash = hashed
    locked = person.locked_until if person.locked_until is not None and person.locked_until > now else None
    # Rule P1: a lock ends after its time or by EASE, not by a new password.
    if locked is None:
        person.failed_tries, person.locked_until = 0, None
    actor = Actor(key_of(person.id), person.user_id, person.name, uow.actor.origin)
    uow.by(actor).record("person:invitation_accepted", person.user_id)
    end_seats(uow.by(actor), person, Ending.PASSWORD)
    return Accepted(person.user_id, locked)


def _complaint(uow: UnitOfWork, person: PersonRow, row: InvitationRow | None) -> str:
    """Why no code at all would do, for the audit trail."""
    if person.disabled:
        return "disabled"
    if row is None:
        return "not invited"
    if row.used_at is not None:
        return "used"
    if row.tries >= INVITATION_TRIES:
        return "too many attempts"
    valid = row.created_at <= uow.now < row.expires_at and not was_later(uow.tx, row.after_event, row.expires_at)
    return "" if valid else "expired"


def _refuse(uow: UnitOfWork, login: str, why: str) -> NoReturn:
    uow.by(Actor(0, login, "", uow.actor.origin)).record("person:invitation_refused", login, after={"why": why})
    raise NotSignedIn(_NO_MATCH)


def _person(uow: UnitOfWork, login: str) -> PersonRow | None:
    key = login.strip().lower()
    if not key.isprintable():
        return None
    rows = select(PersonRow).where(or_(col(PersonRow.user_id) == key, col(PersonRow.email) == key))
    return uow.tx.execute(rows).scalar_one_or_none()


def _mac(resources: Resources, row: InvitationRow, code: str) -> bytes:
    return resources.vault.mac(code, "invitation", str(row.id))

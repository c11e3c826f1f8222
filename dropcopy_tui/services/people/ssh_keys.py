"""The SSH keys of people: with one, a person signs in to the desk over SSH. Adding and revoking take a second factor.

A stolen way in must not make itself a second one: every change is told to the person by notice and email.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, case, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from dropcopy_tui.domain.errors import InvalidValue, LimitReached, NotFound
from dropcopy_tui.domain.names import clean_name, shorten
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.seats import Ending
from dropcopy_tui.domain.ssh_keys import LABEL_LENGTH, PublicKey, read_public_key
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.factors.challenges import spend
from dropcopy_tui.services.factors.table import Proof, Purpose, access_scope
from dropcopy_tui.services.people.roles import administered
from dropcopy_tui.services.people.seat_rows import end_seats
from dropcopy_tui.services.people.views import person_in, scope_of
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork, person_row
from dropcopy_tui.store.access_tables import SeatRow
from dropcopy_tui.store.paging import Listing, fetch
from dropcopy_tui.store.tables import PersonRow, SshKeyRow

# Keys in use of one person: a laptop, a desktop, a security key, and their successors.
MOST_KEYS = 10
_TAKEN = "This key is already known here. Every person needs a key of their own: ssh-keygen -t ed25519"


@dataclass(frozen=True, slots=True)
class SshKeyView:
    """An SSH key of a person. `added_by` and `revoked_by` are user ids."""

    fingerprint: str
    kind: str
    label: str
    added_by: str
    added_at: datetime
    last_used_at: datetime | None = None
    revoked_by: str = ""
    revoked_at: datetime | None = None


class SshKeys(Service):
    """The SSH keys of the person who acts, or of a person they administer."""

    def page(self, actor: Actor, ask: PageRequest, user_id: str = "") -> Page[SshKeyView]:
        """The keys: those in use first, then the newest first. Raises NotEntitled, NotFound."""
        with self._reading(actor) as uow:
            other = _is_other(actor, user_id)
            person = person_in(uow, scope_of(uow), user_id) if other else person_row(uow)
            return fetch(uow.tx, _listing(col(SshKeyRow.person_id) == person.id), ask, _view_of)

    def check(self, actor: Actor, line: str, user_id: str = "") -> PublicKey:
        """The key of this line if it can be added, before a code is asked for.

        Raises InvalidValue, LimitReached, NotEntitled, NotFound.
        """
        key = read_public_key(line)
        with self._reading(actor) as uow:
            _refuse_known(uow, _person(uow, user_id, "add an SSH key for"), key)
        return key

    def add(self, actor: Actor, line: str, label: str, proof: Proof, user_id: str = "") -> SshKeyView:
        """Add the key of one line of a .pub file; `label` says which machine it is on, by default its comment.

        Raises InvalidValue, LimitReached, NotEntitled, NotFound, SecondFactorFailed.
        """
        key = read_public_key(line)
        label = clean_name(label or key.comment[:LABEL_LENGTH] or key.kind, "Label", LABEL_LENGTH, "label")
        with self._writing(actor) as uow:
            person = _person(uow, user_id, "add an SSH key for")
            _refuse_known(uow, person, key)
            spend(uow, proof, Purpose.ACCESS, access_scope("add", person.user_id, key.fingerprint))
            row = SshKeyRow(
                person_id=key_of(person.id),
                fingerprint=key.fingerprint,
                kind=key.kind,
                blob=key.blob,
                label=label,
                added_by=actor.person_id,
                added_at=uow.now,
            )
            uow.tx.add(row)
            after = {"fingerprint": row.fingerprint, "kind": row.kind, "label": label}
            uow.record("ssh_key:added", person.user_id, after=after)
            _tell(uow, person, "An SSH key was added for you", f"{label} ({row.fingerprint}) can sign in as you now.")
            return _view(uow, row)

    def revoke(self, actor: Actor, fingerprint: str, proof: Proof, user_id: str = "") -> SshKeyView:
        """Revoke a key for good: it opens nothing from now on, and the seats that it opened end.

        Raises NotEntitled, NotFound, SecondFactorFailed.
        """
        with self._writing(actor) as uow:
            person = _person(uow, user_id, "revoke an SSH key of")
            row = _key(uow, person, fingerprint)
            spend(uow, proof, Purpose.ACCESS, access_scope("revoke", person.user_id, fingerprint))
            row.revoked_at, row.revoked_by = uow.now, actor.person_id
            before = {"fingerprint": fingerprint, "label": row.label}
            uow.record("ssh_key:revoked", person.user_id, before=before)
            end_seats(uow, person, Ending.KEY, col(SeatRow.fingerprint) == fingerprint)
            said = f"{row.label} ({fingerprint}) can no longer sign in, and cannot be added again."
            _tell(uow, person, "Your SSH key was revoked", said)
            return _view(uow, row)

    def find(self, actor: Actor, named: str, user_id: str = "") -> SshKeyView:
        """The key in use with this fingerprint or label. Raises NotEntitled, NotFound."""
        with self._reading(actor) as uow:
            person = _person(uow, user_id, "revoke an SSH key of")
            wanted = (col(SshKeyRow.fingerprint) == named) | (col(SshKeyRow.label) == named)
            found = [view for view in _views(uow, wanted & _in_use(person)) if view.revoked_at is None]
        if len(found) == 1:
            return found[0]
        why = "has no SSH key" if not found else "has several SSH keys"
        raise NotFound(
            f"{person.user_id} {why} {shorten(named, 60)!r}. Name it by its fingerprint. Nothing was changed."
        )


def _is_other(actor: Actor, user_id: str) -> bool:
    return user_id.strip().lower() not in ("", actor.user_id)


def _person(uow: UnitOfWork, user_id: str, what: str) -> PersonRow:
    """The person who acts, or a person whom they administer. Raises NotEntitled, NotFound."""
    return administered(uow, user_id, what) if _is_other(uow.actor, user_id) else person_row(uow)


def _in_use(person: PersonRow) -> ColumnElement[bool]:
    return (col(SshKeyRow.person_id) == person.id) & col(SshKeyRow.revoked_at).is_(None)


def _refuse_known(uow: UnitOfWork, person: PersonRow, key: PublicKey) -> None:
    known = uow.tx.execute(select(SshKeyRow).where(col(SshKeyRow.fingerprint) == key.fingerprint)).scalar_one_or_none()
    if known is not None and known.person_id == person.id:
        state = "was revoked and cannot be added again" if known.revoked_at is not None else "is already added"
        raise InvalidValue(f"This key {state} ({known.label}). Nothing was changed.", "key")
    if known is not None:
        # Whose it is, is not told.
        raise InvalidValue(f"{_TAKEN}. Nothing was changed.", "key")
    in_use = uow.tx.execute(select(col(SshKeyRow.id)).where(_in_use(person))).all()
    if len(in_use) >= MOST_KEYS:
        raise LimitReached(f"{person.user_id} has {MOST_KEYS} SSH keys. Revoke one first. Nothing was changed.")


def _key(uow: UnitOfWork, person: PersonRow, fingerprint: str) -> SshKeyRow:
    named = col(SshKeyRow.fingerprint) == fingerprint
    row: SshKeyRow | None = uow.tx.execute(select(SshKeyRow).where(named, _in_use(person))).scalar_one_or_none()
    if row is None:
        raise NotFound(f"{person.user_id} has no SSH key {shorten(fingerprint, 60)!r} in use. Nothing was changed.")
    return row


def _tell(uow: UnitOfWork, person: PersonRow, subject: str, what: str) -> None:
    who = f"Changed by {uow.actor.user_id} from {uow.actor.origin or 'an unknown place'}."
    uow.tell(person, subject, f"{what} {who} If you did not expect this, call EASE immediately.")


def _view(uow: UnitOfWork, row: SshKeyRow) -> SshKeyView:
    uow.tx.flush()
    return _views(uow, col(SshKeyRow.id) == row.id)[0]


def _views(uow: UnitOfWork, wanted: ColumnElement[bool]) -> tuple[SshKeyView, ...]:
    return tuple(_view_of(row) for row in uow.tx.execute(_listing(wanted).rows))


def _listing(wanted: ColumnElement[bool]) -> Listing:
    adder, revoker = aliased(PersonRow), aliased(PersonRow)
    rows = (
        select(SshKeyRow, col(adder.user_id), func.coalesce(col(revoker.user_id), ""))
        .join(adder, col(adder.id) == col(SshKeyRow.added_by))
        .outerjoin(revoker, col(revoker.id) == col(SshKeyRow.revoked_by))
        .where(wanted)
    )
    return Listing(
        rows,
        {
            "state": case((col(SshKeyRow.revoked_at).is_(None), 1), else_=0),
            "label": col(SshKeyRow.label),
            "fingerprint": col(SshKeyRow.fingerprint),
            "added": col(SshKeyRow.added_at),
        },
        col(SshKeyRow.id),
        (col(SshKeyRow.label), col(SshKeyRow.fingerprint), col(SshKeyRow.kind)),
        newest_first=True,
    )


def _view_of(row: Row[SshKeyRow, str, str]) -> SshKeyView:
    key, added_by, revoked_by = row[:3]
    return SshKeyView(
        key.fingerprint,
        key.kind,
        key.label,
        added_by,
        key.added_at,
        key.last_used_at,
        revoked_by,
        key.revoked_at,
    )

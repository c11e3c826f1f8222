"""Who a person is: sign-in by password, by the machine's account, or freely in a sandbox (rule P1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from sqlmodel import col, or_, select

from dropcopy_tui.domain.errors import (
    AccountLocked,
    DeskError,
    InvalidValue,
    NotSignedIn,
    SeatsTaken,
    StoreBusy,
    TrailBroken,
)
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.people import Actor, Entitlement, Role
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.seats import Ending, SeatPlace, SeatWay
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.people.passwords import hash_password, is_outdated, password_holds, renewed_hash
from dropcopy_tui.services.people.seat_locks import PASSWORD, require_way, resume, wrong_answer
from dropcopy_tui.services.people.seat_rows import end_seats, open_seat, with_seat
from dropcopy_tui.services.rights import NOBODY, nobody
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.store.tables import EntitlementRow, EntityRow, PersonRow, SshKeyRow

# Seconds that a sign-in without a password waits for other writers: it can do without its event.
PATIENCE = 1.0
_NO_MATCH = "Incorrect user id or password."
# As the audit trail has always named them.
_PROOFS = {
    SeatWay.PASSWORD: "password",
    SeatWay.ACCOUNT: "peer",
    SeatWay.SSH_KEY: "ssh key",
    SeatWay.SANDBOX: "sandbox",
}


@dataclass(frozen=True, slots=True)
class Person:
    """A person and their entitlements, for those who may be acted as in a sandbox."""

    user_id: str
    name: str
    entitlements: tuple[Entitlement, ...]

    @property
    def summary(self) -> str:
        """The roles in one line, an entity's together: `ACME: full access, key management`."""
        held: dict[str, list[str]] = {}
        for entitlement in self.entitlements:
            held.setdefault(entitlement.entity or "", []).append(entitlement.role.words)
        return "; ".join(f"{place}: {', '.join(roles)}" if place else ", ".join(roles) for place, roles in held.items())


class _Checked:
    """The outcome of a check that was made before the transaction began, against the hash that was stored then."""

    def __init__(self, password: str, stored: str | None, holds: bool) -> None:
        self._password = password
        self._stored = stored
        self._holds = holds
        # A hash of an earlier release is replaced while the password is at hand.
        self._renewed = renewed_hash(password) if holds and is_outdated(stored or "") else None

    def holds_for(self, person: PersonRow) -> bool:
        """Whether the password is the person's; it is checked again if it was changed meanwhile."""
        if person.password_hash != self._stored:
            return password_holds(self._password, person.password_hash)
        return self._holds

    def renew(self, person: PersonRow) -> dict[str, bool]:
        """Store the new hash if there is one; returns what the audit trail adds for it."""
        if self._renewed is None or person.password_hash != self._stored:
            return {}
        person.password_hash = self._renewed
        return {"hash_renewed": True}


class Identity(Service):
    """Sign-in. Its verbs take the origin instead of an actor: who acts is what they find out."""

    def sign_in(self, login: str, password: str, origin: str, place: SeatPlace | None = None) -> Actor:
        """The person with this user id or email, if the password holds; at a seat, where one is named.

        Raises:
            AccountLocked: five wrong attempts in a row (rule P1); says until when.
            NotSignedIn: no such person, or the wrong password: the answer is the same.
            SeatsTaken: they have as many seats as they may have.
        """
        checked = self._check(login, password)
        with self._writing(nobody(origin, login)) as uow:
            person = _find(uow, login)
            if person is None:
                self._refuse(uow, login, "unknown")
            self._refuse_locked(uow, person)
            if person.disabled or not checked.holds_for(person):
                self._count_wrong_try(uow, person)
            person.failed_tries, person.locked_until = 0, None
            return self._welcome(uow, person, SeatWay.PASSWORD, place, **checked.renew(person))

    def _check(self, login: str, password: str) -> _Checked:
        """Check the password outside the gate: hashing takes long, and no writer may wait for someone's guesses.

        Every account costs the same, whether it is unknown, disabled or locked: the time of a refusal tells nothing.
        """
        with self._reading(NOBODY) as uow:
            person = _find(uow, login)
            stored = None if person is None else person.password_hash
        return _Checked(password, stored, password_holds(password, stored))

    def sign_in_peer(self, account: str, origin: str, place: SeatPlace | None = None) -> Actor:
        """The person linked to this account of the machine, as the kernel names it. Raises NotSignedIn, SeatsTaken."""
        try:
            return self._sign_in_peer(account, origin, place)
        except (StoreBusy, TrailBroken) as busy:
            return self._recognize(PersonRow.os_account == account, origin, busy)

    def _sign_in_peer(self, account: str, origin: str, place: SeatPlace | None) -> Actor:
        with self._writing(nobody(origin, account), PATIENCE) as uow:
            person = uow.tx.exec(select(PersonRow).where(PersonRow.os_account == account)).first()
            if person is None:
                self._note_refusal(uow, account, "unknown account")
                raise NotSignedIn(
                    f"The account {shorten(account)!r} of this machine is not linked to any user. "
                    "Sign in with a user id and password: dropcopy --as USER"
                )
            if person.disabled:
                self._note_refusal(uow, person.user_id, "disabled")
                raise NotSignedIn(f"{person.user_id} is disabled. Ask a user administrator.")
            return self._welcome(uow, person, SeatWay.ACCOUNT, place)

    def sign_in_key(self, fingerprint: str, origin: str, place: SeatPlace | None = None) -> Actor:
        """The person whose SSH key sshd has accepted.

        Raises NotSignedIn for a key that is not in use here; SeatsTaken.
        """
        with self._writing(nobody(origin, fingerprint), PATIENCE) as uow:
            key = uow.tx.exec(select(SshKeyRow).where(SshKeyRow.fingerprint == fingerprint)).first()
            if key is None or key.revoked_at is not None:
                self._note_refusal(uow, fingerprint, "unknown key" if key is None else "revoked key")
                raise NotSignedIn("This SSH key is not in use at this desk. Ask a user administrator.")
            person = uow.tx.get_one(PersonRow, key.person_id)
            if person.disabled:
                self._note_refusal(uow, person.user_id, "disabled")
                raise NotSignedIn(f"{person.user_id} is disabled. Ask a user administrator.")
            key.last_used_at = uow.now
            return self._welcome(uow, person, SeatWay.SSH_KEY, place, fingerprint=fingerprint)

    def still_in(self, actor: Actor, fingerprint: str = "") -> None:
        """Whether an open screen may stay: the person is not disabled, and the key that opened it is not revoked.

        Raises NotEntitled, NotSignedIn: what ended it.
        """
        with self._reading(actor) as uow:
            if not fingerprint:
                return
            key = uow.tx.exec(select(SshKeyRow).where(SshKeyRow.fingerprint == fingerprint)).first()
            if key is None or key.revoked_at is not None:
                raise NotSignedIn("Your SSH key was revoked, so the desk was closed. Your drafts are kept.")

    def resume(self, actor: Actor, password: str) -> None:
        """Resume the locked seat that the person acts from. A wrong password counts as one of signing in.

        Raises NotSignedIn, AccountLocked, SeatEnded; FactorUnavailable: this seat takes a second factor.
        """
        checked = self._check(actor.user_id, password)
        with self._writing(actor) as uow:
            person = uow.tx.get_one(PersonRow, actor.person_id)
            row = require_way(uow, person, PASSWORD)
            self._refuse_locked(uow, person)
            if not checked.holds_for(person):
                refusal = wrong_answer(uow, row)
                self._count_wrong_try(uow, person, refusal)
            person.failed_tries, person.locked_until = 0, None
            resume(uow, row, PASSWORD, **checked.renew(person))

    def is_peer(self, account: str, login: str) -> bool:
        """Whether this account of the machine is that of the person with this user id or email."""
        with self._reading(NOBODY) as uow:
            person = _find(uow, login)
            return person is not None and person.os_account == account

    def act_as(self, user_id: str, origin: str, place: SeatPlace | None = None) -> Actor:
        """Any person, without proof: only in a sandbox. Raises NotSignedIn elsewhere, SeatsTaken."""
        if not self._resources.sandbox:
            raise NotSignedIn("Acting as another person is possible in a sandbox only. Sign in with a password.")
        try:
            with self._writing(nobody(origin, user_id), PATIENCE) as uow:
                person = _find(uow, user_id)
                if person is None:
                    raise NotSignedIn(f"Person {shorten(user_id)!r} does not exist in this sandbox.")
                return self._welcome(uow, person, SeatWay.SANDBOX, place)
        except (StoreBusy, TrailBroken) as busy:
            return self._recognize(PersonRow.user_id == user_id.strip().lower(), origin, busy)

    def _recognize(self, who: Any, origin: str, busy: DeskError) -> Actor:
        """The person, by reading alone, where no proof is checked and nothing can be written: reading continues.

        What the person changes later is an event of its own. Raises that error for anybody who would not be let in.
        """
        with self._reading(NOBODY) as uow:
            person = uow.tx.exec(select(PersonRow).where(who, col(PersonRow.disabled).is_(False))).first()
            if person is None:
                raise busy
            return Actor(key_of(person.id), person.user_id, person.name, origin)

    def everyone(self) -> tuple[Person, ...]:
        """Everyone who can be acted as. Raises NotSignedIn outside a sandbox."""
        if not self._resources.sandbox:
            raise NotSignedIn("People can be listed without signing in only in a sandbox.")
        with self._reading(NOBODY) as uow:
            people = uow.tx.exec(select(PersonRow).order_by(col(PersonRow.id))).all()
            return tuple(Person(row.user_id, row.name, _entitlements(uow, row)) for row in people)

    def entitlements(self, actor: Actor) -> tuple[Entitlement, ...]:
        """The person's own entitlements."""
        with self._reading(actor) as uow:
            return _entitlements(uow, uow.tx.get_one(PersonRow, actor.person_id))

    def require(self, actor: Actor, roles: Iterable[Role], entity: str = "") -> None:
        """Continue only if the person has one of the roles, at the entity or on the desk.

        Screens ask it before they ask the person for anything. Raises NotEntitled, NotFound.
        """
        with self._reading(actor) as uow:
            uow.require(roles, uow.entity(entity, roles) if entity else None)

    def set_password(self, actor: Actor, present: str, new: str) -> None:
        """Change the person's own password. Raises NotSignedIn for a wrong present one."""
        if new == present:
            raise InvalidValue("The new password is the same as the current one. Nothing was changed.", "password")
        hashed, checked = hash_password(new), self._check(actor.user_id, present)
        with self._writing(actor) as uow:
            person = uow.tx.get_one(PersonRow, actor.person_id)
            self._refuse_locked(uow, person)
            if person.password_hash and not checked.holds_for(person):
                self._count_wrong_try(uow, person)
            if person.password_hash:
                person.failed_tries = 0
            person.password_hash = hashed
            uow.record("person:password_changed", person.user_id)
            end_seats(uow, person, Ending.PASSWORD, but=actor.seat)

    def _welcome(
        self, uow: UnitOfWork, person: PersonRow, way: SeatWay, place: SeatPlace | None, **also: bool | str
    ) -> Actor:
        """The person, and the event. Wrong passwords count until a password is right: no other proof ends that."""
        actor = Actor(key_of(person.id), person.user_id, person.name, uow.actor.origin)
        seat = 0
        if place is not None:
            try:
                seat = open_seat(uow.by(actor), person, place, way)
            except SeatsTaken:
                self._note_refusal(uow, person.user_id, "seats taken")
                raise
        uow.by(actor).record("person:signed_in", person.user_id, after={"by": _PROOFS[way], **also})
        return with_seat(actor, seat)

    def _refuse_locked(self, uow: UnitOfWork, person: PersonRow) -> None:
        now = uow.now
        if person.locked_until is None:
            return
        if person.locked_until <= now:
            # The lock has run out: five new tries begin.
            person.failed_tries, person.locked_until = 0, None
            return
        # A clock that went back makes no lock longer.
        person.locked_until = min(person.locked_until, now + uow.settings.lock_time)
        self._note_refusal(uow, person.user_id, "locked")
        raise AccountLocked(_locked(person.locked_until, now))

    def _count_wrong_try(self, uow: UnitOfWork, person: PersonRow, refusal: DeskError | None = None) -> NoReturn:
        """Count it, and raise that the account is locked now, else the refusal, or that of signing in."""
        person.failed_tries += 1
        now = uow.now
        if person.failed_tries >= uow.settings.sign_in_tries:
            person.locked_until = now + uow.settings.lock_time
            self._note_refusal(uow, person.user_id, "locked now")
            raise AccountLocked(_locked(person.locked_until, now))
        self._note_refusal(uow, person.user_id, "password")
        raise refusal or NotSignedIn(_NO_MATCH)

    def _refuse(self, uow: UnitOfWork, login: str, why: str) -> NoReturn:
        self._note_refusal(uow, login, why)
        raise NotSignedIn(_NO_MATCH)

    def _note_refusal(self, uow: UnitOfWork, login: str, why: str) -> None:
        uow.by(nobody(uow.actor.origin, login)).record("person:sign_in_refused", shorten(login, 60), after={"why": why})


def _locked(until: datetime, now: datetime) -> str:
    minutes = max(1, round((until - now).total_seconds() / 60))
    wait = plural(minutes, "minute") if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"
    return f"This account is locked for {wait} after too many failed attempts. Wait, or ask EASE to unlock it."


def _find(uow: UnitOfWork, login: str) -> PersonRow | None:
    key = login.strip().lower()
    if not key.isprintable():  # such as bytes that are not valid UTF-8: no driver would accept them
        return None
    return uow.tx.exec(select(PersonRow).where(or_(PersonRow.user_id == key, PersonRow.email == key))).first()


def _entitlements(uow: UnitOfWork, person: PersonRow) -> tuple[Entitlement, ...]:
    rows = uow.tx.exec(
        select(EntitlementRow.role, EntityRow.code)
        .join(EntityRow, col(EntityRow.id) == EntitlementRow.entity_id, isouter=True)
        .where(EntitlementRow.person_id == person.id)
        .order_by(col(EntityRow.code).nulls_first(), col(EntitlementRow.id))
    )
    return tuple(Entitlement(Role(role), code) for role, code in rows)

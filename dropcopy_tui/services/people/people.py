"""People: who is there, what they are entitled to, and who administers them (rules P1, P3, P4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col

from dropcopy_tui.domain.accounts import PERSON_NAME_LENGTH, clean_email, clean_mobile, clean_user_id
from dropcopy_tui.domain.errors import InvalidValue, NotFound
from dropcopy_tui.domain.mail import MessageState
from dropcopy_tui.domain.names import clean_name, shorten
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import MAY_ADMINISTER, MAY_OPERATE, MAY_UNLOCK, Actor, Entitlement, Role
from dropcopy_tui.domain.requests import RequestStatus
from dropcopy_tui.domain.seats import Ending
from dropcopy_tui.services.base import entity_named
from dropcopy_tui.services.factors.table import Proof
from dropcopy_tui.services.people.invitations import Accepted, accept_invitation, send_invitation
from dropcopy_tui.services.people.roles import (
    add_roles,
    administered,
    change_roles,
    codes,
    is_own,
    place_of,
    prove_grant,
    refuse_own,
    why_not,
)
from dropcopy_tui.services.people.seat_rows import end_seats
from dropcopy_tui.services.people.views import (
    PersonLine,
    PersonView,
    Scope,
    held_by,
    line_of,
    lines,
    listing,
    person_in,
    person_named,
    scope_of,
    view_of,
)
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.services.views import EntityView
from dropcopy_tui.store.paging import fetch
from dropcopy_tui.store.tables import EntityRow, PersonRow, RequestRow


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation is on its way to the person's mailbox. The code is nowhere else.

    `waits`: nothing sends mail here, so the email stays in the outbox until a mail server is set.
    """

    person: PersonLine
    sent_to: str
    expires_at: datetime
    waits: bool = False

    @property
    def sentence(self) -> str:
        """Where the code is, in words."""
        if self.waits:
            return f"No mail server is configured: the code for {self.sent_to} stays in the outbox until one is."
        return f"The code was emailed to {self.sent_to} only."


@dataclass(frozen=True, slots=True)
class Disabled:
    """The person can no longer do anything; their open requests are kept."""

    person: PersonLine
    open_requests: int


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """A role that a person holds or may be given; `reason` says why the viewer may not turn it."""

    entitlement: Entitlement
    held: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Powers:
    """What a viewer may do with people at all: a courtesy to screens."""

    administers: bool
    unlocks: bool
    operates: bool


class People(Service):
    """The people that someone may administer."""

    def powers(self, actor: Actor) -> Powers:
        """What the person may do with people. Raises NotEntitled: nothing, not even look."""
        with self._reading(actor) as uow:
            scope_of(uow)
            desk = uow.roles_at(None)
            administers = desk & MAY_OPERATE or uow.entities_with(MAY_ADMINISTER)
            return Powers(bool(administers), bool(desk & MAY_UNLOCK), bool(desk & MAY_OPERATE))

    def entities(self, actor: Actor) -> tuple[EntityView, ...]:
        """The entities whose people the person may see, by name. Raises NotEntitled."""
        with self._reading(actor) as uow:
            scope = scope_of(uow)
            rows = select(EntityRow).order_by(col(EntityRow.name))
            if not scope.everybody:
                rows = rows.where(col(EntityRow.id).in_(sorted(scope.entity_ids)))
            return tuple(EntityView(row.code, row.name) for row in uow.tx.execute(rows).scalars())

    def page(self, actor: Actor, ask: PageRequest, entity: str = "") -> Page[PersonLine]:
        """People, of one entity or of all that may be seen. Raises NotEntitled, NotFound."""
        with self._reading(actor) as uow:
            scope = scope_of(uow)
            place = _visible_entity(uow, scope, entity) if entity else None
            page = fetch(uow.tx, listing(scope, place, uow.now), ask, lambda row: row)
            return Page(lines(uow, scope, page.rows), page.cursors, page.total)

    def show(self, actor: Actor, user_id: str) -> PersonView:
        """One person. Raises NotEntitled, NotFound."""
        with self._reading(actor) as uow:
            scope = scope_of(uow)
            return view_of(uow, scope, person_in(uow, scope, user_id))

    def roles(self, actor: Actor, user_id: str, entity: str = "") -> tuple[RoleChoice, ...]:
        """Each role at an entity ("": on the desk), whether the person holds it, and why the viewer cannot change it.

        The person may be unknown: then it is about someone new. Raises NotEntitled, NotFound.
        """
        with self._reading(actor) as uow:
            scope = scope_of(uow)
            place = _visible_entity(uow, scope, entity) if entity else None
            person = person_in(uow, scope, user_id) if user_id else None
            held = {entitlement for entitlement, _ in held_by(uow, person)} if person else set()
            own = person is not None and is_own(uow, person)
            mine = uow.roles_at(place.id if place else None)
            wanted = [Entitlement(role, entity or None) for role in Role if role.desk_wide is not bool(entity)]
            return tuple(RoleChoice(each, each in held, why_not(each.role, mine, own)) for each in wanted)

    def invite(
        self,
        actor: Actor,
        user_id: str,
        name: str,
        email: str,
        mobile: str,
        entity: str,
        roles: Sequence[Role],
        proof: Proof | None = None,
    ) -> Invited:
        """Make a person with their first roles, and mail them a code with which they set a password.

        Raises:
            FactorNeeded: the site asks for a `proof` where roles are granted.
            SecondFactorFailed: the code does not hold; the try is counted.
            NotEntitled: the person may not give one of the roles, or it is an account of their own.
            InvalidValue: a value breaks a rule, or the user id or email is taken.
        """
        row = PersonRow(
            user_id=clean_user_id(user_id),
            name=clean_name(name, "Name", PERSON_NAME_LENGTH),
            email=clean_email(email),
            mobile=clean_mobile(mobile),
            created_at=self._now(),
        )
        if not roles:
            raise InvalidValue("Select at least one role. No one was invited.", "roles")
        with self._writing(actor) as uow:
            wanted = [Entitlement(role, None if role.desk_wide else entity or None) for role in dict.fromkeys(roles)]
            places = [place_of(uow, each) for each in wanted]
            _refuse_taken(uow, row)
            prove_grant(uow, row.user_id, wanted, proof, row.email)
            uow.tx.add(row)
            uow.tx.flush()
            refuse_own(uow, row, "invite")
            add_roles(uow, row, places)
            given = codes(wanted)
            expires = send_invitation(uow, row)
            uow.record(
                "person:invited",
                row.user_id,
                entity=entity or None,
                after={"roles": given, "name": row.name, "email": row.email, "until": expires.isoformat()},
            )
            return self._invited(uow, row, expires)

    def invite_again(self, actor: Actor, user_id: str) -> Invited:
        """Mail a new code, which voids the older ones: also the way to replace a forgotten password.

        Raises NotEntitled, NotFound, InvalidValue for a disabled person.
        """
        with self._writing(actor) as uow:
            row = administered(uow, user_id, "invite")
            if row.disabled:
                raise InvalidValue(f"{row.user_id} is disabled. Enable the account first. No one was invited.")
            expires = send_invitation(uow, row)
            after = {"until": expires.isoformat()}
            uow.record("person:invited_again", row.user_id, after=after)
            return self._invited(uow, row, expires)

    def accept(self, login: str, code: str, password: str, origin: str) -> Accepted:
        """Set the password of the person who holds an invitation code; they sign in afterwards.

        Raises InvalidValue for what cannot be a code or a password, NotSignedIn for everything else.
        """
        return accept_invitation(self._resources, login, code, password, origin)

    def entitle(
        self, actor: Actor, user_id: str, role: Role, entity: str = "", proof: Proof | None = None
    ) -> PersonLine:
        """Give a role, effective immediately.

        Raises NotEntitled, NotFound, InvalidValue: the person already has it; FactorNeeded, SecondFactorFailed.
        """
        return self.change_roles(actor, user_id, give=[Entitlement(role, entity or None)], proof=proof)

    def disentitle(self, actor: Actor, user_id: str, role: Role, entity: str = "") -> PersonLine:
        """Take a role away: gone at the next action. Raises NotEntitled, NotFound, InvalidValue: it is not held."""
        return self.change_roles(actor, user_id, take=[Entitlement(role, entity or None)])

    def change_roles(
        self,
        actor: Actor,
        user_id: str,
        give: Sequence[Entitlement] = (),
        take: Sequence[Entitlement] = (),
        proof: Proof | None = None,
    ) -> PersonLine:
        """Give and take several roles, all of them or none, and notify the person.

        Whoever may give a role may give it to anybody whose user id they know: a person works for several entities.
        Raises NotEntitled, NotFound, InvalidValue; FactorNeeded, SecondFactorFailed: where granting takes a `proof`.
        """
        with self._writing(actor) as uow:
            given = [place_of(uow, each) for each in dict.fromkeys(give)]
            taken = [place_of(uow, each) for each in dict.fromkeys(take)]
            row = person_named(uow, user_id)
            refuse_own(uow, row, "change the roles of")
            change_roles(uow, row, given, taken, proof)
            return line_of(uow, scope_of(uow), row)

    def require(self, actor: Actor, user_id: str, what: str) -> None:
        """Whether the person may `disable`, `enable`, `invite` (again) or `unlock` that account, asked beforehand.

        Raises NotEntitled saying who may instead, NotFound.
        """
        with self._reading(actor) as uow:
            if what == "unlock":
                uow.require(MAY_UNLOCK)
                refuse_own(uow, person_named(uow, user_id), what)
            else:
                administered(uow, user_id, what)

    def disable(self, actor: Actor, user_id: str) -> Disabled:
        """Shut an account: its person may do nothing from now on. Open requests stay, and are counted.

        Raises NotEntitled, NotFound, InvalidValue: it is disabled already.
        """
        with self._writing(actor) as uow:
            row = administered(uow, user_id, "disable")
            line = self._turn(uow, row, disabled=True)
            return Disabled(line, _open_requests(uow, row))

    def enable(self, actor: Actor, user_id: str) -> PersonLine:
        """Open a disabled account again, with the roles it has. Raises NotEntitled, NotFound, InvalidValue."""
        with self._writing(actor) as uow:
            row = administered(uow, user_id, "enable")
            return self._turn(uow, row, disabled=False)

    def open_requests(self, actor: Actor, user_id: str) -> int:
        """How many of a person's requests are In Progress. Raises NotEntitled, NotFound."""
        with self._reading(actor) as uow:
            return _open_requests(uow, person_in(uow, scope_of(uow), user_id))

    def unlock(self, actor: Actor, user_id: str) -> PersonLine:
        """End a lock after wrong attempts before its time (rule P1). Raises NotEntitled, NotFound, InvalidValue."""
        with self._writing(actor) as uow:
            uow.require(MAY_UNLOCK)
            row = person_named(uow, user_id)
            refuse_own(uow, row, "unlock")
            until = row.locked_until
            if until is None or until <= uow.now:
                raise InvalidValue(f"{row.user_id} is not locked. Nothing was changed.")
            row.failed_tries, row.locked_until = 0, None
            before = {"locked_until": until.isoformat()}
            uow.record("person:unlocked", row.user_id, before=before)
            uow.tell(row, "Your account was unlocked", f"{actor.user_id} unlocked it.")
            return line_of(uow, Scope(True), row)

    def _turn(self, uow: UnitOfWork, row: PersonRow, *, disabled: bool) -> PersonLine:
        word = "disabled" if disabled else "enabled"
        if row.disabled is disabled:
            raise InvalidValue(f"{row.user_id} is already {word}. Nothing was changed.")
        row.disabled = disabled
        before, after = {"disabled": not disabled}, {"disabled": disabled}
        uow.record(f"person:{word}", row.user_id, before=before, after=after)
        if disabled:
            end_seats(uow, row, Ending.DISABLED)
        uow.tell(row, f"Your account was {word}", f"{uow.actor.user_id} {word} {row.user_id}.")
        return line_of(uow, scope_of(uow), row)

    def _invited(self, uow: UnitOfWork, row: PersonRow, expires: datetime) -> Invited:
        line = line_of(uow, scope_of(uow), row)
        waits = not uow.resources.sandbox and uow.resources.email_state == MessageState.HELD.value
        return Invited(line, row.email, expires, waits)


def _visible_entity(uow: UnitOfWork, scope: Scope, code: str) -> EntityRow:
    place = entity_named(uow.tx, code)
    if not scope.has(place.id):
        raise NotFound(f"Entity {shorten(code)!r} does not exist, or you have no access to its people.")
    return place


def _refuse_taken(uow: UnitOfWork, row: PersonRow) -> None:
    """Raises InvalidValue for a user id or an email that someone has."""
    if uow.tx.execute(select(PersonRow).where(col(PersonRow.user_id) == row.user_id)).first():
        raise InvalidValue(
            f"{row.user_id} already exists. Grant a role instead: dropcopy people entitle {row.user_id}. "
            "No one was invited.",
            "user_id",
        )
    if uow.tx.execute(select(PersonRow).where(col(PersonRow.email) == row.email)).first():
        raise InvalidValue("A person with this email already exists. No one was invited.", "email")


def _open_requests(uow: UnitOfWork, row: PersonRow) -> int:
    rows = select(func.count()).select_from(RequestRow).where(col(RequestRow.submitted_by) == row.id)
    return int(uow.tx.execute(rows.where(col(RequestRow.status) == RequestStatus.IN_PROGRESS.value)).scalar_one())

"""People: who is there, what they are entitled to, and who administers them (rules P1, P3, P4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from dropcopy_tui.domain.accounts import PERSON_NAME_LENGTH, clean_email, clean_mobile, clean_user_id
from dropcopy_tui.domain.errors import InvalidValue, NotEntitled, NotFound
from dropcopy_tui.domain.mail import MessageState
from dropcopy_tui.domain.names import clean_name, shorten
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import MAY_ADMINISTER, MAY_OPERATE, MAY_UNLOCK, Actor, Entitlement, Role
from dropcopy_tui.domain.requests import RequestStatus
from dropcopy_tui.services.base import Service, entity_named
from dropcopy_tui.services.people.invitations import Accepted, accept_invitation, send_invitation
from dropcopy_tui.services.people.roles import add_roles, change_roles, codes, is_own, place_of, refuse_own, why_not
from dropcopy_tui.services.people.views import (
    PersonLine,
    PersonView,
    Scope,
    administered_ids,
    held_by,
    line_of,
    lines,
    listing,
    person_in,
    person_named,
    scope_of,
    view_of,
)
from dropcopy_tui.services.rights import require, roles_of
from dropcopy_tui.services.unit_of_work import email_state, reading, record, tell, writing
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
            return f"No mail server is set: the code for {self.sent_to} waits in the outbox until one is."
        return f"The code goes to {self.sent_to} and nowhere else."


@dataclass(frozen=True, slots=True)
class Disabled:
    """A person may do nothing any more; their open requests stay."""

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
    """The people that somebody may administer."""

    def powers(self, actor: Actor) -> Powers:
        """What the person may do with people. Raises NotEntitled: nothing, not even look."""
        with reading(self._means, actor) as session:
            scope_of(session, actor)
            desk = roles_of(session, actor, None)
            administers = desk & MAY_OPERATE or administered_ids(session, actor)
            return Powers(bool(administers), bool(desk & MAY_UNLOCK), bool(desk & MAY_OPERATE))

    def entities(self, actor: Actor) -> tuple[EntityView, ...]:
        """The entities whose people the person may see, by name. Raises NotEntitled."""
        with reading(self._means, actor) as session:
            scope = scope_of(session, actor)
            rows = select(EntityRow).order_by(col(EntityRow.name))
            if not scope.everybody:
                rows = rows.where(col(EntityRow.id).in_(sorted(scope.entity_ids)))
            return tuple(EntityView(row.code, row.name) for row in session.execute(rows).scalars())

    def page(self, actor: Actor, ask: PageRequest, entity: str = "") -> Page[PersonLine]:
        """People, of one entity or of all that may be seen. Raises NotEntitled, NotFound."""
        with reading(self._means, actor) as session:
            scope = scope_of(session, actor)
            place = _visible_entity(session, scope, entity) if entity else None
            page = fetch(session, listing(scope, place, self._now()), ask, lambda row: (row[0], row[1]))
            return Page(lines(session, scope, page.rows), page.cursors, page.total)

    def show(self, actor: Actor, user_id: str) -> PersonView:
        """One person. Raises NotEntitled, NotFound."""
        with reading(self._means, actor) as session:
            scope = scope_of(session, actor)
            return view_of(session, actor, scope, person_in(session, scope, user_id), self._now())

    def roles(self, actor: Actor, user_id: str, entity: str = "") -> tuple[RoleChoice, ...]:
        """Every role at an entity (none: on the desk), whether the person holds it, and why it cannot be turned.

        The person may be unknown: then it is about somebody new. Raises NotEntitled, NotFound.
        """
        with reading(self._means, actor) as session:
            scope = scope_of(session, actor)
            place = _visible_entity(session, scope, entity) if entity else None
            person = person_in(session, scope, user_id) if user_id else None
            held = {entitlement for entitlement, _ in held_by(session, person)} if person else set()
            own = person is not None and is_own(session, actor, person)
            mine = roles_of(session, actor, place.id if place else None)
            wanted = [Entitlement(role, entity or None) for role in Role if role.desk_wide is not bool(entity)]
            return tuple(RoleChoice(each, each in held, why_not(each.role, mine, own)) for each in wanted)

    def invite(
        self, actor: Actor, user_id: str, name: str, email: str, mobile: str, entity: str, roles: Sequence[Role]
    ) -> Invited:
        """Make a person with their first roles, and mail them a code with which they set a password.

        Raises:
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
            raise InvalidValue("Choose at least one role. Nobody was invited.", "roles")
        with writing(self._means, actor) as session:
            wanted = [Entitlement(role, None if role.desk_wide else entity or None) for role in dict.fromkeys(roles)]
            places = [place_of(session, actor, each) for each in wanted]
            _refuse_taken(session, row)
            session.add(row)
            session.flush()
            refuse_own(session, actor, row, "invite")
            add_roles(session, row, places)
            given = codes(wanted)
            expires = send_invitation(session, self._means, actor, row)
            record(
                session, self._means, actor, "person:invited", row.user_id, entity=entity or None,
                after={"roles": given, "name": row.name, "email": row.email, "until": expires.isoformat()},
            )  # fmt: skip
            return self._invited(session, actor, row, expires)

    def invite_again(self, actor: Actor, user_id: str) -> Invited:
        """Mail a new code, which voids the older ones: also the way to replace a forgotten password.

        Raises NotEntitled, NotFound, InvalidValue for a disabled person.
        """
        with writing(self._means, actor) as session:
            row = self._administered(session, actor, user_id, "invite")
            if row.disabled:
                raise InvalidValue(f"{row.user_id} is disabled: enable the account first. Nobody was invited.")
            expires = send_invitation(session, self._means, actor, row)
            after = {"until": expires.isoformat()}
            record(session, self._means, actor, "person:invited_again", row.user_id, after=after)
            return self._invited(session, actor, row, expires)

    def accept(self, login: str, code: str, password: str, origin: str) -> Accepted:
        """Set the password of whoever has an invitation's code; they sign in afterwards.

        Raises InvalidValue for what cannot be a code or a password, NotSignedIn for everything else.
        """
        return accept_invitation(self._means, login, code, password, origin)

    def entitle(self, actor: Actor, user_id: str, role: Role, entity: str = "") -> PersonLine:
        """Give a role, effective at once. Raises NotEntitled, NotFound, InvalidValue: it is held already."""
        return self.change_roles(actor, user_id, give=[Entitlement(role, entity or None)])

    def disentitle(self, actor: Actor, user_id: str, role: Role, entity: str = "") -> PersonLine:
        """Take a role away: gone at the next action. Raises NotEntitled, NotFound, InvalidValue: it is not held."""
        return self.change_roles(actor, user_id, take=[Entitlement(role, entity or None)])

    def change_roles(
        self, actor: Actor, user_id: str, give: Sequence[Entitlement] = (), take: Sequence[Entitlement] = ()
    ) -> PersonLine:
        """Give and take several roles, all or none of them; the person is told.

        Whoever may give a role may give it to anybody whose user id they know: a person works for several entities.
        Raises NotEntitled, NotFound, InvalidValue.
        """
        with writing(self._means, actor) as session:
            given = [place_of(session, actor, each) for each in dict.fromkeys(give)]
            taken = [place_of(session, actor, each) for each in dict.fromkeys(take)]
            row = person_named(session, user_id)
            refuse_own(session, actor, row, "give or take roles of")
            change_roles(session, self._means, actor, row, given, taken)
            return line_of(session, scope_of(session, actor), row, self._now())

    def disable(self, actor: Actor, user_id: str) -> Disabled:
        """Shut an account: its person may do nothing from now on. Open requests stay, and are counted.

        Raises NotEntitled, NotFound, InvalidValue: it is disabled already.
        """
        with writing(self._means, actor) as session:
            row = self._administered(session, actor, user_id, "disable")
            line = self._turn(session, actor, row, disabled=True)
            return Disabled(line, _open_requests(session, row))

    def enable(self, actor: Actor, user_id: str) -> PersonLine:
        """Open a disabled account again, with the roles it has. Raises NotEntitled, NotFound, InvalidValue."""
        with writing(self._means, actor) as session:
            row = self._administered(session, actor, user_id, "enable")
            return self._turn(session, actor, row, disabled=False)

    def open_requests(self, actor: Actor, user_id: str) -> int:
        """How many of a person's requests are In Progress. Raises NotEntitled, NotFound."""
        with reading(self._means, actor) as session:
            return _open_requests(session, person_in(session, scope_of(session, actor), user_id))

    def unlock(self, actor: Actor, user_id: str) -> PersonLine:
        """End a lock after wrong tries before its time (rule P1). Raises NotEntitled, NotFound, InvalidValue."""
        with writing(self._means, actor) as session:
            require(session, actor, MAY_UNLOCK)
            row = person_named(session, user_id)
            refuse_own(session, actor, row, "unlock")
            until = row.locked_until
            if until is None or until <= self._now():
                raise InvalidValue(f"{row.user_id} is not locked. Nothing was changed.")
            row.failed_tries, row.locked_until = 0, None
            before = {"locked_until": until.isoformat()}
            record(session, self._means, actor, "person:unlocked", row.user_id, before=before)
            tell(session, self._means, row, "Your account was unlocked", f"{actor.user_id} unlocked it.")
            return line_of(session, Scope(True), row, self._now())

    def _administered(self, session: Session, actor: Actor, user_id: str, what: str) -> PersonRow:
        """The person, if the actor administers them fully: by operations, or at every place where they have a role."""
        row = person_in(session, scope_of(session, actor), user_id)
        refuse_own(session, actor, row, what)
        if roles_of(session, actor, None) & MAY_OPERATE:
            return row
        mine = administered_ids(session, actor)
        if not mine:
            require(session, actor, MAY_OPERATE | MAY_ADMINISTER)
        places = [entity_id for _, entity_id in held_by(session, row)]
        if not places or not mine.issuperset(places):
            raise NotEntitled(
                f"{row.user_id} has roles that are not yours to give: only operations may {what} them. "
                "Nothing was changed."
            )
        return row

    def _turn(self, session: Session, actor: Actor, row: PersonRow, *, disabled: bool) -> PersonLine:
        word = "disabled" if disabled else "enabled"
        if row.disabled is disabled:
            raise InvalidValue(f"{row.user_id} is {word} already. Nothing was changed.")
        row.disabled = disabled
        before, after = {"disabled": not disabled}, {"disabled": disabled}
        record(session, self._means, actor, f"person:{word}", row.user_id, before=before, after=after)
        tell(session, self._means, row, f"Your account was {word}", f"{actor.user_id} {word} {row.user_id}.")
        return line_of(session, scope_of(session, actor), row, self._now())

    def _invited(self, session: Session, actor: Actor, row: PersonRow, expires: datetime) -> Invited:
        line = line_of(session, scope_of(session, actor), row, self._now())
        waits = not self._means.sandbox and email_state(self._means) == MessageState.HELD.value
        return Invited(line, row.email, expires, waits)


def _visible_entity(session: Session, scope: Scope, code: str) -> EntityRow:
    place = entity_named(session, code)
    if not scope.has(place.id):
        raise NotFound(f"There is no entity {shorten(code)!r}, or you may not see its people.")
    return place


def _refuse_taken(session: Session, row: PersonRow) -> None:
    """Raises InvalidValue for a user id or an email that somebody has."""
    if session.execute(select(PersonRow).where(col(PersonRow.user_id) == row.user_id)).first():
        raise InvalidValue(
            f"There is a person {row.user_id} already. Give them a role: dropcopy people entitle {row.user_id}. "
            "Nobody was invited.",
            "user_id",
        )
    if session.execute(select(PersonRow).where(col(PersonRow.email) == row.email)).first():
        raise InvalidValue("A person with this email is known already. Nobody was invited.", "email")


def _open_requests(session: Session, row: PersonRow) -> int:
    rows = select(func.count()).select_from(RequestRow).where(col(RequestRow.submitted_by) == row.id)
    return int(session.execute(rows.where(col(RequestRow.status) == RequestStatus.IN_PROGRESS.value)).scalar_one())

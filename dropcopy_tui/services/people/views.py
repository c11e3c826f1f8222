"""People as lists and pages show them, and who may look (rule P3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, or_, select
from sqlmodel import col

from dropcopy_tui.domain.accounts import PersonStatus, masked_mobile
from dropcopy_tui.domain.errors import NotFound
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.people import (
    MAY_ADMINISTER,
    MAY_AUDIT,
    MAY_SEE_EVERYBODY,
    Entitlement,
    Role,
)
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.people.identity import Person
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.services.views import Moment
from dropcopy_tui.store.paging import Listing
from dropcopy_tui.store.plain_rows import PlainRows
from dropcopy_tui.store.tables import AuditRow, EntitlementRow, EntityRow, InvitationRow, PersonRow

_RECENT = 10
_PEOPLE = PlainRows("person")


@dataclass(frozen=True, slots=True)
class PersonLine(Person):
    """A person in a list, with the entitlements that the viewer may see."""

    email: str
    status: PersonStatus


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person with everything about the account that someone else may know.

    `invited_until` is when the newest invitation ends or ended, while no password came of it. `events` are the last
    audit events about the person, the newest first, for those who may audit.
    """

    line: PersonLine
    mobile: str
    has_password: bool
    has_os_account: bool
    created_at: datetime
    locked_until: datetime | None = None
    invited_until: datetime | None = None
    events: tuple[Moment, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose people a viewer may see: everyone, or those with a role at one of these entities."""

    everybody: bool
    entity_ids: frozenset[int] = frozenset()

    def has(self, entity_id: int | None) -> bool:
        """Whether a role at this place (None: the desk) may be seen."""
        return self.everybody or entity_id in self.entity_ids


def scope_of(uow: UnitOfWork) -> Scope:
    """What the person may see of people. Raises NotEntitled: nothing."""
    if uow.roles_at(None) & MAY_SEE_EVERYBODY:
        return Scope(True)
    found = uow.entities_with(MAY_ADMINISTER)
    if not found:
        # None of these is held on the desk, so this raises, and says what would do.
        uow.require(MAY_SEE_EVERYBODY | MAY_ADMINISTER)
    return Scope(False, found)


def listing(scope: Scope, entity: EntityRow | None, now: datetime) -> Listing:
    """The people of the scope, or those of one entity in it."""
    rows: Select[Any] = select(*_PEOPLE.columns)
    places = frozenset({key_of(entity.id)}) if entity is not None else scope.entity_ids
    if entity is not None or not scope.everybody:
        rows = rows.where(_has_a_role_at(places))
    status = _status(now)
    return Listing(
        rows=rows.add_columns(status.label("status")),
        orders={
            "user_id": col(PersonRow.user_id),
            "name": col(PersonRow.name),
            "email": col(PersonRow.email),
            "status": status,
        },
        tie=col(PersonRow.id),
        searched=(col(PersonRow.user_id), col(PersonRow.name), col(PersonRow.email), status),
    )


def lines(uow: UnitOfWork, scope: Scope, found: Sequence[Row[Any]]) -> tuple[PersonLine, ...]:
    """Rows of `listing` as lines."""
    at = len(_PEOPLE.columns)
    people = [(row, there[at]) for row, there in zip(_PEOPLE.read(uow.tx, found), found, strict=True)]
    return _lines(uow, scope, people)


def _lines(uow: UnitOfWork, scope: Scope, found: Sequence[tuple[Any, str]]) -> tuple[PersonLine, ...]:
    held = _entitlements(uow, scope, [row.id for row, _ in found])
    return tuple(
        PersonLine(row.user_id, row.name, held[row.id], row.email, PersonStatus(status)) for row, status in found
    )


def line_of(uow: UnitOfWork, scope: Scope, person: PersonRow) -> PersonLine:
    """One person as a line."""
    uow.tx.flush()
    status = uow.tx.execute(select(_status(uow.now)).where(col(PersonRow.id) == person.id)).scalar_one()
    return _lines(uow, scope, [(person, status)])[0]


def view_of(uow: UnitOfWork, scope: Scope, person: PersonRow) -> PersonView:
    """The person's page."""
    invitation = newest_invitation(uow, key_of(person.id))
    pending = invitation is not None and person.password_hash is None
    locked = person.locked_until is not None and person.locked_until > uow.now
    return PersonView(
        line=line_of(uow, scope, person),
        mobile=masked_mobile(person.mobile),
        has_password=person.password_hash is not None,
        has_os_account=person.os_account is not None,
        created_at=person.created_at,
        locked_until=person.locked_until if locked else None,
        invited_until=invitation.expires_at if pending and invitation else None,
        events=_events(uow, person) if uow.roles_at(None) & MAY_AUDIT else (),
    )


def person_named(uow: UnitOfWork, user_id: str) -> PersonRow:
    """The person with this user id. Raises NotFound."""
    key = user_id.strip().lower()
    row: PersonRow | None = None
    if key.isprintable():  # such as bytes that are not valid UTF-8: no driver would accept them
        row = uow.tx.execute(select(PersonRow).where(col(PersonRow.user_id) == key)).scalar_one_or_none()
    if row is None:
        raise unknown_person(user_id)
    return row


def person_in(uow: UnitOfWork, scope: Scope, user_id: str) -> PersonRow:
    """The same, if the viewer may see them. Raises NotFound: who may not be seen does not exist."""
    row = person_named(uow, user_id)
    if not scope.everybody:
        seen = select(PersonRow).where(col(PersonRow.id) == row.id, _has_a_role_at(scope.entity_ids))
        if uow.tx.execute(seen).first() is None:
            raise unknown_person(user_id)
    return row


def people_beginning_with(uow: UnitOfWork, scope: Scope, word: str, most: int) -> list[PersonRow]:
    """People whose user id or name begins with the word, as far as the viewer may see them; by their indexes."""
    found: dict[str, PersonRow] = {}
    for column, first in ((col(PersonRow.user_id), word.casefold()), (col(PersonRow.name), word.title())):
        rows = select(PersonRow).where(column >= first, column < first + "\U0010ffff").limit(most)
        if not scope.everybody:
            rows = rows.where(_has_a_role_at(scope.entity_ids))
        found |= {row.user_id: row for row in uow.tx.execute(rows).scalars()}
    return list(found.values())[:most]


def unknown_person(user_id: str) -> NotFound:
    """The one answer for people who do not exist and people who may not be seen."""
    return NotFound(f"Person {shorten(user_id)!r} does not exist, or you have no access to them. Nothing was changed.")


def newest_invitation(uow: UnitOfWork, person_id: int) -> InvitationRow | None:
    """The only invitation that counts: a newer one voids the older."""
    rows = select(InvitationRow).where(col(InvitationRow.person_id) == person_id)
    return uow.tx.execute(rows.order_by(col(InvitationRow.id).desc()).limit(1)).scalar_one_or_none()


def held_by(uow: UnitOfWork, person: PersonRow) -> tuple[tuple[Entitlement, int | None], ...]:
    """All that the person holds, each with the entity's primary key."""
    rows = uow.tx.execute(_held([key_of(person.id)]))
    return tuple((Entitlement(Role(role), code), entity_id) for _, role, entity_id, code in rows)


def _status(now: datetime) -> ColumnElement[str]:
    """The state follows from what is stored and the clock (architecture, decision 2)."""
    invited = exists().where(col(InvitationRow.person_id) == col(PersonRow.id))
    proofless = and_(col(PersonRow.password_hash).is_(None), col(PersonRow.os_account).is_(None))
    return case(
        (col(PersonRow.disabled).is_(True), PersonStatus.DISABLED.value),
        (col(PersonRow.locked_until) > now, PersonStatus.LOCKED.value),
        (and_(proofless, invited), PersonStatus.INVITED.value),
        else_=PersonStatus.ACTIVE.value,
    )


def _has_a_role_at(entity_ids: frozenset[int]) -> ColumnElement[bool]:
    here = select(col(EntitlementRow.person_id)).where(col(EntitlementRow.entity_id).in_(sorted(entity_ids)))
    return col(PersonRow.id).in_(here)


def _entitlements(uow: UnitOfWork, scope: Scope, person_ids: Sequence[int]) -> dict[int, tuple[Entitlement, ...]]:
    found: dict[int, list[Entitlement]] = defaultdict(list)
    for person_id, role, entity_id, code in uow.tx.connection().execute(_held(person_ids)).all():
        if scope.has(entity_id):
            found[person_id].append(_entitlement(role, code))
    return {person_id: tuple(found[person_id]) for person_id in person_ids}


@lru_cache(maxsize=1024)
def _entitlement(role: str, entity: str | None) -> Entitlement:
    return Entitlement(Role(role), entity)


def _held(person_ids: Sequence[int]) -> Select[int, str, int | None, str]:
    return (
        select(
            col(EntitlementRow.person_id), col(EntitlementRow.role), col(EntitlementRow.entity_id), col(EntityRow.code)
        )
        .join(EntityRow, col(EntityRow.id) == col(EntitlementRow.entity_id), isouter=True)
        .where(col(EntitlementRow.person_id).in_(person_ids))
        .order_by(col(EntityRow.code).nulls_first(), col(EntitlementRow.id))
    )


def _events(uow: UnitOfWork, person: PersonRow) -> tuple[Moment, ...]:
    # A group may have a person's name: the kind of event says whom it is about.
    about = or_(col(AuditRow.action).startswith("person:"), col(AuditRow.action).startswith("factor:"))
    rows = uow.tx.execute(
        select(AuditRow)
        .where(col(AuditRow.subject) == person.user_id, about)
        .order_by(col(AuditRow.id).desc())
        .limit(_RECENT)
    ).scalars()
    return tuple(Moment(row.at, _said(row)) for row in rows)


def _said(row: AuditRow) -> str:
    """An event in a few words, with the roles that were given or taken."""
    what = row.action.partition(":")[2].replace("_", " ")
    changed = [f"{name} {', '.join(row.after[name])}" for name in ("given", "taken") if row.after.get(name)]
    return f"{'; '.join([what, *changed])}, by {row.person}"

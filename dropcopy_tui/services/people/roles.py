"""Roles given and taken inside a caller's transaction, and who may not: oneself above all (rules P3, P4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlmodel import col

from dropcopy_tui.domain.errors import FactorNeeded, InvalidValue, NotEntitled
from dropcopy_tui.domain.people import MAY_ADMINISTER, MAY_OPERATE, Entitlement, Role, givers_of
from dropcopy_tui.domain.seats import Ending
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.factors.challenges import spend
from dropcopy_tui.services.factors.table import Proof, Purpose, grant_scope
from dropcopy_tui.services.people.seat_rows import end_seats
from dropcopy_tui.services.people.views import held_by, person_in, scope_of
from dropcopy_tui.services.rights import same_person_ids
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.proofs import remove_rows
from dropcopy_tui.store.tables import EntitlementRow, PersonRow

# A role at its place, with the primary key of the entity (None: the desk).
Place = tuple[Entitlement, int | None]


def place_of(uow: UnitOfWork, wanted: Entitlement) -> Place:
    """The role at its place, if the actor may give and take it there. Raises NotEntitled, NotFound, InvalidValue."""
    role = wanted.role
    if role.desk_wide and wanted.entity:
        raise InvalidValue(f"{_name(role)} applies to the whole desk: omit the entity. Nothing was changed.", "entity")
    if role.desk_wide:
        uow.require(givers_of(role))
        return wanted, None
    if not wanted.entity:
        raise InvalidValue(f"{_name(role)} applies to an entity: specify it. Nothing was changed.", "entity")
    entity = uow.entity(wanted.entity, givers_of(role))
    return wanted, entity.id


def refuse_own(uow: UnitOfWork, row: PersonRow, what: str) -> None:
    """No one raises themselves, be it by way of a second account (rule P3). Raises NotEntitled."""
    if row.id == uow.actor.person_id:
        raise NotEntitled(f"You cannot {what} your own account; someone else must. Nothing was changed.")
    if is_own(uow, row):
        raise NotEntitled(
            f"{row.user_id} has your mobile phone or mailbox. You cannot {what} your own account; someone else must. "
            "Nothing was changed."
        )


def is_own(uow: UnitOfWork, row: PersonRow) -> bool:
    """Whether the account belongs to the person who acts."""
    return row.id in same_person_ids(uow.tx, uow.actor.person_id)


def administered(uow: UnitOfWork, user_id: str, what: str) -> PersonRow:
    """The person, if the actor administers them fully: by operations, or at every place where they have a role.

    Raises NotEntitled, NotFound.
    """
    row = person_in(uow, scope_of(uow), user_id)
    refuse_own(uow, row, what)
    if uow.roles_at(None) & MAY_OPERATE:
        return row
    mine = uow.entities_with(MAY_ADMINISTER)
    if not mine:
        uow.require(MAY_OPERATE | MAY_ADMINISTER)
    # All of the places, not one of them: what is done with an account concerns the person everywhere.
    places = [entity_id for _, entity_id in held_by(uow, row)]
    if not places or not mine.issuperset(places):
        raise NotEntitled(
            f"{row.user_id} has roles that you cannot grant: only operations can {what} this person. "
            "Nothing was changed."
        )
    return row


def why_not(role: Role, mine: frozenset[Role], own: bool) -> str:
    """Why someone with these roles may not give and take the role; "" when they may."""
    if own:
        return "someone else must change your own roles"
    if mine & givers_of(role):
        return ""
    return f"only by {' or '.join(sorted(giver.words for giver in givers_of(role)))}"


def prove_grant(uow: UnitOfWork, user_id: str, given: Sequence[Entitlement], proof: Proof | None, email: str) -> None:
    """Where the site asks for it, spend a second factor before roles are granted (rule P2).

    It must come before the transaction's first write. `email` is the mailbox of a person who is invited.
    Raises FactorNeeded, SecondFactorFailed.
    """
    if not given or not uow.settings.role_grant_factor:
        return
    if proof is None:
        raise FactorNeeded(
            "Granting a role requires a second factor here. On the command line: dropcopy people challenge. "
            "Nothing was changed."
        )
    spend(uow, proof, Purpose.ROLES, grant_scope(user_id, given, email))


def change_roles(
    uow: UnitOfWork, row: PersonRow, given: Sequence[Place], taken: Sequence[Place], proof: Proof | None = None
) -> None:
    """Give and take roles, record the event and notify the person. Whoever has none left leaves their seats.

    Raises InvalidValue: nothing would change; FactorNeeded, SecondFactorFailed: where granting takes a `proof`.
    """
    before = {each for each, _ in held_by(uow, row)}
    plus, minus = [each for each, _ in given], [each for each, _ in taken]
    _check(row, before, plus, minus)
    prove_grant(uow, row.user_id, plus, proof, "")
    for place in taken:
        _remove(uow, row, place)
    add_roles(uow, row, given)
    action = "person:roles_changed" if plus and minus else "person:entitled" if plus else "person:disentitled"
    places = {each.entity for each in (*plus, *minus)}
    uow.record(
        action,
        row.user_id,
        entity=places.pop() if len(places) == 1 else None,
        before={"roles": codes(before)},
        after={"roles": codes(before - set(minus) | set(plus)), "given": codes(plus), "taken": codes(minus)},
    )
    if not before - set(minus) | set(plus):
        end_seats(uow, row, Ending.ROLES)
    news = [f"Granted: {each.words}." for each in plus] + [f"Revoked: {each.words}." for each in minus]
    uow.tell(row, "Your roles were changed", f"{' '.join(news)} Changed by {uow.actor.user_id}, effective immediately.")


def add_roles(uow: UnitOfWork, row: PersonRow, places: Sequence[Place]) -> None:
    """Add entitlements, effective at the person's next action."""
    for each, entity_id in places:
        uow.tx.add(
            EntitlementRow(
                person_id=key_of(row.id),
                role=each.role.value,
                entity_id=entity_id,
                given_by=uow.actor.person_id,
                given_at=uow.now,
            )
        )
    uow.tx.flush()


def codes(entitlements: Iterable[Entitlement]) -> list[str]:
    """As the audit trail keeps them."""
    return sorted(entitlement.code for entitlement in entitlements)


def _check(row: PersonRow, held: set[Entitlement], plus: Sequence[Entitlement], minus: Sequence[Entitlement]) -> None:
    if not plus and not minus:
        raise InvalidValue("No role was specified. Nothing was changed.", "role")
    for each in plus:
        if each in held:
            raise InvalidValue(f"{row.user_id} already has {each.words}. Nothing was changed.", "role")
    for each in minus:
        if each not in held:
            raise InvalidValue(f"{row.user_id} does not have {each.words}. Nothing was changed.", "role")


def _remove(uow: UnitOfWork, row: PersonRow, place: Place) -> None:
    each, entity_id = place
    held_at = col(EntitlementRow.entity_id)
    # Not by way of the row: one that was changed from outside cannot be read, and can be taken away.
    remove_rows(
        uow.tx,
        "entitlement",
        col(EntitlementRow.person_id) == row.id,
        col(EntitlementRow.role) == each.role.value,
        held_at.is_(None) if entity_id is None else held_at == entity_id,
    )


def _name(role: Role) -> str:
    return role.words[0].upper() + role.words[1:]

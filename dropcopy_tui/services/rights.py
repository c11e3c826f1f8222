"""Who may do what: looked up at every action, so that a revoked role has no effect immediately (rule P3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, bindparam, func, select
from sqlmodel import Session, col

from dropcopy_tui.domain.accounts import found_by, marks, same_person
from dropcopy_tui.domain.errors import NotEntitled, NotFound, SeatEnded
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.people import DESK_ROLES, MAY_ADMINISTER, MAY_APPROVE, MAY_OPERATE, MAY_VIEW, Actor, Role
from dropcopy_tui.domain.seats import Ending, ending_words
from dropcopy_tui.services.attribution import access_ended
from dropcopy_tui.services.base import key_of
from dropcopy_tui.store.access_tables import SeatRow
from dropcopy_tui.store.chain import require_same_key
from dropcopy_tui.store.proofs import prover_in
from dropcopy_tui.store.tables import METADATA, EntitlementRow, EntityRow, PersonRow

# The desk itself: set-up, notices and clean-up act in its name. It may operate and nothing else.
DESK = Actor(person_id=0, user_id="desk", name="The desk", origin="desk")
# Whoever asks before anybody signed in.
NOBODY = Actor(person_id=0, user_id="", name="", origin="")

# Whoever lacks the role may not know what it is short for.
_NAMES = {Role.GAM: "GAM (Global Account Management)"}

_PERSON, _ENTITLEMENT, _INVITATION = (METADATA.tables[name] for name in ("person", "entitlement", "invitation"))
_ACCOUNT = select(_PERSON).where(_PERSON.c.id == bindparam("it"))
_HELD = select(_ENTITLEMENT).where(_ENTITLEMENT.c.person_id == bindparam("it"))
_ENDED = (
    select(col(SeatRow.how), col(SeatRow.reason), func.coalesce(col(PersonRow.user_id), ""))
    .outerjoin(PersonRow, col(PersonRow.id) == col(SeatRow.ended_by))
    .where(col(SeatRow.id) == bindparam("seat"), col(SeatRow.person_id) == bindparam("it"))
)


def nobody(origin: str, login: str = "") -> Actor:
    """Someone who has not signed in yet: where the attempt comes from (`origin`) and which name it gives (`login`)."""
    return Actor(0, shorten(login, 40), "", origin)


def require_present(tx: Session, actor: Actor) -> None:
    """Serve no one who was disabled, or is gone, whatever session they have open (rule P3). Raises NotEntitled.

    Every unit of work asks this first, with two lookups by key, and of a seat with one more. The desk, and whoever
    signs in, have no row. The account and its roles must be as the desk wrote them: a role that was raised from
    outside gives no right, and what the transaction asks of them later needs no other look.

    Raises SeatEnded: who ended the seat that they act from, and why.
    """
    if actor.person_id == DESK.person_id:
        return
    if actor.seat:
        _require_seat(tx, actor)
    asked = {"it": actor.person_id}
    person = tx.connection().execute(_ACCOUNT, asked).mappings().first()
    if person is None:
        raise NotEntitled(f"{actor.user_id} is no longer an account here. Sign in again. Nothing was changed.")
    if person["disabled"]:
        raise NotEntitled(f"{actor.user_id} is disabled. Ask a user administrator. Nothing was changed.")
    prover = prover_in(tx)
    if prover is None:
        return
    held = tx.connection().execute(_HELD, asked).mappings()
    if not prover.holds("person", person) or not all(prover.holds("entitlement", row) for row in held):
        require_same_key(tx, prover.vault)
        raise NotEntitled(
            f"The account {actor.user_id}, or a role of it, was changed from outside the desk. Nothing was changed. "
            "Operations can look for the cause: dropcopy store check"
        )


def _proven(tx: Session, table: str, rows: Select[Any]) -> list[RowMapping]:
    """Whole rows of a table, each as the desk wrote it. Raises RowAltered."""
    found, prover = list(tx.connection().execute(rows).mappings()), prover_in(tx)
    if prover is not None:
        for row in found:
            prover.require(table, row)
    return found


def _require_seat(tx: Session, actor: Actor) -> None:
    found = tx.connection().execute(_ENDED, {"seat": actor.seat, "it": actor.person_id}).first()
    if found is None:
        raise SeatEnded("This seat no longer exists. Your drafts are kept.")
    how, reason, by = found
    if how:
        said = ending_words(Ending(how), by or "The desk", actor.user_id, reason)
        raise SeatEnded(f"{said} Your drafts are kept.")


def roles_of(tx: Session, actor: Actor, entity_id: int | None) -> frozenset[Role]:
    """The roles the person holds on the desk and at the entity; none when disabled."""
    # The desk is not a row of the store: it can operate, and do nothing else.
    if actor == DESK:
        return MAY_OPERATE
    return frozenset(Role(row["role"]) for row in _held(tx, actor.person_id) if row["entity_id"] in (None, entity_id))


def _held(tx: Session, person_id: int) -> list[RowMapping]:
    """The entitlements of an enabled person. What was changed from outside the desk gives no right."""
    asked, prover, connection = {"it": person_id}, prover_in(tx), tx.connection()
    person = connection.execute(_ACCOUNT, asked).mappings().first()
    if person is None or person["disabled"] or (prover is not None and not prover.holds("person", person)):
        return []
    held = connection.execute(_HELD, asked).mappings()
    return [row for row in held if prover is None or prover.holds("entitlement", row)]


def require(tx: Session, actor: Actor, allowed: Iterable[Role], entity: EntityRow | None = None) -> None:
    """Continue only if the person has one of the roles. Raises NotEntitled saying which would do."""
    allowed = frozenset(allowed)
    held = roles_of(tx, actor, entity.id if entity else None)
    if held & allowed:
        return
    needed = _one_of(sorted(_NAMES.get(role, role.words) for role in allowed))
    # A role on the desk is held at no entity, so naming one would send the reader to the wrong administrator.
    place = f" at {entity.code}" if entity and not allowed <= DESK_ROLES else ""
    ended = access_ended(tx, actor, entity.code if entity else "")
    raise NotEntitled(
        f"{ended + ' ' if ended else ''}{actor.user_id} does not have the required role: {needed}{place}. "
        f"{_who_grants(allowed)} Nothing was changed."
    )


def _one_of(names: list[str]) -> str:
    """Names as a choice, such as `GAM, auditor or operations`."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _who_grants(roles: frozenset[Role]) -> str:
    """Whom to ask for one of these roles: whoever grants most of them, and is nearest."""
    return "Ask operations, who can grant it." if roles <= DESK_ROLES else "Ask a user administrator."


def require_view(tx: Session, actor: Actor, entity: EntityRow) -> None:
    """Continue only if the person may see the entity. Raises NotFound: what may not be seen does not exist."""
    if not roles_of(tx, actor, entity.id) & MAY_VIEW:
        ended = access_ended(tx, actor, entity.code)
        raise NotFound(ended or f"Entity {entity.code!r} does not exist, or you have no access to it.")


def visible_entities(tx: Session, actor: Actor) -> list[EntityRow]:
    """The entities the person may see, by name."""
    rows = select(EntityRow).order_by(col(EntityRow.name))
    if not roles_of(tx, actor, None) & MAY_VIEW:
        rows = rows.where(col(EntityRow.id).in_(entities_of(actor)))
    return list(tx.execute(rows).scalars())


class Accounts:
    """Whose account is whose: all are read once, each as the desk wrote it, and then looked up.

    No one approves or entitles themselves by way of a second account (rules P3, Q3).
    """

    def __init__(self, tx: Session) -> None:
        """Read them. Raises RowAltered."""
        rows = _proven(tx, "person", select(_PERSON))
        self._marked = {row["id"]: marks(row["email"], row["mobile"]) for row in rows}
        self._by: dict[str, set[int]] = defaultdict(set)
        for account, its in self._marked.items():
            for key in found_by(its):
                self._by[key].add(account)

    def of(self, account: int) -> frozenset[int]:
        """The accounts of the person behind an account."""
        near, new = {account}, {account}
        while new:
            keys = frozenset().union(*(found_by(self._marked.get(each, frozenset())) for each in new))
            new = set().union(*(self._by[key] for key in keys)) - near
            near |= new
        return same_person(account, {each: self._marked.get(each, frozenset()) for each in near})


def same_person_ids(tx: Session, person_id: int) -> frozenset[int]:
    """The accounts of the person behind an account. Whoever asks about several people asks `Accounts`."""
    return Accounts(tx).of(person_id)


def entities_of(actor: Actor, roles: Iterable[Role] = Role) -> Select[int | None]:
    """The primary keys of the entities at which the person has one of the roles; none when disabled."""
    entity_id = col(EntitlementRow.entity_id)
    return (
        select(entity_id)
        .join(PersonRow, col(PersonRow.id) == col(EntitlementRow.person_id))
        .where(col(EntitlementRow.person_id) == actor.person_id, col(PersonRow.disabled).is_(False))
        # A role on the desk has no entity, and NULL in a NOT IN would hide every row.
        .where(entity_id.is_not(None), col(EntitlementRow.role).in_([role.value for role in roles]))
        .distinct()
    )


def visible_ids(tx: Session, actor: Actor) -> list[int]:
    """The primary keys of the entities the person may see."""
    return [key_of(entity.id) for entity in visible_entities(tx, actor)]


def sponsor_ids(tx: Session, accounts: Accounts, person_id: int, since: datetime) -> frozenset[int]:
    """Everyone who made the person an approver since then: by inviting or entitling them, or whoever did that to them.

    With all accounts of each. They do not get their own requests approved by someone whom they made (rule Q3).
    """
    found: frozenset[int] = frozenset()
    asked = accounts.of(person_id)
    own = asked
    while asked:
        makers = {row["created_by"] for row in _proven(tx, "invitation", _inviters(asked, since))}
        makers |= {row["given_by"] for row in _proven(tx, "entitlement", _givers(asked, since))}
        reached = frozenset().union(*(accounts.of(maker) for maker in makers if maker is not None))
        asked = reached - found - own
        found |= asked
    return found


def holders(tx: Session, roles: Iterable[Role], entities: Iterable[int] | None = None) -> list[tuple[int, int | None]]:
    """Who has one of the roles, at these entities or anywhere, and where; no one who is disabled.

    A role that the desk did not give counts for nothing.
    """
    rows = (
        select(_ENTITLEMENT)
        .join(_PERSON, _PERSON.c.id == _ENTITLEMENT.c.person_id)
        .where(_ENTITLEMENT.c.role.in_([role.value for role in roles]), _PERSON.c.disabled.is_(False))
    )
    if entities is not None:
        rows = rows.where(_ENTITLEMENT.c.entity_id.in_(entities))
    prover = prover_in(tx)
    found = tx.connection().execute(rows.order_by(_ENTITLEMENT.c.person_id)).mappings()
    return [(row["person_id"], row["entity_id"]) for row in found if prover is None or prover.holds("entitlement", row)]


def _inviters(people: Iterable[int], since: datetime) -> Select[Any]:
    return select(_INVITATION).where(_INVITATION.c.person_id.in_(people), _INVITATION.c.created_at > since)


def _givers(people: Iterable[int], since: datetime) -> Select[Any]:
    return select(_ENTITLEMENT).where(
        _ENTITLEMENT.c.person_id.in_(people),
        _ENTITLEMENT.c.given_at > since,
        _ENTITLEMENT.c.role.in_([role.value for role in MAY_APPROVE | MAY_ADMINISTER]),
    )

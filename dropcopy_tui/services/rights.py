"""Who may do what: looked up at every action, so that a revoked role has no effect immediately (rule P3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Select, bindparam, func, or_, select
from sqlmodel import Session, col

from dropcopy_tui.domain.accounts import marks, same_person
from dropcopy_tui.domain.errors import NotEntitled, NotFound, SeatEnded
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.people import DESK_ROLES, MAY_ADMINISTER, MAY_APPROVE, MAY_OPERATE, MAY_VIEW, Actor, Role
from dropcopy_tui.domain.seats import Ending, ending_words
from dropcopy_tui.services.attribution import access_ended
from dropcopy_tui.services.base import key_of
from dropcopy_tui.store.access_tables import SeatRow
from dropcopy_tui.store.tables import EntitlementRow, EntityRow, InvitationRow, PersonRow

# The desk itself: set-up, notices and clean-up act in its name. It may operate and nothing else.
DESK = Actor(person_id=0, user_id="desk", name="The desk", origin="desk")
# Whoever asks before anybody signed in.
NOBODY = Actor(person_id=0, user_id="", name="", origin="")

# Whoever lacks the role may not know what it is short for.
_NAMES = {Role.GAM: "GAM (Global Account Management)"}

_DISABLED = select(col(PersonRow.disabled)).where(col(PersonRow.id) == bindparam("it"))
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

    Every unit of work asks this first, with one lookup by primary key, and of a seat with one more. The desk, and
    whoever signs in, have no row. Raises SeatEnded: who ended the seat that they act from, and why.
    """
    if actor.person_id == DESK.person_id:
        return
    if actor.seat:
        _require_seat(tx, actor)
    disabled = tx.connection().execute(_DISABLED, {"it": actor.person_id}).scalar()
    if disabled is None:
        raise NotEntitled(f"{actor.user_id} is no longer an account here. Sign in again. Nothing was changed.")
    if disabled:
        raise NotEntitled(f"{actor.user_id} is disabled. Ask a user administrator. Nothing was changed.")


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
    held_at = col(EntitlementRow.entity_id)
    here = or_(held_at.is_(None), held_at == entity_id)
    found = tx.execute(
        select(col(EntitlementRow.role))
        .join(PersonRow, col(PersonRow.id) == col(EntitlementRow.person_id))
        .where(col(EntitlementRow.person_id) == actor.person_id, col(PersonRow.disabled).is_(False), here)
    ).scalars()
    return frozenset(Role(role) for role in found)


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


def same_person_ids(tx: Session, person_id: int) -> frozenset[int]:
    """The accounts of the person behind an account.

    No one approves or entitles themselves by way of a second account (rules P3, Q3).
    """
    rows = tx.execute(select(col(PersonRow.id), col(PersonRow.email), col(PersonRow.mobile)))
    return same_person(person_id, {key_of(pk): marks(email, mobile) for pk, email, mobile in rows})


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


def sponsor_ids(tx: Session, person_id: int, since: datetime) -> frozenset[int]:
    """Everyone who made the person an approver since then: by inviting or entitling them, or whoever did that to them.

    With all accounts of each. They do not get their own requests approved by someone whom they made (rule Q3).
    """
    found: frozenset[int] = frozenset()
    asked = same_person_ids(tx, person_id)
    own = asked
    while asked:
        makers = set(tx.execute(_inviters(asked, since)).scalars()) | set(tx.execute(_givers(asked, since)).scalars())
        reached = frozenset().union(*(same_person_ids(tx, maker) for maker in makers if maker is not None))
        asked = reached - found - own
        found |= asked
    return found


def _inviters(people: Iterable[int], since: datetime) -> Select[int]:
    return select(col(InvitationRow.created_by)).where(
        col(InvitationRow.person_id).in_(people), col(InvitationRow.created_at) > since
    )


def _givers(people: Iterable[int], since: datetime) -> Select[int | None]:
    return select(col(EntitlementRow.given_by)).where(
        col(EntitlementRow.person_id).in_(people),
        col(EntitlementRow.given_at) > since,
        col(EntitlementRow.role).in_([role.value for role in MAY_APPROVE | MAY_ADMINISTER]),
    )

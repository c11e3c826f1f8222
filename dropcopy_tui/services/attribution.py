"""Who did it: the person and the request behind a record that is gone, a change, or a role that was revoked.

Only what the person asking may know: the fate of records of entities they see, and of their own roles and account.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.requests import RequestStatus, RequestType
from dropcopy_tui.store.tables import AuditRow, EntityRow, GroupRow, PersonRow, RequestRow

_TAKEN = ("person:disentitled", "person:roles_changed")


def deleted_by(tx: Session, group: GroupRow) -> str:
    """`US-RATES was deleted by acme-operator (DC-2026-000012).`"""
    row = _last_request(tx, group, (RequestType.DELETE_GROUP,))
    return f"{group.name} was deleted{_by(tx, row)}." if group.deleted_at is not None else ""


def last_change(tx: Session, group: GroupRow) -> tuple[datetime, str, str] | None:
    """When the group was changed last, by whom and with which request; None while it is as it was created."""
    row = _last_request(tx, group, (RequestType.EDIT_GROUP,))
    if row is None or row.ended_at is None:
        return None
    return row.ended_at, tx.get_one(PersonRow, row.submitted_by).user_id, row.reference


def submitted_as(tx: Session, draft_id: int, person_id: int) -> str:
    """The reference of the person's request that a draft became; "" for none."""
    rows = select(RequestRow.reference).where(RequestRow.draft_id == draft_id, RequestRow.submitted_by == person_id)
    return tx.exec(rows).first() or ""


def access_ended(tx: Session, actor: Actor, entity: str = "") -> str:
    """Who disabled the person's account or revoked their roles at the entity, as a sentence; "" for no one."""
    person = tx.get(PersonRow, actor.person_id)
    if person is None:
        return ""
    if person.disabled:
        event = _last_event(tx, actor.user_id, ("person:disabled",))
        return f"{event.person} disabled your account." if event else "Your account is disabled."
    event = _last_event(tx, actor.user_id, _TAKEN)
    taken = event.after.get("taken", ()) if event else ()
    lost = [code for code in taken if code.partition("@")[2] in ("", entity)]
    return f"{event.person} revoked your role{' at ' + entity if entity else ''}." if event and lost else ""


def group_gone(tx: Session, actor: Actor, group_id: int, visible: list[int]) -> str:
    """Why a group can no longer be opened, with who did it; "" where the person may not know."""
    group = tx.get(GroupRow, group_id)
    if group is None:
        return ""
    if group.entity_id in visible:
        return deleted_by(tx, group)
    ended = access_ended(tx, actor, tx.get_one(EntityRow, group.entity_id).code)
    return f"You no longer have access to this group: {ended}" if ended else ""


def _last_request(tx: Session, group: GroupRow, types: tuple[RequestType, ...]) -> RequestRow | None:
    rows = select(RequestRow).where(
        RequestRow.group_id == group.id,
        RequestRow.status == RequestStatus.COMPLETED.value,
        col(RequestRow.type).in_([kind.value for kind in types]),
    )
    return tx.exec(rows.order_by(col(RequestRow.ended_at).desc(), col(RequestRow.id).desc()).limit(1)).first()


def _last_event(tx: Session, user_id: str, actions: tuple[str, ...]) -> AuditRow | None:
    rows = select(AuditRow).where(AuditRow.subject == user_id, col(AuditRow.action).in_(actions))
    return tx.exec(rows.order_by(col(AuditRow.id).desc()).limit(1)).first()


def _by(tx: Session, row: RequestRow | None) -> str:
    if row is None:
        return ""
    return f" by {tx.get_one(PersonRow, row.submitted_by).user_id} ({row.reference})"

"""Groups made, changed and deleted: what set-up does, inside its transaction (rules G6, G7, G9, Q5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.errors import ChangedMeanwhile, DeskError, Interrupted, RowAltered
from dropcopy_tui.domain.filters import Filter, complete_filters
from dropcopy_tui.domain.groups import gateways_needed
from dropcopy_tui.domain.markets import Gateway, market_named
from dropcopy_tui.domain.names import name_key
from dropcopy_tui.domain.requests import RequestType
from dropcopy_tui.domain.sessions import ALPHABET, SESSION_ID_LENGTH, SessionKind, SessionStatus
from dropcopy_tui.services.attribution import deleted_by
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.groups import changes, draft_checks
from dropcopy_tui.services.sessions.ids import free_session_id
from dropcopy_tui.services.source_sets import copy, of_draft, of_group, set_digest, size
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import (
    DraftRow,
    EntityRow,
    GroupFilterRow,
    GroupRow,
    RequestRow,
    SessionRow,
)

Counted = draft_checks.SourceTally | None
_SPACE = len(ALPHABET) ** SESSION_ID_LENGTH


def set_up(uow: UnitOfWork, row: RequestRow, counted: Counted = None) -> tuple[list[str], str]:
    """Carry a request out. Returns the reasons why not, with nothing done, or what came of it in words.

    `counted` are the sources of its draft, if it has one.
    """
    try:
        # A savepoint: what a refused request had begun is undone, while its refusal is kept.
        with uow.tx.begin_nested():
            return [], _WAYS[RequestType(row.type)](uow, row, counted)
    except Interrupted:
        raise
    except DeskError as error:
        return [error.message], ""


def _create(uow: UnitOfWork, row: RequestRow, counted: Counted) -> str:
    draft = uow.tx.get_one(DraftRow, row.draft_id)
    counted = counted or draft_checks.tally(uow, draft)
    group = GroupRow(
        entity_id=row.entity_id,
        market=draft.market,
        name=draft.name,
        name_key=name_key(draft.name),
        front_end_id=draft.front_end_id or 0,
        sources=counted.total,
        created_at=uow.now,
        created_by=row.submitted_by,
    )
    uow.tx.add(group)
    uow.tx.flush()
    row.group_id, row.group_version = key_of(group.id), group.version
    filters = _put_filters(uow, draft, row.group_id)
    copy(uow, of_group(row.group_id), of_draft(draft))
    # The draft is as it was submitted: whoever calls this has looked.
    group.set_digest = _submitted_set(row)
    entity = uow.tx.get_one(EntityRow, row.entity_id)
    uow.record(
        "group:created",
        draft.name,
        entity=entity.code,
        after={"request": row.reference, "sources": group.sources, "filters": filters},
    )
    made = _make_targets(uow, group, counted, entity.code)
    return f"The group {group.name} is set up. Target session: {', '.join(made)}. It has no key pair yet."


def _edit(uow: UnitOfWork, row: RequestRow, counted: Counted) -> str:
    draft = uow.tx.get_one(DraftRow, row.draft_id)
    group = changes.edited_group(uow, draft)
    if group is None:
        raise changes.gone(uow, draft)
    if stale := changes.stale_words(uow, draft, group):
        raise ChangedMeanwhile(stale)
    if group.set_digest not in (None, set_digest(uow.tx, of_group(group.id))):
        raise RowAltered(
            f"The SenderComps of the group {group.name} were changed from outside the desk. Nothing was changed. "
            "Operations can look for the cause: dropcopy store check"
        )
    group.name, group.name_key = draft.name, name_key(draft.name)
    group.front_end_id = draft.front_end_id or group.front_end_id
    changes.carry_out(uow, row, key_of(group.id))
    group.sources = size(uow, of_group(group.id))
    # The draft began with what the group had then, and no one has changed the group since.
    group.set_digest = _submitted_set(row)
    group.version += 1
    row.group_version = group.version
    _put_filters(uow, draft, key_of(group.id))
    entity = uow.tx.get_one(EntityRow, row.entity_id)
    fields = row.asked.get("changes", {})
    uow.record(
        "group:changed",
        group.name,
        entity=entity.code,
        before={name: before for name, (before, _) in fields.items()},
        after={name: after for name, (_, after) in fields.items()}
        | {"request": row.reference, "version": group.version}
        | {name: row.asked[name] for name in ("added", "removed")},
    )
    made = _make_targets(uow, group, counted or draft_checks.tally(uow, draft), entity.code)
    # The request keeps what it added and removed; the whole list is the group's own now.
    draft_checks.empty_draft(uow, draft)
    new = f" New target session: {', '.join(made)}." if made else ""
    return f"The group {group.name} was changed: {changes.deed_words(row.asked)}.{new}"


def _delete(uow: UnitOfWork, row: RequestRow, _counted: Counted) -> str:
    group = uow.tx.get_one(GroupRow, row.group_id)
    if group.deleted_at is not None:
        raise ChangedMeanwhile(deleted_by(uow.tx, group))
    group.deleted_at = uow.now
    group.version += 1
    row.group_version = group.version
    entity = uow.tx.get_one(EntityRow, row.entity_id)
    uow.record(
        "group:deleted",
        group.name,
        entity=entity.code,
        before={"sources": group.sources},
        after={"request": row.reference},
    )
    released = _release_targets(uow, group, entity.code)
    if not released:
        return f"The group {group.name} was deleted. It had no active target session."
    return (
        f"The group {group.name} was deleted. Its target sessions {', '.join(released)} were released, not deleted: "
        "ask GAM to retire them."
    )


_WAYS: dict[RequestType, Callable[[UnitOfWork, RequestRow, Counted], str]] = {
    RequestType.CREATE_GROUP: _create,
    RequestType.EDIT_GROUP: _edit,
    RequestType.DELETE_GROUP: _delete,
}


def _put_filters(uow: UnitOfWork, draft: DraftRow, group_id: int) -> list[str]:
    filters = complete_filters([Filter(name) for name in draft.filters], uow.settings.mandatory_filters)
    there = uow.tx.execute(select(GroupFilterRow).where(col(GroupFilterRow.group_id) == group_id)).scalars().all()
    wanted = {kind.value for kind in filters}
    for row in there:
        if row.filter not in wanted:
            uow.tx.delete(row)
    new = wanted - {row.filter for row in there}
    uow.tx.add_all(GroupFilterRow(group_id=group_id, filter=name) for name in sorted(new))
    uow.tx.flush()
    return [kind.value for kind in filters]


def _submitted_set(row: RequestRow) -> str | None:
    """The digest of the SenderComps that a request was submitted with."""
    return row.draft_digest.partition(":")[2] if row.draft_digest else None


def _targets(uow: UnitOfWork, group: GroupRow) -> Sequence[SessionRow]:
    rows = select(SessionRow).where(
        col(SessionRow.group_id) == group.id, col(SessionRow.status) == SessionStatus.ACTIVE.value
    )
    return uow.tx.execute(rows.order_by(col(SessionRow.session_id))).scalars().all()


def _make_targets(uow: UnitOfWork, group: GroupRow, counted: draft_checks.SourceTally, entity: str) -> list[str]:
    """A target session for each gateway kind of the sources that has none yet; their Session IDs."""
    there = {row.gateway for row in _targets(uow, group)}
    needed = gateways_needed(market_named(group.market), counted.gateways)
    return [_make_target(uow, group, gateway, entity) for gateway in needed if gateway.value not in there]


def _make_target(uow: UnitOfWork, group: GroupRow, gateway: Gateway, entity: str) -> str:
    session_id = free_session_id(uow, group.market, uow.resources.entropy.below(_SPACE))
    uow.tx.add(
        SessionRow(
            entity_id=group.entity_id,
            market=group.market,
            session_id=session_id,
            kind=SessionKind.DROP_COPY.value,
            gateway=gateway.value,
            group_id=group.id,
            created_at=uow.now,
        )
    )
    uow.record("session:allocated", session_id, entity=entity, after={"group": group.name, "gateway": gateway.value})
    return session_id


def _release_targets(uow: UnitOfWork, group: GroupRow, entity: str) -> list[str]:
    """Rule G9: target Session IDs are not deleted with their group."""
    released = _targets(uow, group)
    for row in released:
        row.status = SessionStatus.RELEASED.value
        uow.record(
            "session:released",
            row.session_id,
            entity=entity,
            before={"group": group.name, "status": SessionStatus.ACTIVE.value},
            after={"status": SessionStatus.RELEASED.value},
        )
    return [row.session_id for row in released]

"""Edits and copies of groups: drafts that begin with what a group has (rules G7, G10)."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.errors import ChangedMeanwhile, InvalidValue, NotEntitled, NotFound
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import MAY_CHANGE_GROUPS, Actor
from dropcopy_tui.domain.requests import Change
from dropcopy_tui.domain.sessions import SenderCompStatus
from dropcopy_tui.services.attribution import group_gone
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.groups import changes
from dropcopy_tui.services.groups.again import again_of, require_again
from dropcopy_tui.services.groups.draft_views import draft_view
from dropcopy_tui.services.groups.drafts import LAST_STEP
from dropcopy_tui.services.own_drafts import own_draft
from dropcopy_tui.services.requests.requests import seen_request
from dropcopy_tui.services.sendercomp_lists import sender_comp_view
from dropcopy_tui.services.source_sets import copy, of_draft, of_group
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.services.views import Changes, DraftView, SenderCompView
from dropcopy_tui.store.paging import fetch
from dropcopy_tui.store.tables import (
    DraftRow,
    EntityRow,
    GroupRow,
    GroupSourceRow,
    SenderCompRow,
)


class GroupEdits(Service):
    """Drafts of groups that exist; the verbs of `Drafts` change them and submit them."""

    def start(self, actor: Actor, group_id: int) -> DraftView:
        """A draft with everything the group has; the person's open one where there is one (rule G7).

        Raises:
            ChangedMeanwhile: another request is about to change or delete the group; says whose.
            NotEntitled, NotFound.
        """
        with self._writing(actor) as uow:
            group, entity = living_group(uow, group_id)
            uow.require(MAY_CHANGE_GROUPS, entity)
            changes.refuse_second_change(uow, group, actor)
            row = _open_edit(uow, group_id)
            if row is None:
                row = begin_edit(uow, group)
                uow.record(
                    "draft:started",
                    f"draft {row.id}",
                    entity=entity.code,
                    after={"edits": group.name, "version": group.version},
                )
            return draft_view(uow, row)

    def clone(self, actor: Actor, group_id: int) -> DraftView:
        """A draft of a new group with everything this one has but its name; inactive SenderComps stay behind."""
        with self._writing(actor) as uow:
            group, entity = living_group(uow, group_id)
            uow.require(MAY_CHANGE_GROUPS, entity)
            row = _draft_of(uow, group)
            row.name, row.step = "", 2
            _copy_sources(uow, row, group_id, active_only=True)
            uow.record("draft:started", f"draft {row.id}", entity=entity.code, after={"copies": group.name})
            return draft_view(uow, row)

    def again(self, actor: Actor, reference_id: str) -> DraftView:
        """A draft with the content of a request that was denied, cancelled or failed.

        Raises:
            InvalidValue, ChangedMeanwhile: it cannot be requested again; says why.
            NotEntitled, NotFound.
        """
        with self._writing(actor) as uow:
            request = seen_request(uow, reference_id)
            row = again_of(uow, require_again(uow, request))
            entity = uow.tx.get_one(EntityRow, row.entity_id)
            uow.record("draft:started", f"draft {row.id}", entity=entity.code, after={"again": request.reference})
            return draft_view(uow, row)

    def may_ask_again(self, actor: Actor, reference_id: str) -> tuple[bool, str]:
        """Whether the person may ask for it again, and if not, why not. Raises NotFound."""
        with self._reading(actor) as uow:
            request = seen_request(uow, reference_id)
            try:
                require_again(uow, request)
            except (NotEntitled, InvalidValue, ChangedMeanwhile) as refusal:
                return False, refusal.message
            return True, ""

    def changes(self, actor: Actor, draft_id: int) -> Changes:
        """What the draft would change, and what others changed meanwhile. Raises NotFound, ChangedMeanwhile."""
        with self._reading(actor) as uow:
            row, group = _edit(uow, draft_id)
            return changes.changes_of(uow, row, group)

    def sources(self, actor: Actor, draft_id: int, change: Change, ask: PageRequest) -> Page[SenderCompView]:
        """A page of the SenderComps that the draft adds to its group, or takes out of it."""
        with self._reading(actor) as uow:
            row, _ = _edit(uow, draft_id)
            return fetch(uow.tx, changes.sources_changed(row, change), ask, sender_comp_view)

    def catch_up(self, actor: Actor, draft_id: int) -> DraftView:
        """Merge what others changed meanwhile, but for the fields that the draft changes itself (rule G10)."""
        with self._writing(actor) as uow:
            row, group = _edit(uow, draft_id)
            before = row.base_version
            changes.catch_up(uow, row, group)
            row.version += 1
            row.updated_at = uow.now
            uow.record("draft:caught_up", f"draft {row.id}", before={"base": before}, after={"base": row.base_version})
            return draft_view(uow, row)


def living_group(uow: UnitOfWork, group_id: int) -> tuple[GroupRow, EntityRow]:
    """An existing group that the person may see, and its entity. Raises NotFound."""
    group = uow.tx.get(GroupRow, group_id)
    seen = uow.visible_ids()
    if group is None or group.deleted_at is not None or group.entity_id not in seen:
        gone = group_gone(uow.tx, uow.actor, group_id, seen)
        raise NotFound(gone or "This group no longer exists, or you have no access to it.")
    return group, uow.tx.get_one(EntityRow, group.entity_id)


def begin_edit(uow: UnitOfWork, group: GroupRow) -> DraftRow:
    """A new draft with everything the group has, inside the caller's transaction."""
    row = _draft_of(uow, group)
    row.group_id, row.base_version = group.id, group.version
    _copy_sources(uow, row, key_of(group.id))
    return row


def _draft_of(uow: UnitOfWork, group: GroupRow) -> DraftRow:
    row = DraftRow(
        person_id=uow.actor.person_id,
        market=group.market,
        entity_id=group.entity_id,
        name=group.name,
        front_end_id=group.front_end_id,
        filters=changes.filter_names(uow, group),
        step=LAST_STEP,
        updated_at=uow.now,
    )
    uow.tx.add(row)
    uow.tx.flush()
    return row


def _copy_sources(uow: UnitOfWork, row: DraftRow, group_id: int, active_only: bool = False) -> None:
    chosen = []
    if active_only:
        is_active = select(col(SenderCompRow.id)).where(
            col(SenderCompRow.id) == col(GroupSourceRow.sender_comp_pk),
            col(SenderCompRow.status) == SenderCompStatus.ACTIVE.value,
        )
        chosen.append(is_active.exists())
    copy(uow, of_draft(row), of_group(group_id), *chosen)


def _open_edit(uow: UnitOfWork, group_id: int) -> DraftRow | None:
    rows = select(DraftRow).where(
        col(DraftRow.person_id) == uow.actor.person_id,
        col(DraftRow.group_id) == group_id,
        col(DraftRow.submitted_at).is_(None),
    )
    return uow.tx.execute(rows.order_by(col(DraftRow.id).desc())).scalars().first()


def _edit(uow: UnitOfWork, draft_id: int) -> tuple[DraftRow, GroupRow]:
    row = own_draft(uow, draft_id)
    uow.require(MAY_CHANGE_GROUPS, uow.tx.get_one(EntityRow, row.entity_id))
    if row.group_id is None:
        raise NotFound("This draft is for a new group, so it has no changes to merge.")
    group = changes.edited_group(uow, row)
    if group is None:
        raise changes.gone(uow, row)
    return row, group

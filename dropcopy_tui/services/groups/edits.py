"""Edits and copies of groups: drafts that begin with what a group has (rules G7, G10)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, literal, select
from sqlmodel import Session, col

from dropcopy_tui.domain.errors import ChangedMeanwhile, NotFound
from dropcopy_tui.domain.filters import Filter, in_order
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import MAY_CHANGE_GROUPS, Actor
from dropcopy_tui.domain.requests import Change
from dropcopy_tui.domain.sessions import SenderCompStatus
from dropcopy_tui.services.base import Service, key_of
from dropcopy_tui.services.groups import changes
from dropcopy_tui.services.groups.drafts import LAST_STEP, draft_view, own_draft
from dropcopy_tui.services.rights import require, visible_ids
from dropcopy_tui.services.sendercomps import listing, sender_comp_view
from dropcopy_tui.services.unit_of_work import reading, record, writing
from dropcopy_tui.services.views import Changes, DraftView, SenderCompView
from dropcopy_tui.store.paging import fetch
from dropcopy_tui.store.tables import (
    DraftRow,
    DraftSourceRow,
    EntityRow,
    GroupFilterRow,
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
        with writing(self._means, actor) as session:
            group, entity = living_group(session, actor, group_id)
            require(session, actor, MAY_CHANGE_GROUPS, entity)
            changes.refuse_second_change(session, group, actor)
            row = _open_edit(session, actor, group_id)
            if row is None:
                row = begin_edit(session, actor, group, self._now())
                record(
                    session, self._means, actor, "draft:started", f"draft {row.id}",
                    entity=entity.code, after={"edits": group.name, "version": group.version},
                )  # fmt: skip
            return draft_view(session, row)

    def clone(self, actor: Actor, group_id: int) -> DraftView:
        """A draft of a new group with everything this one has but its name; inactive SenderComps stay behind."""
        with writing(self._means, actor) as session:
            group, entity = living_group(session, actor, group_id)
            require(session, actor, MAY_CHANGE_GROUPS, entity)
            row = _draft_of(session, actor, group, self._now())
            row.name, row.step = "", 2
            _copy_sources(session, row, group_id, active_only=True)
            record(
                session, self._means, actor, "draft:started", f"draft {row.id}",
                entity=entity.code, after={"copies": group.name},
            )  # fmt: skip
            return draft_view(session, row)

    def changes(self, actor: Actor, draft_id: int) -> Changes:
        """What the draft would change, and what others changed meanwhile. Raises NotFound, ChangedMeanwhile."""
        with reading(self._means, actor) as session:
            row, group = _edit(session, actor, draft_id)
            return changes.changes_of(session, row, group)

    def sources(self, actor: Actor, draft_id: int, change: Change, ask: PageRequest) -> Page[SenderCompView]:
        """A page of the SenderComps that the draft adds to its group, or takes out of it."""
        with reading(self._means, actor) as session:
            row, _ = _edit(session, actor, draft_id)
            return fetch(session, listing(changes.sources_changed(row, change)), ask, sender_comp_view)

    def catch_up(self, actor: Actor, draft_id: int) -> DraftView:
        """Take over what others changed meanwhile, but for the fields that the draft changes itself (rule G10)."""
        with writing(self._means, actor) as session:
            row, group = _edit(session, actor, draft_id)
            before = row.base_version
            changes.catch_up(session, row, group)
            row.version += 1
            row.updated_at = self._now()
            record(
                session, self._means, actor, "draft:caught_up", f"draft {row.id}",
                before={"base": before}, after={"base": row.base_version},
            )  # fmt: skip
            return draft_view(session, row)


def living_group(session: Session, actor: Actor, group_id: int) -> tuple[GroupRow, EntityRow]:
    """A living group that the person may see, and its entity. Raises NotFound."""
    group = session.get(GroupRow, group_id)
    if group is None or group.deleted_at is not None or group.entity_id not in visible_ids(session, actor):
        raise NotFound("This group is not there any more, or you may not see it.")
    return group, session.get_one(EntityRow, group.entity_id)


def begin_edit(session: Session, actor: Actor, group: GroupRow, now: datetime) -> DraftRow:
    """A new draft with everything the group has, inside the caller's transaction."""
    row = _draft_of(session, actor, group, now)
    row.group_id, row.base_version = group.id, group.version
    _copy_sources(session, row, key_of(group.id))
    return row


def _draft_of(session: Session, actor: Actor, group: GroupRow, now: datetime) -> DraftRow:
    filters = select(col(GroupFilterRow.filter)).where(col(GroupFilterRow.group_id) == group.id)
    row = DraftRow(
        person_id=actor.person_id,
        market=group.market,
        entity_id=group.entity_id,
        name=group.name,
        front_end_id=group.front_end_id,
        filters=[kind.value for kind in in_order(Filter(name) for name in session.execute(filters).scalars())],
        step=LAST_STEP,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _copy_sources(session: Session, row: DraftRow, group_id: int, active_only: bool = False) -> None:
    pk = col(GroupSourceRow.sender_comp_pk)
    chosen = select(literal(row.id), pk).where(col(GroupSourceRow.group_id) == group_id)
    if active_only:
        chosen = chosen.join(SenderCompRow, col(SenderCompRow.id) == pk).where(
            col(SenderCompRow.status) == SenderCompStatus.ACTIVE.value
        )
    session.execute(insert(DraftSourceRow).from_select(["draft_id", "sender_comp_pk"], chosen))


def _open_edit(session: Session, actor: Actor, group_id: int) -> DraftRow | None:
    rows = select(DraftRow).where(
        col(DraftRow.person_id) == actor.person_id,
        col(DraftRow.group_id) == group_id,
        col(DraftRow.submitted_at).is_(None),
    )
    return session.execute(rows.order_by(col(DraftRow.id).desc())).scalars().first()


def _edit(session: Session, actor: Actor, draft_id: int) -> tuple[DraftRow, GroupRow]:
    row = own_draft(session, actor, draft_id)
    require(session, actor, MAY_CHANGE_GROUPS, session.get_one(EntityRow, row.entity_id))
    if row.group_id is None:
        raise NotFound("This draft is of a new group: it changes none.")
    group = changes.edited_group(session, row)
    if group is None:
        raise ChangedMeanwhile(changes.GONE)
    return row, group

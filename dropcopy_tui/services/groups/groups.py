"""Drop copy groups: lists, pages and the one-step way to ask for a new one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Row, Select, select
from sqlmodel import col

from dropcopy_tui.domain.errors import InvalidValue, NotFound
from dropcopy_tui.domain.filters import Filter, in_order
from dropcopy_tui.domain.markets import Menu, market_named, markets_of
from dropcopy_tui.domain.names import name_key, several_named, shorten
from dropcopy_tui.domain.pages import Page, PageRequest, Selection
from dropcopy_tui.domain.people import MAY_CHANGE_GROUPS, Actor
from dropcopy_tui.domain.requests import RequestType
from dropcopy_tui.domain.sessions import SessionStatus
from dropcopy_tui.services.attribution import group_gone, last_change
from dropcopy_tui.services.base import key_of, market_words
from dropcopy_tui.services.groups.changes import refuse_second_change
from dropcopy_tui.services.groups.front_ends import front_end_view
from dropcopy_tui.services.groups.review import review_of
from dropcopy_tui.services.groups.scripted import (
    GroupEdit,
    NewGroup,
    ask_for_edit,
    ask_for_group,
    deletion_approval,
    draft_of_edit,
    draft_of_group,
)
from dropcopy_tui.services.groups.submission import submit_deletion
from dropcopy_tui.services.requests.batches import outcome_words
from dropcopy_tui.services.requests.repeated import answered
from dropcopy_tui.services.sendercomp_lists import sender_comp_view, set_listing
from dropcopy_tui.services.sessions.sessions import session_rows, views
from dropcopy_tui.services.sessions.words import keys_summary
from dropcopy_tui.services.source_sets import of_group
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.services.views import (
    EntityView,
    FirmCount,
    GroupLine,
    GroupView,
    RequestView,
    Review,
    SenderCompView,
    SessionView,
)
from dropcopy_tui.store.counts import GFID
from dropcopy_tui.store.paging import Listing, fetch, selected
from dropcopy_tui.store.tables import (
    EntityRow,
    FrontEndRow,
    GroupCountRow,
    GroupFilterRow,
    GroupRow,
    PersonRow,
    SessionRow,
)

_CHUNK = 500


__all__ = ["Deletion", "GroupEdit", "Groups", "NewGroup"]


@dataclass(frozen=True, slots=True)
class Deletion:
    """What deleting a group would do: its active target sessions are released; whose approval it needs, and when."""

    group_id: int
    name: str
    sources: int
    sessions: tuple[str, ...]
    approval_of: tuple[str, ...]
    outcome: str


class Groups(Service):
    """The groups that a person may see."""

    def entities(self, actor: Actor) -> tuple[EntityView, ...]:
        """The Registered Entities that the person may see, by name."""
        with self._reading(actor) as uow:
            return tuple(EntityView(row.code, row.name) for row in uow.visible_entities())

    def page(
        self, actor: Actor, ask: PageRequest, *, entity: str = "", menu: Menu | None = None, market: str = ""
    ) -> Page[GroupLine]:
        """A page of existing groups. Raises NotFound for an entity that may not be seen."""
        with self._reading(actor) as uow:
            rows = _select().where(col(GroupRow.entity_id).in_(uow.visible_ids()))
            if entity:
                place = uow.entity(entity)
                rows = rows.where(col(GroupRow.entity_id) == place.id)
            if menu is not None:
                rows = rows.where(col(GroupRow.market).in_([kind.code for kind in markets_of(menu)]))
            if market:
                rows = rows.where(col(GroupRow.market) == market_named(market).code)
            page = fetch(uow.tx, _listing(rows), ask, lambda row: row)
            return Page(_lines(uow, page.rows), page.cursors, page.total)

    def show(self, actor: Actor, group: str | int, entity: str = "") -> GroupView:
        """One group by its name, or by its id (an int, or text that no group has as its name).

        Raises:
            NotFound: it does not exist, or may not be seen.
            InvalidValue: several entities have a group of this name.
        """
        with self._reading(actor) as uow:
            found = _find(uow, group, entity)
            row: GroupRow = found[0]
            place = uow.tx.get_one(EntityRow, row.entity_id)
            sessions = _target_sessions(uow, [key_of(row.id)])
            filters = _filters(uow, [key_of(row.id)])[key_of(row.id)]
            return GroupView(
                line=_line(found, sessions[key_of(row.id)], filters),
                entity_name=place.name,
                front_end=front_end_view(uow.tx.get_one(FrontEndRow, row.front_end_id)),
                filters=filters,
                created_at=row.created_at,
                created_by=uow.tx.get_one(PersonRow, row.created_by).user_id,
                sessions=tuple(sessions[key_of(row.id)]),
                changed=last_change(uow.tx, row),
            )

    def ids(self, actor: Actor, entity: str, menu: Menu, picked: Selection) -> tuple[int, ...]:
        """The ids of the picked groups of an entity, by name. Raises NotFound."""
        with self._reading(actor) as uow:
            place = uow.entity(entity)
            rows = _select().where(col(GroupRow.entity_id) == place.id)
            rows = rows.where(col(GroupRow.market).in_([kind.code for kind in markets_of(menu)]))
            rows = selected(_listing(rows), picked)
            found = uow.tx.execute(rows.order_by(col(GroupRow.name_key), col(GroupRow.id)))
            return tuple(key_of(row[0].id) for row in found)

    def target_sessions(self, actor: Actor, group_ids: Sequence[int]) -> tuple[SessionView, ...]:
        """The active target sessions of these groups, in the same order, as far as the person may see them."""
        with self._reading(actor) as uow:
            rows = select(col(GroupRow.id)).where(
                col(GroupRow.id).in_(group_ids), col(GroupRow.entity_id).in_(uow.visible_ids())
            )
            seen = set(uow.tx.execute(rows).scalars())
            found = _target_sessions(uow, [pk for pk in group_ids if pk in seen])
            return tuple(view for pk in group_ids for view in found[pk] if view.status == SessionStatus.ACTIVE)

    def sources(self, actor: Actor, group_id: int, ask: PageRequest, gfid: str = "") -> Page[SenderCompView]:
        """A page of a group's source SenderComps. Raises NotFound."""
        with self._reading(actor) as uow:
            _find(uow, group_id)
            return fetch(uow.tx, set_listing(of_group(group_id), gfid=gfid), ask, sender_comp_view)

    def by_firm(self, actor: Actor, group_id: int, ask: PageRequest) -> Page[FirmCount]:
        """A page of the group's Globex Firms with how many sources each has. Raises NotFound."""
        with self._reading(actor) as uow:
            _find(uow, group_id)
            gfid, sources = col(GroupCountRow.part), col(GroupCountRow.members)
            kept = col(GroupCountRow.group_id) == group_id, col(GroupCountRow.kind) == GFID
            rows = Listing(
                select(gfid, sources).where(*kept), {"gfid": gfid, "sources": sources}, tie=gfid, searched=(gfid,)
            )
            return fetch(uow.tx, rows, ask, lambda row: FirmCount(row.part, row.members))

    def create(self, actor: Actor, new: NewGroup, op_id: str = "") -> RequestView:
        """Ask for a group in one transaction: a draft, its sources, and the request.

        `op_id` names the act: the same act again gives the same request.

        Raises:
            InvalidValue: every problem, one a sentence; nothing is kept.
            NotEntitled: the person may not create groups there.
        """
        with self._writing(actor) as uow:
            first = answered(uow, op_id, new)
            return first[0] if first else ask_for_group(uow, new)

    def edit(self, actor: Actor, group: str | int, edit: GroupEdit, entity: str = "", op_id: str = "") -> RequestView:
        """Ask for a group to be changed, in one transaction (rule G7).

        `op_id` names the act: the same act again gives the same request.

        Raises:
            ChangedMeanwhile: the group is not at the version named, or another request is about to change it.
            InvalidValue: every problem, or that nothing would change; nothing is kept.
            NotEntitled, NotFound.
        """
        with self._writing(actor) as uow:
            if first := answered(uow, op_id, group, edit, entity):
                return first[0]
            row = _find(uow, group, entity)[0]
            return ask_for_edit(uow, row, edit)

    def review_new(self, actor: Actor, new: NewGroup) -> Review:
        """What `create` would ask for; nothing is kept. Raises as `create`, but problems are in the review."""
        with self._trying(actor) as uow:
            return _undrafted(review_of(uow, draft_of_group(uow, new)))

    def review_edit(self, actor: Actor, group: str | int, edit: GroupEdit, entity: str = "") -> Review:
        """What `edit` would change; nothing is kept. Raises as `edit`, but problems are in the review."""
        with self._trying(actor) as uow:
            return _undrafted(review_of(uow, draft_of_edit(uow, _find(uow, group, entity)[0], edit)))

    def deletion(self, actor: Actor, group_ids: Sequence[int]) -> tuple[Deletion, ...]:
        """What deleting these groups would do, before anything happens or is typed.

        Raises:
            ChangedMeanwhile: another request is about to change or delete one of them.
            NotEntitled, NotFound.
        """
        with self._reading(actor) as uow:
            found = [_find(uow, group_id) for group_id in group_ids]
            for row, *_ in found:
                uow.require(MAY_CHANGE_GROUPS, uow.tx.get_one(EntityRow, row.entity_id))
                refuse_second_change(uow, row, actor)
            sessions = _target_sessions(uow, list(group_ids))
            return tuple(
                Deletion(
                    group_id=key_of(row.id),
                    name=row.name,
                    sources=row.sources,
                    sessions=tuple(
                        view.session_id
                        for view in sessions[key_of(row.id)]
                        if view.status == SessionStatus.ACTIVE.value
                    ),
                    outcome=outcome_words(RequestType.DELETE_GROUP, row.market, uow.settings, uow.now),
                    approval_of=deletion_approval(uow, row),
                )
                for row, *_ in found
            )

    def delete(
        self, actor: Actor, groups: Sequence[str | int], entity: str = "", op_id: str = ""
    ) -> tuple[RequestView, ...]:
        """Ask for groups to be deleted: a request each, all of them or none (rule G9).

        `op_id` names the act: the same act again gives the same requests.

        Raises:
            ChangedMeanwhile: another request is about to change or delete one of them.
            NotEntitled, NotFound, InvalidValue.
        """
        if not groups:
            raise InvalidValue("Select at least one group.")
        with self._writing(actor) as uow:
            if first := answered(uow, op_id, list(groups), entity):
                return first
            rows = {found[0].id: found[0] for found in (_find(uow, group, entity) for group in groups)}
            return tuple(submit_deletion(uow, row) for row in rows.values())


def _undrafted(review: Review) -> Review:
    """The review of a draft that is not kept: it has no number."""
    return replace(review, draft=replace(review.draft, id=0))


def _find(uow: UnitOfWork, group: str | int, entity: str = "") -> Row[GroupRow, str, str, str]:
    """One visible group: an int is its id, text its name, or its id where no group has that name."""
    rows = _select().where(col(GroupRow.entity_id).in_(uow.visible_ids()))
    if entity:
        rows = rows.where(col(EntityRow.code).in_((entity, entity.upper())))
    found: Sequence[Row[GroupRow, str, str, str]] = []
    # A group may be named 17: text is a name first, and an id only where no group is named so.
    if isinstance(group, str):
        found = uow.tx.execute(rows.where(col(GroupRow.name_key) == name_key(group))).all()
    name = str(group)
    is_id = name.isascii() and name.isdigit() and len(name) < 16
    if not found and is_id:
        found = uow.tx.execute(rows.where(col(GroupRow.id) == int(name))).all()
    if not found:
        gone = group_gone(uow.tx, uow.actor, int(name), uow.visible_ids()) if is_id else ""
        raise NotFound(gone or f"Group {shorten(name)!r} does not exist, or you have no access to it.")
    if len(found) > 1:
        raise InvalidValue(several_named(name, [row[1] for row in found]))
    return found[0]


def _select() -> Select[GroupRow, str, str, str]:
    return (
        select(
            GroupRow,
            col(EntityRow.code),
            col(FrontEndRow.name).label("front_end_name"),
            col(FrontEndRow.version).label("front_end_version"),
        )
        .join(EntityRow, col(EntityRow.id) == col(GroupRow.entity_id))
        .join(FrontEndRow, col(FrontEndRow.id) == col(GroupRow.front_end_id))
        .where(col(GroupRow.deleted_at).is_(None))
    )


def _listing(rows: Select[GroupRow, str, str, str]) -> Listing:
    return Listing(
        rows=rows,
        orders={
            "name": col(GroupRow.name_key),
            "market": col(GroupRow.market),
            "front_end": col(FrontEndRow.name),
            "sources": col(GroupRow.sources),
            "entity": col(EntityRow.code),
        },
        tie=col(GroupRow.id),
        searched=(
            col(GroupRow.name),
            market_words(col(GroupRow.market)),
            col(FrontEndRow.name),
            col(FrontEndRow.version),
        ),
    )


def _lines(uow: UnitOfWork, rows: Sequence[Row[GroupRow, str, str, str]]) -> tuple[GroupLine, ...]:
    group_ids = [key_of(row[0].id) for row in rows]
    sessions, filters = _target_sessions(uow, group_ids), _filters(uow, group_ids)
    return tuple(_line(row, sessions[key_of(row[0].id)], filters[key_of(row[0].id)]) for row in rows)


def _line(
    found: Row[GroupRow, str, str, str], sessions: Sequence[SessionView], filters: tuple[Filter, ...]
) -> GroupLine:
    row: GroupRow = found[0]
    return GroupLine(
        id=key_of(row.id),
        name=row.name,
        entity=found[1],
        market=row.market,
        market_name=market_named(row.market).name,
        front_end=f"{found[2]} {found[3]}".strip(),
        sources=row.sources,
        targets=len(sessions),
        keys=keys_summary(sessions),
        version=row.version,
        filters=filters,
    )


def _filters(uow: UnitOfWork, group_ids: Sequence[int]) -> dict[int, tuple[Filter, ...]]:
    """The filters of groups, in order."""
    found: dict[int, list[Filter]] = defaultdict(list)
    rows = select(GroupFilterRow).where(col(GroupFilterRow.group_id).in_(group_ids))
    for row in uow.tx.execute(rows).scalars():
        found[row.group_id].append(Filter(row.filter))
    return {group_id: in_order(found[group_id]) for group_id in group_ids}


def _target_sessions(uow: UnitOfWork, group_ids: Sequence[int]) -> dict[int, list[SessionView]]:
    rows = uow.tx.execute(
        session_rows(col(SessionRow.group_id).in_(group_ids)).order_by(col(SessionRow.session_id))
    ).all()
    found: dict[int, list[SessionView]] = defaultdict(list)
    for view in views(uow, rows):
        found[view.group_id or 0].append(view)
    return found

"""What an edit of a group changes, and what happened to the group since it was begun (rules G7, G10)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Select, literal, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from dropcopy_tui.domain.errors import ChangedMeanwhile, InvalidValue
from dropcopy_tui.domain.filters import Filter, in_order
from dropcopy_tui.domain.names import clean_name
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.requests import CHANGES_A_GROUP, Change, RequestStatus, RequestType
from dropcopy_tui.services.attribution import deleted_by
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.groups import draft_checks
from dropcopy_tui.services.groups.front_ends import front_end_view
from dropcopy_tui.services.requests.approvals import waiting_for
from dropcopy_tui.services.sendercomp_lists import set_listing
from dropcopy_tui.services.source_sets import (
    Condition,
    SourceSet,
    also_in,
    copy,
    count_shared,
    of_draft,
    of_group,
    of_request,
    put,
    take_out,
)
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.services.views import Changes, Facts, FieldChange
from dropcopy_tui.store.paging import Listing
from dropcopy_tui.store.tables import (
    DraftRow,
    DraftSourceRow,
    FrontEndRow,
    GroupFilterRow,
    GroupRow,
    GroupSourceRow,
    PersonRow,
    RequestRow,
    RequestSourceRow,
    SenderCompRow,
)

# The number of added or removed SenderComps that a review names one by one.
_FEW = 8


def edited_group(uow: UnitOfWork, draft: DraftRow) -> GroupRow | None:
    """The group that the draft edits, if it lives."""
    # A deleted group stays in the table for the record, so being there is not enough.
    group = uow.tx.get(GroupRow, draft.group_id) if draft.group_id else None
    return group if group is not None and group.deleted_at is None else None


def gone_words(uow: UnitOfWork, draft: DraftRow) -> str:
    """Who deleted the group that the draft edits; "" while it exists, and for a draft of a new group."""
    group = uow.tx.get(GroupRow, draft.group_id) if draft.group_id else None
    return deleted_by(uow.tx, group) if group is not None else ""


def gone(uow: UnitOfWork, draft: DraftRow) -> ChangedMeanwhile:
    """The refusal of an edit whose group was deleted."""
    return ChangedMeanwhile(f"{gone_words(uow, draft)} It can no longer be edited; your draft is kept.")


def changes_of(uow: UnitOfWork, draft: DraftRow, group: GroupRow) -> Changes:
    """Everything the draft would change, and what stands against it meanwhile."""
    # What they do not share is what is left of each.
    kept = count_shared(uow, of_draft(draft), of_group(draft.group_id))
    added, removed = draft_checks.draft_size(uow, draft) - kept, group.sources - kept
    before, after = filter_names(uow, group), _completed(uow, draft.filters)
    return Changes(
        group=group.name,
        fields=tuple(_fields(uow, draft, group)),
        added=added,
        removed=removed,
        stale=stale_words(uow, draft, group),
        filters_added=tuple(Filter(kind) for kind in after if kind not in before),
        filters_removed=tuple(Filter(kind) for kind in before if kind not in after),
        added_names=_named(uow, draft, Change.ADDED, added),
        removed_names=_named(uow, draft, Change.REMOVED, removed),
    )


def _named(uow: UnitOfWork, draft: DraftRow, change: Change, count: int) -> tuple[str, ...]:
    """The SenderComps by name, if they are so few that a page can name them."""
    if not 0 < count <= _FEW:
        return ()
    changed, only = _changed_set(draft, change)
    name = col(changed.table.sender_comp_id)
    return tuple(uow.tx.execute(select(name).where(changed.here, only).order_by(name)).scalars())


def sources_changed(draft: DraftRow, change: Change) -> Listing:
    """The SenderComps that the draft adds to its group, or takes out of it, as a list that can be paged."""
    return set_listing(*_changed_set(draft, change))


def _changed_set(draft: DraftRow, change: Change) -> tuple[SourceSet, Condition]:
    """Of the draft's set what the group's has not, or the reverse: one walk along two tables in the same order."""
    mine, theirs = of_draft(draft), of_group(draft.group_id)
    if change is Change.ADDED:
        return mine, ~also_in(theirs, col(DraftSourceRow.sender_comp_id))
    return theirs, ~also_in(mine, col(GroupSourceRow.sender_comp_id))


def _fields(uow: UnitOfWork, draft: DraftRow, group: GroupRow) -> list[FieldChange]:
    before, after = _words_of_group(uow, group), _words_of_draft(uow, draft)
    return [FieldChange(name, before[name], after[name]) for name in before if before[name] != after[name]]


def filter_names(uow: UnitOfWork, group: GroupRow) -> list[str]:
    """The group's filters as drafts keep them, in the order of the wizard."""
    rows = select(GroupFilterRow).where(col(GroupFilterRow.group_id) == group.id)
    return [kind.value for kind in in_order(Filter(row.filter) for row in uow.tx.execute(rows).scalars())]


def _words_of_group(uow: UnitOfWork, group: GroupRow) -> dict[str, str]:
    return _words(uow, group.name, group.front_end_id, filter_names(uow, group))


def _words_of_draft(uow: UnitOfWork, draft: DraftRow) -> dict[str, str]:
    # As submitting cleans it: spaces around the name and an omitted mandatory filter are not changes.
    return _words(uow, cleaned(uow, draft.name), draft.front_end_id, _completed(uow, draft.filters))


def cleaned(uow: UnitOfWork, name: str) -> str:
    """The name as submitting would clean it; as it is if submitting would refuse it."""
    try:
        return clean_name(name, "Group name", uow.settings.group_name_length)
    except InvalidValue:
        return name


def _completed(uow: UnitOfWork, filters: Iterable[str]) -> list[str]:
    chosen = {Filter(name) for name in filters} | uow.settings.mandatory_filters
    return [kind.value for kind in in_order(chosen)]


def _words(uow: UnitOfWork, name: str, front_end_id: int | None, filters: list[str]) -> dict[str, str]:
    row = uow.tx.get(FrontEndRow, front_end_id) if front_end_id else None
    front_end = front_end_view(row) if row else None
    return {
        "name": name,
        "front_end": f"{front_end.title} {front_end.vendor}".strip() if front_end else "",
        "filters": ", ".join(kind.words for kind in in_order(Filter(kind) for kind in filters)),
    }


# -- what others did meanwhile


def stale_words(uow: UnitOfWork, draft: DraftRow, group: GroupRow) -> str:
    """What changed since the edit was begun, and by whom; "" when nothing did."""
    if group.version == draft.base_version:
        return ""
    said = [_deed(uow, row) for row in _edits_since(uow, draft)]
    return f"{group.name} was changed in the meantime: " + "; ".join(said or ["by the desk"]) + "."


def _edits_since(uow: UnitOfWork, draft: DraftRow) -> list[RequestRow]:
    rows = select(RequestRow).where(
        col(RequestRow.group_id) == draft.group_id,
        col(RequestRow.type) == RequestType.EDIT_GROUP.value,
        col(RequestRow.status) == RequestStatus.COMPLETED.value,
        col(RequestRow.group_version) > draft.base_version,
    )
    return list(uow.tx.execute(rows.order_by(col(RequestRow.group_version))).scalars())


def _deed(uow: UnitOfWork, row: RequestRow) -> str:
    who = uow.tx.get_one(PersonRow, row.submitted_by).user_id
    return f"{who} ({row.reference}) {deed_words(row.asked)}"


def deed_words(asked: Facts) -> str:
    """What an edit does, such as `changed the name, added 3 SenderComps`."""
    done = [f"the {name.replace('_', ' ')}" for name in asked.get("changes", {})]
    parts = [f"changed {' and '.join(done)}"] if done else []
    for change in Change:
        if asked.get(change.value):
            parts.append(f"{change.value} {plural(asked[change.value], 'SenderComp')}")
    return ", ".join(parts) or "changed it"


def open_change(uow: UnitOfWork, group_id: int) -> RequestRow | None:
    """The request in progress that asks to change or delete the group."""
    rows = select(RequestRow).where(
        col(RequestRow.group_id) == group_id,
        col(RequestRow.status) == RequestStatus.IN_PROGRESS.value,
        col(RequestRow.type).in_([kind.value for kind in CHANGES_A_GROUP]),
    )
    return uow.tx.execute(rows).scalars().first()


def refuse_second_change(uow: UnitOfWork, group: GroupRow, actor: Actor) -> None:
    """One request at a time changes a group. Raises ChangedMeanwhile naming the other and its requester."""
    row = open_change(uow, key_of(group.id))
    if row is None:
        return
    # The requester can cancel it; anyone else learns whom to contact.
    mine = row.submitted_by == actor.person_id
    user_id = uow.tx.get_one(PersonRow, row.submitted_by).user_id
    which = f"Your own request {row.reference}" if mine else f"Request {row.reference} by {user_id}"
    way_out = "cancel it under My Requests" if mine else "ask them to cancel it"
    waits = waiting_for(uow, row)
    where = f", awaiting approval by {', '.join(waits)}" if waits else ""
    raise ChangedMeanwhile(
        f"{which} to {RequestType(row.type).words.lower()} {group.name} is still open{where}. "
        f"Wait until it has ended, or {way_out}. Nothing was submitted."
    )


# -- freezing, carrying out, catching up


def freeze_changes(uow: UnitOfWork, draft: DraftRow, request: RequestRow) -> None:
    """Keep which SenderComps the request adds and removes: afterwards the group no longer shows them."""
    for change in Change:
        copy(uow, of_request(request.id, change), *_changed_set(draft, change))


def carry_out(uow: UnitOfWork, request: RequestRow, group_id: int) -> None:
    """Put the added SenderComps into the group, and take the removed ones out."""
    gone = select(col(RequestSourceRow.sender_comp_id)).where(of_request(request.id, Change.REMOVED).here)
    take_out(uow, of_group(group_id), col(GroupSourceRow.sender_comp_id).in_(gone))
    copy(uow, of_group(group_id), of_request(request.id, Change.ADDED))


def catch_up(uow: UnitOfWork, draft: DraftRow, group: GroupRow) -> None:
    """Merge what others changed since, but for the fields that the draft changes itself."""
    mine = _words_of_draft(uow, draft)
    since = _edits_since(uow, draft)
    base: dict[str, str] = {}
    for row in since:
        base = {name: before for name, (before, _) in row.asked.get("changes", {}).items()} | base
    # Where the draft still says what the group said, the person did not touch the field: the newer value is theirs too.
    for name, before in base.items():
        if mine[name] == before:
            _take_over(uow, draft, group, name)
    _take_sources_over(uow, draft, [key_of(row.id) for row in since])
    draft.base_version = group.version
    uow.tx.flush()


def _take_over(uow: UnitOfWork, draft: DraftRow, group: GroupRow, name: str) -> None:
    if name == "name":
        draft.name = group.name
    elif name == "front_end":
        draft.front_end_id = group.front_end_id
    else:
        draft.filters = filter_names(uow, group)


def _take_sources_over(uow: UnitOfWork, draft: DraftRow, since: list[int]) -> None:
    """What others did to a SenderComp in the end: added and taken out again is nothing at all."""
    name = col(RequestSourceRow.sender_comp_id)
    there = also_in(of_group(draft.group_id), name)
    gone = select(name).where(_first_touched(since, Change.REMOVED), ~there)
    take_out(uow, of_draft(draft), col(DraftSourceRow.sender_comp_id).in_(gone))
    new = select(col(RequestSourceRow.sender_comp_pk)).where(
        _first_touched(since, Change.ADDED), there, ~also_in(of_draft(draft), name)
    )
    put(uow, of_draft(draft), select(SenderCompRow).where(col(SenderCompRow.id).in_(new)))


def _first_touched(since: list[int], change: Change) -> Condition:
    """Whether the first of these requests that touched a SenderComp did this to it: before, it was the reverse."""
    earlier = aliased(RequestSourceRow)
    touched: Select[int] = select(literal(1)).where(
        col(earlier.request_id).in_(since),
        col(earlier.sender_comp_id) == col(RequestSourceRow.sender_comp_id),
        col(earlier.request_id) < col(RequestSourceRow.request_id),
    )
    first: Condition = col(RequestSourceRow.request_id).in_(since)
    return first & (col(RequestSourceRow.change) == change.value) & ~touched.exists()

"""A draft becomes a request, and so does the wish to delete a group (rules G7, G9, G10, Q1)."""

from __future__ import annotations

from dropcopy_tui.domain.errors import ChangedMeanwhile, InvalidValue, NameTaken
from dropcopy_tui.domain.filters import Filter, complete_filters
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.names import clean_name
from dropcopy_tui.domain.people import MAY_CHANGE_GROUPS
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.requests import Approvals, RequestType
from dropcopy_tui.services.groups import changes, draft_checks
from dropcopy_tui.services.groups.front_ends import front_end_view
from dropcopy_tui.services.groups.parked import drop_parked
from dropcopy_tui.services.requests.lifecycle import make_request, tell_submitted
from dropcopy_tui.services.requests.views import request_view
from dropcopy_tui.services.source_sets import draft_digest
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.services.views import Changes, Facts, RequestView
from dropcopy_tui.store.tables import (
    DraftRow,
    EntityRow,
    FrontEndRow,
    GroupRow,
)


def submit_draft(uow: UnitOfWork, draft: DraftRow, *, kept: bool = True) -> RequestView:
    """Freeze a draft and ask for its group, or for the change of its group. `kept`: the draft outlives a refusal.

    Raises:
        InvalidValue: every problem, one a sentence.
        ChangedMeanwhile: the group was changed since, or another request is about to (rule G10).
        NotEntitled: the person may not change groups there.
    """
    entity = uow.tx.get(EntityRow, draft.entity_id) if draft.entity_id else None
    if entity is None:
        raise InvalidValue("Select a Registered Entity.", "entity")
    uow.require(MAY_CHANGE_GROUPS, entity)
    group = _edited(uow, draft) if draft.group_id else None
    counted = draft_checks.tally(uow, draft)
    # Everything that stands against it is told immediately: no one should submit five times to learn five things.
    _refuse_problems(uow, draft, counted, kept)
    draft.name = clean_name(draft.name, "Group name", uow.settings.group_name_length)
    chosen = complete_filters([Filter(name) for name in draft.filters], uow.settings.mandatory_filters)
    draft.filters = [kind.value for kind in chosen]
    # The changes are those of the cleaned values: spaces and an omitted mandatory filter do not count.
    wanted = _changes(uow, draft, group) if group else None
    # From here on the draft is the request's record: it can no longer be opened or changed.
    draft.submitted_at = uow.now
    drop_parked(uow, draft)
    asked = _asked(uow, draft, counted.total, wanted)
    kind = RequestType.EDIT_GROUP if wanted else RequestType.CREATE_GROUP
    subject = wanted.group if wanted else draft.name
    waits_for = draft_checks.approvers(uow, draft, counted)
    digest = draft_digest(uow.tx, draft)
    row = make_request(uow, kind, entity, subject, asked, draft, waits_for, draft.group_id, digest)
    if wanted:
        changes.freeze_changes(uow, draft, row)
    tell_submitted(uow, row, _letter(asked))
    return request_view(uow, row)


def _edited(uow: UnitOfWork, draft: DraftRow) -> GroupRow:
    """The group that the draft edits, as it was when the edit was begun. Raises ChangedMeanwhile (rule G10)."""
    group = changes.edited_group(uow, draft)
    if group is None:
        raise changes.gone(uow, draft)
    changes.refuse_second_change(uow, group, uow.actor)
    if stale := changes.stale_words(uow, draft, group):
        raise ChangedMeanwhile(f"{stale} Review the changes, then submit. Nothing was submitted; the draft is kept.")
    return group


def _changes(uow: UnitOfWork, draft: DraftRow, group: GroupRow) -> Changes:
    wanted = changes.changes_of(uow, draft, group)
    if not wanted:
        raise InvalidValue(f"The request contains no changes to {group.name}. Nothing was submitted.")
    return wanted


def _refuse_problems(uow: UnitOfWork, draft: DraftRow, counted: draft_checks.SourceTally, kept: bool) -> None:
    found = draft_checks.problems(uow, draft, counted)
    if found:
        ending = "; the draft is kept." if kept else "."
        taken = draft_checks.name_taken(uow, draft.entity_id or 0, draft.name, draft.group_id)
        raise (NameTaken if taken else InvalidValue)(" ".join(found) + " Nothing was submitted" + ending)


def submit_deletion(uow: UnitOfWork, group: GroupRow) -> RequestView:
    """Ask for a group to be deleted (rule G9). Raises NotEntitled, ChangedMeanwhile."""
    entity = uow.tx.get_one(EntityRow, group.entity_id)
    uow.require(MAY_CHANGE_GROUPS, entity)
    changes.refuse_second_change(uow, group, uow.actor)
    asked = {"name": group.name, "market": group.market, "sources": group.sources}
    waits_for = [group.entity_id] if entity.approvals == Approvals.ALWAYS.value else []
    row = make_request(uow, RequestType.DELETE_GROUP, entity, group.name, asked, waits_for=waits_for, group_id=group.id)
    said = "Its target sessions will be released, not deleted: only GAM can retire them. Status: In Progress."
    tell_submitted(uow, row, f"Delete group {group.name} of {entity.code}. {said}")
    return request_view(uow, row)


def _asked(uow: UnitOfWork, draft: DraftRow, sources: int, changes: Changes | None) -> Facts:
    front_end = uow.tx.get_one(FrontEndRow, draft.front_end_id)
    asked: Facts = {
        "name": draft.name,
        "market": draft.market,
        "front_end": front_end_view(front_end).title,
        "filters": draft.filters,
        "sources": sources,
    }
    if changes:
        asked["changes"] = {change.field: [change.before, change.after] for change in changes.fields}
        asked |= {"added": changes.added, "removed": changes.removed}
    return asked


def _letter(asked: Facts) -> str:
    market = market_named(asked["market"]).name
    sources = plural(asked["sources"], "SenderComp")
    lines = [f"Group {asked['name']} in {market}, front end {asked['front_end']}, {sources}."]
    for name, (before, after) in asked.get("changes", {}).items():
        lines.append(f"{name.replace('_', ' ').capitalize()}: {before} -> {after}.")
    if "added" in asked:
        lines.append(f"SenderComps: {asked['added']:,} added, {asked['removed']:,} removed.")
    return "\n".join([*lines, "Status: In Progress."])

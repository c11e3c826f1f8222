"""A request that was denied, cancelled or failed becomes a draft again, with the same content (rule Q2)."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.errors import ChangedMeanwhile, InvalidValue
from dropcopy_tui.domain.people import MAY_CHANGE_GROUPS
from dropcopy_tui.domain.requests import RequestStatus, RequestType
from dropcopy_tui.services.groups import changes
from dropcopy_tui.services.groups.drafts import LAST_STEP
from dropcopy_tui.services.source_sets import copy, of_draft
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import DraftRow, EntityRow, RequestRow

_UNMADE = frozenset({RequestStatus.DENIED, RequestStatus.CANCELLED, RequestStatus.FAILED})


def require_again(uow: UnitOfWork, request: RequestRow) -> DraftRow:
    """The draft that the request was submitted as, if the person may ask for it again.

    Raises:
        NotEntitled: the person may not change groups at its entity.
        InvalidValue: it is not a request of the wizard, is in progress, or was carried out.
        ChangedMeanwhile: its group was deleted, or is about to be changed.
    """
    uow.require(MAY_CHANGE_GROUPS, uow.tx.get_one(EntityRow, request.entity_id))
    status = RequestStatus(request.status)
    if status not in _UNMADE:
        raise InvalidValue(
            f"{request.reference} is {status.words.lower()}: only a denied, cancelled or failed request can be "
            "requested again. Nothing was changed."
        )
    if request.draft_id is None:
        kind = RequestType(request.type).words.lower()
        raise InvalidValue(f"{request.reference} has no content to copy: request {kind} again. Nothing was changed.")
    draft = uow.tx.get_one(DraftRow, request.draft_id)
    if draft.group_id is not None:
        group = changes.edited_group(uow, draft)
        if group is None:
            raise ChangedMeanwhile(f"{changes.gone_words(uow, draft)} Nothing was changed.")
        changes.refuse_second_change(uow, group, uow.actor)
        _refuse_second_draft(uow, draft, group.name)
    return draft


def again_of(uow: UnitOfWork, draft: DraftRow) -> DraftRow:
    """A new draft of the person's with the content of this one, inside the caller's transaction.

    An edit begins at the version that the first one began at: what others changed since then is shown and merged.
    """
    row = DraftRow(
        person_id=uow.actor.person_id,
        market=draft.market,
        entity_id=draft.entity_id,
        name=draft.name,
        front_end_id=draft.front_end_id,
        filters=list(draft.filters),
        step=LAST_STEP,
        updated_at=uow.now,
        group_id=draft.group_id,
        base_version=draft.base_version,
    )
    uow.tx.add(row)
    uow.tx.flush()
    copy(uow, of_draft(row), of_draft(draft))
    return row


def _refuse_second_draft(uow: UnitOfWork, draft: DraftRow, group: str) -> None:
    """One edit of a group at a time is open for a person: two would overwrite each other."""
    mine = select(col(DraftRow.id)).where(
        col(DraftRow.person_id) == uow.actor.person_id,
        col(DraftRow.group_id) == draft.group_id,
        col(DraftRow.submitted_at).is_(None),
    )
    if uow.tx.execute(mine).scalars().first() is not None:
        raise ChangedMeanwhile(
            f"You already have a draft that edits {group}: submit or discard it first. Nothing was changed."
        )

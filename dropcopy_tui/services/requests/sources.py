"""The SenderComps that a request adds to a group or takes out of it."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.requests import Change, RequestType
from dropcopy_tui.services.sendercomps import SenderCompRows, draft_sources, group_sources
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import (
    DraftRow,
    RequestRow,
    RequestSourceRow,
    SenderCompRow,
)


def sources_of(uow: UnitOfWork, row: RequestRow, change: Change) -> SenderCompRows:
    """The SenderComps that the request adds or removes. Raises InvalidValue: it does nothing of the kind.

    An edit keeps its own list; of a new group the draft has it until set-up, and of a deletion the group itself.
    """
    kind = RequestType(row.type)
    if kind is RequestType.EDIT_GROUP:
        return frozen(row, change)
    if kind is RequestType.CREATE_GROUP and change is Change.ADDED and row.draft_id:
        return draft_sources(uow.tx.get_one(DraftRow, row.draft_id))
    if kind in (RequestType.DELETE_GROUP, RequestType.CREATE_GROUP) and (kind is RequestType.DELETE_GROUP) == (
        change is Change.REMOVED
    ):
        return group_sources(row.group_id)
    raise InvalidValue(f"{row.reference} does not change SenderComps in this way.")


def frozen(request: RequestRow, change: Change) -> SenderCompRows:
    """The SenderComps that an edit adds or removes, as they were when it was submitted."""
    return (
        select(SenderCompRow)
        .join(RequestSourceRow, col(RequestSourceRow.sender_comp_pk) == col(SenderCompRow.id))
        .where(col(RequestSourceRow.request_id) == request.id, col(RequestSourceRow.change) == change.value)
    )

"""The SenderComps that a request adds to a group or takes out of it."""

from __future__ import annotations

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.requests import Change, RequestType
from dropcopy_tui.services.sendercomp_lists import set_listing
from dropcopy_tui.services.source_sets import of_draft, of_group, of_request
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.paging import Listing
from dropcopy_tui.store.tables import DraftRow, RequestRow


def sources_of(uow: UnitOfWork, row: RequestRow, change: Change) -> Listing:
    """The SenderComps that the request adds or removes. Raises InvalidValue: it does nothing of the kind.

    An edit keeps its own list; of a new group the draft has it until set-up, and of a deletion the group itself.
    """
    kind = RequestType(row.type)
    if kind is RequestType.EDIT_GROUP:
        return set_listing(of_request(row.id, change))
    if kind is RequestType.CREATE_GROUP and change is Change.ADDED and row.draft_id:
        return set_listing(of_draft(uow.tx.get_one(DraftRow, row.draft_id)))
    if kind in (RequestType.DELETE_GROUP, RequestType.CREATE_GROUP) and (kind is RequestType.DELETE_GROUP) == (
        change is Change.REMOVED
    ):
        return set_listing(of_group(row.group_id))
    raise InvalidValue(f"{row.reference} does not change SenderComps in this way.")

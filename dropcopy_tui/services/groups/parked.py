"""What a draft had at an entity that it has left: set aside until submit, for whoever goes back to that entity."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.services.groups import draft_checks
from dropcopy_tui.services.source_sets import copy, empty, of_draft
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import DraftRow


def park(uow: UnitOfWork, draft: DraftRow) -> None:
    """Set the front end and the SenderComps aside: they belong to the entity that the draft leaves."""
    if draft.front_end_id is None and not draft_checks.draft_size(uow, draft):
        return
    row = DraftRow(
        person_id=draft.person_id,
        market=draft.market,
        entity_id=draft.entity_id,
        front_end_id=draft.front_end_id,
        updated_at=uow.now,
        submitted_at=uow.now,
        parked_for=draft.id,
    )
    uow.tx.add(row)
    uow.tx.flush()
    _move(uow, draft, row)
    draft.front_end_id = None


def unpark(uow: UnitOfWork, draft: DraftRow) -> None:
    """Give the draft back what it had at its entity before."""
    rows = select(DraftRow).where(col(DraftRow.parked_for) == draft.id, col(DraftRow.entity_id) == draft.entity_id)
    for row in uow.tx.execute(rows).scalars().all():
        draft.front_end_id = row.front_end_id
        _move(uow, row, draft)
        uow.tx.delete(row)
    uow.tx.flush()


def drop_parked(uow: UnitOfWork, draft: DraftRow) -> None:
    """Forget what was set aside: the draft is submitted, or discarded."""
    for row in uow.tx.execute(select(DraftRow).where(col(DraftRow.parked_for) == draft.id)).scalars().all():
        empty(uow, of_draft(row))
        uow.tx.delete(row)
    uow.tx.flush()


def _move(uow: UnitOfWork, before: DraftRow, after: DraftRow) -> None:
    copy(uow, of_draft(after), of_draft(before))
    empty(uow, of_draft(before))

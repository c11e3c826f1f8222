"""The draft of the person who acts: no one sees another's, whatever it is wanted for."""

from __future__ import annotations

from dropcopy_tui.domain.errors import NotFound
from dropcopy_tui.services.attribution import submitted_as
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import DraftRow


def own_draft(uow: UnitOfWork, draft_id: int) -> DraftRow:
    """The person's open draft. Raises NotFound."""
    row = uow.tx.get(DraftRow, draft_id)
    if row is None or row.person_id != uow.actor.person_id or row.submitted_at is not None:
        reference = submitted_as(uow.tx, draft_id, uow.actor.person_id)
        if reference:
            raise NotFound(f"This draft was submitted in another window as {reference}.")
        raise NotFound("This draft no longer exists: it was discarded in another window.")
    return row

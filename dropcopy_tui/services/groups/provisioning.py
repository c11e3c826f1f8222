"""Set-up: what is in progress and due is carried out (rules Q4, Q5).

One transaction a request, all or nothing, and once however many processes try: the status is read again
inside the transaction, and writers pass one gate.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import col

from dropcopy_tui.domain.errors import RowAltered
from dropcopy_tui.domain.people import MAY_CHANGE_GROUPS, MAY_OPERATE, Actor
from dropcopy_tui.domain.requests import OF_GROUPS, RequestStatus, RequestType
from dropcopy_tui.domain.work import current
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.groups import draft_checks
from dropcopy_tui.services.groups.setup import set_up
from dropcopy_tui.services.requests import approvals
from dropcopy_tui.services.requests.batches import due_at
from dropcopy_tui.services.requests.lifecycle import approvers_of, end_request
from dropcopy_tui.services.requests.views import request_view
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.services.views import RequestView
from dropcopy_tui.store.tables import ApprovalRow, AuditRow, DraftRow, EntityRow, PersonRow, RequestRow


@dataclass(frozen=True, slots=True)
class SetUpRun:
    """What one run of set-up did: the requests that ended, how many wait for approval, how many for a batch."""

    ended: tuple[RequestView, ...]
    waiting: int
    queued: int = 0


class Provisioning(Service):
    """Set-up of what was asked for."""

    def process(self, actor: Actor) -> SetUpRun:
        """Validate and set up everything that is due.

        Raises:
            NotEntitled.
            Interrupted: the request at hand was not set up; those before it were.
            RowAltered: one was changed from outside the desk and was not set up; the others were.
        """
        with self._reading(actor) as uow:
            uow.require(MAY_OPERATE)
            due, waiting, queued = self._due(uow)
        ended, altered = [], None
        for pk in due:
            if (work := current()) is not None:
                work.begin()
            try:
                view = self._set_up(pk)
            except RowAltered as refusal:
                altered = altered or refusal
                continue
            if view is not None:
                ended.append(view)
        if altered is not None:
            raise altered
        return SetUpRun(tuple(ended), waiting, queued)

    def process_as_desk(self) -> SetUpRun:
        """The same in the desk's own name: the quiet worker of the application."""
        return self.process(DESK)

    def _due(self, uow: UnitOfWork) -> tuple[list[int], int, int]:
        """The requests to set up now, how many wait for approval, and how many for their batch."""
        waits = select(ApprovalRow).where(
            col(ApprovalRow.request_id) == col(RequestRow.id), col(ApprovalRow.given_at).is_(None)
        )
        rows = select(RequestRow).where(
            col(RequestRow.status) == RequestStatus.IN_PROGRESS.value,
            col(RequestRow.type).in_([kind.value for kind in OF_GROUPS]),
        )
        waiting = uow.tx.execute(
            rows.where(waits.exists()).with_only_columns(func.count(), maintain_column_froms=True)
        ).scalar_one()
        found = uow.tx.execute(
            rows.where(~waits.exists()).with_only_columns(col(RequestRow.id)).order_by(col(RequestRow.id))
        ).scalars()
        ready = [key_of(pk) for pk in found]
        due = [pk for pk in ready if self._may_be_due(uow, pk)]
        return due, waiting, len(ready) - len(due)

    def _may_be_due(self, uow: UnitOfWork, pk: int) -> bool:
        """Whether it is; one that was changed from outside the desk is refused when its turn comes."""
        try:
            return self._is_due(uow, uow.tx.get_one(RequestRow, pk))
        except RowAltered:
            return True

    def _is_due(self, uow: UnitOfWork, row: RequestRow) -> bool:
        when = due_at(row.asked.get("market", ""), uow.settings, approvals.ready_at(uow, row))
        return when is None or when <= uow.now

    def _set_up(self, request_pk: int) -> RequestView | None:
        """Set one request up, or fail it with every reason; None when it has ended or waits meanwhile."""
        with self._writing(DESK) as uow:
            row = uow.tx.get_one(RequestRow, request_pk)
            # Read again behind the writers' gate: another process may have set it up, or its requester cancelled it.
            in_progress = row.status == RequestStatus.IN_PROGRESS.value
            if not in_progress or approvals.missing(uow, row) or not self._is_due(uow, row):
                return None
            draft = uow.tx.get_one(DraftRow, row.draft_id) if row.draft_id is not None else None
            _refuse_ended(uow, row)
            if draft is not None:
                draft_checks.require_submitted(uow, draft, row)
            # A draft may have a million sources: they are counted once for everything that is decided here.
            counted = draft_checks.tally(uow, draft) if draft else None
            reasons, said = self._reasons(uow, row, counted), ""
            # Before anything is made: a firm that guarantees a source by now has the same say as one that did then.
            if not reasons and self._needs_more_approval(uow, row, counted):
                return None
            if not reasons:
                reasons, said = set_up(uow, row, counted)
            status = RequestStatus.FAILED if reasons else RequestStatus.COMPLETED
            end_request(uow, row, status, reasons, said)
            entity = uow.tx.get_one(EntityRow, row.entity_id)
            uow.record(f"request:{status.value}", row.reference, entity=entity.code, after={"reasons": reasons})
            return request_view(uow, row)

    def _reasons(self, uow: UnitOfWork, row: RequestRow, counted: draft_checks.SourceTally | None) -> list[str]:
        """Rule Q4: everything that stands against it now."""
        found = []
        person = uow.tx.get_one(PersonRow, row.submitted_by)
        entity = uow.tx.get_one(EntityRow, row.entity_id)
        asker = Actor(key_of(person.id), person.user_id, person.name)
        if not uow.by(asker).roles_at(entity.id) & MAY_CHANGE_GROUPS:
            found.append(f"{person.user_id} no longer has the right to change groups at {entity.code}.")
        if row.draft_id is not None:
            found += draft_checks.problems(uow, uow.tx.get_one(DraftRow, row.draft_id), counted)
        return found

    def _needs_more_approval(self, uow: UnitOfWork, row: RequestRow, counted: draft_checks.SourceTally | None) -> bool:
        """Whether a firm guarantees a source by now that did not when it was submitted (rule Q3)."""
        if row.draft_id is None or counted is None:
            return False
        draft = uow.tx.get_one(DraftRow, row.draft_id)
        needed = draft_checks.approvers(uow, draft, counted)
        if set(needed) <= approvals.needed(uow, row):
            return False
        approvals.ask_approvals(uow, row, needed)
        row.version += 1
        codes = approvals.waiting_for(uow, row)
        uow.record("request:approval_asked", row.reference, after={"of": list(codes)})
        for person in approvers_of(uow, row):
            what = f"{RequestType(row.type).words.lower()} {row.subject}"
            uow.tell(person, f"{row.reference} awaits your approval: {what}", what, row.id)
        return True


def _refuse_ended(uow: UnitOfWork, row: RequestRow) -> None:
    """A request that ended, and was put back as it was in progress, is not set up. Raises RowAltered."""
    ends = [f"request:{status.value}" for status in RequestStatus if status is not RequestStatus.IN_PROGRESS]
    ended = select(col(AuditRow.id)).where(col(AuditRow.subject) == row.reference, col(AuditRow.action).in_(ends))
    if uow.tx.execute(ended.limit(1)).first() is not None:
        raise RowAltered(
            f"The request {row.reference} has ended, and was put back from outside the desk. Nothing was changed. "
            "Operations can look for the cause: dropcopy audit verify"
        )

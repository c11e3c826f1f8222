"""How a request begins and ends, always inside the caller's transaction (rules Q1, Q2, Q6)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import col, select

from dropcopy_tui.domain.people import MAY_APPROVE
from dropcopy_tui.domain.requests import RequestStatus, RequestType, reference
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.requests.approvals import ask_approvals, keep_stage, missing
from dropcopy_tui.services.requests.repeated import act_of
from dropcopy_tui.services.requests.views import search_words
from dropcopy_tui.services.rights import Accounts, holders, sponsor_ids
from dropcopy_tui.services.unit_of_work import UnitOfWork, person_row
from dropcopy_tui.services.views import Facts
from dropcopy_tui.store.tables import (
    DraftRow,
    EntityRow,
    PersonRow,
    RequestRow,
)


def make_request(
    uow: UnitOfWork,
    kind: RequestType,
    entity: EntityRow,
    subject: str,
    asked: Facts,
    draft: DraftRow | None = None,
    waits_for: Iterable[int] = (),
    group_id: int | None = None,
    draft_digest: str | None = None,
) -> RequestRow:
    """A request inside the caller's transaction, with its audit event."""
    now = uow.now
    row = RequestRow(
        # The reference holds the row's number, which is known once the row is in; until then it must only be unique.
        reference=f"new-{uow.resources.entropy.token()}",
        type=kind.value,
        entity_id=key_of(entity.id),
        subject=subject,
        draft_id=draft.id if draft else None,
        group_id=group_id,
        asked=dict(asked),
        submitted_by=uow.actor.person_id,
        submitted_at=now,
        entity=entity.code,
        submitter=uow.actor.user_id,
        draft_digest=draft_digest,
    )
    row.op_id, row.op_digest = act_of(uow)
    uow.tx.add(row)
    uow.tx.flush()
    row.reference = reference(now.year, key_of(row.id))
    row.search = search_words(row.reference, kind, subject, entity.code, uow.actor.user_id, now)
    ask_approvals(uow, row, waits_for)
    uow.record(
        "request:submitted", row.reference, entity=entity.code, after={"type": kind.value, "subject": subject, **asked}
    )
    return row


def tell_submitted(uow: UnitOfWork, row: RequestRow, letter: str) -> None:
    """Tell who asked, and who must approve (rules Q3, Q6)."""
    what = f"{RequestType(row.type).words.lower()} {row.subject}"
    uow.tell(person_row(uow), f"{row.reference} submitted: {what}", letter, row.id)
    ask = f"{row.reference} awaits your approval: {what}"
    for person in approvers_of(uow, row):
        uow.tell(person, ask, f"Submitted by {uow.actor.user_id}: {letter}", row.id)


def approvers_of(uow: UnitOfWork, row: RequestRow) -> list[PersonRow]:
    """Everyone who may approve what is missing; never who asked, nor whom they made an approver (rule Q3)."""
    able = {person for person, _ in holders(uow.tx, MAY_APPROVE, missing(uow, row))}
    if not able:
        return []
    accounts = Accounts(uow.tx)
    able -= accounts.of(row.submitted_by)
    rows = uow.tx.exec(select(PersonRow).where(col(PersonRow.id).in_(able)).order_by(col(PersonRow.id)))
    since = uow.now - uow.settings.approver_wait
    return [
        person for person in rows if row.submitted_by not in sponsor_ids(uow.tx, accounts, key_of(person.id), since)
    ]


def end_request(uow: UnitOfWork, row: RequestRow, status: RequestStatus, reasons: list[str], said: str = "") -> None:
    """Give a request its last status, and tell the person who asked (rule Q6). `said`: what came of it."""
    row.status = status.value
    row.reasons = reasons
    row.ended_at = uow.now
    # A decision is bound to the version that was shown: one that comes now finds another.
    row.version += 1
    keep_stage(uow, row)
    person = uow.tx.get_one(PersonRow, row.submitted_by)
    kind = RequestType(row.type).words.lower()
    body = (
        "\n\n".join(part for part in (" ".join(reasons), said) if part)
        or f"The request to {kind} {row.subject} is completed."
    )
    uow.tell(person, f"{row.reference} {status.words.lower()}: {kind} {row.subject}", body, row.id)

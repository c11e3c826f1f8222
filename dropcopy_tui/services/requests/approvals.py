"""Whose approval a request needs, and whose it has (rule Q3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.errors import RowAltered
from dropcopy_tui.domain.requests import RequestStatus, needs_of, stage_order
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.proofs import prover_in
from dropcopy_tui.store.tables import ApprovalRow, EntityRow, RequestRow

_READ = "approvals"


def ask_approvals(uow: UnitOfWork, request: RequestRow, entities: Iterable[int]) -> None:
    """From now on the request needs these entities' approval; what was given already stays given."""
    # Of a new request, none was asked for yet.
    asked = {row.entity_id for row in _approvals(uow, request)} if request.needs is not None else set()
    needed = asked.union(entities)
    uow.tx.add_all(ApprovalRow(request_id=key_of(request.id), entity_id=entity) for entity in sorted(needed - asked))
    request.needs = needs_of(needed)
    uow.tx.flush()
    uow.tx.info.pop(_READ, None)
    keep_stage(uow, request)


def needed(uow: UnitOfWork, request: RequestRow) -> frozenset[int]:
    """Every entity whose approval the request needs or has."""
    return frozenset(row.entity_id for row in _approvals(uow, request))


def missing(uow: UnitOfWork, request: RequestRow) -> tuple[int, ...]:
    """The entities whose approval is missing; none for a request that ended."""
    if request.status != RequestStatus.IN_PROGRESS.value:
        return ()
    return tuple(row.entity_id for row in _approvals(uow, request) if row.given_at is None)


def waiting_for(uow: UnitOfWork, request: RequestRow) -> tuple[str, ...]:
    """The same as codes, by name."""
    rows = select(col(EntityRow.code)).where(col(EntityRow.id).in_(missing(uow, request)))
    return tuple(uow.tx.execute(rows.order_by(col(EntityRow.code))).scalars())


def give(uow: UnitOfWork, request: RequestRow, entities: Iterable[int]) -> None:
    """The person approves for these entities."""
    for row in _approvals(uow, request):
        if row.entity_id in set(entities) and row.given_at is None:
            row.given_by, row.given_at = uow.actor.person_id, uow.now
    uow.tx.flush()
    keep_stage(uow, request)


def keep_stage(uow: UnitOfWork, request: RequestRow) -> None:
    """Keep what lists sort by; whoever changes the status or an approval calls it."""
    request.stage = stage_order(RequestStatus(request.status), waiting_for(uow, request))
    uow.tx.flush()


def ready_at(uow: UnitOfWork, request: RequestRow) -> datetime:
    """Since when no one's approval is missing: a batch takes what was ready before it (rule Q5)."""
    # The last approval counts: before it nothing could be set up.
    given = (row.given_at for row in _approvals(uow, request))
    return max([request.submitted_at, *(at for at in given if at is not None)])


def _approvals(uow: UnitOfWork, request: RequestRow) -> list[ApprovalRow]:
    """The rows of one request are read once in a transaction: approving asks for them six times.

    Raises RowAltered: a row was removed, or there is one that was never asked for.
    """
    rows: list[ApprovalRow]
    known, rows = uow.tx.info.get(_READ, (None, []))
    if known != request.id:
        asked = select(ApprovalRow).where(col(ApprovalRow.request_id) == request.id)
        rows = list(uow.tx.execute(asked.order_by(col(ApprovalRow.entity_id))).scalars())
        _require_needed(uow, request, rows)
        uow.tx.info[_READ] = (request.id, rows)
    return rows


def _require_needed(uow: UnitOfWork, request: RequestRow, rows: Iterable[ApprovalRow]) -> None:
    """The request says whose approval it needs, in its own proof: one that is removed lets nothing pass."""
    if prover_in(uow.tx) is None or request.status != RequestStatus.IN_PROGRESS.value:
        return
    if request.needs != needs_of(row.entity_id for row in rows):
        raise RowAltered(
            f"An approval of request {request.reference} was removed or added from outside the desk. Nothing was "
            "changed. Operations can look for the cause: dropcopy audit verify"
        )

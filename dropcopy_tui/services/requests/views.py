"""Requests as people see them: lists, stages and stories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.orm import Mapped
from sqlmodel import col

from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.requests import OF_GROUPS, RequestStatus, RequestType, stage
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.requests.batches import due_at, due_words
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.services.views import Facts, Moment, RequestView
from dropcopy_tui.store.paging import Dated, Listing, Lowered, fetch
from dropcopy_tui.store.parts import OwnerPart
from dropcopy_tui.store.tables import ApprovalRow, DecisionRow, EntityRow, PersonRow, RequestRow, SessionRow

_VERDICTS = {"approve": "approved", "deny": "denied", "cancel": "cancelled"}
_STATUS_WORDS = {status.value: status.words for status in RequestStatus}


class _Shown(NamedTuple):
    """What lists show of a request; the same words as in its row."""

    id: int
    reference: str
    type: str
    status: str
    entity_id: int
    subject: str
    asked: Facts
    reasons: list[str]
    submitted_by: int
    submitted_at: datetime
    ended_at: datetime | None
    group_id: int | None
    version: int


_COLUMNS = [col(getattr(RequestRow, name)) for name in _Shown._fields]


def search_words(reference: str, kind: RequestType, subject: str, entity: str, user_id: str, at: datetime) -> str:
    """What a filter of requests looks for, in lower case."""
    return f"{reference} {kind.value.replace('_', ' ')} {subject} {entity} {user_id} {at:%Y-%m-%d}".casefold()


def request_page(
    uow: UnitOfWork, parts: Sequence[OwnerPart], ask: PageRequest, *conditions: ColumnElement[bool]
) -> Page[RequestView]:
    """A page of the requests in these parts, newest first."""
    # Columns, and no objects of the mapper: an export has a hundred thousand of them. Who asked and where is looked up
    # for those that are shown.
    page: Page[_Shown] = fetch(uow.tx, _listing(select(*_COLUMNS).where(*conditions), parts), ask, _shown)
    if not page.rows:
        return Page((), page.cursors, page.total)
    approvals = _approvals(uow, [row.id for row in page.rows])
    codes = _named(uow, col(EntityRow.id), col(EntityRow.code), {row.entity_id for row in page.rows})
    people = _named(uow, col(PersonRow.id), col(PersonRow.user_id), {row.submitted_by for row in page.rows})
    views = tuple(
        _view(row, codes[row.entity_id], people[row.submitted_by], approvals.get(row.id, ()), uow) for row in page.rows
    )
    return Page(views, page.cursors, page.total)


def _shown(row: Row[Any]) -> _Shown:
    return _Shown._make(row[: len(_COLUMNS)])


def _named(uow: UnitOfWork, key: Mapped[int | None], name: Mapped[str], keys: set[int]) -> dict[int, str]:
    return {key_of(row[0]): row[1] for row in uow.tx.execute(select(key, name).where(key.in_(keys)))}


def request_view(uow: UnitOfWork, row: RequestRow) -> RequestView:
    """A request with its story, inside the caller's transaction."""
    uow.tx.flush()
    code = uow.tx.get_one(EntityRow, row.entity_id).code
    submitter = uow.tx.get_one(PersonRow, row.submitted_by).user_id
    approvals = _approvals(uow, [key_of(row.id)])[key_of(row.id)]
    targets = _targets(uow, row.group_id) if row.group_id else ()
    return _view(row, code, submitter, approvals, uow, _story(uow, row, submitter), targets)


def _listing(rows: Select[Any], parts: Sequence[OwnerPart]) -> Listing:
    number = col(RequestRow.id)
    return Listing(
        rows=rows,
        parts=parts,
        orders={
            "id": number,
            "type": col(RequestRow.type),
            "subject": col(RequestRow.subject),
            "entity": col(RequestRow.entity),
            "submitted_by": col(RequestRow.submitter),
            # Requests are numbered in the order in which they are submitted.
            "submitted": number,
            # A stage begins with its status.
            "status": col(RequestRow.stage),
            "stage": col(RequestRow.stage),
        },
        tie=number,
        searched=(
            Lowered(col(RequestRow.search), _STATUS_WORDS, col(RequestRow.status)),
            Dated(col(RequestRow.submitted_at)),
        ),
        newest_first=True,
    )


def _approvals(uow: UnitOfWork, requests: Sequence[int]) -> dict[int, list[tuple[str, datetime | None]]]:
    """The entities whose approval each request needs, and when each gave it."""
    rows = uow.tx.execute(
        select(col(ApprovalRow.request_id), col(EntityRow.code), col(ApprovalRow.given_at))
        .join(EntityRow, col(EntityRow.id) == col(ApprovalRow.entity_id))
        .where(col(ApprovalRow.request_id).in_(requests))
        .order_by(col(EntityRow.code))
    )
    found: dict[int, list[tuple[str, datetime | None]]] = defaultdict(list)
    for request, code, given_at in rows:
        found[request].append((code, given_at))
    return found


def _view(
    row: RequestRow | _Shown,
    entity: str,
    submitter: str,
    approvals: Sequence[tuple[str, datetime | None]],
    uow: UnitOfWork,
    story: tuple[Moment, ...] = (),
    targets: tuple[str, ...] = (),
) -> RequestView:
    status, kind = RequestStatus(row.status), RequestType(row.type)
    open_still = status is RequestStatus.IN_PROGRESS
    waits = tuple(code for code, given_at in approvals if given_at is None) if open_still else ()
    due, when = None, ""
    market = row.asked.get("market", "") if open_still and not waits and kind in OF_GROUPS else ""
    if market:
        ready = max([row.submitted_at, *(at for _, at in approvals if at is not None)])
        due = due_at(market, uow.settings, ready)
        when = due_words(market, uow.settings, due, uow.now) if due else ""
    return RequestView(
        id=row.reference,
        type=kind,
        status=status,
        stage=stage(status, waits, when),
        entity=entity,
        subject=row.subject,
        submitted_by=submitter,
        submitted_at=row.submitted_at,
        ended_at=row.ended_at,
        reasons=tuple(row.reasons),
        asked=row.asked,
        story=story,
        group_id=row.group_id,
        targets=targets,
        version=row.version,
        waiting_for=waits,
        due=due,
    )


def _targets(uow: UnitOfWork, group_id: int) -> tuple[str, ...]:
    rows = select(col(SessionRow.session_id)).where(col(SessionRow.group_id) == group_id)
    return tuple(uow.tx.execute(rows.order_by(col(SessionRow.session_id))).scalars())


def _story(uow: UnitOfWork, row: RequestRow, submitter: str) -> tuple[Moment, ...]:
    moments = [Moment(row.submitted_at, f"submitted by {submitter}")]
    decisions = uow.tx.execute(
        select(DecisionRow, col(PersonRow.user_id), col(EntityRow.code))
        .join(PersonRow, col(PersonRow.id) == col(DecisionRow.person_id))
        .join(EntityRow, col(EntityRow.id) == col(DecisionRow.entity_id), isouter=True)
        .where(col(DecisionRow.request_id) == row.id)
        .order_by(col(DecisionRow.id))
    )
    for decision, user_id, entity in decisions:
        place = f" for {entity}" if entity else ""
        why = f": {decision.reason}" if decision.reason else ""
        moments.append(Moment(decision.at, f"{_VERDICTS[decision.verdict]} by {user_id}{place}{why}"))
    if row.ended_at is not None and row.status in (RequestStatus.COMPLETED, RequestStatus.FAILED):
        moments.append(Moment(row.ended_at, RequestStatus(row.status).words.lower()))
    return tuple(moments)

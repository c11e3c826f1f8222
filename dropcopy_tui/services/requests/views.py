"""Requests as people see them: lists, stages and stories."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlmodel import col

from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.requests import OF_GROUPS, RequestStatus, RequestType, stage
from dropcopy_tui.services.requests.batches import due_at, due_words
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.services.views import Facts, Moment, RequestLine, RequestView
from dropcopy_tui.store.paging import Dated, Listing, Lowered, fetch
from dropcopy_tui.store.parts import OwnerPart
from dropcopy_tui.store.tables import ApprovalRow, DecisionRow, EntityRow, PersonRow, RequestRow, SessionRow

_VERDICTS = {"approve": "approved", "deny": "denied", "cancel": "cancelled"}
# A look in a table takes a fifth of the time of a call of the enumeration.
_STATUSES = {status.value: status for status in RequestStatus}
_TYPES = {kind.value: kind for kind in RequestType}
_STATUS_WORDS = {status.value: status.words for status in RequestStatus}


# Columns, and no objects of the mapper: an export has a million of them.
_SHOWN = (
    "reference", "type", "status", "entity", "subject", "submitter", "submitted_at", "ended_at", "reasons", "version",
)  # fmt: skip
_COLUMNS = [col(getattr(RequestRow, name)) for name in _SHOWN]


def search_words(reference: str, kind: RequestType, subject: str, entity: str, user_id: str, at: datetime) -> str:
    """What a filter of requests looks for, in lower case."""
    return f"{reference} {kind.value.replace('_', ' ')} {subject} {entity} {user_id} {at:%Y-%m-%d}".casefold()


def request_page(
    uow: UnitOfWork, parts: Sequence[OwnerPart], ask: PageRequest, *conditions: ColumnElement[bool]
) -> Page[RequestLine]:
    """A page of the requests in these parts, newest first."""
    page = fetch(uow.tx, _listing(select(*_COLUMNS).where(*conditions), parts), ask, _line)
    # Nothing more is shown of a request that has ended, and most have.
    still = [line.id for line in page.rows if line.status is RequestStatus.IN_PROGRESS]
    if not still:
        return page
    those = col(RequestRow.reference).in_(still)
    found = uow.tx.execute(select(col(RequestRow.reference), col(RequestRow.asked)).where(those))
    asked = {row[0]: row[1] for row in found}
    approvals = _approvals(uow, those)
    rows = tuple(
        _open(line, asked[line.id], approvals[line.id], uow) if line.id in asked else line for line in page.rows
    )
    return Page(rows, page.cursors, page.total)


def request_view(uow: UnitOfWork, row: RequestRow) -> RequestView:
    """A request with its story, inside the caller's transaction."""
    uow.tx.flush()
    line = _line([getattr(row, name) for name in _SHOWN])
    if line.status is RequestStatus.IN_PROGRESS:
        line = _open(line, row.asked, _approvals(uow, col(RequestRow.id) == row.id)[line.id], uow)
    return RequestView(
        **line._asdict(),
        asked=row.asked,
        story=_story(uow, row, line.submitted_by),
        group_id=row.group_id,
        targets=_targets(uow, row.group_id) if row.group_id else (),
    )


def _line(row: Sequence[Any]) -> RequestLine:
    """A request as its row says it: of one that is open, `_open` knows more."""
    reference, kind, status, entity, subject, by, at, ended_at, reasons, version = row[: len(_SHOWN)]
    said = _TYPES[kind], _STATUSES[status], _STATUS_WORDS[status]
    return RequestLine(reference, *said, entity, subject, by, at, ended_at, tuple(reasons), version)


def _open(
    line: RequestLine, asked: Facts, approvals: Sequence[tuple[str, datetime | None]], uow: UnitOfWork
) -> RequestLine:
    """An open request, with what it waits for: approvals, and then a batch."""
    waits = tuple(code for code, given_at in approvals if given_at is None)
    market = asked.get("market", "") if not waits and line.type in OF_GROUPS else ""
    due, when = None, ""
    if market:
        ready = max([line.submitted_at, *(at for _, at in approvals if at is not None)])
        due = due_at(market, uow.settings, ready)
        when = due_words(market, uow.settings, due, uow.now) if due else ""
    return line._replace(stage=stage(line.status, waits, when), waiting_for=waits, due=due)


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


def _approvals(uow: UnitOfWork, those: ColumnElement[bool]) -> dict[str, list[tuple[str, datetime | None]]]:
    """The entities whose approval each of those requests needs, and when each gave it."""
    rows = uow.tx.execute(
        select(col(RequestRow.reference), col(EntityRow.code), col(ApprovalRow.given_at))
        .join(ApprovalRow, col(ApprovalRow.request_id) == col(RequestRow.id))
        .join(EntityRow, col(EntityRow.id) == col(ApprovalRow.entity_id))
        .where(those)
        .order_by(col(EntityRow.code))
    )
    found: dict[str, list[tuple[str, datetime | None]]] = defaultdict(list)
    for request, code, given_at in rows:
        found[request].append((code, given_at))
    return found


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

"""Requests: how they are made, and how their story is told (rules Q1 to Q7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from dropcopy_tui.domain.errors import InvalidValue, NameTaken, NotFound
from dropcopy_tui.domain.filters import Filter, complete_filters
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.names import clean_name
from dropcopy_tui.domain.pages import Ask, Page
from dropcopy_tui.domain.people import MAY_CHANGE_GROUPS, Actor
from dropcopy_tui.domain.requests import RequestStatus, RequestType, reference, stage
from dropcopy_tui.services import content
from dropcopy_tui.services.approvals import ask_approvals, waiting_for
from dropcopy_tui.services.base import Means, Service, key_of
from dropcopy_tui.services.identity import person_row
from dropcopy_tui.services.rights import require, visible_ids
from dropcopy_tui.services.trail import record, tell
from dropcopy_tui.services.views import Moment, RequestView
from dropcopy_tui.store.paging import Listing, fetch
from dropcopy_tui.store.tables import (
    DecisionRow,
    DraftRow,
    EntityRow,
    FrontEndRow,
    PersonRow,
    RequestRow,
    SessionRow,
)

_VERDICTS = {"approve": "approved", "deny": "denied", "cancel": "cancelled"}


class Requests(Service):
    """What was asked for."""

    def page(self, actor: Actor, ask: Ask, everyone: bool = False) -> Page[RequestView]:
        """Request Status: the person's own requests, or (`everyone`) all of the entities they may see."""
        with self._store.read() as session:
            rows = _select()
            if everyone:
                rows = rows.where(col(RequestRow.entity_id).in_(visible_ids(session, actor)))
            else:
                rows = rows.where(col(RequestRow.submitted_by) == actor.person_id)
            return fetch(session, _listing(rows), ask, lambda row: _view(session, row))

    def show(self, actor: Actor, reference_id: str) -> RequestView:
        """One request with its story. Raises NotFound."""
        with self._store.read() as session:
            row = session.execute(_select().where(col(RequestRow.reference) == reference_id)).first()
            if row is None or not _may_see(session, actor, row[0]):
                raise NotFound(f"There is no request {reference_id}, or you may not see it.")
            return _view(session, row, whole=True)


def make_request(
    session: Session,
    means: Means,
    actor: Actor,
    kind: RequestType,
    entity: EntityRow,
    subject: str,
    asked: Mapping[str, Any],
    draft: DraftRow | None = None,
    waits_for: Iterable[int] = (),
) -> RequestRow:
    """A request inside the caller's transaction, with its audit event."""
    now = means.clock.now()
    row = RequestRow(
        reference=f"new-{means.entropy.token()}",
        type=kind.value,
        entity_id=key_of(entity.id),
        subject=subject,
        draft_id=draft.id if draft else None,
        asked=dict(asked),
        submitted_by=actor.person_id,
        submitted_at=now,
    )
    session.add(row)
    session.flush()
    row.reference = reference(now.year, key_of(row.id))
    ask_approvals(session, row, waits_for)
    record(
        session, means, actor, "request:submitted", row.reference,
        entity=entity.code, after={"type": kind.value, "subject": subject, **asked},
    )  # fmt: skip
    return row


def submit_draft(session: Session, means: Means, actor: Actor, draft: DraftRow, *, kept: bool = True) -> RequestView:
    """Freeze a draft and ask for its group. `kept`: the draft outlives a refusal.

    Raises InvalidValue with every problem, NotEntitled.
    """
    entity = session.get(EntityRow, draft.entity_id) if draft.entity_id else None
    if entity is None:
        raise InvalidValue("Choose a Registered Entity.", "entity")
    require(session, actor, MAY_CHANGE_GROUPS, entity)
    found = content.problems(session, draft, means.settings)
    if found:
        ending = "; the draft is kept." if kept else "."
        taken = content.name_taken(session, key_of(entity.id), draft.name)
        raise (NameTaken if taken else InvalidValue)(" ".join(found) + " Nothing was submitted" + ending)
    draft.name = clean_name(draft.name, "Group name", means.settings.group_name_length)
    chosen = complete_filters([Filter(name) for name in draft.filters], means.settings.mandatory_filters)
    draft.filters = [kind.value for kind in chosen]
    draft.submitted_at = means.clock.now()
    waits_for = content.approvers(session, draft)
    asked = _asked(session, draft)
    row = make_request(session, means, actor, RequestType.CREATE_GROUP, entity, draft.name, asked, draft, waits_for)
    person = person_row(session, actor)
    tell(
        session,
        means,
        person,
        f"{row.reference} submitted: create group {draft.name}",
        _letter(asked),
        row.id,
    )
    return _view(session, session.execute(_select().where(col(RequestRow.id) == row.id)).one(), whole=True)


def _asked(session: Session, draft: DraftRow) -> dict[str, Any]:
    front_end = session.get_one(FrontEndRow, draft.front_end_id)
    return {
        "name": draft.name,
        "market": draft.market,
        "front_end": content.front_end_view(front_end).title,
        "filters": draft.filters,
        "sources": sum(content.by_gateway(session, draft).values()),
    }


def _letter(asked: Mapping[str, Any]) -> str:
    market = market_named(asked["market"]).name
    return (
        f"Group {asked['name']} in {market}, front end {asked['front_end']}, "
        f"{asked['sources']:,} source SenderComps. Status: In Progress."
    )


def end_request(session: Session, means: Means, row: RequestRow, status: RequestStatus, reasons: list[str]) -> None:
    """Give a request its last status, and tell the person who asked (rule Q6)."""
    row.status = status.value
    row.reasons = reasons
    row.ended_at = means.clock.now()
    row.version += 1
    person = session.get_one(PersonRow, row.submitted_by)
    kind = RequestType(row.type).words.lower()
    body = " ".join(reasons) or f"The request to {kind} {row.subject} is done."
    tell(session, means, person, f"{row.reference} {status.words.lower()}: {kind} {row.subject}", body, row.id)


def request_view(session: Session, row: RequestRow) -> RequestView:
    """A request's view inside the caller's transaction."""
    session.flush()
    found = session.execute(_select().where(col(RequestRow.id) == row.id)).one()
    return _view(session, found, whole=True)


_Submitter = aliased(PersonRow)


def _select() -> Any:
    return (
        select(RequestRow, col(EntityRow.code), col(_Submitter.user_id))
        .join(EntityRow, col(EntityRow.id) == col(RequestRow.entity_id))
        .join(_Submitter, col(_Submitter.id) == col(RequestRow.submitted_by))
    )


def _listing(rows: Any) -> Listing:
    number = col(RequestRow.id)
    return Listing(
        rows=rows,
        orders={
            "id": number,
            "type": col(RequestRow.type),
            "subject": col(RequestRow.subject),
            "entity": col(EntityRow.code),
            "submitted_by": col(_Submitter.user_id),
            "submitted": col(RequestRow.submitted_at),
            "status": col(RequestRow.status),
        },
        tie=number,
        searched=(
            col(RequestRow.reference),
            col(RequestRow.subject),
            col(RequestRow.status),
            col(EntityRow.code),
            col(_Submitter.user_id),
        ),
        newest_first=True,
    )


def _may_see(session: Session, actor: Actor, row: RequestRow) -> bool:
    return row.submitted_by == actor.person_id or row.entity_id in visible_ids(session, actor)


def _view(session: Session, found: Any, whole: bool = False) -> RequestView:
    row, entity, submitter = found[0], found[1], found[2]
    status = RequestStatus(row.status)
    return RequestView(
        id=row.reference,
        type=RequestType(row.type),
        status=status,
        stage=stage(status, waiting_for(session, row)),
        entity=entity,
        subject=row.subject,
        submitted_by=submitter,
        submitted_at=row.submitted_at,
        ended_at=row.ended_at,
        reasons=tuple(row.reasons),
        asked=row.asked,
        story=_story(session, row, submitter) if whole else (),
        group_id=row.group_id,
        targets=_targets(session, row.group_id) if whole and row.group_id else (),
    )


def _targets(session: Session, group_id: int) -> tuple[str, ...]:
    rows = select(col(SessionRow.session_id)).where(col(SessionRow.group_id) == group_id)
    return tuple(session.execute(rows.order_by(col(SessionRow.session_id))).scalars())


def _story(session: Session, row: RequestRow, submitter: str) -> tuple[Moment, ...]:
    moments = [Moment(row.submitted_at, f"submitted by {submitter}")]
    decisions = session.execute(
        select(DecisionRow, col(PersonRow.user_id))
        .join(PersonRow, col(PersonRow.id) == col(DecisionRow.person_id))
        .where(col(DecisionRow.request_id) == row.id)
        .order_by(col(DecisionRow.id))
    )
    for decision, user_id in decisions:
        why = f": {decision.reason}" if decision.reason else ""
        moments.append(Moment(decision.at, f"{_VERDICTS[decision.verdict]} by {user_id}{why}"))
    if row.ended_at is not None and row.status in (RequestStatus.COMPLETED, RequestStatus.FAILED):
        moments.append(Moment(row.ended_at, RequestStatus(row.status).words.lower()))
    return tuple(moments)

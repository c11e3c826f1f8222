"""Requests: read, approved, denied and cancelled (rules Q1 to Q3, Q7)."""

from __future__ import annotations

from typing import cast

from sqlalchemy import ColumnElement, text
from sqlmodel import col, exists, select

from dropcopy_tui.domain.errors import ChangedMeanwhile, NotEntitled, NotFound
from dropcopy_tui.domain.names import clean_name, shorten
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import MAY_APPROVE, Actor
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.requests import Change, RequestStatus, RequestType
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.requests import approvals
from dropcopy_tui.services.requests.lifecycle import end_request
from dropcopy_tui.services.requests.sources import sources_of
from dropcopy_tui.services.requests.views import request_page, request_view
from dropcopy_tui.services.rights import Accounts, entities_of, sponsor_ids
from dropcopy_tui.services.sendercomp_lists import sender_comp_view
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.services.views import RequestLine, RequestView, SenderCompView
from dropcopy_tui.store.paging import fetch
from dropcopy_tui.store.parts import OwnerPart
from dropcopy_tui.store.tables import (
    OPEN_REQUEST,
    ApprovalRow,
    DecisionRow,
    EntityRow,
    PersonRow,
    RequestRow,
)

LONGEST_REASON = 500
# As a text: the indexes over open requests serve only the condition that they are made with.
_OPEN = OwnerPart([], [cast("ColumnElement[bool]", text(OPEN_REQUEST))])


class Requests(Service):
    """What was asked for, and what is decided about it."""

    def page(self, actor: Actor, ask: PageRequest, everyone: bool = False) -> Page[RequestLine]:
        """Request Status: the person's own requests.

        With `everyone` also those of the entities they may see, and those of other firms that they decided.
        """
        with self._reading(actor) as uow:
            parts = [OwnerPart([(col(RequestRow.submitted_by), [actor.person_id])])]
            if everyone:
                decided = select(DecisionRow.request_id).where(col(DecisionRow.person_id) == actor.person_id)
                parts.append(OwnerPart([(col(RequestRow.entity_id), uow.visible_ids())]))
                parts.append(OwnerPart([], [col(RequestRow.id).in_(decided)]))
            return request_page(uow, parts, ask)

    def to_do(self, actor: Actor, ask: PageRequest) -> Page[RequestLine]:
        """To Do: requests that wait for this person's approval (rule Q7)."""
        with self._reading(actor) as uow:
            return request_page(uow, [_OPEN], ask, *_to_review(uow))

    def show(self, actor: Actor, reference_id: str) -> RequestView:
        """One request with its story. Raises NotFound."""
        with self._reading(actor) as uow:
            return request_view(uow, seen_request(uow, reference_id))

    def may_decide(self, actor: Actor, reference_id: str) -> tuple[bool, str]:
        """Whether the person may approve or deny the request now, and if not, why not."""
        with self._reading(actor) as uow:
            row = seen_request(uow, reference_id)
            try:
                _approves_for(uow, row)
            except (NotEntitled, ChangedMeanwhile) as error:
                return False, error.message
            return True, ""

    def sources(self, actor: Actor, reference_id: str, change: Change, ask: PageRequest) -> Page[SenderCompView]:
        """A page of the SenderComps that the request adds to a group or takes out of it. Raises NotFound."""
        with self._reading(actor) as uow:
            row = seen_request(uow, reference_id)
            return fetch(uow.tx, sources_of(uow, row, change), ask, sender_comp_view)

    def approve(self, actor: Actor, reference_id: str, version: int) -> RequestView:
        """Approve what was shown as `version`, for every firm the person approves for (rule Q3).

        Raises:
            NotFound: the request does not exist, or the person has no access to it.
            ChangedMeanwhile: it changed, was decided or has ended since it was opened.
            NotEntitled: it is their own, or waits for someone else.
        """
        with self._writing(actor) as uow:
            row = seen_request(uow, reference_id)
            places = _approves_for(uow, row)
            _unchanged(uow, row, version)
            approvals.give(uow, row, places)
            for place in places:
                self._note(uow, row, "approve", place)
            row.version += 1
            self._tell_approved(uow, row)
            return request_view(uow, row)

    def deny(self, actor: Actor, reference_id: str, version: int, reason: str) -> RequestView:
        """Deny it, with a reason that the requester reads (rule Q2). Raises as approve; InvalidValue."""
        reason = clean_name(reason, "Reason", LONGEST_REASON, "reason")
        with self._writing(actor) as uow:
            row = seen_request(uow, reference_id)
            places = _approves_for(uow, row)
            _unchanged(uow, row, version)
            self._note(uow, row, "deny", places[0], reason)
            said = f"Denied by {actor.user_id}: {reason}"
            end_request(uow, row, RequestStatus.DENIED, [said])
            return request_view(uow, row)

    def cancel(self, actor: Actor, reference_id: str) -> RequestView:
        """Cancel one's own request while nothing was set up (rule Q2).

        Raises:
            NotEntitled: it is someone else's.
            ChangedMeanwhile: it has ended already.
        """
        with self._writing(actor) as uow:
            row = seen_request(uow, reference_id)
            if row.submitted_by != actor.person_id:
                raise NotEntitled(
                    f"{row.reference} is not your request: only its requester can cancel it. Nothing was changed."
                )
            _open(uow, row)
            self._note(uow, row, "cancel", None)
            end_request(uow, row, RequestStatus.CANCELLED, [], "It was cancelled. Nothing was set up.")
            return request_view(uow, row)

    def _note(self, uow: UnitOfWork, row: RequestRow, verdict: str, place: int | None, reason: str = "") -> None:
        uow.tx.add(
            DecisionRow(
                request_id=key_of(row.id),
                person_id=uow.actor.person_id,
                entity_id=place,
                verdict=verdict,
                reason=reason,
                at=uow.now,
            )
        )
        code = uow.tx.get_one(EntityRow, place or row.entity_id).code
        what = {"approve": "request:approved", "deny": "request:denied", "cancel": "request:cancelled"}[verdict]
        after = {"subject": row.subject, "version": row.version} | ({"reason": reason} if reason else {})
        uow.record(what, row.reference, entity=code, after=after)

    def _tell_approved(self, uow: UnitOfWork, row: RequestRow) -> None:
        waits = approvals.waiting_for(uow, row)
        rest = f"It still awaits approval by {', '.join(waits)}." if waits else "It is being processed."
        what = f"{RequestType(row.type).words.lower()} {row.subject}"
        person = uow.tx.get_one(PersonRow, row.submitted_by)
        subject = f"{row.reference} approved by {uow.actor.user_id}: {what}"
        uow.tell(person, subject, f"{subject}. {rest}", row.id)


def _approves_for(uow: UnitOfWork, row: RequestRow) -> list[int]:
    """The firms for which the person may decide now. Raises NotEntitled, ChangedMeanwhile."""
    # No one decides about their own request, be it by way of a second account (rule Q3).
    accounts = Accounts(uow.tx)
    if row.submitted_by in accounts.of(uow.actor.person_id):
        whose = "" if row.submitted_by == uow.actor.person_id else " from another account of yours"
        raise NotEntitled(
            f"You submitted {row.reference}{whose}, so someone else must approve or deny it. Nothing was changed."
        )
    _refuse_sponsored(uow, accounts, row)
    _open(uow, row)
    asked = [place for place in approvals.needed(uow, row) if uow.roles_at(place) & MAY_APPROVE]
    if not asked:
        waits = ", ".join(approvals.waiting_for(uow, row))
        if not waits:
            raise NotEntitled(f"{row.reference} does not require approval. Nothing was changed.")
        what = f"awaits an administrative manager of {waits}"
        raise NotEntitled(f"{row.reference} {what}, which you are not. Nothing was changed.")
    mine = [place for place in approvals.missing(uow, row) if place in asked]
    if not mine:
        raise ChangedMeanwhile(
            f"{row.reference} is no longer awaiting your approval{_by(uow, row)}. Nothing was changed."
        )
    return mine


def _refuse_sponsored(uow: UnitOfWork, accounts: Accounts, row: RequestRow) -> None:
    """Raises NotEntitled: who asked made the person an approver, and would approve it by them."""
    wait = uow.settings.approver_wait
    if row.submitted_by in sponsor_ids(uow.tx, accounts, uow.actor.person_id, uow.now - wait):
        asked_by = uow.tx.get_one(PersonRow, row.submitted_by).user_id
        raise NotEntitled(
            f"{row.reference} was requested by {asked_by}, who invited you or granted you a role within the last "
            f"{plural(wait.days, 'day')}, so someone else must approve or deny it. Nothing was changed."
        )


def _open(uow: UnitOfWork, row: RequestRow) -> None:
    """Raises ChangedMeanwhile, saying how it ended, unless the request is in progress."""
    if row.status == RequestStatus.IN_PROGRESS.value:
        return
    status = RequestStatus(row.status).words
    raise ChangedMeanwhile(f"{row.reference} is already {status.lower()}{_by(uow, row)}. Nothing was changed.")


def _unchanged(uow: UnitOfWork, row: RequestRow, version: int) -> None:
    if row.version != version:
        raise ChangedMeanwhile(
            f"{row.reference} changed since it was opened{_by(uow, row)}. Review it again, then decide. "
            "Nothing was changed."
        )


def _by(uow: UnitOfWork, row: RequestRow) -> str:
    """Who decided last, as ` (approved by X)`."""
    rows = select(DecisionRow).where(col(DecisionRow.request_id) == row.id).order_by(col(DecisionRow.id).desc())
    last = uow.tx.exec(rows).first()
    if last is None:
        return ""
    verdict = {"approve": "approved", "deny": "denied", "cancel": "cancelled"}[last.verdict]
    return f" ({verdict} by {uow.tx.get_one(PersonRow, last.person_id).user_id})"


def _to_review(uow: UnitOfWork) -> list[ColumnElement[bool]]:
    """What awaits approval by an entity the person approves for; never what comes from their own accounts."""
    waits = exists().where(
        col(ApprovalRow.request_id) == RequestRow.id,
        col(ApprovalRow.given_at).is_(None),
        col(ApprovalRow.entity_id).in_(entities_of(uow.actor, MAY_APPROVE)),
    )
    if uow.tx.execute(select(RequestRow.id).where(_OPEN.here, waits).limit(1)).first() is None:
        return [waits]  # all accounts are read only where something waits
    accounts, me = Accounts(uow.tx), uow.actor.person_id
    theirs = accounts.of(me) | sponsor_ids(uow.tx, accounts, me, uow.now - uow.settings.approver_wait)
    return [col(RequestRow.submitted_by).not_in(theirs), waits]


def seen_request(uow: UnitOfWork, reference_id: str) -> RequestRow:
    """A request the person made, may see by a role, or was asked to approve. Raises NotFound."""
    row = uow.tx.exec(select(RequestRow).where(col(RequestRow.reference) == reference_id)).first()
    if row is None or not (
        row.submitted_by == uow.actor.person_id
        or row.entity_id in uow.visible_ids()
        or any(uow.roles_at(place) & MAY_APPROVE for place in approvals.needed(uow, row))
    ):
        raise NotFound(f"Request {shorten(reference_id)} does not exist, or you have no access to it.")
    return row

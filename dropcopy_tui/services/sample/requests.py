"""The sample data's requests in every status, their drafts and decisions, and the news of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from dropcopy_tui.domain.filters import Filter, complete_filters
from dropcopy_tui.domain.requests import RequestStatus, RequestType, reference
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.requests.approvals import ask_approvals, keep_stage
from dropcopy_tui.services.requests.views import search_words
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.sample import facts
from dropcopy_tui.services.sample.groups import KeyMade
from dropcopy_tui.services.sample.master_data import Ground
from dropcopy_tui.services.source_sets import draft_digest, of_draft, put
from dropcopy_tui.services.views import Facts
from dropcopy_tui.store.tables import DecisionRow, DraftRow, GroupRow, RequestRow

_SET_UP_TOOK = timedelta(seconds=2)
_DECISION_TOOK = timedelta(hours=3)
_NEWS = timedelta(days=21)
_KEY_ACTIONS = {RequestType.GENERATE_KEY: "keypair:generated", RequestType.DELETE_KEY: "keypair:deleted"}


def add_requests(ground: Ground, groups: Mapping[str, GroupRow], keys: list[KeyMade]) -> None:
    """Every request, numbered in the order in which they were made."""
    made = [_of_group(ground, fact, groups[fact.name]) for fact in facts.GROUPS]
    for key in keys:
        made.append(_of_key(ground, key, RequestType.GENERATE_KEY, key.at))
        if key.deleted_at is not None:
            made.append(_of_key(ground, key, RequestType.DELETE_KEY, key.deleted_at))
    asked = [(_asked(ground, fact), fact) for fact in facts.ASKED]
    rows = sorted([*made, *(row for row, _ in asked)], key=lambda row: row.submitted_at)
    _number(ground, rows)
    deciders = {key_of(row.id): fact.decided_by or DESK.user_id for row, fact in asked}
    for row, fact in asked:
        ask_approvals(ground.uow, row, [ground.entities[fact.approver]] if fact.approver else [])
        _decide(ground, row, fact)
    for row in rows:
        keep_stage(ground.uow, row)
        _tell_story(ground, row, deciders.get(key_of(row.id), DESK.user_id))


def _number(ground: Ground, rows: Sequence[RequestRow]) -> None:
    """Put the requests into the store, one by one: their order is that of their references."""
    for number, row in enumerate(rows, start=1):
        row.reference = reference(row.submitted_at.year, number)
        ground.uow.tx.add(row)
        ground.uow.tx.flush()
        if row.id != number:
            raise RuntimeError("sample data goes into an empty store")


def _of_group(ground: Ground, fact: facts.GroupFact, group: GroupRow) -> RequestRow:
    asked = _content(fact.name, fact.market, ground.front_end(fact.front_end)[1], fact.filters, group.sources)
    made = group.created_at - _SET_UP_TOOK
    row = _request(ground, RequestType.CREATE_GROUP, fact.entity, fact.name, asked, fact.by, made)
    row.status = RequestStatus.COMPLETED.value
    row.ended_at = group.created_at
    row.group_id = group.id
    ground.note(
        group.created_at,
        DESK.user_id,
        "group:created",
        fact.name,
        fact.entity,
        sources=group.sources,
        filters=asked["filters"],
    )
    return row


def _of_key(ground: Ground, key: KeyMade, kind: RequestType, at: datetime) -> RequestRow:
    asked = {"sessions": [key.session_id], "keys": [key.access_key_id]}
    row = _request(ground, kind, key.entity, key.session_id, asked, key.by, at)
    row.status = RequestStatus.COMPLETED.value
    row.ended_at = at
    ground.note(at, key.by, _KEY_ACTIONS[kind], key.session_id, key.entity, **asked)
    return row


def _asked(ground: Ground, fact: facts.AskedFact) -> RequestRow:
    """A request without a group, with the draft that was submitted."""
    made = ground.uow.now - timedelta(hours=fact.hours)
    front_end_id, title = ground.front_end(fact.front_end)
    draft = DraftRow(
        person_id=ground.person(fact.by),
        market=fact.market,
        entity_id=ground.entities[fact.entity],
        name=fact.name,
        front_end_id=front_end_id,
        filters=[kind.value for kind in complete_filters(facts.TRADES)],
        step=6,
        updated_at=made,
        submitted_at=made,
    )
    ground.uow.tx.add(draft)
    ground.uow.tx.flush()
    sources = ground.sources(fact.entity, fact.market, (fact.gfid,))
    put(ground.uow, of_draft(draft), sources)
    asked = _content(fact.name, fact.market, title, facts.TRADES, ground.count(sources))
    row = _request(ground, RequestType.CREATE_GROUP, fact.entity, fact.name, asked, fact.by, made)
    row.draft_id, row.draft_digest = draft.id, draft_digest(ground.uow.tx, draft)
    row.status = fact.status.value
    row.reasons = list(fact.reasons)
    if fact.status is not RequestStatus.IN_PROGRESS:
        row.ended_at = made + (_DECISION_TOOK if fact.decided_by else _SET_UP_TOOK)
    return row


def _content(name: str, market: str, title: str, filters: tuple[Filter, ...], sources: int) -> Facts:
    return {
        "name": name,
        "market": market,
        "front_end": title,
        "filters": [kind.value for kind in complete_filters(filters)],
        "sources": sources,
    }


def _request(
    ground: Ground, kind: RequestType, entity: str, subject: str, asked: Facts, by: str, made: datetime
) -> RequestRow:
    return RequestRow(
        reference="",
        type=kind.value,
        entity_id=ground.entities[entity],
        subject=subject,
        asked=asked,
        submitted_by=ground.person(by),
        submitted_at=made,
        entity=entity,
        submitter=by,
    )


def _decide(ground: Ground, row: RequestRow, fact: facts.AskedFact) -> None:
    """Who denied or cancelled it."""
    if not fact.decided_by or row.ended_at is None:
        return
    denied = fact.status is RequestStatus.DENIED
    ground.uow.tx.add(
        DecisionRow(
            request_id=key_of(row.id),
            person_id=ground.person(fact.decided_by),
            entity_id=ground.entities[fact.approver] if denied else None,
            verdict="deny" if denied else "cancel",
            reason=fact.reasons[0] if denied else "",
            at=row.ended_at,
        )
    )


def _tell_story(ground: Ground, row: RequestRow, decider: str) -> None:
    """The audit events of a request, and for a recent one the notices and emails too (rule Q6)."""
    by = next(name for name, person in ground.people.items() if person.id == row.submitted_by)
    entity = next(code for code, pk in ground.entities.items() if pk == row.entity_id)
    row.search = search_words(row.reference, RequestType(row.type), row.subject, entity, by, row.submitted_at)
    status = RequestStatus(row.status)
    what = f"{RequestType(row.type).words.lower()} {row.subject}"
    ground.note(row.submitted_at, by, "request:submitted", row.reference, entity, type=row.type, **row.asked)
    _news(ground, row, by, row.submitted_at, "submitted", f"The request to {what} was submitted.")
    if row.ended_at is not None:
        action = f"request:{status.value}"
        ground.note(row.ended_at, decider, action, row.reference, entity, reasons=row.reasons)
        body = " ".join(row.reasons) or f"The request to {what} is {status.words.lower()}."
        _news(ground, row, by, row.ended_at, status.words.lower(), body)


def _news(ground: Ground, row: RequestRow, by: str, at: datetime, event: str, body: str) -> None:
    if ground.uow.now - at < _NEWS:
        subject = f"{row.reference} {event}: {RequestType(row.type).words.lower()} {row.subject}"
        ground.at(at).tell(ground.people[by], subject, body, row.id)


def add_open_draft(ground: Ground) -> None:
    """A draft that its owner left at step 4 of 6."""
    chosen = (Filter.HEARTBEAT, Filter.REJECT, Filter.TRADE_FILL_NOTICE, Filter.TRADE_CANCEL)
    ground.uow.tx.add(
        DraftRow(
            person_id=ground.person(facts.MAIN_PERSON),
            market="brokertec_eu",
            entity_id=ground.entities[facts.MAIN_ENTITY],
            name="EU-RATES",
            front_end_id=ground.front_end(2)[0],
            filters=[kind.value for kind in chosen],
            step=4,
            updated_at=ground.uow.now - timedelta(hours=20),
        )
    )

"""Set-up: what is in progress becomes a group, its members and its target sessions (rules Q4, Q5).

One transaction a request, all or nothing, and once however many processes try: the status is read again
inside the transaction, and writers pass one gate.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, literal, select
from sqlmodel import Session, col

from dropcopy_tui.domain.errors import DeskError, LimitReached
from dropcopy_tui.domain.filters import Filter, complete_filters
from dropcopy_tui.domain.groups import gateways_needed
from dropcopy_tui.domain.markets import Gateway, market_named
from dropcopy_tui.domain.names import name_key
from dropcopy_tui.domain.people import MAY_OPERATE, Actor
from dropcopy_tui.domain.requests import RequestStatus, RequestType
from dropcopy_tui.domain.sessions import ALPHABET, SESSION_ID_LENGTH, SessionKind, session_ids
from dropcopy_tui.services import content
from dropcopy_tui.services.approvals import waiting_for
from dropcopy_tui.services.base import Means, Service, key_of
from dropcopy_tui.services.requests import end_request, request_view
from dropcopy_tui.services.rights import DESK, require
from dropcopy_tui.services.trail import reading, record
from dropcopy_tui.services.views import RequestView
from dropcopy_tui.store.tables import (
    DraftRow,
    DraftSourceRow,
    EntityRow,
    GroupFilterRow,
    GroupRow,
    GroupSourceRow,
    RequestRow,
    SenderCompRow,
    SessionRow,
)

_SPACE = len(ALPHABET) ** SESSION_ID_LENGTH
_GUESSES = 50


@dataclass(frozen=True, slots=True)
class Processed:
    """What one run of set-up did: the requests that ended, and how many still wait for approval."""

    ended: tuple[RequestView, ...]
    waiting: int


class Provisioning(Service):
    """Set-up of what was asked for."""

    def process(self, actor: Actor) -> Processed:
        """Validate and set up everything that is due. Raises NotEntitled."""
        with reading(self._means, actor) as session:
            require(session, actor, MAY_OPERATE)
            due, waiting = _due(session)
        ended = [view for pk in due if (view := self._set_up(pk)) is not None]
        return Processed(tuple(ended), waiting)

    def process_as_desk(self) -> Processed:
        """The same in the desk's own name: the quiet worker of the application."""
        return self.process(DESK)

    def _set_up(self, request_pk: int) -> RequestView | None:
        """Set one request up, or fail it with every reason; None when somebody else did meanwhile."""
        with self._store.write() as session:
            row = session.get_one(RequestRow, request_pk)
            if row.status != RequestStatus.IN_PROGRESS.value or waiting_for(session, row):
                return None
            draft = session.get_one(DraftRow, row.draft_id)
            reasons = content.problems(session, draft, self._settings)
            if not reasons:
                reasons = _try_set_up(session, self._means, row, draft)
            status = RequestStatus.FAILED if reasons else RequestStatus.COMPLETED
            end_request(session, self._means, row, status, reasons)
            entity = session.get_one(EntityRow, row.entity_id)
            record(
                session, self._means, DESK, f"request:{status.value}", row.reference,
                entity=entity.code, after={"reasons": reasons},
            )  # fmt: skip
            return request_view(session, row)


def _due(session: Session) -> tuple[list[int], int]:
    rows = session.execute(
        select(RequestRow)
        .where(
            col(RequestRow.status) == RequestStatus.IN_PROGRESS.value,
            col(RequestRow.type) == RequestType.CREATE_GROUP.value,
        )
        .order_by(col(RequestRow.id))
    ).scalars()
    due, waiting = [], 0
    for row in rows:
        if waiting_for(session, row):
            waiting += 1
        else:
            due.append(key_of(row.id))
    return due, waiting


def _try_set_up(session: Session, means: Means, row: RequestRow, draft: DraftRow) -> list[str]:
    """Make the group with all that belongs to it; the reasons why not, with nothing made."""
    try:
        with session.begin_nested():
            _make_group(session, means, row, draft)
    except DeskError as error:
        return [error.message]
    return []


def _make_group(session: Session, means: Means, row: RequestRow, draft: DraftRow) -> None:
    by_gateway = content.by_gateway(session, draft)
    filters = complete_filters([Filter(name) for name in draft.filters], means.settings.mandatory_filters)
    group = GroupRow(
        entity_id=row.entity_id,
        market=draft.market,
        name=draft.name,
        name_key=name_key(draft.name),
        front_end_id=draft.front_end_id or 0,
        sources=sum(by_gateway.values()),
        created_at=means.clock.now(),
        created_by=row.submitted_by,
    )
    session.add(group)
    session.flush()
    row.group_id = key_of(group.id)
    session.add_all(GroupFilterRow(group_id=row.group_id, filter=kind.value) for kind in filters)
    _copy_sources(session, draft, row.group_id)
    entity = session.get_one(EntityRow, row.entity_id)
    record(
        session, means, DESK, "group:created", draft.name, entity=entity.code,
        after={"request": row.reference, "sources": group.sources, "filters": [kind.value for kind in filters]},
    )  # fmt: skip
    for gateway in gateways_needed(market_named(draft.market), by_gateway):
        _make_target(session, means, group, gateway, entity.code)


def _copy_sources(session: Session, draft: DraftRow, group_id: int) -> None:
    chosen = select(literal(group_id), col(DraftSourceRow.sender_comp_pk)).where(
        col(DraftSourceRow.draft_id) == draft.id
    )
    session.execute(insert(GroupSourceRow).from_select(["group_id", "sender_comp_pk"], chosen))


def _make_target(session: Session, means: Means, group: GroupRow, gateway: Gateway, entity: str) -> None:
    session_id = free_session_id(session, group.market, means.entropy.below(_SPACE))
    session.add(
        SessionRow(
            entity_id=group.entity_id,
            market=group.market,
            session_id=session_id,
            kind=SessionKind.DROP_COPY.value,
            gateway=gateway.value,
            group_id=group.id,
            created_at=means.clock.now(),
        )
    )
    record(
        session, means, DESK, "session:allocated", session_id, entity=entity,
        after={"group": group.name, "gateway": gateway.value},
    )  # fmt: skip


def free_session_id(session: Session, market: str, start: int) -> str:
    """A Session ID that nothing uses: no session of any market, and no SenderComp of this market.

    A key pair belongs to its Session ID, so two users of one ID would share keys. Where the market's
    SenderComps use up the whole alphabet, an ID that no session has is taken: SenderComps without a session
    have no keys, and the target's SenderCompID differs from theirs in its indicator.
    Raises LimitReached when every ID has a session.
    """
    for number, candidate in enumerate(session_ids(start)):
        if number == _GUESSES:
            break
        if not _has_session(session, candidate) and not _has_sender_comp(session, market, candidate):
            return candidate
    return _any_free(session, market, start)


def _any_free(session: Session, market: str, start: int) -> str:
    """The same after the first guesses failed: read what is used once instead of asking for each."""
    sessions = set(session.execute(select(col(SessionRow.session_id))).scalars())
    comps = select(col(SenderCompRow.session_id)).where(col(SenderCompRow.market) == market).distinct()
    used = sessions | set(session.execute(comps).scalars())
    for taken in (used, sessions):
        for candidate in session_ids(start):
            if candidate not in taken:
                return candidate
    raise LimitReached("Every Session ID is in use. GAM must retire some before another group can be set up.")


def _has_session(session: Session, session_id: str) -> bool:
    rows = select(col(SessionRow.id)).where(col(SessionRow.session_id) == session_id)
    return session.execute(rows.limit(1)).first() is not None


def _has_sender_comp(session: Session, market: str, session_id: str) -> bool:
    rows = select(col(SenderCompRow.id)).where(
        col(SenderCompRow.market) == market, col(SenderCompRow.session_id) == session_id
    )
    return session.execute(rows.limit(1)).first() is not None

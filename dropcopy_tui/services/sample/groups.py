"""The sample data's groups, sessions and key pairs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.filters import complete_filters
from dropcopy_tui.domain.groups import gateways_needed
from dropcopy_tui.domain.market_close import business_day_on_or_before, close_of, local_day
from dropcopy_tui.domain.markets import Gateway, market_named
from dropcopy_tui.domain.names import name_key
from dropcopy_tui.domain.sessions import SessionKind
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.sample import facts
from dropcopy_tui.services.sample.master_data import Ground
from dropcopy_tui.services.sessions.key_rows import keep_stops, market_hours
from dropcopy_tui.services.source_sets import of_group, put, set_digest
from dropcopy_tui.store.tables import (
    GroupFilterRow,
    GroupRow,
    KeyPairRow,
    SenderCompRow,
    SessionRow,
)

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_OLD = timedelta(days=430)
_BEFORE_CLOSE = timedelta(hours=7)


@dataclass(frozen=True, slots=True)
class KeyMade:
    """A key pair of a target session, as its request tells it."""

    session_id: str
    access_key_id: str
    at: datetime
    by: str
    entity: str
    deleted_at: datetime | None


def add_groups(ground: Ground) -> dict[str, GroupRow]:
    """Every group with its filters, sources and target sessions; by name."""
    return {fact.name: _add_group(ground, fact) for fact in facts.GROUPS}


def _add_group(ground: Ground, fact: facts.GroupFact) -> GroupRow:
    sources = ground.sources(fact.entity, fact.market, fact.gfids)
    made = ground.uow.now - timedelta(days=fact.age)
    group = GroupRow(
        entity_id=ground.entities[fact.entity],
        market=fact.market,
        name=fact.name,
        name_key=name_key(fact.name),
        front_end_id=ground.front_end(fact.front_end)[0],
        sources=ground.count(sources),
        created_at=made,
        created_by=ground.person(fact.by),
    )
    ground.uow.tx.add(group)
    ground.uow.tx.flush()
    pk = key_of(group.id)
    ground.uow.tx.add_all(GroupFilterRow(group_id=pk, filter=kind.value) for kind in complete_filters(fact.filters))
    put(ground.uow, of_group(pk), sources)
    group.set_digest = set_digest(ground.uow.tx, of_group(pk))
    _add_targets(ground, fact, pk, made)
    return group


def _add_targets(ground: Ground, fact: facts.GroupFact, group_id: int, made: datetime) -> None:
    gateways = {Gateway(block.gateway): block.count for block in facts.BLOCKS if block.gfid in fact.gfids}
    needed = gateways_needed(market_named(fact.market), gateways)
    for session_id, gateway in zip(fact.targets, needed, strict=True):
        _add_session(ground, fact.entity, fact.market, session_id, SessionKind.DROP_COPY, gateway.value, made, group_id)
        ground.note(made, "desk", "session:allocated", session_id, fact.entity, group=fact.name, gateway=gateway.value)


def _add_session(
    ground: Ground,
    entity: str,
    market: str,
    session_id: str,
    kind: SessionKind,
    gateway: str,
    made: datetime,
    group_id: int | None = None,
) -> SessionRow:
    row = SessionRow(
        entity_id=ground.entities[entity],
        market=market,
        session_id=session_id,
        kind=kind.value,
        gateway=gateway,
        group_id=group_id,
        created_at=made,
    )
    ground.uow.tx.add(row)
    return row


def add_other_sessions(ground: Ground) -> None:
    """Order entry sessions, which have the Session IDs of their SenderComps, and market data sessions."""
    rows = [
        _add_session(ground, facts.MAIN_ENTITY, market, session_id, kind, gateway, ground.uow.now - _OLD)
        for market, kind, session_id, gateway in _other_sessions(ground)
    ]
    ground.uow.tx.flush()
    for number, row in enumerate(rows):
        ends_in = _ends_in(number)
        if ends_in:
            _add_key(ground, row, ends_in, facts.MAIN_PERSON)


def _other_sessions(ground: Ground) -> Iterator[tuple[str, SessionKind, str, str]]:
    for market, count in facts.ORDER_ENTRY_SESSIONS.items():
        for session_id, gateway in _source_sessions(ground, market, count):
            yield market, SessionKind.ORDER_ENTRY, session_id, gateway
    for market, names in facts.MARKET_DATA_SESSIONS.items():
        for session_id in names:
            yield market, SessionKind.MARKET_DATA, session_id, market_named(market).gateways[-1].value


def _ends_in(number: int) -> int:
    """In how many days the key of the nth session ends: most live, one not for long, every eighth is expired, some
    have none."""
    if number == facts.ENDING_SESSION:
        return facts.ENDING_IN
    if number % 4:
        return 100 + number * 5
    return 0 if number % 8 else -5 - number


def _source_sessions(ground: Ground, market: str, count: int) -> list[tuple[str, str]]:
    session_id, gateway = col(SenderCompRow.session_id), col(SenderCompRow.gateway)
    rows = select(session_id, gateway).where(
        col(SenderCompRow.entity_id) == ground.entities[facts.MAIN_ENTITY],
        col(SenderCompRow.market) == market,
        col(SenderCompRow.gfid) != facts.GUARANTEED_GFID,
    )
    found = ground.uow.tx.execute(rows.group_by(session_id, gateway).order_by(session_id).limit(count))
    return [(row[0], row[1]) for row in found]


def add_target_keys(ground: Ground) -> list[KeyMade]:
    """The key pairs of the groups' target sessions, in every state."""
    targets = {
        row.session_id: row
        for row in ground.uow.tx.execute(select(SessionRow).where(col(SessionRow.group_id).is_not(None))).scalars()
    }
    groups = {session_id: group for group in facts.GROUPS for session_id in group.targets}
    made = []
    for fact in facts.KEYS:
        group = groups[fact.session_id]
        row = _add_key(ground, targets[fact.session_id], fact.ends_in, group.by, fact.deleted_ago)
        made.append(KeyMade(fact.session_id, row.access_key_id, row.created_at, group.by, group.entity, row.deleted_at))
    return made


def _add_key(ground: Ground, row: SessionRow, ends_in: int, by: str, deleted_ago: int | None = None) -> KeyPairRow:
    """A pair whose last day is that many days from today in its market (rule K2), made a year before."""
    hours = market_hours(row.market, ground.uow.resources.settings)
    last_day = local_day(hours, ground.uow.now) + timedelta(days=ends_in)
    living = ends_in > 0 and deleted_ago is None
    pair = KeyPairRow(
        session_pk=key_of(row.id),
        access_key_id="".join(ground.chance.choices(_LETTERS, k=20)),
        slot=_free_slot(ground, row) if living else None,
        created_at=close_of(hours, _a_year_before(last_day)) - _BEFORE_CLOSE,
        expires_at=close_of(hours, business_day_on_or_before(hours, last_day)),
        deleted_at=None if deleted_ago is None else ground.uow.now - timedelta(days=deleted_ago),
        created_by=ground.person(by),
    )
    ground.uow.tx.add(pair)
    ground.uow.tx.flush()
    secret = ground.chance.randbytes(32)
    if deleted_ago is None:
        place = ("key_pair", str(pair.id), row.session_id, pair.access_key_id)
        pair.sealed_secret = ground.uow.resources.vault.seal(secret, *place)
    keep_stops(ground.uow, [pair.session_pk])
    return pair


def _free_slot(ground: Ground, row: SessionRow) -> int:
    slots = select(col(KeyPairRow.slot)).where(col(KeyPairRow.session_pk) == row.id, col(KeyPairRow.slot).is_not(None))
    return 1 + len(ground.uow.tx.execute(slots).all())


def _a_year_before(day: date) -> date:
    """The same date last year; 28 February for 29 February."""
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)

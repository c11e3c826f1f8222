"""The ground of the sample data: firms, people, front ends and SenderComps, and what is built on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import func, insert, select
from sqlmodel import col

from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.requests import Approvals
from dropcopy_tui.domain.sessions import SenderCompStatus, session_ids
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.rights import DESK
from dropcopy_tui.services.sample import facts
from dropcopy_tui.services.source_sets import SenderCompRows
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.services.views import Facts
from dropcopy_tui.store.tables import (
    METADATA,
    EntitlementRow,
    EntityRow,
    FrontEndMappingRow,
    FrontEndRow,
    PersonRow,
    SenderCompRow,
)

_OLDEST = timedelta(days=520)


@dataclass(frozen=True, slots=True)
class PastEvent:
    """Something that happened, to be audited once all of them are in order."""

    at: datetime
    person: str
    action: str
    subject: str
    entity: str | None
    after: Facts


@dataclass(slots=True)
class Ground:
    """The foundation of the sample data, by the names its facts use."""

    uow: UnitOfWork
    chance: Random
    entities: dict[str, int] = field(default_factory=dict)
    people: dict[str, PersonRow] = field(default_factory=dict)
    front_ends: list[FrontEndRow] = field(default_factory=list)
    events: list[PastEvent] = field(default_factory=list)

    def person(self, user_id: str) -> int:
        """The primary key of a person."""
        return key_of(self.people[user_id].id)

    def front_end(self, number: int) -> tuple[int, str]:
        """The primary key and title of a front end."""
        row = self.front_ends[number]
        return key_of(row.id), f"{row.name} {row.version}"

    def at(self, moment: datetime) -> UnitOfWork:
        """The transaction as it would have been at a past moment."""
        return replace(self.uow, now=moment)

    def sources(self, entity: str, market: str, gfids: tuple[str, ...]) -> SenderCompRows:
        """The active SenderComps of these firms of an entity."""
        return select(SenderCompRow).where(
            col(SenderCompRow.entity_id) == self.entities[entity],
            col(SenderCompRow.market) == market,
            col(SenderCompRow.gfid).in_(gfids),
            col(SenderCompRow.status) == SenderCompStatus.ACTIVE.value,
        )

    def count(self, rows: SenderCompRows) -> int:
        """How many rows a query has."""
        return int(self.uow.tx.execute(select(func.count()).select_from(rows.subquery())).scalar_one())

    def note(self, at: datetime, person: str, action: str, subject: str, entity: str, **after: Any) -> None:
        """Remember an event for the audit trail. `person` may be the desk."""
        self.events.append(PastEvent(at, person, action, subject, entity, after))

    def audit(self) -> None:
        """Write every event that was noted, the oldest first."""
        for event in sorted(self.events, key=lambda event: event.at):
            uow = self.at(event.at).by(self._actor(event.person))
            uow.record(event.action, event.subject, entity=event.entity, after=event.after)

    def _actor(self, user_id: str) -> Actor:
        if user_id == DESK.user_id:
            return DESK
        row = self.people[user_id]
        return Actor(key_of(row.id), row.user_id, row.name)


def lay(uow: UnitOfWork) -> Ground:
    """Put firms, people, front ends and SenderComps into the store."""
    # A sandbox: every demo store is alike, its keys too.
    ground = Ground(uow, Random(facts.SEED))  # noqa: S311
    _add_firms(ground)
    _add_people(ground)
    _add_front_ends(ground)
    rows = list(_sender_comps(ground))
    uow.tx.connection().execute(insert(METADATA.tables["sender_comp"]), rows)
    return ground


def _add_firms(ground: Ground) -> None:
    for firm in facts.FIRMS:
        policy = Approvals.ALWAYS if firm.always_approves else Approvals.NEVER
        row = EntityRow(code=firm.code, name=firm.name, clearing_firm=firm.clearing_firm, approvals=policy.value)
        ground.uow.tx.add(row)
        ground.uow.tx.flush()
        ground.entities[firm.code] = key_of(row.id)


def _add_people(ground: Ground) -> None:
    for number, person in enumerate(facts.PEOPLE):
        domain = person.user_id.partition("-")[0] if "@" in person.roles else "desk"
        row = PersonRow(
            user_id=person.user_id,
            name=person.name,
            email=f"{person.user_id}@{domain}.example",
            # 555-01xx is set aside for fiction (North American Numbering Plan).
            mobile=f"+1 202 555 01{number + 10:02d}",
            created_at=ground.uow.now - _OLDEST,
        )
        ground.uow.tx.add(row)
        ground.uow.tx.flush()
        ground.people[person.user_id] = row
        ground.uow.tx.add_all(_entitlements(ground, row, person.roles))


def _entitlements(ground: Ground, person: PersonRow, roles: str) -> Iterator[EntitlementRow]:
    for held in roles.split():
        role, _, entity = held.partition("@")
        place = ground.entities[entity] if entity else None
        yield EntitlementRow(person_id=key_of(person.id), role=Role(role).value, entity_id=place)


def _add_front_ends(ground: Ground) -> None:
    ground.front_ends = [FrontEndRow(name=n, version=v, vendor=w) for n, v, w in facts.FRONT_ENDS]
    ground.uow.tx.add_all(ground.front_ends)
    ground.uow.tx.flush()
    for firm in facts.FIRMS:
        ground.uow.tx.add_all(
            FrontEndMappingRow(entity_id=ground.entities[firm.code], front_end_id=key_of(row.id))
            for row in ground.front_ends[firm.front_ends]
        )


def _sender_comps(ground: Ground) -> Iterator[Facts]:
    """Every SenderComp of every block; a Session ID belongs to one block of its market."""
    reserved = (facts.TARGET_LETTER, facts.MARKET_DATA_LETTER)
    usable = [name for name in session_ids() if not name.startswith(reserved)]
    free = {market: iter(ground.chance.sample(usable, k=4_000)) for market in facts.ORDER_ENTRY_SESSIONS}
    number = 0
    for block in facts.BLOCKS:
        for session_id, fti in _endings(free[block.market], block.count):
            number += 1
            yield _sender_comp(ground, block, session_id, fti, number)


def _endings(free: Iterator[str], count: int) -> Iterator[tuple[str, str]]:
    """Session IDs with indicators: mostly a primary with its backup, every fifth session on its own."""
    made = 0
    for number, session_id in enumerate(free):
        for fti in "U" if number % 5 == 4 else "PB":
            if made == count:
                return
            made += 1
            yield session_id, fti


def _sender_comp(ground: Ground, block: facts.BlockFact, session_id: str, fti: str, number: int) -> Facts:
    guaranteed = block.gfid == facts.GUARANTEED_GFID
    inactive = number % facts.INACTIVE_EVERY == 0
    return {
        "entity_id": ground.entities[block.entity],
        "market": block.market,
        "sender_comp_id": f"{session_id}{block.gfid}{fti}",
        "session_id": session_id,
        "gfid": block.gfid,
        "fti": fti,
        "gateway": block.gateway,
        "guarantor_id": ground.entities[facts.CLEARING_FIRM] if guaranteed else None,
        "status": (SenderCompStatus.INACTIVE if inactive else SenderCompStatus.ACTIVE).value,
    }

"""What the tests of services are made of: a store in a folder, a vault, a clock that stands still, people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from dropcopy_tui.clock import Clock, Entropy
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services.base import Means, entity_named, key_of
from dropcopy_tui.store.engine import Store, create_store
from dropcopy_tui.store.tables import EntitlementRow, EntityRow, PersonRow
from dropcopy_tui.store.vault import Vault

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


class FrozenClock(Clock):
    """Stands still until it is told to go on."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        self._now += by


def make_means(path: Path, now: datetime = NOW, sandbox: bool = True) -> Means:
    """A new store at the path, with everything a service needs."""
    create_store(path)
    return Means(
        store=Store(path),
        vault=Vault(b"\x01" * 32, "test-store"),
        clock=FrozenClock(now),
        entropy=Entropy(),
        settings=Settings(),
        sandbox=sandbox,
        environment="CERT",
    )


def add_entity(means: Means, code: str, clearing_firm: bool = False) -> int:
    """An entity; its primary key."""
    with means.store.write() as session:
        row = EntityRow(code=code, name=f"{code} LLC", clearing_firm=clearing_firm)
        session.add(row)
        session.flush()
        return key_of(row.id)


def add_person(means: Means, user_id: str, *roles: Role, entity: str | None = None) -> Actor:
    """A person with these roles, at the entity or on the desk."""
    with means.store.write() as session:
        email = f"{user_id}@firm.example"
        person = PersonRow(user_id=user_id, name=user_id, email=email, created_at=means.clock.now())
        session.add(person)
        session.flush()
        for role in roles:
            place = None if role.desk_wide or entity is None else entity_named(session, entity).id
            session.add(EntitlementRow(person_id=key_of(person.id), role=role.value, entity_id=place))
        return Actor(key_of(person.id), user_id, person.name)

"""The unit of work: one transaction of one person, and what every change leaves behind in it.

A service opens it by `_reading(actor)` or `_writing(actor)` and hands it to its helpers as their one parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from dropcopy_tui.domain.errors import NotEntitled, NotFound
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services import rights
from dropcopy_tui.services.base import Resources, entity_named, key_of
from dropcopy_tui.services.views import Facts
from dropcopy_tui.store.chain import append
from dropcopy_tui.store.engine import WITNESS
from dropcopy_tui.store.gate import PATIENCE
from dropcopy_tui.store.tables import AuditRow, EntityRow, NoticeRow, OutboxRow, PersonRow

# Where a transaction keeps its moment, and the events that are later than it.
NOW, _LATER = "now", "later events"


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """An open transaction (`tx`), who acts in it, and the one moment at which all of it happens (`now`)."""

    tx: Session
    actor: Actor
    resources: Resources
    now: datetime

    @property
    def settings(self) -> Settings:
        """The settings of the desk."""
        return self.resources.settings

    def by(self, actor: Actor) -> UnitOfWork:
        """The same transaction in another name, such as the desk's own."""
        return replace(self, actor=actor)

    def record(
        self,
        action: str,
        subject: str,
        *,
        entity: str | None = None,
        before: Facts | None = None,
        after: Facts | None = None,
    ) -> None:
        """Write an audit event (rule P4), sealed and chained to the last one. Values must be JSON, and never a secret.

        Raises MasterKeyMissing, TrailBroken.
        """
        # What the change breaks, it breaks before it is in the trail.
        self.tx.flush()
        facts = {
            "at": self.now,
            "person": self.actor.user_id,
            "origin": self.actor.origin,
            "action": action,
            "entity": entity,
            "subject": subject,
            "before": dict(before or {}),
            "after": dict(after or {}),
        }
        self.tx.info[WITNESS] = append(self.tx, self.resources.vault, facts)

    def tell(self, person: PersonRow, subject: str, body: str, request_id: int | None = None) -> None:
        """Tell a person by a notice in the application and by email (rule Q6)."""
        about = request_id or 0
        notice = NoticeRow(person_id=key_of(person.id), text=subject, request_id=request_id, about=about, at=self.now)
        self.tx.add(notice)
        self.tx.add(
            OutboxRow(
                channel="email",
                person_id=person.id,
                recipient=person.email,
                subject=subject,
                body=body,
                state=self.resources.email_state,
                created_at=self.now,
            )
        )

    def require(self, allowed: Iterable[Role], entity: EntityRow | None = None) -> None:
        """Continue only if the person has one of the roles. Raises NotEntitled saying which would do."""
        rights.require(self.tx, self.actor, allowed, entity)

    def require_view(self, entity: EntityRow) -> None:
        """Continue only if the person may see the entity. Raises NotFound: what may not be seen does not exist."""
        rights.require_view(self.tx, self.actor, entity)

    def entity(self, code: str, allowed: Iterable[Role] | None = None) -> EntityRow:
        """The entity with this code, if the person may see it, or has one of the roles there.

        Raises:
            NotFound: the entity does not exist, or the person has no access to it.
            NotEntitled: a role is asked for that the person does not have there.
        """
        row = entity_named(self.tx, code)
        if allowed is None:
            self.require_view(row)
        else:
            self.require(allowed, row)
        return row

    def roles_at(self, entity_id: int | None) -> frozenset[Role]:
        """The roles that the person holds on the desk and at the entity; none when disabled."""
        return rights.roles_of(self.tx, self.actor, entity_id)

    def entities_with(self, roles: Iterable[Role]) -> frozenset[int]:
        """The primary keys of the entities at which the person has one of the roles; none when disabled."""
        return frozenset(map(key_of, self.tx.execute(rights.entities_of(self.actor, roles)).scalars()))

    def visible_entities(self) -> list[EntityRow]:
        """The entities that the person may see, by name."""
        return rights.visible_entities(self.tx, self.actor)

    def visible_ids(self) -> list[int]:
        """The primary keys of the entities that the person may see."""
        return rights.visible_ids(self.tx, self.actor)


class Service:
    """A noun of the desk; its public methods are the verbs, and each takes the actor first."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._settings = resources.settings

    def _reading(self, actor: Actor) -> AbstractContextManager[UnitOfWork]:
        return reading(self._resources, actor)

    def _writing(self, actor: Actor, patience: float = PATIENCE) -> AbstractContextManager[UnitOfWork]:
        return writing(self._resources, actor, patience)

    def _trying(self, actor: Actor) -> AbstractContextManager[UnitOfWork]:
        return trying(self._resources, actor)

    def _now(self) -> datetime:
        return self._resources.clock.now()


@contextmanager
def reading(resources: Resources, actor: Actor) -> Iterator[UnitOfWork]:
    """Open a read transaction. A missing right is recorded as an event (rule P4)."""
    with _refusals_recorded(resources, actor), resources.store.read() as tx:
        rights.require_present(tx, actor)
        yield _unit(tx, actor, resources)


@contextmanager
def writing(resources: Resources, actor: Actor, patience: float = PATIENCE) -> Iterator[UnitOfWork]:
    """Open a write transaction. A missing right is recorded as an event of its own (rule P4).

    The moment is taken inside the gate, so that the events of the audit trail are in the order of their times.
    Raises MasterKeyMissing: no change goes unrecorded.
    """
    resources.vault.require_open()
    with _refusals_recorded(resources, actor), resources.store.write(actor.user_id, patience) as tx:
        rights.require_present(tx, actor)
        yield _unit(tx, actor, resources)


def _unit(tx: Session, actor: Actor, resources: Resources) -> UnitOfWork:
    """The one place where a service learns what time it is."""
    now = tx.info[NOW] = resources.clock.now()
    tx.info.pop(_LATER, None)
    return UnitOfWork(tx, actor, resources, now)


@contextmanager
def trying(resources: Resources, actor: Actor) -> Iterator[UnitOfWork]:
    """Open a write transaction to see what a change would do: whatever is written in it is undone."""
    with writing(resources, actor) as uow:
        trial = uow.tx.begin_nested()
        try:
            yield uow
        finally:
            trial.rollback()


@contextmanager
def _refusals_recorded(resources: Resources, actor: Actor) -> Iterator[None]:
    try:
        yield
    except NotEntitled as refusal:
        # The refused transaction was rolled back: the event has one of its own.
        with resources.store.write() as tx:
            uow = _unit(tx, actor, resources)
            uow.record("person:refused", actor.user_id, after={"why": refusal.message})
        raise


def last_event(uow: UnitOfWork) -> int:
    """The primary key of the last audit event, 0 before the first."""
    return uow.tx.exec(select(AuditRow.id).order_by(col(AuditRow.id).desc()).limit(1)).first() or 0


def was_later(tx: Session, after_event: int | None, moment: datetime) -> bool:
    """Whether an event after that one says that it was this late already, though the clock went back since.

    What has a life of its own, such as a code or a key pair, is over then for good: every service that asks whether
    something is still valid asks this as well. Events from before it do not count: a clock that was ahead once does not
    end what is begun when it is right again. None stands for what an earlier version began.
    """
    # Where the clock is right, no event is later than it: that is known from one look into the index.
    if not (peaks := _later_events(tx)):
        return False
    after = _first_known(tx) if after_event is None else after_event
    return any(event > after and at >= moment for event, at in peaks)


def _later_events(tx: Session) -> list[tuple[int, datetime]]:
    """The events that are later than the clock, each the latest of those that follow the one before in this list."""
    known: list[tuple[int, datetime]] | None = tx.info.get(_LATER)
    if known is not None:
        return known
    found: list[tuple[int, datetime]] = []
    if (now := tx.info.get(NOW)) is not None:
        rows = select(AuditRow.id, AuditRow.at).where(col(AuditRow.at) > now)
        latest = rows.order_by(col(AuditRow.at).desc(), col(AuditRow.id).desc()).limit(1)
        while (row := tx.exec(latest.where(col(AuditRow.id) > (found[-1][0] if found else 0))).first()) is not None:
            found.append((row[0] or 0, row[1]))
    tx.info[_LATER] = found
    return found


def _first_known(tx: Session) -> int:
    """The event since which the state of each row is in the trail; 0 where it always was."""
    first = select(AuditRow.id).where(col(AuditRow.action).in_(("audit:sealed", "audit:rows_stated")))
    return tx.exec(first.order_by(col(AuditRow.id).desc()).limit(1)).first() or 0


def person_row(uow: UnitOfWork) -> PersonRow:
    """The row of the person who acts. Raises NotFound when the person is gone."""
    row = uow.tx.get(PersonRow, uow.actor.person_id)
    if row is None:
        raise NotFound(f"{uow.actor.user_id} is no longer an account here. Sign in again.")
    return row

"""The audit trail: read, and proven whole (rule P4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.pages import Ask, Page
from dropcopy_tui.domain.people import MAY_AUDIT, Actor
from dropcopy_tui.services.base import Service, key_of
from dropcopy_tui.services.rights import require
from dropcopy_tui.services.trail import FIRST_DIGEST, digest_of, reading
from dropcopy_tui.store.paging import Listing, fetch
from dropcopy_tui.store.tables import AuditRow


@dataclass(frozen=True, slots=True)
class Event:
    """One audit event."""

    id: int
    at: datetime
    person: str
    origin: str
    action: str
    entity: str | None
    subject: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verified:
    """Whether every event stands as it was written; `first_bad` is the first that does not."""

    valid: bool
    events: int
    first_bad: int | None


class Audit(Service):
    """The audit trail, for auditors and operations."""

    def page(self, actor: Actor, ask: Ask) -> Page[Event]:
        """Events, the newest first. Raises NotEntitled."""
        with reading(self._means, actor) as session:
            require(session, actor, MAY_AUDIT)
            rows = Listing(
                select(AuditRow),
                {
                    "id": col(AuditRow.id),
                    "person": col(AuditRow.person),
                    "action": col(AuditRow.action),
                    "subject": col(AuditRow.subject),
                },
                col(AuditRow.id),
                (col(AuditRow.person), col(AuditRow.action), col(AuditRow.subject), col(AuditRow.origin)),
                newest_first=True,
            )
            return fetch(session, rows, ask, lambda row: _event(row[0]))

    def verify(self, actor: Actor) -> Verified:
        """Recompute the chain of digests from the first event on. Raises NotEntitled."""
        with reading(self._means, actor) as session:
            require(session, actor, MAY_AUDIT)
            previous, count = FIRST_DIGEST, 0
            rows = session.execute(select(AuditRow).order_by(col(AuditRow.id))).scalars()
            for row in rows.yield_per(1_000):
                count += 1
                if digest_of(row, previous) != row.digest:
                    return Verified(False, count, row.id)
                previous = row.digest
            return Verified(True, count, None)


def _event(row: AuditRow) -> Event:
    return Event(
        key_of(row.id),
        row.at,
        row.person,
        row.origin,
        row.action,
        row.entity,
        row.subject,
        row.before,
        row.after,
    )

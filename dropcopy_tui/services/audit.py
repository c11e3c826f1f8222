"""The audit trail: read, narrowed, and proven whole (rule P4)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, String, cast, func, select
from sqlalchemy.orm import Mapped
from sqlmodel import and_, col, or_

from dropcopy_tui.domain.actions import ACTIONS
from dropcopy_tui.domain.anchors import TrailAnchor
from dropcopy_tui.domain.errors import StoreUnusable
from dropcopy_tui.domain.names import name_key
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import MAY_AUDIT, Actor
from dropcopy_tui.services.source_sets import altered_sets
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.services.views import Facts
from dropcopy_tui.store.chain_check import ChainCheck, check_chain, named
from dropcopy_tui.store.damage import UNREADABLE
from dropcopy_tui.store.paging import Dated, Listing, Worded, fetch
from dropcopy_tui.store.proofs import altered_rows, prover_in
from dropcopy_tui.store.tables import AuditRow, GroupRow, KeyPairRow, RequestRow, SessionRow


class Event(NamedTuple):
    """One audit event; an export has millions, and a tuple is made in a fifth of the time."""

    id: int
    at: datetime
    person: str
    origin: str
    action: str
    entity: str | None
    subject: str
    before: Facts
    after: Facts


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which events are wanted; what is empty does not narrow.

    Attributes:
        person: a user id.
        group: a group's name: its own events, its requests', its sessions' set-up.
        session: a Session ID: its own events and those of its key pairs.
        since: the first moment.
        until: the first moment that is too late.
        kind: an action such as `keypair:generated`, or its noun: `keypair`.
    """

    person: str = ""
    group: str = ""
    session: str = ""
    since: datetime | None = None
    until: datetime | None = None
    kind: str = ""


ANY = AuditFilter()


class Audit(Service):
    """The audit trail, for auditors and operations."""

    def page(self, actor: Actor, ask: PageRequest, filters: AuditFilter = ANY) -> Page[Event]:
        """The events that the filter lets through, the newest first. Raises NotEntitled."""
        with self._reading(actor) as uow:
            uow.require(MAY_AUDIT)
            rows = Listing(
                # Columns, and no objects of the mapper: an export of a million events takes half the time.
                select(*(col(getattr(AuditRow, name)) for name in Event._fields)).where(*_conditions(uow, filters)),
                {
                    "id": col(AuditRow.id),
                    "person": col(AuditRow.person),
                    "action": col(AuditRow.action),
                    "subject": col(AuditRow.subject),
                },
                col(AuditRow.id),
                (
                    col(AuditRow.person),
                    Worded(col(AuditRow.action), ACTIONS),
                    col(AuditRow.subject),
                    col(AuditRow.origin),
                    func.coalesce(col(AuditRow.entity), ""),
                    Dated(col(AuditRow.at)),
                ),
                newest_first=True,
            )
            return fetch(uow.tx, rows, ask, lambda row: Event._make(row[: len(Event._fields)]))

    def kinds(self, actor: Actor) -> tuple[str, ...]:
        """Every action that the trail has, by name. Raises NotEntitled."""
        with self._reading(actor) as uow:
            uow.require(MAY_AUDIT)
            return tuple(_kinds(uow))

    def verify(self, actor: Actor, anchors: Iterable[TrailAnchor] = ()) -> ChainCheck:
        """Look through the whole trail, from its first event to its seal, and compare it with anchors of the store.

        Then through the rows that grant power: whether each is as the desk wrote it, and as it last did.

        Raises NotEntitled, MasterKeyMissing, StoreUnusable where rows of a damaged store cannot be read.
        """
        with self._reading(actor) as uow:
            uow.require(MAY_AUDIT)
            try:
                found = check_chain(uow.tx, self._resources.vault, anchors)
                prover = prover_in(uow.tx)
                altered = [*altered_sets(uow.tx)] + ([*altered_rows(uow.tx, prover)] if prover is not None else [])
            except UNREADABLE as error:
                raise StoreUnusable(
                    f"The trail cannot be verified: the store is damaged ({type(error).__name__}). Nothing was "
                    "changed. Look for the damage (dropcopy store check), and restore a backup."
                ) from error
        if not altered:
            return found
        why = f"Changed from outside the desk: {named(altered)}."
        rows = (*found.rows, *altered)
        return replace(found, valid=False, why=" ".join(filter(None, (found.why, why))), rows=rows)


def _kinds(uow: UnitOfWork) -> list[str]:
    """The actions of the trail, one look into the index each: the trail itself may be long."""
    found: list[str] = []
    action = col(AuditRow.action)
    while True:
        rows = select(func.min(action))
        following = uow.tx.execute(rows.where(action > found[-1]) if found else rows).scalar_one()
        if following is None:
            return found
        found.append(following)


def _conditions(uow: UnitOfWork, wanted: AuditFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.person:
        found.append(col(AuditRow.person) == wanted.person.lower())
    if wanted.kind:
        kind = wanted.kind.lower().rstrip(":")
        kinds = [name for name in _kinds(uow) if name == kind or name.startswith(f"{kind}:")]
        found.append(col(AuditRow.action).in_(kinds))
    if wanted.since is not None:
        found.append(col(AuditRow.at) >= wanted.since)
    if wanted.until is not None:
        found.append(col(AuditRow.at) < wanted.until)
    if wanted.session:
        found.append(_of_session(uow, wanted.session.upper()))
    if wanted.group:
        found.append(_of_group(uow, wanted.group))
    return found


def _of_session(uow: UnitOfWork, session_id: str) -> ColumnElement[bool]:
    """Its own events, and those of several sessions or key pairs that name it or one of its pairs."""
    pairs = select(col(KeyPairRow.access_key_id)).join(SessionRow, col(SessionRow.id) == col(KeyPairRow.session_pk))
    keys = uow.tx.execute(pairs.where(col(SessionRow.session_id) == session_id)).scalars()
    named = [_names(name) for name in (session_id, *keys)]
    many = and_(col(AuditRow.action).in_(_of_nouns(uow, "keypair", "request")), or_(*named))
    return or_(col(AuditRow.subject) == session_id, many)


def _of_group(uow: UnitOfWork, group: str) -> ColumnElement[bool]:
    """Its own events, its requests', and those of its target sessions' set-up."""
    key = name_key(group)
    living = uow.tx.execute(select(col(GroupRow.name)).where(col(GroupRow.name_key) == key)).scalars()
    names = {group, *living}
    references = select(col(RequestRow.reference)).where(col(RequestRow.subject).in_(names))
    targets = and_(col(AuditRow.action).in_(_of_nouns(uow, "session")), or_(*(_says("group", name) for name in names)))
    return or_(col(AuditRow.subject).in_(names), col(AuditRow.subject).in_(references), targets)


def _of_nouns(uow: UnitOfWork, *nouns: str) -> list[str]:
    return [kind for kind in _kinds(uow) if kind.partition(":")[0] in nouns]


def _names(value: str) -> ColumnElement[bool]:
    """Whether the event's facts have this text among them."""
    return _has(col(AuditRow.after), json.dumps(value))


def _says(name: str, value: str) -> ColumnElement[bool]:
    """Whether the event's facts, before or after, have this value under this name."""
    said = f"{json.dumps(name)}: {json.dumps(value)}"
    return or_(_has(col(AuditRow.before), said), _has(col(AuditRow.after), said))


def _has(facts: Mapped[Facts], said: str) -> ColumnElement[bool]:
    """Whether the JSON as it is stored has this in it: twice as quick as with letter case aside."""
    return cast(facts, String).contains(said, autoescape=True)

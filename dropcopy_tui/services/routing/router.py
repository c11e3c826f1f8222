"""Which groups receive a message: the groups a person may see, and what each source is to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Select, select
from sqlmodel import col

from dropcopy_tui.domain.errors import InvalidValue, NotFound
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.markets import MARKETS, market_named
from dropcopy_tui.domain.names import name_key, several_named, shorten
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.routing import Reading
from dropcopy_tui.domain.sessions import SessionStatus
from dropcopy_tui.services.base import Resources, key_of
from dropcopy_tui.services.unit_of_work import UnitOfWork, reading
from dropcopy_tui.store.tables import (
    DraftRow,
    DraftSourceRow,
    EntityRow,
    GroupFilterRow,
    GroupRow,
    GroupSourceRow,
    SenderCompRow,
    SessionRow,
)

# A draft is not a group yet. One without sources copies whatever is chosen in its next step.
DRAFT_ID = 0
_CHUNK = 400
# Sources that are held; a log of a million sources costs no more.
_MOST_HELD = 20_000


@dataclass(frozen=True, slots=True)
class Receiver:
    """An existing group: what it copies, and to which target sessions."""

    id: int
    name: str
    entity: str
    market: str
    filters: frozenset[Filter]
    target_sessions: tuple[str, ...]

    @property
    def market_name(self) -> str:
        """The market in words; "" for a draft of none."""
        return market_named(self.market).name if self.market else ""


@dataclass(frozen=True, slots=True)
class Source:
    """What the desk knows of a SenderComp: its markets (none: unknown), and the groups that have it."""

    markets: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()


class Router:
    """The groups a person may see, and what each source is to them; sources are looked up as they occur.

    `draft` is the primary key of a draft that has sources of its own: the receiver `DRAFT_ID` copies those alone.
    """

    def __init__(
        self,
        resources: Resources,
        actor: Actor,
        entities: frozenset[int],
        receivers: Sequence[Receiver],
        draft: int | None = None,
    ) -> None:
        self._resources = resources
        self._actor = actor
        self._entities = entities
        self._draft = draft
        self.receivers = {receiver.id: receiver for receiver in receivers}
        self._sources: dict[str, Source] = {}

    def learn(self, readings: Iterable[Reading]) -> None:
        """Look the sources of these messages up together, as far as they are not known yet."""
        if len(self._sources) > _MOST_HELD:
            self._sources = {}
        wanted = {reading.source for reading in readings if reading.source} - self._sources.keys()
        if not wanted:
            return
        names = sorted(wanted)
        with reading(self._resources, self._actor) as uow:
            for start in range(0, len(names), _CHUNK):
                self._learn(uow, names[start : start + _CHUNK])

    def _learn(self, uow: UnitOfWork, names: list[str]) -> dict[str, Source]:
        markets: dict[str, set[str]] = defaultdict(set)
        groups: dict[str, set[int]] = defaultdict(set)
        for row in uow.tx.execute(_of_sources(names)):
            if row.group_id in self.receivers:
                groups[row.sender_comp_id].add(row.group_id)
            if row.entity_id in self._entities or row.group_id in self.receivers:
                markets[row.sender_comp_id].add(row.market)
        if self._draft is not None:
            for name in uow.tx.execute(_of_draft(self._draft, names)).scalars():
                groups[name].add(DRAFT_ID)
        found = {name: Source(tuple(sorted(markets[name])), tuple(sorted(groups[name]))) for name in names}
        self._sources.update(found)
        return found

    def source(self, name: str) -> Source:
        """What is known of a source; one that was forgotten meanwhile is looked up again."""
        found = self._sources.get(name)
        if found is None and name:
            with reading(self._resources, self._actor) as uow:
                found = self._learn(uow, [name])[name]
        return found or Source()

    def groups(self, what: Reading) -> tuple[Receiver, ...]:
        """The groups that receive a copy of such a message."""
        if not what.filters:
            return ()
        having = [self.receivers[group_id] for group_id in self.source(what.source).groups]
        if DRAFT_ID in self.receivers and self._draft is None:
            having.append(self.receivers[DRAFT_ID])
        return tuple(group for group in having if not group.filters.isdisjoint(what.filters))

    def why_not(self, what: Reading, group: Receiver | None = None) -> str:
        """Why the group, or any group, receives no copy of such a message; "" where it does."""
        if what.reason:
            return what.reason
        receiving = self.groups(what)
        if receiving if group is None else group in receiving:
            return ""
        if not what.source:
            return "It has no source: tag 56 is missing."
        needed = " or ".join(kind.words for kind in what.filters)
        if group is None:
            return self._not_had(what.source) or f"No group that has this source has the filter {needed}."
        noun = _noun(group)
        return self._not_of(what.source, group) or f"The {noun} does not copy this type; required filter: {needed}."

    def _not_had(self, name: str) -> str:
        """Why no group has the source; "" where one has."""
        source = self.source(name)
        if not source.markets:
            return f"Unknown source: none of your entities has a SenderComp {shorten(name)}."
        return "" if source.groups else f"No group has {name} as a source."

    def _not_of(self, name: str, group: Receiver) -> str:
        """Why the source is not one of the group's; "" where it is. A draft without any takes all: they come later."""
        source = self.source(name)
        if group.id in source.groups or (group.id == DRAFT_ID and self._draft is None):
            return ""
        if not source.markets:
            return self._not_had(name)
        if group.market not in source.markets:
            theirs = " and ".join(market_named(market).name for market in source.markets)
            place = f"the {_noun(group)} is in {group.market_name}"
            return f"The market differs: {name} is a SenderComp of {theirs}, but {place}."
        return f"{name} is not a source of this {_noun(group)}."


def _noun(group: Receiver) -> str:
    return "draft" if group.id == DRAFT_ID else "group"


def _of_draft(draft: int, names: Sequence[str]) -> Select[str]:
    """Those of these SenderComps that a draft has as its sources."""
    return (
        select(col(SenderCompRow.sender_comp_id))
        .join(DraftSourceRow, col(DraftSourceRow.sender_comp_pk) == col(SenderCompRow.id))
        .where(col(DraftSourceRow.draft_id) == draft, col(SenderCompRow.sender_comp_id).in_(names))
    )


def _of_sources(names: Sequence[str]) -> Select[str, str, int, int]:
    """SenderComps by name in every market, each with the groups that have it. (The index begins with the market.)"""
    return (
        select(
            col(SenderCompRow.sender_comp_id),
            col(SenderCompRow.market),
            col(SenderCompRow.entity_id),
            col(GroupSourceRow.group_id),
        )
        .outerjoin(GroupSourceRow, col(GroupSourceRow.sender_comp_pk) == col(SenderCompRow.id))
        .where(col(SenderCompRow.market).in_(list(MARKETS)))
        .where(col(SenderCompRow.sender_comp_id).in_(names))
    )


def receivers_of(uow: UnitOfWork, places: frozenset[int]) -> list[Receiver]:
    """The living groups of these entities, by name."""
    rows = uow.tx.execute(
        select(GroupRow, col(EntityRow.code))
        .join(EntityRow, col(EntityRow.id) == col(GroupRow.entity_id))
        .where(col(GroupRow.entity_id).in_(places), col(GroupRow.deleted_at).is_(None))
        .order_by(col(GroupRow.name_key), col(GroupRow.id))
    ).all()
    filters: dict[int, set[Filter]] = defaultdict(set)
    # Whole rows: one that was changed from outside the desk is refused.
    for (chosen,) in uow.tx.execute(
        select(GroupFilterRow)
        .join(GroupRow, col(GroupRow.id) == col(GroupFilterRow.group_id))
        .where(col(GroupRow.entity_id).in_(places), col(GroupRow.deleted_at).is_(None))
    ):
        filters[chosen.group_id].add(Filter(chosen.filter))
    targets: dict[int, list[str]] = defaultdict(list)
    for (target,) in uow.tx.execute(
        select(SessionRow)
        .where(col(SessionRow.entity_id).in_(places), col(SessionRow.group_id).is_not(None))
        .where(col(SessionRow.status) == SessionStatus.ACTIVE.value)
        .order_by(col(SessionRow.session_id))
    ):
        targets[target.group_id or 0].append(target.session_id)
    found = []
    for row, entity in rows:
        pk = key_of(row.id)
        found.append(Receiver(pk, row.name, entity, row.market, frozenset(filters[pk]), tuple(targets[pk])))
    return found


def receiver_named(receivers: Sequence[Receiver], group: str) -> Receiver:
    """The group with this name, or with this id where none is named so. Raises NotFound, InvalidValue."""
    key = name_key(group)
    named = [receiver for receiver in receivers if name_key(receiver.name) == key]
    named = named or [receiver for receiver in receivers if str(receiver.id) == group]
    if not named:
        raise NotFound(f"Group {shorten(group)!r} does not exist, or you have no access to it.")
    if len(named) > 1:
        raise InvalidValue(several_named(group, [receiver.entity for receiver in named]))
    return named[0]


def receiver_of(uow: UnitOfWork, draft: DraftRow, receivers: Sequence[Receiver]) -> Receiver:
    """A draft as a group would receive: with its own filters, and the target sessions of the group that it edits."""
    edited = next((receiver for receiver in receivers if receiver.id == draft.group_id), None)
    entity = uow.tx.get(EntityRow, draft.entity_id) if draft.entity_id is not None else None
    filters = frozenset(Filter(name) for name in draft.filters) | uow.settings.mandatory_filters
    targets = edited.target_sessions if edited is not None else ()
    name = draft.name or "this draft"
    return Receiver(DRAFT_ID, name, entity.code if entity else "", draft.market, filters, targets)


def has_sources(uow: UnitOfWork, draft: DraftRow) -> bool:
    """Whether the draft has any source yet."""
    held = select(col(DraftSourceRow.sender_comp_pk)).where(col(DraftSourceRow.draft_id) == draft.id)
    return uow.tx.execute(held.limit(1)).first() is not None


def with_draft(receivers: Sequence[Receiver], filters: frozenset[Filter], about: int | None) -> list[Receiver]:
    """The groups, with a draft's filters instead of those of the group it edits, or with the draft as one more."""
    if about is None:
        return [*receivers, Receiver(DRAFT_ID, "this draft", "", "", filters, ())]
    return [replace(receiver, filters=filters) if receiver.id == about else receiver for receiver in receivers]

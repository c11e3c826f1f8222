"""Who gets this? The groups, target sessions and key pairs that receive the messages of a SenderComp or a firm."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlmodel import col

from dropcopy_tui.domain.errors import InvalidValue, NotFound
from dropcopy_tui.domain.filters import Filter, in_order
from dropcopy_tui.domain.fix_log import FixLog, LogMessage
from dropcopy_tui.domain.markets import MARKETS
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.routing import read
from dropcopy_tui.domain.sessions import SessionStatus
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.sessions.sessions import session_rows, views
from dropcopy_tui.services.source_sets import SenderCompRows
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.services.views import SessionView
from dropcopy_tui.store.tables import EntityRow, GroupFilterRow, GroupRow, GroupSourceRow, SenderCompRow, SessionRow


@dataclass(frozen=True, slots=True)
class ReceivingGroup:
    """A group that has the source: `sources` counts the SenderComps asked about that it has."""

    id: int
    name: str
    entity: str
    market: str
    filters: tuple[Filter, ...]
    sources: int
    sessions: tuple[SessionView, ...]


@dataclass(frozen=True, slots=True)
class Reception:
    """Who receives it.

    Attributes:
        asked: the SenderComp, the Globex Firm, or the source of the message.
        sender_comps: how many SenderComps that is.
        groups: the groups that receive it, by name.
        kind: what the message is, in words; "" without a message.
        filters: the filters that match the message.
        why_not: why no group receives it; "" where one does.
    """

    asked: str
    sender_comps: int
    groups: tuple[ReceivingGroup, ...]
    kind: str = ""
    filters: tuple[Filter, ...] = ()
    why_not: str = ""


class Receivers(Service):
    """Which of the groups that a person may see receive something."""

    def of_sender_comp(self, actor: Actor, sender_comp_id: str) -> Reception:
        """Who receives the messages of a SenderComp, of any kind. Raises NotFound."""
        name = sender_comp_id.strip().upper()
        with self._reading(actor) as uow:
            found = _reception(uow, name, col(SenderCompRow.sender_comp_id) == name)
        if not found.sender_comps:
            raise NotFound(f"SenderComp {shorten(name)!r} does not exist, or you have no access to it.")
        return found

    def of_firm(self, actor: Actor, gfid: str) -> Reception:
        """Who receives the messages of the SenderComps of a Globex Firm. Raises NotFound."""
        name = gfid.strip().upper()
        with self._reading(actor) as uow:
            found = _reception(uow, name, col(SenderCompRow.gfid) == name)
        if not found.sender_comps:
            raise NotFound(f"Globex Firm {shorten(name)!r} has no SenderComp, or you have no access to it.")
        return found

    def of_message(self, actor: Actor, raw: bytes) -> Reception:
        """Who receives a copy of one FIX message, or of the original in a copy.

        Raises:
            InvalidValue: it is not one FIX message.
            NotFound: its source does not exist, or may not be seen.
        """
        what = read(_only_message(raw))
        if not what.filters or not what.source:
            reason = what.reason or "It names no source: tag 56 is missing."
            return Reception(what.source, 0, (), what.kind.words, what.filters, reason)
        every = self.of_sender_comp(actor, what.source)
        wanted = frozenset(what.filters)
        groups = tuple(group for group in every.groups if not wanted.isdisjoint(group.filters))
        why_not = every.why_not
        if every.groups and not groups:
            words = " or ".join(kind.words for kind in what.filters)
            why_not = f"No group that has this source has the filter {words}."
        return replace(every, groups=groups, kind=what.kind.words, filters=what.filters, why_not=why_not)


def _only_message(raw: bytes) -> LogMessage:
    messages = list(FixLog((raw,)))
    if not messages:
        raise InvalidValue("This is not a FIX message: no 8=FIX at the start of a field was found.", "message")
    if len(messages) > 1:
        raise InvalidValue(f"There are {len(messages):,} messages. Use dropcopy route for a FIX log.", "message")
    return messages[0]


def _reception(uow: UnitOfWork, asked: str, condition: ColumnElement[bool]) -> Reception:
    number = uow.tx.execute(_matching(uow, condition).with_only_columns(func.count())).scalar_one()
    found = uow.tx.execute(_by_group(_matching(uow, condition))).all()
    groups = _groups(uow, {row[0]: row[1] for row in found})
    why_not = "" if groups else f"No group that you have access to has {asked} as a source."
    return Reception(asked, number, groups, why_not=why_not)


def _matching(uow: UnitOfWork, condition: ColumnElement[bool]) -> SenderCompRows:
    """The SenderComps that match, of every market and of every entity that the person may see.

    Both are named, because the indexes begin with them: the answer takes as long as what is found, not as the store.
    """
    seen = col(SenderCompRow.entity_id).in_(uow.visible_ids())
    return select(SenderCompRow).where(col(SenderCompRow.market).in_(list(MARKETS)), seen, condition)


def _by_group(rows: SenderCompRows) -> Select[int, int]:
    """How many of the SenderComps each existing group has."""
    group_id = col(GroupSourceRow.group_id)
    return (
        rows.with_only_columns(group_id, func.count())
        .select_from(SenderCompRow)
        .join(GroupSourceRow, col(GroupSourceRow.sender_comp_pk) == col(SenderCompRow.id))
        .join(GroupRow, and_(col(GroupRow.id) == group_id, col(GroupRow.deleted_at).is_(None)))
        .group_by(group_id)
    )


def _groups(uow: UnitOfWork, counts: Mapping[int, int]) -> tuple[ReceivingGroup, ...]:
    """The groups with their filters, active target sessions and key pairs, as far as the person may see them."""
    rows = uow.tx.execute(
        select(GroupRow, col(EntityRow.code))
        .join(EntityRow, col(EntityRow.id) == col(GroupRow.entity_id))
        .where(col(GroupRow.id).in_(counts), col(GroupRow.entity_id).in_(uow.visible_ids()))
        .order_by(col(GroupRow.name_key), col(GroupRow.id))
    ).all()
    filters, sessions = _filters(uow, counts), _sessions(uow, counts)
    return tuple(
        ReceivingGroup(
            id=key_of(row.id),
            name=row.name,
            entity=entity,
            market=row.market,
            filters=in_order(filters[key_of(row.id)]),
            sources=counts[key_of(row.id)],
            sessions=tuple(sessions[key_of(row.id)]),
        )
        for row, entity in rows
    )


def _filters(uow: UnitOfWork, group_ids: Collection[int]) -> dict[int, list[Filter]]:
    found: dict[int, list[Filter]] = defaultdict(list)
    rows = select(GroupFilterRow).where(col(GroupFilterRow.group_id).in_(group_ids))
    for row in uow.tx.execute(rows).scalars():
        found[row.group_id].append(Filter(row.filter))
    return found


def _sessions(uow: UnitOfWork, group_ids: Collection[int]) -> dict[int, list[SessionView]]:
    active = col(SessionRow.status) == SessionStatus.ACTIVE.value
    rows = session_rows(col(SessionRow.group_id).in_(group_ids), active).order_by(col(SessionRow.session_id))
    found: dict[int, list[SessionView]] = defaultdict(list)
    for view in views(uow, uow.tx.execute(rows).all()):
        found[view.group_id or 0].append(view)
    return found

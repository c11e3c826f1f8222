"""What a group would contain, and every reason why it may not (rules G3 to G5, Q3, Q4)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, func, select

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.filters import Filter, complete_filters
from dropcopy_tui.domain.groups import FrontEnd, limit_problems
from dropcopy_tui.domain.markets import Gateway, market_named
from dropcopy_tui.domain.names import clean_name, name_key
from dropcopy_tui.domain.requests import Approvals
from dropcopy_tui.domain.sessions import SenderCompStatus
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.services.views import FirmCount
from dropcopy_tui.store.tables import (
    DraftRow,
    DraftSourceRow,
    EntityRow,
    FrontEndMappingRow,
    FrontEndRow,
    GroupRow,
    SenderCompRow,
)

# So many bad SenderComps of a request are named one by one.
_NAMED = 20


def problems(session: Session, draft: DraftRow, settings: Settings) -> list[str]:
    """Every reason why the draft cannot become a group now, in the order of the wizard's steps."""
    entity = session.get(EntityRow, draft.entity_id) if draft.entity_id else None
    if entity is None:
        return ["Choose a Registered Entity."]
    found = [*name_problems(session, draft, settings), *_front_end_problems(session, draft, entity)]
    try:
        complete_filters([Filter(name) for name in draft.filters], settings.mandatory_filters)
    except InvalidValue as error:
        found.append(error.message)
    return found + _source_problems(session, draft)


def name_problems(session: Session, draft: DraftRow, settings: Settings) -> list[str]:
    """Why the draft's name cannot be a group's name now (rule G3)."""
    try:
        name = clean_name(draft.name, "Group name", settings.group_name_length)
    except InvalidValue as error:
        return [error.message]
    if name_taken(session, draft.entity_id or 0, name, draft.group_id):
        return [f"The entity has a group named {name} already. Choose another name."]
    return []


def name_taken(session: Session, entity_id: int, name: str, besides: int | None = None) -> bool:
    """Whether a living group of the entity, `besides` this one, has this name (rule G3: letter case aside)."""
    rows = select(GroupRow.id).where(
        GroupRow.entity_id == entity_id,
        GroupRow.name_key == name_key(name),
        col(GroupRow.deleted_at).is_(None),
        col(GroupRow.id) != (besides or 0),
    )
    return session.exec(rows).first() is not None


def _front_end_problems(session: Session, draft: DraftRow, entity: EntityRow) -> list[str]:
    if draft.front_end_id is None:
        return ["Choose a front end system."]
    if session.get(FrontEndMappingRow, (entity.id, draft.front_end_id)) is None:
        return [f"The front end system is not mapped to {entity.code}. A user administrator can map it."]
    return []


def _source_problems(session: Session, draft: DraftRow) -> list[str]:
    market = market_named(draft.market)
    total = session.exec(
        select(func.count()).select_from(DraftSourceRow).where(DraftSourceRow.draft_id == draft.id)
    ).one()
    if not total:
        return ["Add at least one source SenderComp."]
    return _unusable_sources(session, draft) + limit_problems(market, by_gateway(session, draft))


def _unusable_sources(session: Session, draft: DraftRow) -> list[str]:
    """A reason for each of the first such SenderComps, and one that counts the others."""
    bad = draft_sources(draft).where(~_usable(draft))
    names = session.exec(bad.with_only_columns(col(SenderCompRow.sender_comp_id)).limit(_NAMED)).all()
    found = [f"SenderComp {name} is not an active SenderComp of this entity and market any more." for name in names]
    if len(names) == _NAMED:
        more = session.exec(bad.with_only_columns(func.count())).one() - _NAMED
        if more:
            found.append(f"The same holds for {more:,} more SenderComps.")
    return found


def _usable(draft: DraftRow) -> ColumnElement[bool]:
    return and_(
        col(SenderCompRow.status) == SenderCompStatus.ACTIVE.value,
        col(SenderCompRow.market) == draft.market,
        col(SenderCompRow.entity_id) == draft.entity_id,
    )


def draft_sources(draft: DraftRow) -> Any:
    """The SenderComps of a draft, open or submitted."""
    return (
        select(SenderCompRow)
        .join(DraftSourceRow, col(DraftSourceRow.sender_comp_pk) == SenderCompRow.id)
        .where(DraftSourceRow.draft_id == draft.id)
    )


def by_gateway(session: Session, draft: DraftRow) -> dict[Gateway, int]:
    """How many of the draft's sources each gateway kind has."""
    gateway = col(SenderCompRow.gateway)
    rows = session.execute(draft_sources(draft).with_only_columns(gateway, func.count()).group_by(gateway))
    return {Gateway(name): count for name, count in rows}


def by_firm(session: Session, draft: DraftRow) -> tuple[FirmCount, ...]:
    """How many of the draft's sources each Globex Firm has."""
    gfid = col(SenderCompRow.gfid)
    rows = session.execute(draft_sources(draft).with_only_columns(gfid, func.count()).group_by(gfid).order_by(gfid))
    return tuple(FirmCount(name, count) for name, count in rows)


def approvers(session: Session, draft: DraftRow) -> list[int]:
    """Rule Q3: the entities of which an administrative manager must approve, smallest key first."""
    guarantor = col(SenderCompRow.guarantor_id)
    rows = session.execute(
        draft_sources(draft)
        .with_only_columns(guarantor)
        .where(guarantor.is_not(None), guarantor != draft.entity_id)
        .distinct()
    )
    needed = {row[0] for row in rows}
    entity = session.get_one(EntityRow, draft.entity_id)
    if entity.approvals == Approvals.ALWAYS.value:
        needed.add(draft.entity_id)
    return sorted(needed)


def front_end_view(row: FrontEndRow) -> FrontEnd:
    """A front end system as the domain knows it."""
    return FrontEnd(row.id or 0, row.name, row.version, row.vendor)

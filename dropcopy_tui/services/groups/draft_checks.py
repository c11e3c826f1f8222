"""What a group would contain, and every reason why it may not (rules G3 to G5, Q3, Q4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import case
from sqlmodel import col, func, select

from dropcopy_tui.domain.errors import InvalidValue, RowAltered
from dropcopy_tui.domain.filters import Filter, complete_filters
from dropcopy_tui.domain.groups import limit_problems
from dropcopy_tui.domain.markets import Gateway, market_named
from dropcopy_tui.domain.names import clean_name, name_key
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.requests import Approvals
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.sendercomp_lists import usable_in
from dropcopy_tui.services.source_sets import draft_digest, empty, firm_counts, members, of_draft, size
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.services.views import FirmCount
from dropcopy_tui.store.dialect import listed
from dropcopy_tui.store.proofs import prover_in
from dropcopy_tui.store.tables import (
    DraftRow,
    EntityRow,
    FrontEndMappingRow,
    GroupRow,
    RequestRow,
    SenderCompRow,
)

# So many bad SenderComps of a request are named one by one.
_NAMED = 20


@dataclass(frozen=True, slots=True)
class SourceTally:
    """The sources of a draft, counted in one walk: a million of them are walked once, not once a question."""

    gateways: Mapping[Gateway, int]
    guarantors: frozenset[int]
    unusable: int

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(self.gateways.values())


def draft_size(uow: UnitOfWork, draft: DraftRow) -> int:
    """How many sources the draft has, usable or not."""
    return size(uow, of_draft(draft))


def empty_draft(uow: UnitOfWork, draft: DraftRow) -> None:
    """Take every source out of the draft."""
    empty(uow, of_draft(draft))


def tally(uow: UnitOfWork, draft: DraftRow) -> SourceTally:
    """Count the draft's sources by gateway kind, and see who guarantees them. Nothing is sorted: half a second."""
    usable, *kinds = (
        func.coalesce(func.sum(case((what, 1), else_=0)), 0)
        for what in (usable_in(draft), *(col(SenderCompRow.gateway) == kind.value for kind in Gateway))
    )
    guarantors = listed(col(SenderCompRow.guarantor_id))
    counted = members(of_draft(draft)).with_only_columns(usable, guarantors, *kinds)
    good, by, *counts = uow.tx.execute(counted).one()
    found = {int(pk) for pk in by.split(",")} if by else set()
    return SourceTally(
        gateways={kind: count for kind, count in zip(Gateway, counts, strict=True) if count},
        guarantors=frozenset(found - {draft.entity_id}),
        unusable=sum(counts) - good,
    )


def require_submitted(uow: UnitOfWork, draft: DraftRow, request: RequestRow) -> None:
    """Continue only with a draft that is as it was submitted. Raises RowAltered."""
    if prover_in(uow.tx) is not None and request.draft_digest != draft_digest(uow.tx, draft):
        raise RowAltered(
            f"What request {request.reference} asks for was changed from outside the desk and is not used. Nothing was "
            "changed. Operations can look for the cause: dropcopy store check"
        )


def firms(uow: UnitOfWork, draft: DraftRow) -> tuple[FirmCount, ...]:
    """How many sources each Globex Firm has in the draft, by its name."""
    return firm_counts(uow, of_draft(draft))


def problems(uow: UnitOfWork, draft: DraftRow, counted: SourceTally | None = None) -> list[str]:
    """Every reason why the draft cannot become a group now, in the order of the wizard's steps."""
    entity = uow.tx.get(EntityRow, draft.entity_id) if draft.entity_id else None
    if entity is None:
        return ["Select a Registered Entity."]
    found = [*name_problems(uow, draft), *_front_end_problems(uow, draft, entity)]
    try:
        complete_filters([Filter(name) for name in draft.filters], uow.settings.mandatory_filters)
    except InvalidValue as error:
        found.append(error.message)
    return found + _source_problems(uow, draft, counted or tally(uow, draft))


def name_problems(uow: UnitOfWork, draft: DraftRow) -> list[str]:
    """Why the draft's name cannot be a group's name now (rule G3)."""
    try:
        name = clean_name(draft.name, "Group name", uow.settings.group_name_length)
    except InvalidValue as error:
        return [error.message]
    if name_taken(uow, draft.entity_id or 0, name, draft.group_id):
        return [f"The entity already has a group named {name}. Use another name."]
    return []


def name_taken(uow: UnitOfWork, entity_id: int, name: str, besides: int | None = None) -> bool:
    """Whether an existing group of the entity, `besides` this one, has this name (rule G3: letter case aside)."""
    rows = select(GroupRow.id).where(
        GroupRow.entity_id == entity_id,
        GroupRow.name_key == name_key(name),
        col(GroupRow.deleted_at).is_(None),
        col(GroupRow.id) != (besides or 0),
    )
    return uow.tx.exec(rows).first() is not None


def _front_end_problems(uow: UnitOfWork, draft: DraftRow, entity: EntityRow) -> list[str]:
    if draft.front_end_id is None:
        return ["Select a front end system."]
    if uow.tx.get(FrontEndMappingRow, (entity.id, draft.front_end_id)) is None:
        return [f"The front end system is not mapped to {entity.code}. A user administrator can map it."]
    return []


def _source_problems(uow: UnitOfWork, draft: DraftRow, counted: SourceTally) -> list[str]:
    if not counted.total:
        return ["Add at least one source SenderComp."]
    found = _unusable_sources(uow, draft, counted.unusable) if counted.unusable else []
    return found + limit_problems(market_named(draft.market), counted.gateways)


def _unusable_sources(uow: UnitOfWork, draft: DraftRow, count: int) -> list[str]:
    """A reason for each of the first such SenderComps, and one that counts the others."""
    bad = members(of_draft(draft), ~usable_in(draft))
    names = uow.tx.execute(bad.with_only_columns(col(SenderCompRow.sender_comp_id)).limit(_NAMED)).scalars().all()
    found = [f"SenderComp {name} is no longer an active SenderComp of this entity and market." for name in names]
    if count > len(names):
        found.append(f"The same applies to {plural(count - len(names), 'more SenderComp')}.")
    return found


def approvers(uow: UnitOfWork, draft: DraftRow, counted: SourceTally) -> list[int]:
    """Rule Q3: the entities of which an administrative manager must approve, smallest key first."""
    needed = set(counted.guarantors)
    entity = uow.tx.get_one(EntityRow, draft.entity_id)
    if entity.approvals == Approvals.ALWAYS.value:
        needed.add(key_of(entity.id))
    return sorted(needed)

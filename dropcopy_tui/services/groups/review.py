"""What submitting a draft would do: for the last step of the wizard, and for a dry run."""

from __future__ import annotations

from sqlalchemy import select
from sqlmodel import col, func

from dropcopy_tui.domain.filters import Filter, in_order
from dropcopy_tui.domain.groups import FeeNotice, gateways_needed
from dropcopy_tui.domain.markets import Gateway, market_named
from dropcopy_tui.domain.sessions import SessionStatus
from dropcopy_tui.services.groups import changes, draft_checks
from dropcopy_tui.services.groups.draft_views import draft_view
from dropcopy_tui.services.requests.batches import due_at, effective_words
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.services.views import Review
from dropcopy_tui.store.tables import DraftRow, EntityRow, GroupRow, SessionRow


def review_of(uow: UnitOfWork, draft: DraftRow) -> Review:
    """What submitting would ask for, and every problem that stands against it."""
    counted = draft_checks.tally(uow, draft)
    found = draft_checks.problems(uow, draft, counted)
    group = changes.edited_group(uow, draft)
    codes = _approvers(uow, draft, counted)
    needed = gateways_needed(market_named(draft.market), counted.gateways)
    there = _target_gateways(uow, group) if group else frozenset()
    chosen = {Filter(name) for name in draft.filters} | uow.settings.mandatory_filters
    return Review(
        draft=draft_view(uow, draft),
        filters=in_order(chosen),
        # An edit shows what it adds and removes instead.
        firms=() if draft.group_id else draft_checks.firms(uow, draft),
        gateways=needed,
        approval_of=codes,
        fee="" if draft.group_id else fee_of(uow, draft.entity_id or 0).sentence,
        problems=tuple(found),
        changes=changes.changes_of(uow, draft, group) if group else None,
        new_targets=tuple(gateway for gateway in needed if gateway not in there),
        effective=effective_words(draft.market, uow.settings, uow.now, waits=bool(codes)),
        effective_at=None if codes else due_at(draft.market, uow.settings, uow.now),
    )


def fee_of(uow: UnitOfWork, entity_id: int) -> FeeNotice:
    """Rule G1: how many groups the entity has, and what another costs."""
    rows = select(func.count()).select_from(GroupRow)
    mine = rows.where(col(GroupRow.entity_id) == entity_id, col(GroupRow.deleted_at).is_(None))
    return FeeNotice(uow.tx.execute(mine).scalar_one(), uow.settings.fee)


def _approvers(uow: UnitOfWork, draft: DraftRow, counted: draft_checks.SourceTally) -> tuple[str, ...]:
    """The codes of the entities that must approve (rule Q3)."""
    if not draft.entity_id:
        return ()
    return tuple(uow.tx.get_one(EntityRow, pk).code for pk in draft_checks.approvers(uow, draft, counted))


def _target_gateways(uow: UnitOfWork, group: GroupRow) -> frozenset[Gateway]:
    """The gateway kinds for which the group has a target session."""
    rows = select(SessionRow).where(
        col(SessionRow.group_id) == group.id, col(SessionRow.status) == SessionStatus.ACTIVE.value
    )
    return frozenset(Gateway(row.gateway) for row in uow.tx.execute(rows).scalars())

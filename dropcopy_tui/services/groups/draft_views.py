"""A draft as the wizard and the command line show it."""

from __future__ import annotations

from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.groups import changes, draft_checks
from dropcopy_tui.services.groups.front_ends import front_end_view
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.services.views import DraftView
from dropcopy_tui.store.tables import DraftRow, EntityRow, FrontEndRow, GroupRow


def draft_view(uow: UnitOfWork, row: DraftRow) -> DraftView:
    """The draft as the wizard shows it."""
    entity = uow.tx.get(EntityRow, row.entity_id) if row.entity_id else None
    front_end = uow.tx.get(FrontEndRow, row.front_end_id) if row.front_end_id else None
    group = uow.tx.get(GroupRow, row.group_id) if row.group_id else None
    return DraftView(
        id=key_of(row.id),
        version=row.version,
        market=row.market,
        market_name=market_named(row.market).name,
        entity=entity.code if entity else "",
        entity_name=entity.name if entity else "",
        name=row.name,
        front_end=front_end_view(front_end) if front_end else None,
        filters=tuple(Filter(name) for name in row.filters),
        step=row.step,
        sources=draft_checks.draft_size(uow, row),
        updated_at=row.updated_at,
        group_id=row.group_id,
        base_version=row.base_version,
        group=group.name if group else "",
        gone=changes.gone_words(uow, row),
    )

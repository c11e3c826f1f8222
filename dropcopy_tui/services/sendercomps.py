"""Source SenderComps of an entity, as pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlmodel import col

from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.base import entity_named
from dropcopy_tui.services.unit_of_work import Service
from dropcopy_tui.services.views import SenderCompView
from dropcopy_tui.store.paging import Listing, fetch
from dropcopy_tui.store.tables import SenderCompRow

SEARCHED = (col(SenderCompRow.sender_comp_id),)


class SenderComps(Service):
    """The SenderComps that a person may see."""

    def page(
        self, actor: Actor, entity: str, ask: PageRequest, market: str = "", gfid: str = ""
    ) -> Page[SenderCompView]:
        """A page of an entity's SenderComps. Raises NotFound."""
        with self._reading(actor) as uow:
            place = entity_named(uow.tx, entity)
            uow.require_view(place)
            rows = select(SenderCompRow).where(col(SenderCompRow.entity_id) == place.id)
            if market:
                rows = rows.where(col(SenderCompRow.market) == market_named(market).code)
            if gfid:
                rows = rows.where(col(SenderCompRow.gfid) == gfid)
            return fetch(uow.tx, listing(rows), ask, sender_comp_view)


def listing(rows: Select[Any]) -> Listing:
    """Any choice of SenderComps as a list that can be paged."""
    return Listing(
        rows=rows.with_only_columns(
            col(SenderCompRow.id),
            col(SenderCompRow.sender_comp_id),
            col(SenderCompRow.session_id),
            col(SenderCompRow.gfid),
            col(SenderCompRow.fti),
            col(SenderCompRow.gateway),
            col(SenderCompRow.status),
        ),
        orders={
            "sender_comp_id": col(SenderCompRow.sender_comp_id),
            "gfid": col(SenderCompRow.gfid),
            "session_id": col(SenderCompRow.session_id),
        },
        tie=col(SenderCompRow.id),
        searched=SEARCHED,
    )


def sender_comp_view(row: Any) -> SenderCompView:
    """A database row as a view."""
    return SenderCompView(row.id, row.sender_comp_id, row.session_id, row.gfid, row.fti, row.gateway, row.status)

"""Source SenderComps: those of an entity, and those of them that no group copies."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.sendercomp_lists import Place, listing, sender_comp_view
from dropcopy_tui.services.spare import uncovered, uncovered_view
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.services.views import SenderCompView
from dropcopy_tui.store.paging import fetch
from dropcopy_tui.store.tables import SenderCompRow


class SenderComps(Service):
    """The SenderComps that a person may see."""

    def page(
        self, actor: Actor, entity: str, ask: PageRequest, market: str = "", gfid: str = ""
    ) -> Page[SenderCompView]:
        """A page of an entity's SenderComps. Raises NotFound."""
        with self._reading(actor) as uow:
            place = _place(uow, entity, market, gfid)
            listed = replace(listing(select(SenderCompRow).where(*place.here), place), outline=place.outline)
            return fetch(uow.tx, listed, ask, sender_comp_view)

    def coverage(
        self, actor: Actor, entity: str, ask: PageRequest, market: str = "", gfid: str = ""
    ) -> Page[SenderCompView]:
        """A page of an entity's active SenderComps that no existing group copies. Raises NotFound."""
        with self._reading(actor) as uow:
            place = _place(uow, entity, market, gfid)
            return fetch(uow.tx, uncovered(place), ask, uncovered_view)


def _place(uow: UnitOfWork, entity: str, market: str, gfid: str) -> Place:
    return Place(key_of(uow.entity(entity).id), market_named(market).code if market else "", gfid)

"""Source SenderComps: those of an entity, those that no group copies, and those that a draft may have or has."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import ColumnElement, Row, and_, select
from sqlmodel import col

from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.sessions import SenderCompStatus
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.source_sets import Condition, SenderCompRows, SetTable, also_in, in_draft, members
from dropcopy_tui.services.unit_of_work import Service
from dropcopy_tui.services.views import SenderCompView
from dropcopy_tui.store.paging import Listing, fetch
from dropcopy_tui.store.search import SenderCompSearch
from dropcopy_tui.store.tables import DraftRow, DraftSourceRow, GroupRow, GroupSourceRow, SenderCompRow


class SenderComps(Service):
    """The SenderComps that a person may see."""

    def page(
        self, actor: Actor, entity: str, ask: PageRequest, market: str = "", gfid: str = ""
    ) -> Page[SenderCompView]:
        """A page of an entity's SenderComps. Raises NotFound."""
        with self._reading(actor) as uow:
            rows = select(SenderCompRow).where(col(SenderCompRow.entity_id) == uow.entity(entity).id)
            return fetch(uow.tx, _narrowed(rows, market, gfid), ask, sender_comp_view)

    def coverage(
        self, actor: Actor, entity: str, ask: PageRequest, market: str = "", gfid: str = ""
    ) -> Page[SenderCompView]:
        """A page of an entity's active SenderComps that no existing group copies. Raises NotFound."""
        with self._reading(actor) as uow:
            listed = _narrowed(_uncovered(key_of(uow.entity(entity).id)), market, gfid)
            # An entity may be active in every market, so this list shows the market and sorts by it.
            wider = listed.rows.add_columns(col(SenderCompRow.market))
            orders = {**listed.orders, "market": (col(SenderCompRow.market), col(SenderCompRow.sender_comp_id))}
            return fetch(uow.tx, replace(listed, rows=wider, orders=orders), ask, _uncovered_view)


def set_listing(table: SetTable, condition: Condition, gfid: str = "") -> Listing:
    """A set of SenderComps as a list that can be paged, narrowed to one Globex Firm if it is named."""
    chosen = condition & (col(table.gfid) == gfid) if gfid else condition
    # The orders of `listing`, by the columns in which the set is stored.
    name = col(table.sender_comp_id)
    orders = {"sender_comp_id": name, "gfid": (col(table.gfid), name), "session_id": name}
    return replace(
        listing(members(table, chosen)),
        orders=orders,
        tie=col(table.sender_comp_pk),
        searched=(SenderCompSearch(name),),
        counted=select(name).where(chosen),
    )


def listing(rows: SenderCompRows, gfid: str = "") -> Listing:
    """Any choice of SenderComps of one market, or of one of its Globex Firms, as a list that can be paged."""
    name, firm = col(SenderCompRow.sender_comp_id), col(SenderCompRow.gfid)
    return Listing(
        rows=rows.with_only_columns(
            col(SenderCompRow.id),
            name,
            col(SenderCompRow.session_id),
            firm,
            col(SenderCompRow.fti),
            col(SenderCompRow.gateway),
            col(SenderCompRow.status),
        ),
        # A SenderCompID begins with its Session ID.
        orders={"sender_comp_id": name, "gfid": name if gfid else (firm, name), "session_id": name},
        tie=col(SenderCompRow.id),
        searched=(SenderCompSearch(name),),
    )


def sender_comp_view(row: Row[int, str, str, str, str, str, str]) -> SenderCompView:
    """A row of `listing` as a view."""
    return SenderCompView(row.id, row.sender_comp_id, row.session_id, row.gfid, row.fti, row.gateway, row.status)


def usable_in(draft: DraftRow) -> ColumnElement[bool]:
    """Whether a SenderComp may be a source of the draft's group: active, of its entity and of its market (rule G4)."""
    return and_(
        col(SenderCompRow.entity_id) == draft.entity_id,
        col(SenderCompRow.market) == draft.market,
        col(SenderCompRow.status) == SenderCompStatus.ACTIVE.value,
    )


def usable_by(draft: DraftRow) -> SenderCompRows:
    """The SenderComps that may be sources of the draft's group."""
    return select(SenderCompRow).where(usable_in(draft))


def not_added(draft: DraftRow) -> Condition:
    """Whether a SenderComp is not in the draft yet."""
    return ~also_in(DraftSourceRow, in_draft(draft), col(SenderCompRow.sender_comp_id))


def _narrowed(rows: SenderCompRows, market: str, gfid: str) -> Listing:
    """Those of one market or of one Globex Firm, where the reader named it."""
    if market:
        rows = rows.where(col(SenderCompRow.market) == market_named(market).code)
    if gfid:
        rows = rows.where(col(SenderCompRow.gfid) == gfid)
    return listing(rows, gfid)


def _uncovered(entity_id: int) -> SenderCompRows:
    # A deleted group keeps its sources for the record, but no longer copies anything.
    copied = (
        select(col(GroupSourceRow.sender_comp_pk))
        .join(GroupRow, col(GroupRow.id) == col(GroupSourceRow.group_id))
        .where(col(GroupRow.deleted_at).is_(None))
        .where(col(GroupSourceRow.sender_comp_pk) == col(SenderCompRow.id))
    )
    return select(SenderCompRow).where(
        col(SenderCompRow.entity_id) == entity_id,
        col(SenderCompRow.status) == SenderCompStatus.ACTIVE.value,
        ~copied.exists(),
    )


def _uncovered_view(row: Row[int, str, str, str, str, str, str, str]) -> SenderCompView:
    return SenderCompView(
        row.id, row.sender_comp_id, row.session_id, row.gfid, row.fti, row.gateway, row.status, market=row.market
    )

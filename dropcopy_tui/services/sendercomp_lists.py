"""SenderComps as lists that can be paged: those of a place, and sets of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import ColumnElement, Row, and_, select
from sqlmodel import Session, col

from dropcopy_tui.domain.markets import MARKETS
from dropcopy_tui.domain.sessions import SenderCompStatus
from dropcopy_tui.services.source_sets import Condition, SenderCompRows, SourceSet, also_in, members, of_draft
from dropcopy_tui.services.views import SenderCompView
from dropcopy_tui.store.counts import GFID, NAME, ListPart, of_entity
from dropcopy_tui.store.outline import Outline
from dropcopy_tui.store.paging import Listing
from dropcopy_tui.store.parts import OwnerPart
from dropcopy_tui.store.search import SenderCompSearch
from dropcopy_tui.store.tables import DraftRow, SenderCompRow

_SHOWN = (
    col(SenderCompRow.id),
    col(SenderCompRow.sender_comp_id),
    col(SenderCompRow.session_id),
    col(SenderCompRow.gfid),
    col(SenderCompRow.fti),
    col(SenderCompRow.gateway),
    col(SenderCompRow.status),
)


@dataclass(frozen=True)
class Place:
    """The SenderComps of an entity, in one market and of one Globex Firm where these are named."""

    entity_id: int
    market: str = ""
    gfid: str = ""

    @property
    def here(self) -> list[Condition]:
        """What a SenderComp of the place meets."""
        found: list[Condition] = [col(SenderCompRow.entity_id) == self.entity_id]
        if self.market:
            found.append(col(SenderCompRow.market) == self.market)
        if self.gfid:
            found.append(col(SenderCompRow.gfid) == self.gfid)
        return found

    @property
    def parts_in(self) -> dict[str, list[OwnerPart]]:
        """The orders that no index has over all markets."""
        markets = [OwnerPart([(col(SenderCompRow.market), list(MARKETS))])]
        orders = ("gfid", "sender_comp_id", "session_id") if self.gfid else ("gfid",)
        return {} if self.market else dict.fromkeys(orders, markets)

    def parts(self, tx: Session, kind: str) -> list[ListPart]:
        """How many there are, whatever their status and their Globex Firm."""
        return of_entity(tx, self.entity_id, self.market, kind)

    def size(self, tx: Session) -> int:
        """How many there are, whatever their status."""
        return sum(part.rows for part in self.parts(tx, GFID) if self.gfid in ("", part.start))

    def firms(self, tx: Session) -> list[str]:
        """Their Globex Firms."""
        return [self.gfid] if self.gfid else [part.start for part in self.parts(tx, GFID)]

    def outline(self, tx: Session, order: str) -> Outline:
        """What is known of the list of all of them."""
        return outline_of(partial(self.parts, tx), order, self.gfid)


def outline_of(parts: Callable[[str], Sequence[ListPart]], order: str, gfid: str = "") -> Outline:
    """What is known of a list of which all parts are counted; a Globex Firm is one of them."""
    if gfid:
        return Outline([ListPart("", sum(part.rows for part in parts(GFID) if part.start == gfid))])
    return Outline(parts(GFID if order == "gfid" else NAME))


def set_listing(chosen: SourceSet, *conditions: Condition, gfid: str = "") -> Listing:
    """A set of SenderComps, or those that meet conditions, as a list; narrowed to one Globex Firm if it is named."""
    # The orders of `listing`, by the columns in which the set is stored.
    name, firm = col(chosen.table.sender_comp_id), col(chosen.table.gfid)
    here = (*conditions, firm == gfid) if gfid else conditions

    def firms(tx: Session) -> list[str]:
        return [gfid] if gfid else [part.start for part in chosen.parts(tx, GFID)]

    def outline(tx: Session, order: str) -> Outline:
        return outline_of(partial(chosen.parts, tx), order, gfid)

    return Listing(
        members(chosen, *here).with_only_columns(*_SHOWN),
        orders={"sender_comp_id": name, "gfid": name if gfid else (firm, name), "session_id": name},
        tie=col(chosen.table.sender_comp_pk),
        searched=(SenderCompSearch(name, firm, firms),),
        counted=select(name).where(chosen.here, *here),
        outline=None if conditions else outline,
    )


def listing(rows: SenderCompRows, place: Place) -> Listing:
    """Some of the SenderComps of a place as a list that can be paged."""
    name, firm = col(SenderCompRow.sender_comp_id), col(SenderCompRow.gfid)
    return Listing(
        rows=rows.with_only_columns(*_SHOWN),
        parts_in=place.parts_in,
        # A SenderCompID begins with its Session ID.
        orders={"sender_comp_id": name, "gfid": name if place.gfid else (firm, name), "session_id": name},
        tie=col(SenderCompRow.id),
        searched=(SenderCompSearch(name, firm, place.firms),),
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


def usable_by(draft: DraftRow, gfid: str = "") -> SenderCompRows:
    """The SenderComps that may be sources of the draft's group; of one Globex Firm, where one is named."""
    rows = select(SenderCompRow).where(usable_in(draft))
    return rows.where(col(SenderCompRow.gfid) == gfid) if gfid else rows


def not_added(draft: DraftRow) -> Condition:
    """Whether a SenderComp is not in the draft yet."""
    return ~also_in(of_draft(draft), col(SenderCompRow.sender_comp_id))

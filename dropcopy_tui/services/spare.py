"""What is left of SenderComps: what a draft may still add, and what no group copies.

Of a million SenderComps all may be taken: whoever looked for the rest would read them all. What is kept about sets and
entities says where something can be left; only there is looked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import ColumnElement, Row, String, func, literal_column, select, text
from sqlmodel import Session, col

from dropcopy_tui.domain.sessions import SenderCompStatus
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.sendercomp_lists import Place, listing, not_added, usable_by
from dropcopy_tui.services.source_sets import also_in, of_draft
from dropcopy_tui.services.views import FirmCount, SenderCompView
from dropcopy_tui.store.counts import GFID, NAME, ListPart, by_market, part_of
from dropcopy_tui.store.outline import Outline
from dropcopy_tui.store.paging import Listing
from dropcopy_tui.store.tables import (
    IS_INACTIVE,
    DraftRow,
    GroupCountRow,
    GroupRow,
    GroupSourceRow,
    SenderCompRow,
)

_NAME = col(SenderCompRow.sender_comp_id)
# So many groups of an entity are looked at for parts that they have whole.
_GROUPS = 20


# -- what a draft may still add


def place_of(draft: DraftRow, gfid: str = "") -> Place:
    """Where the sources of the draft come from."""
    return Place(draft.entity_id or 0, draft.market, gfid)


def available(draft: DraftRow, gfid: str = "") -> Listing:
    """The SenderComps that the draft may still add."""
    place = place_of(draft, gfid)

    def outline(tx: Session, order: str) -> Outline:
        return _outline(_left(tx, draft, GFID if order == "gfid" or gfid else NAME), gfid)

    return replace(listing(usable_by(draft, gfid).where(not_added(draft)), place), outline=outline, gaps=True)


def usable_firms(tx: Session, draft: DraftRow) -> tuple[FirmCount, ...]:
    """The Globex Firms from which the draft may have SenderComps, added or not, with how many each has."""
    place = place_of(draft)
    found = Counter({part.start: part.rows for part in place.parts(tx, GFID)})
    for _, part, inactive in _inactive(tx, place, GFID):
        found[part] -= inactive
    return tuple(FirmCount(firm, count) for firm, count in sorted(found.items()) if count > 0)


def _left(tx: Session, draft: DraftRow, kind: str) -> dict[str, int]:
    """How many SenderComps the draft may still add, by part."""
    place = place_of(draft)
    found = {part.start: part.rows for part in place.parts(tx, kind)}
    for part in of_draft(draft).parts(tx, kind):
        found[part.start] = found.get(part.start, 0) - part.rows
    # Inactive ones cannot be added; those that became inactive after they were added were taken off already.
    for _, start, inactive in _inactive(tx, place, kind, ~also_in(of_draft(draft), _NAME)):
        found[start] -= inactive
    return found


# -- what no group copies


def uncovered(place: Place) -> Listing:
    """The active SenderComps that no existing group copies, with their market."""
    # A deleted group keeps its sources for the record, but no longer copies anything.
    copied = (
        select(col(GroupSourceRow.sender_comp_pk))
        .join(GroupRow, col(GroupRow.id) == col(GroupSourceRow.group_id))
        .where(col(GroupRow.deleted_at).is_(None))
        .where(col(GroupSourceRow.sender_comp_pk) == col(SenderCompRow.id))
    )
    active = col(SenderCompRow.status) == SenderCompStatus.ACTIVE.value
    listed = listing(select(SenderCompRow).where(*place.here, active, ~copied.exists()), place)

    def outline(tx: Session, order: str) -> Outline:
        kind = GFID if order == "gfid" or place.gfid else NAME
        rows, exact = _uncopied(tx, place, kind)
        known = _outline(rows, place.gfid, exact)
        return known if order != "market" else Outline([ListPart("", known.total)], known.exact)

    # An entity may be active in every market, so this list shows the market and sorts by it.
    wider = listed.rows.add_columns(col(SenderCompRow.market))
    orders = {**listed.orders, "market": (col(SenderCompRow.market), _NAME)}
    return replace(listed, rows=wider, orders=orders, outline=outline, gaps=True)


def uncovered_view(row: Row[int, str, str, str, str, str, str, str]) -> SenderCompView:
    """A row of it as a view."""
    return SenderCompView(
        row.id, row.sender_comp_id, row.session_id, row.gfid, row.fti, row.gateway, row.status, market=row.market
    )


def _uncopied(tx: Session, place: Place, kind: str) -> tuple[dict[str, int], bool]:
    """How many SenderComps of each part no group copies, at most, and whether it is exactly so many.

    A part that one group has whole has nothing left. What several groups share is known only by reading.
    """
    active = by_market(tx, place.entity_id, place.market, kind)
    for market, start, inactive in _inactive(tx, place, kind):
        active[market, start] -= inactive
    groups = _largest(tx, place)
    held = {(market, start): count for market, start, count in _held(tx, place, groups, kind)}
    found: Counter[str] = Counter()
    for (market, start), count in active.items():
        found[start] += 0 if held.get((market, start), 0) >= count else count
    return found, not groups or not any(found.values())


def _largest(tx: Session, place: Place) -> list[int]:
    """The largest groups of the place: small ones have no part whole that is worth leaving out."""
    rows = select(col(GroupRow.id)).where(
        col(GroupRow.entity_id) == place.entity_id, col(GroupRow.deleted_at).is_(None)
    )
    if place.market:
        rows = rows.where(col(GroupRow.market) == place.market)
    found = tx.execute(rows.order_by(col(GroupRow.sources).desc()).limit(_GROUPS)).scalars()
    return [key_of(pk) for pk in found]


def _held(tx: Session, place: Place, groups: list[int], kind: str) -> list[tuple[str, str, int]]:
    """The most active SenderComps that one of the groups has, by market and part."""
    if not groups:
        return []
    inactive = (
        select(col(GroupSourceRow.group_id), _part(kind).label("part"), func.count().label("members"))
        .join(GroupSourceRow, col(GroupSourceRow.sender_comp_pk) == col(SenderCompRow.id))
        .where(*Place(place.entity_id, place.market).here, text(IS_INACTIVE))
        .where(col(GroupSourceRow.group_id).in_(groups))
        .group_by(col(GroupSourceRow.group_id), _part(kind))
    )
    gone = {(row[0], row[1]): row[2] for row in tx.execute(inactive)}
    market, group, counts = col(GroupRow.market), col(GroupRow.id), GroupCountRow
    rows = (
        select(market, group, col(counts.part), col(counts.members))
        .join(GroupRow, group == col(counts.group_id))
        .where(col(counts.group_id).in_(groups), col(counts.kind) == kind)
    )
    best: dict[tuple[str, str], int] = defaultdict(int)
    for of_market, pk, start, members in tx.execute(rows):
        best[of_market, start] = max(best[of_market, start], members - gone.get((pk, start), 0))
    return [(of_market, start, count) for (of_market, start), count in best.items()]


# -- both


def _part(kind: str) -> ColumnElement[str]:
    # As an expression: SQLite would group by walking an index of all SenderComps, instead of reading the few inactive.
    part: ColumnElement[str] = part_of(kind, col(getattr(SenderCompRow, kind))) + literal_column("''", String)
    return part


def _inactive(tx: Session, place: Place, kind: str, *conditions: ColumnElement[bool]) -> list[tuple[str, str, int]]:
    """How many inactive SenderComps the place has, by market and part: few, as a rule."""
    market = col(SenderCompRow.market)
    here = [col(SenderCompRow.entity_id) == place.entity_id, *conditions]
    if place.market:
        here.append(market == place.market)
    rows = select(market, _part(kind), func.count()).where(text(IS_INACTIVE), *here).group_by(market, _part(kind))
    return [(row[0], row[1], row[2]) for row in tx.execute(rows)]


def _outline(rows: Mapping[str, int], gfid: str, exact: bool = True) -> Outline:
    if gfid:
        return Outline([ListPart("", max(0, rows.get(gfid, 0)))], exact)
    return Outline([ListPart(start, max(0, rows[start])) for start in sorted(rows)], exact)

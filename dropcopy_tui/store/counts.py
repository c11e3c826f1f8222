"""Kept counts: how many rows of a long list there are, by the first characters of the SenderCompID and by Globex Firm.

They answer how long a list is, what a Globex Firm has, which row is the 500,000th, and where a list has gaps, each
without reading the list. Whoever changes a set, or adds SenderComps, counts what they touched again in the same
transaction: by ranges of an index, so that nothing is sorted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, String, delete, func, insert, literal, literal_column, select
from sqlmodel import Session, col

from dropcopy_tui.store.tables import COUNTED_BY, SenderCompCountRow, SenderCompMarkRow, SenderCompRow

NAME, GFID = COUNTED_BY
# With two characters a part of a million has a thousand rows, and there are at most 1,296 of them.
_HEAD = 2
# Behind every character of a SenderCompID.
BEYOND = "~"
# So many rows can be counted again one part after the other; for more, everything is.
FEW = 500

Owner = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ListPart:
    """The rows of a list whose first key begins with `start`: how many there are."""

    start: str
    rows: int


def part_of(kind: str, key: Any) -> Any:
    """The part that a row is in, from its SenderCompID or its Globex Firm."""
    # Not as parameters: PostgreSQL would not see that what is grouped by is what is selected.
    return func.substr(key, literal_column("1"), literal_column(str(_HEAD)), type_=String) if kind == NAME else key


def kept(session: Session, counts: Any, owner: Owner, kind: str) -> list[ListPart]:
    """The parts of an owner, in the order of the list."""
    mine = _of(counts, owner)
    rows = select(col(counts.part), col(counts.members)).where(*mine, col(counts.kind) == kind)
    return [ListPart(*row) for row in session.execute(rows.order_by(col(counts.part)))]


def total(session: Session, counts: Any, owner: Owner) -> int:
    """How many rows an owner has."""
    rows = select(func.coalesce(func.sum(col(counts.members)), 0)).where(*_of(counts, owner), col(counts.kind) == GFID)
    return int(session.execute(rows).scalar_one())


def forget(session: Session, counts: Any, owner: Owner, *conditions: ColumnElement[bool]) -> None:
    """Forget what is kept of an owner."""
    gone = delete(counts).where(*_of(counts, owner), *conditions)
    session.execute(gone.execution_options(synchronize_session=False))


def count_again(session: Session, rows: Any, counts: Any, owner: Owner, touched: Sequence[int] | None = None) -> None:
    """Count the rows of an owner again: all of them, or the parts in which these SenderComps are."""
    for kind in COUNTED_BY:
        old = [col(counts.kind) == kind]
        if touched is None:
            parts: Any = _all_parts(rows, owner, kind)
        else:
            part = part_of(kind, col(getattr(SenderCompRow, kind)))
            names = select(part.label("part")).where(col(SenderCompRow.id).in_(touched)).distinct()
            old.append(col(counts.part).in_(names))
            parts = names.subquery()
        forget(session, counts, owner, *old)
        counted = select(parts.c.part.label("part"), _size(rows, owner, kind, parts.c.part).label("members")).where(
            parts.c.part.is_not(None)
        )
        found = counted.subquery()
        values = [literal(value) for value in owner.values()]
        new = select(*values, literal(kind), found.c.part, found.c.members).where(found.c.members > 0)
        session.execute(insert(counts).from_select([*owner, "kind", "part", "members"], new))


def _of(table: Any, owner: Owner) -> list[ColumnElement[bool]]:
    return [col(getattr(table, name)) == value for name, value in owner.items()]


def _all_parts(rows: Any, owner: Owner, kind: str) -> CTE:
    """The parts that there are, from each to the next by one look into the index."""
    key, mine = col(getattr(rows, kind)), _of(rows, owner)
    first = select(part_of(kind, func.min(key)).label("part")).where(*mine)
    found = first.cte("found", recursive=True)
    behind = found.c.part + literal(BEYOND) if kind == NAME else found.c.part
    following = select(part_of(kind, func.min(key))).where(*mine, key > behind).correlate(found).scalar_subquery()
    return found.union_all(select(following).where(found.c.part.is_not(None)))


def _size(rows: Any, owner: Owner, kind: str, part: ColumnElement[str]) -> Any:
    key = col(getattr(rows, kind))
    inside = [key >= part, key < part + literal(BEYOND)] if kind == NAME else [key == part]
    counted = select(func.count()).select_from(rows).where(*_of(rows, owner), *inside)
    return counted.correlate_except(rows).scalar_subquery()


# -- the SenderComps of an entity


def count_new(session: Session) -> None:
    """Count the SenderComps that came since the last time; whoever adds many calls it, before the mark moves on."""
    new = list(session.execute(select(col(SenderCompRow.id)).where(_is_new()).limit(FEW + 1)).scalars())
    touched = [pk for pk in new if pk is not None] if len(new) <= FEW else None
    which = _is_new() if touched is None else col(SenderCompRow.id).in_(touched)
    place = select(col(SenderCompRow.entity_id), col(SenderCompRow.market)).where(which).distinct()
    for entity_id, market in session.execute(place).all():
        owner = {"entity_id": entity_id, "market": market}
        count_again(session, SenderCompRow, SenderCompCountRow, owner, touched)


def of_entity(session: Session, entity_id: int, market: str, kind: str) -> list[ListPart]:
    """The SenderComps that an entity has, whatever their status, in a market or ("") in all of them."""
    found: Counter[str] = Counter()
    for (_, start), members in by_market(session, entity_id, market, kind).items():
        found[start] += members
    return [ListPart(start, found[start]) for start in sorted(found)]


def by_market(session: Session, entity_id: int, market: str, kind: str) -> Counter[tuple[str, str]]:
    """The same, by market and part."""
    counts = SenderCompCountRow
    known = select(col(counts.market), col(counts.part), col(counts.members)).where(
        col(counts.entity_id) == entity_id, col(counts.kind) == kind
    )
    if market:
        known = known.where(col(counts.market) == market)
    found = Counter({(row[0], row[1]): int(row[2]) for row in session.execute(known)})
    # What is not counted yet, of all entities: it is little. For one entity, SQLite would read all it has.
    place = col(SenderCompRow.entity_id), col(SenderCompRow.market)
    newer = select(*place, part_of(kind, col(getattr(SenderCompRow, kind)))).where(_is_new())
    for owner, of_market, start in session.execute(newer):
        if owner == entity_id and market in ("", of_market):
            found[of_market, start] += 1
    return found


def _is_new() -> ColumnElement[bool]:
    mark = select(func.coalesce(func.max(col(SenderCompMarkRow.up_to)), 0)).scalar_subquery()
    return col(SenderCompRow.id) > mark

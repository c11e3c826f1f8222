"""Keyset pages: any list, any length, the same cost for every page that starts beside a known row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlmodel import Session

from dropcopy_tui.domain.pages import Anchor, Page, PageRequest

Row = TypeVar("Row")
# A column of a table or what is computed from one: SQLModel and SQLAlchemy name their types differently.
Expression = Any


@dataclass(frozen=True)
class Listing:
    """A list that can be paged.

    `orders` maps a column id to what it sorts by, the first being the list's own order; none may be null.
    `tie` is unique and breaks ties. `searched` are the columns in which `match` looks.
    """

    rows: Any
    orders: Mapping[str, Expression]
    tie: Expression
    searched: Sequence[Expression] = ()
    newest_first: bool = False


class Lowered:
    """A searched column that is in lower case already: nothing has to be lowered row by row."""

    def __init__(self, column: Expression, words: Mapping[str, str], status: Expression) -> None:
        """`words` maps each value of `status` to what lists show: it is searched as well."""
        self._column, self._words, self._status = column, words, status

    def holds(self, word: str) -> ColumnElement[bool]:
        """Whether the column has the word in it, or the status does."""
        word = word.casefold()
        found: ColumnElement[bool] = func.instr(self._column, word) > 0
        named = [value for value, words in self._words.items() if word in words.casefold()]
        return found | self._status.in_(named) if named else found


def contains(column: Expression, text: str) -> ColumnElement[bool]:
    """Whether the column has the text in it, letter case aside."""
    found: ColumnElement[bool] = column.icontains(text, autoescape=True)
    return found


def matching(listing: Listing, match: str) -> Select[Any]:
    """The list's rows that match what a person typed: every word, in any of the searched columns."""
    rows: Select[Any] = listing.rows
    for word in match.split():
        anywhere = [
            column.holds(word) if isinstance(column, Lowered) else contains(column, word) for column in listing.searched
        ]
        if anywhere:
            condition = anywhere[0]
            for other in anywhere[1:]:
                condition = condition | other
            rows = rows.where(condition)
    return rows


def fetch(session: Session, listing: Listing, ask: PageRequest, build: Callable[[Any], Row]) -> Page[Row]:
    """One page, or with a limit of 0 only the count. `build` makes a frozen row from a database row."""
    rows = matching(listing, ask.match)
    total = session.execute(_counted(rows)).scalar_one() if ask.count else -1
    if not ask.limit:
        return Page((), (), total)
    order = listing.orders.get(ask.order, next(iter(listing.orders.values())))
    found = session.execute(_placed(rows, order, listing, ask)).all()
    if ask.anchor in (Anchor.LAST, Anchor.BEFORE):
        found = found[::-1]
    cursors = tuple((row[-2], row[-1]) for row in found)
    return Page(tuple(build(row) for row in found), cursors, total)


def _counted(rows: Select[Any]) -> Select[Any]:
    """How many rows there are. Without their columns, which take longer to compile than to count."""
    bare = rows.order_by(None)
    return select(func.count()).select_from(bare.subquery())


def _placed(rows: Select[Any], order: Expression, listing: Listing, ask: PageRequest) -> Select[Any]:
    """The rows in order, from the place that was asked for, with the cursor as the last two columns."""
    falling = ask.descending if ask.order else listing.newest_first
    backwards = ask.anchor in (Anchor.LAST, Anchor.BEFORE)
    down = falling != backwards
    tie = listing.tie
    rows = rows.add_columns(order.label("cursor_value"), tie.label("cursor_tie"))
    if ask.anchor in (Anchor.AFTER, Anchor.BEFORE):
        here, there = tuple_(order, tie), tuple_(*ask.beside)
        rows = rows.where(here < there if down else here > there)
    rows = rows.order_by(order.desc() if down else order.asc(), tie.desc() if down else tie.asc())
    if ask.anchor is Anchor.AT:
        rows = rows.offset(ask.at)
    return rows.limit(ask.limit)

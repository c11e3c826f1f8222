"""Keyset pages: in a list of any length, every page that starts next to a known row costs the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, extract, false, func, or_, select, tuple_
from sqlmodel import Session

from dropcopy_tui.domain.dates import month_name
from dropcopy_tui.domain.pages import Anchor, Page, PageRequest, Selection
from dropcopy_tui.store.dialect import holds
from dropcopy_tui.store.search import SenderCompSearch

Row = TypeVar("Row")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)")
# A column of a table or an expression: the types of SQLModel and SQLAlchemy for them are unrelated.
Expression = Any


@dataclass(frozen=True)
class Listing:
    """A list that can be paged.

    `orders` maps a column id to its sort expression, or to several; the first is the default order, and none may be
    null, because keyset comparisons with NULL match no row. `tie` is unique and breaks ties. `match` searches the
    columns `searched`. `counted` are the same rows without what is only shown: they are counted in less time.
    """

    rows: Any
    orders: Mapping[str, Expression | tuple[Expression, ...]]
    tie: Expression
    searched: Sequence[Expression] = ()
    newest_first: bool = False
    counted: Any = None


class Lowered:
    """A searched column that is stored in lower case, so that a search does not convert every row."""

    def __init__(self, column: Expression, words: Mapping[str, str], status: Expression) -> None:
        """`words` maps each value of `status` to the words that lists show, which are searched as well."""
        self._column, self._words, self._status = column, words, status

    def holds(self, word: str) -> ColumnElement[bool]:
        """Whether the column or the status contains the word."""
        word = word.casefold()
        found = holds(self._column, word)
        named = [value for value, words in self._words.items() if word in words.casefold()]
        return found | self._status.in_(named) if named else found


class Worded:
    """A searched column whose values lists show in words, such as the code of a market."""

    def __init__(self, column: Expression, words: Mapping[str, str]) -> None:
        self._column, self._words = column, words

    def holds(self, word: str) -> ColumnElement[bool]:
        """Whether the value, or its words, contain the word."""
        named = [value for value, words in self._words.items() if word.casefold() in words.casefold()]
        found = contains(self._column, word)
        return found | self._column.in_(named) if named else found


class Dated:
    """A searched moment, which lists show as `28 Nov 2026 17:30`: each of its parts can be typed."""

    def __init__(self, moment: Expression, within: Callable[[Any], ColumnElement[bool]] | None = None) -> None:
        """`within` makes a condition on the moment one on the list's row, such as `exists(...)`."""
        self._moment, self._within = moment, within

    def holds(self, word: str) -> ColumnElement[bool]:
        """Whether the word is the moment's day, month, year or time."""
        wanted = _parts_of(word)
        if not wanted:
            return false()
        found = or_(*(and_(*(extract(part, self._moment) == value for part, value in parts)) for parts in wanted))
        return self._within(found) if self._within else found


def _parts_of(word: str) -> list[list[tuple[str, int]]]:
    """What a word may be of a moment: alternatives, each of parts that must all hold."""
    if clock := _CLOCK.fullmatch(word):
        return [[("hour", int(clock[1])), ("minute", int(clock[2]))]]
    if word.isascii() and word.isdigit():
        return [[("year", int(word))]] if len(word) == 4 else [[("day", int(word))]] if len(word) < 3 else []
    months = [number for number in range(1, 13) if month_name(number).casefold() == word.casefold()]
    return [[("month", number)] for number in months]


def contains(column: Expression, text: str) -> ColumnElement[bool]:
    """Whether the column contains the text, ignoring case."""
    found: ColumnElement[bool] = column.icontains(text, autoescape=True)
    return found


def matching(listing: Listing, match: str) -> Select[Any]:
    """The rows that match the filter text: each word must occur in one of the searched columns."""
    rows: Select[Any] = listing.rows
    for word in match.split():
        anywhere = [
            column.holds(word)
            if isinstance(column, (Lowered, Worded, Dated, SenderCompSearch))
            else contains(column, word)
            for column in listing.searched
        ]
        if anywhere:
            condition = anywhere[0]
            for other in anywhere[1:]:
                condition = condition | other
            rows = rows.where(condition)
    return rows


def selected(listing: Listing, selection: Selection) -> Select[Any]:
    """The rows of a selection, by the list's `tie`: the keys alone, or all that match but the keys."""
    keys = sorted(selection.keys)
    if not selection.everything:
        rows: Select[Any] = listing.rows
        return rows.where(listing.tie.in_(keys))
    found = matching(listing, selection.match)
    return found.where(listing.tie.not_in(keys)) if keys else found


def fetch(session: Session, listing: Listing, ask: PageRequest, build: Callable[[Any], Row]) -> Page[Row]:
    """Fetch one page; with a limit of 0, only the total. `build` makes a frozen row from a database row."""
    found = _matches(session, listing, ask.match)
    total = -1
    if ask.count:
        counted = listing if listing.counted is None else replace(listing, rows=listing.counted)
        total = session.execute(_counted(matching(counted, ask.match).where(*found))).scalar_one()
    if not ask.limit:
        return Page((), (), total)
    rows = matching(listing, ask.match).where(*found)
    order = listing.orders.get(ask.order, next(iter(listing.orders.values())))
    keys = (*(order if isinstance(order, tuple) else (order,)), listing.tie)
    page = session.execute(_placed(rows, keys, listing, ask)).all()
    if ask.anchor in (Anchor.LAST, Anchor.BEFORE):
        page = page[::-1]
    cursors = tuple(tuple(row[-len(keys) :]) for row in page)
    return Page(tuple(build(row) for row in page), cursors, total)


def _matches(session: Session, listing: Listing, match: str) -> list[ColumnElement[bool]]:
    """The rows by name, where an index of the search knows them and they are few."""
    only = listing.searched[0] if len(listing.searched) == 1 else None
    if not match or not isinstance(only, SenderCompSearch):
        return []
    names = only.few(session, match)
    return [] if names is None else [only.column.in_(names)]


def _counted(rows: Select[Any]) -> Select[Any]:
    """Count the rows; their order does not matter and is dropped."""
    bare = rows.order_by(None)
    return select(func.count()).select_from(bare.subquery())


def _placed(rows: Select[Any], keys: tuple[Expression, ...], listing: Listing, ask: PageRequest) -> Select[Any]:
    """The rows in the order of the keys, from the requested place, with the cursor in the last columns."""
    falling = ask.descending if ask.order else listing.newest_first
    backwards = ask.anchor in (Anchor.LAST, Anchor.BEFORE)
    down = falling != backwards
    rows = rows.add_columns(*(key.label(f"cursor_{number}") for number, key in enumerate(keys)))
    # A cursor of another order has other parts, and fits nowhere: the page starts at its end of the list.
    if ask.anchor in (Anchor.AFTER, Anchor.BEFORE) and len(ask.beside) == len(keys):
        here, there = tuple_(*keys), tuple_(*ask.beside)
        rows = rows.where(here < there if down else here > there)
    rows = rows.order_by(*(key.desc() if down else key.asc() for key in keys))
    if ask.anchor is Anchor.AT:
        rows = rows.offset(ask.at)
    return rows.limit(ask.limit)

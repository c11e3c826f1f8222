"""Keyset pages: in a list of any length, every page that starts next to a known row costs the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, extract, false, func, or_, select, tuple_
from sqlmodel import Session

from dropcopy_tui.domain.dates import month_name
from dropcopy_tui.domain.pages import Anchor, Page, PageRequest, Selection
from dropcopy_tui.store.dialect import holds
from dropcopy_tui.store.outline import EVERYTHING, Outline, Span
from dropcopy_tui.store.parts import OwnerPart, in_any, is_row_number, known_by, merged
from dropcopy_tui.store.search import Found, SenderCompSearch

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
    `outline` is what is known of the list in an order without reading it; `gaps`: some of its parts have no rows.
    `parts` narrow the rows to those of several owners (`store/parts.py`): all that the person may see. `parts_in` are
    parts of all rows, for the orders that an index has in each part only.
    """

    rows: Any
    orders: Mapping[str, Expression | tuple[Expression, ...]]
    tie: Expression
    searched: Sequence[Expression] = ()
    newest_first: bool = False
    counted: Any = None
    outline: Callable[[Session, str], Outline] | None = None
    gaps: bool = False
    parts: Sequence[OwnerPart] | None = None
    parts_in: Mapping[str, Sequence[OwnerPart]] = field(default_factory=dict)

    @property
    def seen(self) -> Select[Any]:
        """The rows of all parts, in no order."""
        rows: Select[Any] = self.rows
        return rows if self.parts is None else rows.where(in_any(self.parts))


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


def conditions_of(listing: Listing, match: str) -> list[ColumnElement[bool]]:
    """What a row meets that matches the filter text: each word must occur in one of the searched columns."""
    found = []
    for word in match.split():
        anywhere = [
            column.holds(word)
            if isinstance(column, (Lowered, Worded, Dated, SenderCompSearch))
            else contains(column, word)
            for column in listing.searched
        ]
        if anywhere:
            found.append(or_(*anywhere))
    return found


def selecting(listing: Listing, selection: Selection) -> list[ColumnElement[bool]]:
    """What a row meets that is selected, by the list's `tie`: the keys alone, or all that match but the keys."""
    keys = sorted(selection.keys)
    if not selection.everything:
        return [listing.tie.in_(keys)]
    return [*conditions_of(listing, selection.match), *([listing.tie.not_in(keys)] if keys else [])]


def selected(listing: Listing, selection: Selection) -> Select[Any]:
    """The rows of a selection."""
    return listing.seen.where(*selecting(listing, selection))


def fetch(session: Session, listing: Listing, ask: PageRequest, build: Callable[[Any], Row]) -> Page[Row]:
    """Fetch one page; with a limit of 0, only the total. `build` makes a frozen row from a database row."""
    order = ask.order if ask.order in listing.orders else next(iter(listing.orders))
    found = _found(session, listing, ask.match)
    conditions = [*conditions_of(listing, ask.match), *found.conditions]
    outline = None if found.few else _outline(session, listing, ask, order)
    total = _total(session, listing, conditions, ask, outline) if ask.count else -1
    if not ask.limit:
        return Page((), (), total)
    walk = _walk(listing, order, ask)
    page: list[Any] = []
    for span in _spans(outline, walk, ask, found):
        page += _read(session, _page(session, listing, conditions, walk, span, ask.limit - len(page)))
        if len(page) >= ask.limit:
            break
    if ask.anchor in (Anchor.LAST, Anchor.BEFORE):
        page = page[::-1]
    cursors = tuple(tuple(row[-len(walk.keys) :]) for row in page)
    return Page(tuple(build(row) for row in page), cursors, total)


def _read(session: Session, rows: Select[Any]) -> Sequence[Any]:
    """The rows; those without objects of the mapper by the connection itself, in two thirds of the time."""
    if any(isinstance(column["expr"], type) for column in rows.column_descriptions):
        return session.execute(rows).all()
    return session.connection().execute(rows).all()


def _found(session: Session, listing: Listing, match: str) -> Found:
    """What an index of the search knows of the rows that match."""
    only = listing.searched[0] if len(listing.searched) == 1 else None
    return only.find(session, match) if match and isinstance(only, SenderCompSearch) else Found()


def _outline(session: Session, listing: Listing, ask: PageRequest, order: str) -> Outline | None:
    """What is known of the list, where it is of use."""
    jumps = ask.anchor is Anchor.AT or (ask.count and not ask.match)
    return listing.outline(session, order) if listing.outline and (listing.gaps or jumps) else None


def _spans(outline: Outline | None, walk: Walk, ask: PageRequest, found: Found) -> list[Span]:
    """Where the rows of the page are, in the order in which it is read."""
    if outline is None:
        return [Span(skip=ask.at if ask.anchor is Anchor.AT else 0)]
    return outline.spans(ask, walk.down, found.span if walk.keys[0] is found.column else EVERYTHING)


def _page(
    session: Session, listing: Listing, conditions: Sequence[ColumnElement[bool]], walk: Walk, span: Span, limit: int
) -> Select[Any]:
    """The first rows of a span."""
    if span.skip > limit and is_row_number(listing.tie):
        # What is passed over is read from an index only, and not row by row with all that is shown.
        far = walk.part(listing.seen.where(*conditions), span, limit).with_only_columns(listing.tie)
        return walk.shown(known_by(listing.rows, listing.tie, far), limit)
    parts = listing.parts_in.get(walk.order, listing.parts)
    if parts is None:
        return walk.part(walk.shown(listing.rows.where(*conditions), limit), span, limit)

    def first(rows: Select[Any]) -> Select[Any]:
        return walk.part(rows.where(*conditions), replace(span, skip=0), span.skip + limit)

    rows = merged(session, listing.rows, listing.tie, parts, first)
    return walk.shown(rows, limit).offset(span.skip) if span.skip else walk.shown(rows, limit)


def _total(
    session: Session,
    listing: Listing,
    conditions: Sequence[ColumnElement[bool]],
    ask: PageRequest,
    outline: Outline | None,
) -> int:
    if outline is not None and (not outline.total or (outline.exact and not ask.match)):
        return outline.total
    rows = listing.seen if listing.counted is None else listing.counted
    return int(session.execute(_counted(rows.where(*conditions))).scalar_one())


def _counted(rows: Select[Any]) -> Select[Any]:
    """Count the rows; their order does not matter and is dropped."""
    bare = rows.order_by(None)
    return select(func.count()).select_from(bare.subquery())


@dataclass(frozen=True)
class Walk:
    """A way through a list in an order: by its keys, `down` from the greatest, from `beside` on if that is a cursor."""

    order: str
    keys: tuple[Expression, ...]
    down: bool
    beside: tuple[Any, ...] = ()

    def shown(self, rows: Select[Any], limit: int) -> Select[Any]:
        """The first of the rows, with the cursor in the last columns."""
        return self._ordered(
            rows.add_columns(*(key.label(f"cursor_{number}") for number, key in enumerate(self.keys)))
        ).limit(limit)

    def part(self, rows: Select[Any], span: Span, limit: int) -> Select[Any]:
        """The first of the rows in a span and beside the cursor."""
        if self.beside:
            here, there = tuple_(*self.keys), tuple_(*self.beside)
            rows = rows.where(here < there if self.down else here > there)
            lead = self._lead()
            if lead < len(self.keys):
                # A comparison over two tables reads from the end of the list: this one begins at the row.
                here, there = tuple_(*self.keys[:lead]), tuple_(*self.beside[:lead])
                rows = rows.where(here <= there if self.down else here >= there)
        if span.low is not None:
            rows = rows.where(self.keys[0] >= span.low)
        if span.high is not None:
            rows = rows.where(self.keys[0] < span.high)
        rows = self._ordered(rows)
        return (rows.offset(span.skip) if span.skip else rows).limit(limit)

    def _lead(self) -> int:
        """How many of the first keys are of one table."""
        tables = [getattr(key, "class_", None) for key in self.keys]
        return next((number for number, table in enumerate(tables) if table is not tables[0]), len(tables))

    def _ordered(self, rows: Select[Any]) -> Select[Any]:
        return rows.order_by(None).order_by(*(key.desc() if self.down else key.asc() for key in self.keys))


def _walk(listing: Listing, order: str, ask: PageRequest) -> Walk:
    named = listing.orders[order]
    keys = (*(named if isinstance(named, tuple) else (named,)), listing.tie)
    falling = ask.descending if ask.order else listing.newest_first
    down = falling != (ask.anchor in (Anchor.LAST, Anchor.BEFORE))
    # A cursor of another order has other parts, and fits nowhere: the page starts at its end of the list.
    beside = ask.beside if ask.anchor in (Anchor.AFTER, Anchor.BEFORE) and len(ask.beside) == len(keys) else ()
    return Walk(order, keys, down, beside)

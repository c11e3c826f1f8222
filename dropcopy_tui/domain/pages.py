"""Pages of a list: what a screen asks for and what a service answers.

A list is never loaded whole. A page starts at one end, beside a row that is known (keyset), or at a row
number (a jump); the answer carries the total so that a scroll bar can be drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")


class Anchor(Enum):
    """Where a page starts."""

    FIRST = auto()
    LAST = auto()
    AFTER = auto()
    BEFORE = auto()
    AT = auto()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """One page of one list.

    `match` filters as a person types; `order` is a column id ("" is the list's own order). `beside` is the
    cursor of a row for AFTER and BEFORE, `at` a row number from 0 for AT. `count` False leaves the total out.
    """

    match: str = ""
    order: str = ""
    descending: bool = False
    anchor: Anchor = Anchor.FIRST
    beside: tuple[Any, ...] = ()
    at: int = 0
    limit: int = 100
    count: bool = True


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows in list order, with a cursor each. `total` is -1 where it was not asked for."""

    rows: tuple[Row, ...]
    cursors: tuple[tuple[Any, ...], ...]
    total: int


PageSource = Callable[[PageRequest], Page[Row]]


@dataclass(frozen=True, slots=True)
class Selection:
    """A selection: some keys, or all that match a filter but for some keys."""

    keys: frozenset[Any] = frozenset()
    everything: bool = False
    match: str = ""

    def holds(self, key: object) -> bool:
        """Whether the row with this key is selected."""
        return (key not in self.keys) if self.everything else (key in self.keys)

    def toggled(self, key: object) -> Selection:
        """The same selection with one row turned."""
        return Selection(self.keys ^ {key}, self.everything, self.match)

    def size(self, total: int) -> int:
        """How many rows are selected, of `total` that match."""
        return total - len(self.keys) if self.everything else len(self.keys)

"""Pages of a list: the question of a screen and the answer of a service.

A list is never loaded whole. A page starts at one end, next to a known row (keyset), or at a row number
(a jump); the answer includes the total so that a scroll bar can be drawn.
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
    """A request for one page of one list.

    `match` is the filter text; `order` is a column id ("" for the list's default order). `beside` is the
    cursor of a row for AFTER and BEFORE, `at` a row number from 0 for AT. With `count` False, the total is not counted.
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
    """Rows in list order, each with a cursor. `total` is -1 if it was not requested."""

    rows: tuple[Row, ...]
    cursors: tuple[tuple[Any, ...], ...]
    total: int


PageSource = Callable[[PageRequest], Page[Row]]


@dataclass(frozen=True, slots=True)
class Selection:
    """A selection: the given keys, or all rows that match a filter except the given keys."""

    keys: frozenset[Any] = frozenset()
    everything: bool = False
    match: str = ""

    def holds(self, key: object) -> bool:
        """Whether the row with this key is selected."""
        return (key not in self.keys) if self.everything else (key in self.keys)

    def toggled(self, key: object) -> Selection:
        """The same selection with one row toggled."""
        return Selection(self.keys ^ {key}, self.everything, self.match)

    def size(self, total: int) -> int:
        """The number of selected rows, of `total` that match."""
        return total - len(self.keys) if self.everything else len(self.keys)

"""Columns of a table of records, and how they share a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from dropcopy_tui.domain.arrangements import Arrangement
from screens.terminal.values import clip

Row = TypeVar("Row")
_LEAST = 12


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column: `show` makes its text, `tone` names a component class for it ("warning", "muted", ...).

    `width` is in cells; one column of width 0 takes what is left, `least` cells at least. Where the screen is too
    narrow, columns with the highest `optional` are left out first; then the others are `narrow`, if they can be.
    `order` names the service's order ("" does not sort). `export` makes the text for a file where a screen shows less.
    """

    title: str
    show: Callable[[Row], str]
    width: int = 0
    order: str = ""
    right: bool = False
    optional: int = 0
    tone: Callable[[Row], str] | None = None
    least: int = _LEAST
    export: Callable[[Row], str] | None = None
    narrow: int = 0

    def value(self, row: Row) -> str:
        """The whole value, for a file: no width limits it, and no hint replaces it."""
        return (self.export or self.show)(row)


def fit(columns: Sequence[Column[Any]], room: int) -> tuple[tuple[Column[Any], int], ...]:
    """The columns that fit into so many cells, each with its width; optional ones go first."""
    chosen = list(columns)
    while len(chosen) > 1 and sum((column.width or column.least) + 1 for column in chosen) > room:
        victim = max(chosen, key=lambda column: column.optional)
        if not victim.optional:
            break
        chosen.remove(victim)
    if sum((column.width or column.least) + 1 for column in chosen) > room:
        chosen = [replace(column, width=column.narrow or column.width) for column in chosen]
    left = room - sum(column.width + 1 for column in chosen)
    return tuple((column, column.width or max(4, left)) for column in chosen)


def arranged(columns: Sequence[Column[Row]], how: Arrangement) -> tuple[Column[Row], ...]:
    """The columns as a person has arranged them; where there is no room, what they have put last is left out first."""
    if not how.on and not how.off:
        return tuple(columns)
    by_title = {column.title: column for column in columns}
    shown = how.arranged(list(by_title))
    if not how.on:
        return tuple(by_title[title] for title in shown)
    return tuple(replace(by_title[title], optional=place) for place, title in enumerate(shown))


def fitted(text: str, cells: int, right: bool) -> str:
    """The text in exactly so many cells."""
    if text.isascii() and text.isprintable() and len(text) <= cells:
        return text.rjust(cells) if right else text.ljust(cells)
    # Late for the sake of start-up: most texts have one cell a character, and never come here.
    from rich.cells import cell_len

    shown = clip(text, cells)
    space = " " * (cells - cell_len(shown))
    return space + shown if right else shown + space

"""What the terminal shows, cell by cell, so that only what differs from it is sent.

Textual sends whole widgets and lines again, with a reset and all colours for each piece: factor five over a slow line.
Here what it would draw is compared with what is there already. See docs/adr/0026-shadow-grid.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import itemgetter

from rich.cells import cell_len, split_graphemes
from rich.segment import Segment

from screens.terminal.pen import PLAIN, Pen, change, for_blank

# A character and how it is drawn; the second cell of a wide character is "".
Cell = tuple[str, Pen]
Row = list[Cell]
# A piece of a line: line, column, and its cells.
Piece = tuple[int, int, list[Cell]]
# A cell of which nothing is known: no other cell has its pen, so that it differs from all of them.
UNKNOWN: Cell = ("?", Pen(frozenset(), "", ""))
_character: Callable[[Cell], str] = itemgetter(0)
# A move of the cursor takes four bytes at least: so many cells are rather written again.
_SHORT = 4


class ShadowGrid:
    """The cells of a terminal, as far as they are known."""

    def __init__(self, *, erases_colour: bool = False) -> None:
        """Nothing is known at first.

        Args:
            erases_colour: Whether the terminal erases to the present background, rather than to its own.
        """
        self.size = (0, 0)
        self._rows: list[Row] = []
        # Whether every character of the line is one code point in one cell.
        self._plain: list[bool] = []
        self._erases_colour = erases_colour

    @property
    def is_known(self) -> bool:
        """Whether anything is."""
        return bool(self._rows)

    def forget(self) -> None:
        """What is shown is unknown from now on: whatever comes next is sent whole."""
        self.size, self._rows, self._plain = (0, 0), [], []

    def begin(self, columns: int, lines: int) -> None:
        """Take a whole screen of this size next; of what is there nothing is known."""
        self.size, self._rows = (columns, lines), [[UNKNOWN] * columns for _ in range(lines)]
        self._plain = [True] * lines

    def draw(self, pieces: Iterable[Piece]) -> str:
        """Take what is to be shown, and give what to send: nothing if it is there already.

        The pen is plain before and afterwards; where the cursor is does not matter, and is not known afterwards.
        """
        fresh: dict[int, Row] = {}
        for y, x, cells in pieces:
            if not 0 <= y < len(self._rows):
                continue
            row = fresh.get(y) or self._rows[y]
            cells = cells[: len(row) - x]
            if row[x : x + len(cells)] != cells:
                fresh[y] = [*row[:x], *cells, *row[x + len(cells) :]]
        strokes = Strokes()
        for y in sorted(fresh):
            self._draw_row(strokes, y, fresh[y])
        return strokes.sent()

    def _draw_row(self, strokes: Strokes, y: int, new: Row) -> None:
        old, self._rows[y] = self._rows[y], new
        was_plain, self._plain[y] = self._plain[y], _is_plain(new)
        if not (was_plain and self._plain[y]):
            # What becomes of half a wide character is up to the terminal: the line is written from end to end.
            _mend(new)
            self._plain[y] = _is_plain(new)
            changed = list(range(len(new)))
        else:
            changed = [x for x, (before, after) in enumerate(zip(old, new, strict=True)) if before != after]
        tail = self._tail(new)
        at_end = [x for x in changed if x >= tail]
        erased = len(at_end) > _SHORT
        for x in changed[: len(changed) - len(at_end)] if erased else changed:
            strokes.put(y, x, new)
        if erased:
            strokes.erase(y, at_end[0], new)

    def _tail(self, row: Row) -> int:
        """Where the blanks begin that the terminal can erase up to the end of the line."""
        last, tail = row[-1], len(row)
        if last[0] != " " or last[1].attributes:
            return tail
        if last[1].background and not self._erases_colour:
            return tail
        while tail and row[tail - 1] == last:
            tail -= 1
        return tail


class Strokes:
    """What is sent for a frame: the cursor's moves, changes of the pen, and characters."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._pen = PLAIN
        self._y = -1
        # None where the cursor's column is the terminal's affair: at the right edge, and after anything unusual.
        self._x: int | None = None

    def sent(self) -> str:
        """All of it; the pen is left plain."""
        self._parts.append(change(self._pen, PLAIN))
        return "".join(self._parts)

    def put(self, y: int, x: int, row: Row) -> None:
        """Write a cell of a line."""
        text, pen = row[x]
        if not text or row[x] is UNKNOWN:
            return
        if x != self._x or y != self._y:
            self._move(y, x, row)
        if pen is not self._pen:
            self._take(for_blank(self._pen, pen) if text == " " else pen)
        self._parts.append(text)
        self._x = x + 1 if len(text) == 1 and x + 1 < len(row) and row[x + 1][0] else None

    def erase(self, y: int, x: int, row: Row) -> None:
        """Erase the rest of a line."""
        self._move(y, x, row)
        self._take(for_blank(self._pen, row[x][1]))
        self._parts.append("\x1b[K")

    def _take(self, pen: Pen) -> None:
        if pen is not self._pen:
            self._parts.append(change(self._pen, pen))
            self._pen = pen

    def _move(self, y: int, x: int, row: Row) -> None:
        if y == self._y and self._x is not None and self._x <= x:
            self._forward(row[self._x : x])
        elif y == self._y + 1 and x == 0 and self._y >= 0:
            self._parts.append("\r\n")
        else:
            self._parts.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")
        self._y, self._x = y, x

    def _forward(self, between: Sequence[Cell]) -> None:
        if not between:
            return
        if len(between) <= _SHORT and all(self._costs_nothing(cell) for cell in between):
            self._parts.extend(map(_character, between))
        else:
            self._parts.append(f"\x1b[{len(between)}C" if len(between) > 1 else "\x1b[C")

    def _costs_nothing(self, cell: Cell) -> bool:
        """Whether a cell is one byte in the present pen."""
        if not cell[0].isascii():
            return False
        return (for_blank(self._pen, cell[1]) if cell[0] == " " else cell[1]) is self._pen


def cells_of(segments: Iterable[tuple[Segment, Pen]]) -> list[Cell]:
    """The cells of a piece of a line: marks with the character that they belong to, "" for the second of a wide one."""
    cells: list[Cell] = []
    for (text, _, control), pen in segments:
        if control:
            continue
        if text.isascii():
            cells += _ascii_cells(text, pen)
            continue
        marks, characters = graphemes(text)
        if marks and cells:
            cells[-1] = (cells[-1][0] + marks, cells[-1][1])
        cells += [(character, pen.blank if character == " " else pen) for character in characters]
    return cells


# A list that scrolls has the same texts again, one line further.
@lru_cache(1024)
def _ascii_cells(text: str, pen: Pen) -> tuple[Cell, ...]:
    blank = pen.blank
    return tuple([(character, blank if character == " " else pen) for character in text])


@lru_cache(1024)
def graphemes(text: str) -> tuple[str, tuple[str, ...]]:
    """The marks that a text begins with, and its characters cell by cell."""
    marks, cells = "", list[str]()
    for start, end, width in split_graphemes(text)[0]:
        if width:
            cells += [text[start:end], *[""] * (width - 1)]
        else:
            marks += text[start:end]
    return marks, tuple(cells)


def _is_plain(row: Row) -> bool:
    """Whether every character is one code point in one cell."""
    return set(map(len, map(_character, row))) == {1}


def _mend(row: Row) -> None:
    """Blanks for wide characters of which half is covered."""
    for x, (character, pen) in enumerate(row):
        if character.isascii() and character:
            continue
        if not character:
            whole = x > 0 and cell_len(row[x - 1][0]) == 2
        else:
            whole = cell_len(character) < 2 or (x + 1 < len(row) and not row[x + 1][0])
        if not whole:
            row[x] = (" ", pen.blank)

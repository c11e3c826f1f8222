"""The shadow of the terminal: what is sent of a change shows exactly what Textual would have drawn whole."""

from __future__ import annotations

from collections.abc import Sequence

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from screens.terminal.pen import PLAIN, Pen, change, pen_of
from screens.terminal.shadow import ShadowGrid, cells_of
from tests.terminal_cells import painted, seen

CONSOLE = Console(color_system="256", force_terminal=True)
COLUMNS, LINES = 16, 4

# Narrow, drawn with lines, with a mark on top, and wide; pyte and Rich agree about how wide they are.
WIDE = ("世", "界", "👩")
CHARACTERS = st.sampled_from([*"ab   ", "é", "─", "▇", "…", "e\u0301", *WIDE])
TEXTS = st.one_of(st.lists(CHARACTERS, max_size=8), st.integers(1, COLUMNS).map(lambda cells: [" "] * cells))
COLOURS = st.sampled_from([None, "default", "#204060", "#ffffff", "color(1)", "color(12)", "color(208)"])
STYLES = st.one_of(
    st.none(),
    st.builds(
        lambda flags, fg, bg: Style(color=fg, bgcolor=bg, **dict.fromkeys(flags, True)),
        st.sets(st.sampled_from(["bold", "dim", "italic", "underline", "reverse", "strike"]), max_size=2),
        COLOURS,
        COLOURS,
    ),
)
# A character and its style; "" is the second cell of a wide one.
Cell = tuple[str, Style | None]


def cells_in(runs: Sequence[tuple[list[str], Style | None]]) -> list[Cell]:
    return [(cell, style) for text, style in runs for each in text for cell in ([each, ""] if each in WIDE else [each])]


LINE = st.lists(st.tuples(TEXTS, STYLES), min_size=1, max_size=4).map(cells_in)
WHOLE = st.lists(LINE, min_size=LINES, max_size=LINES)
PART = st.tuples(st.integers(0, LINES - 1), st.integers(0, COLUMNS - 1), LINE)


class Terminal:
    """A terminal, the shadow of it, and what is to be on it."""

    def __init__(self, erases_colour: bool) -> None:
        self.shadow = ShadowGrid(erases_colour=erases_colour)
        self.screen = painted("", COLUMNS, LINES)
        self.stream = pyte.Stream(self.screen)
        self.wanted: list[list[Cell]] = []

    def whole(self, lines: Sequence[list[Cell]]) -> None:
        self.wanted = [mended([*line, *[(" ", None)] * COLUMNS][:COLUMNS]) for line in lines]
        if not self.shadow.is_known:
            self.shadow.begin(COLUMNS, LINES)
        self.send([(y, 0, line) for y, line in enumerate(self.wanted)])

    def part(self, y: int, x: int, cells: list[Cell]) -> None:
        line = self.wanted[y]
        cells = mended(cells[: COLUMNS - x])
        self.wanted[y] = mended([*line[:x], *cells, *line[x + len(cells) :]])
        self.send([(y, x, cells)])

    def send(self, pieces: Sequence[tuple[int, int, list[Cell]]]) -> None:
        self.stream.feed(self.shadow.draw((y, x, cells(strip(line))) for y, x, line in pieces))
        assert self.screen.cursor.attrs == pyte.Screen(1, 1).cursor.attrs, "the pen is left plain"
        region = Region(0, 0, COLUMNS, LINES)
        textual = LayoutUpdate([[strip(line)] for line in self.wanted], region).render_segments(CONSOLE)
        assert seen(self.screen) == seen(painted(textual, COLUMNS, LINES))


def mended(line: list[Cell]) -> list[Cell]:
    """The line with blanks where half of a wide character is missing."""

    def whole(x: int) -> bool:
        character, after = line[x][0], line[x + 1][0] if x + 1 < len(line) else None
        return (after == "") if character in WIDE else character != "" or (x > 0 and line[x - 1][0] in WIDE)

    return [cell if whole(x) else (" ", cell[1]) for x, cell in enumerate(line)]


def strip(line: Sequence[Cell]) -> Strip:
    return Strip([Segment(character, style) for character, style in line if character])


def cells(strip: Strip) -> list[tuple[str, Pen]]:
    def pen(style: Style | None) -> Pen:
        return PLAIN if style is None else pen_of(Strip.render_ansi(style, ColorSystem.EIGHT_BIT))

    return cells_of((segment, pen(segment.style)) for segment in strip)


@settings(max_examples=300, deadline=None)
@given(st.booleans(), WHOLE, st.lists(st.one_of(WHOLE, PART, st.none()), max_size=8))
def test_what_is_sent_shows_what_is_wanted(
    erases_colour: bool, first: list[list[Cell]], then: list[list[list[Cell]] | tuple[int, int, list[Cell]] | None]
) -> None:
    terminal = Terminal(erases_colour)
    terminal.whole(first)
    for each in then:
        if each is None:
            # Another program has written over it.
            terminal.stream.feed("\x1b[2J\x1b[HCONNECTION to 世界 LOST\x1b[3;5H!!")
            terminal.shadow.forget()
            terminal.whole(terminal.wanted)
        elif isinstance(each, tuple):
            terminal.part(*each)
        else:
            terminal.whole(each)


@settings(deadline=None)
@given(WHOLE)
def test_what_is_there_already_is_not_sent(lines: list[list[Cell]]) -> None:
    terminal = Terminal(True)
    terminal.whole(lines)
    assert terminal.shadow.draw([(y, 0, cells(strip(line))) for y, line in enumerate(terminal.wanted)]) == ""


def drawn(before: str, after: str, *, erases_colour: bool = True) -> str:
    """What is sent where one line becomes another; `[` and `]` stand around what is on blue."""

    def coloured(text: str) -> Strip:
        plain, _, rest = text.partition("[")
        blue, _, end = rest.partition("]")
        return Strip([Segment(plain), Segment(blue, Style(bgcolor="color(4)")), Segment(end)])

    shadow = ShadowGrid(erases_colour=erases_colour)
    shadow.begin(coloured(before).cell_length, 1)
    shadow.draw([(0, 0, cells(coloured(before)))])
    return shadow.draw([(0, 0, cells(coloured(after)))])


@pytest.mark.parametrize(
    ("before", "after", "sent"),
    [
        ("abcdef", "abcdef", ""),
        ("abcdef", "abXdef", "\x1b[1;3HX"),
        # A short way is written, a long one is a move.
        ("abcdefgh", "XbcdXfgh", "\x1b[1HXbcdX"),
        ("abcdefghij", "XbcdefghXj", "\x1b[1HX\x1b[7CX"),
        ("─b世cdefghi", "─b世cdefghX", "\x1b[1H─b世\x1b[1;5HcdefghX"),
        # Blanks to the end of the line, in the terminal's own colour and in another.
        ("abcdefghij", "ab        ", "\x1b[1;3H\x1b[K"),
        ("abcdefghij", "ab[        ]", "\x1b[1;3H\x1b[44m\x1b[K\x1b[m"),
        ("abcdefghij", "abcdefg   ", "\x1b[1;8H   "),
        # Only what is different of two pens, and none for a blank that looks the same.
        ("[abcdef]", "[abcd]ef", "\x1b[1;5Hef"),
    ],
)
def test_the_shortest_way(before: str, after: str, sent: str) -> None:
    assert drawn(before, after) == sent


def test_a_terminal_that_erases_to_its_own_colour_gets_blanks() -> None:
    assert drawn("abcdefghij", "ab[        ]", erases_colour=False) == "\x1b[1;3H\x1b[44m        \x1b[m"


@pytest.mark.parametrize(
    ("old", "new", "sent"),
    [
        ("", "", ""),
        ("1;31", "31", "\x1b[22m"),
        ("1;2;31", "1;31", "\x1b[22;1m"),
        ("31;44", "32;44", "\x1b[32m"),
        ("31;44", "", "\x1b[m"),
        ("38;2;1;2;3;48;5;17", "38;2;1;2;3;7;48;5;18", "\x1b[7;48;5;18m"),
        ("21;31", "31", "\x1b[0;31m"),
        ("97;107", "97", "\x1b[49m"),
        ("39;49", "4", "\x1b[4m"),
    ],
)
def test_the_shortest_change_of_a_pen(old: str, new: str, sent: str) -> None:
    assert change(pen_of(old), pen_of(new)) == sent


def test_a_mark_belongs_to_the_character_before_it() -> None:
    assert [text for text, _ in cells(Strip([Segment("cafe"), Segment("\u0301 noir")]))] == [
        *"caf",
        "e\u0301",
        *" noir",
    ]


def test_nothing_is_drawn_beside_the_screen() -> None:
    shadow = ShadowGrid()
    shadow.begin(2, 1)
    assert shadow.draw([(0, 0, cells(Strip([Segment("abc")]))), (1, 0, cells(Strip([Segment("x")])))]) == "\x1b[1Hab"

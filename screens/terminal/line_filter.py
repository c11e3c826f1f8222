"""The last gate before the terminal: no control or hiding character passes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from dropcopy_tui.domain.visible import ASCII, HIDING, NOT_ASCII, visible
from screens.terminal.guard import Glyphs
from styles.contrast import LEAST, contrast


class InOneStep(LineFilter):
    """Several filters as one: Textual makes a line again for each that it has, which costs more than the filter."""

    def __init__(self, filters: Sequence[LineFilter]) -> None:
        super().__init__()
        self.filters = tuple(filters)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """What each makes of what the one before has made."""
        for each in self.filters:
            segments = each.apply(segments, background)
        return segments


class VisibleFilter(LineFilter):
    """Shows control, bidi and hiding characters as glyphs; in ascii, everything as ASCII."""

    def __init__(self, glyphs: Glyphs = "unicode") -> None:
        super().__init__()
        self._search = (HIDING if glyphs == "unicode" else NOT_ASCII).search
        self._clean = clean_unicode if glyphs == "unicode" else clean_ascii

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments where nothing is to be done, which is nearly always."""
        search = self._search
        for segment in segments:
            if search(segment.text):
                return [self._safe(each) for each in segments]
        return segments

    def _safe(self, segment: Segment) -> Segment:
        text, style, control = segment
        return Segment(self._clean(text), style, control) if self._search(text) else segment


class MonoFilter(LineFilter):
    """Takes every colour away; what stood on a bright ground is drawn in reverse."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with attributes only."""
        return [
            Segment(text, None if style is None else colourless(style), control) for text, style, control in segments
        ]


class CursorFilter(LineFilter):
    """Draws in the cursor's own colour what could hardly be read on the cursor: a muted word, or one with a tone.

    A list's line brings its colours along; Textual changes what is behind them, and not them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ground: ColorTriplet | None = None
        self._ink = Style()

    def wear(self, ground: str, ink: str) -> None:
        """The colours of the cursor in the present theme."""
        self._ground, self._ink = Color.parse(ground).rich_color.triplet, Style(color=Color.parse(ink).rich_color)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments where none is on the cursor, which is nearly always."""
        return [self._readable(each) for each in segments] if any(map(self._is_on_it, segments)) else segments

    def _is_on_it(self, segment: Segment) -> bool:
        style = segment.style
        return style is not None and style.bgcolor is not None and style.bgcolor.triplet == self._ground

    def _readable(self, segment: Segment) -> Segment:
        text, style, control = segment
        if style is None or style.color is None or style.color.triplet is None or not self._is_on_it(segment):
            return segment
        if self._ground is None or contrast(style.color.triplet, self._ground) >= LEAST:
            return segment
        return Segment(text, style + self._ink, control)


@lru_cache(4096)
def clean_unicode(text: str) -> str:
    """The text made visible, in exactly the cells it was laid out for."""
    return _fit(visible(text), cell_len(text))


@lru_cache(4096)
def clean_ascii(text: str) -> str:
    """The text in printable ASCII, in exactly the cells it was laid out for."""
    # A wide character becomes as many characters as it had cells, a combining mark none.
    plain = NOT_ASCII.sub(lambda found: _plain(found.group()), text)
    return _fit(plain, cell_len(text))


@lru_cache(4096)
def colourless(style: Style) -> Style:
    """Bold, underline and reverse stay; dim goes, because it is a grey."""
    ground = style.bgcolor
    bright = ground is not None and not ground.is_default and sum(ground.get_truecolor()) > 384
    # Copied through the public parts: Style.without_color drops the meta that clicks need.
    return Style(
        bold=style.bold,
        italic=style.italic,
        underline=style.underline,
        strike=style.strike,
        reverse=bright != bool(style.reverse),
        meta=style.meta or None,
    )


def _plain(character: str) -> str:
    if (plain := ASCII.get(character)) is not None:
        return plain * max(1, cell_len(character))
    cells = cell_len(character)
    return "?" * (cells or (1 if HIDING.match(character) else 0))


def _fit(text: str, cells: int) -> str:
    # Controls were measured as nothing: their glyphs push the end of the text out.
    return text if cell_len(text) == cells else set_cell_size(text, cells)

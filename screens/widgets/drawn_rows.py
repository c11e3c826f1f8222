"""How the rows of a list are drawn: a line of titles, a cursor, marks, and columns that share the width."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from dropcopy_tui.domain.arrangements import USUAL, Arrangement
from dropcopy_tui.domain.pages import PageSource, Selection
from screens.terminal.values import clip
from screens.widgets.columns import Column, arranged, fit, fitted
from screens.widgets.paged_rows import PagedRows

Row = TypeVar("Row")
_MARK_WIDTH = 2
_CURSOR, _CHOSEN = ">", "*"
_NOT_YET = "..."
# So many drawn lines are kept at most.
_DRAWN = 2_000
_NOT_DRAWN: tuple[Any, Strip | None] = (None, None)


class DrawnRows(PagedRows[Row], Generic[Row]):
    """Rows in columns. What is selected and under the cursor is marked; who selects and moves is the table's affair."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "record-table--header",
        "record-table--cursor",
        "record-table--cursor-blurred",
        "record-table--picked",
        "record-table--muted",
        "record-table--warning",
        "record-table--error",
        "record-table--success",
    }
    DEFAULT_CSS = """
    DrawnRows {
        background: $background;
        color: $foreground;
        height: 1fr;
        scrollbar-size: 1 1;
        overflow-x: hidden;
        & > .record-table--header { color: $text-muted; text-style: underline; }
        & > .record-table--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
        & > .record-table--cursor-blurred {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
            text-style: $block-cursor-blurred-text-style;
        }
        & > .record-table--picked { color: $accent; text-style: bold; }
        & > .record-table--muted { color: $text-muted; }
        & > .record-table--warning { color: $warning; }
        & > .record-table--error { color: $error; }
        & > .record-table--success { color: $success; }
    }
    """

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], Hashable],
        source: PageSource[Row] | None,
        id: str | None,
    ) -> None:
        super().__init__(source, id=id)
        self.columns = tuple(columns)
        self.key = key
        self.picked = Selection()
        self.arrangement: Arrangement | None = None
        self._layout: tuple[tuple[Column[Row], int], ...] = ()
        self._fitted_to = (-1, 0)
        # What was drawn of a row, and of which: another one may have its number by now.
        self._strips: dict[tuple[int, bool, bool, bool], tuple[Row, Strip]] = {}
        self._ink: Style | None = None
        self._styles: dict[str, Style] = {}

    def row_key(self, row: Row) -> Hashable:
        """What the row is selected by."""
        return self.key(row)

    @property
    def shown(self) -> tuple[str, ...]:
        """The titles of the columns that are seen."""
        return tuple(column.title for column, _ in self._layout)

    def render_line(self, y: int) -> Strip:
        """One line: the header stays, the rows scroll."""
        width = self.scrollable_content_region.width
        if self._fitted_to != (self.size.width, self.scrollbar_size_vertical):
            self._arrange()
        if y == 0:
            return self._header().adjust_cell_length(width, self._plain())
        number = int(self.scroll_y) + y - 1
        if number >= max(self.total, 0):
            return Strip.blank(width, self._plain())
        row = self._window.row(number)
        if row is None:
            return Strip([Segment(f"  {_NOT_YET}", self._plain())]).adjust_cell_length(width, self._plain())
        state = (number, number == self.cursor, self.picked.holds(self.key(row)), self.has_focus)
        row_then, strip = self._strips.get(state, _NOT_DRAWN)
        if row_then is not row or strip is None:
            strip = self._drawn(row, state, width)
            self._strips[state] = row, strip
        return strip

    def _drawn(self, row: Row, state: tuple[int, bool, bool, bool], width: int) -> Strip:
        _, here, chosen, focused = state
        base = self._style("cursor" if focused else "cursor-blurred") if here else self._plain()
        mark = (_CURSOR if here else " ") + (_CHOSEN if chosen else " ")
        segments = [Segment(mark, base if here or not chosen else base + self._style("picked"))]
        for column, cells in self._layout:
            segments += self.inked(row, column, cells, base, here)
        # What looks alike is one segment: fewer bytes on the line, and less for every filter to look at.
        return Strip(Segment.simplify(segments)).adjust_cell_length(width, base)

    def inked(self, row: Row, column: Column[Row], cells: int, base: Style, here: bool) -> list[Segment]:
        """A row's text in one column, and the space behind it. `here`: under the cursor, where tones are left out."""
        tone = column.tone(row) if column.tone and not here else ""
        style = base + self._style(tone) if tone else base
        return [Segment(fitted(column.show(row), cells, column.right) + " ", style)]

    def titled(self, column: Column[Row], cells: int) -> str:
        """A column's title in so many cells."""
        arrow = ""
        if column.order and column.order == self.query_ask.order:
            arrow = " v" if self.query_ask.descending else " ^"
        title = clip(column.title, max(1, cells - len(arrow))) + arrow
        return fitted(title, cells, column.right)

    def _header(self) -> Strip:
        style = self._plain() + self._style("header")
        segments = [Segment(" " * _MARK_WIDTH, self._plain())]
        for column, cells in self._layout:
            segments += [Segment(self.titled(column, cells), style), Segment(" ", self._plain())]
        return Strip(segments)

    def _plain(self) -> Style:
        """The table's own style: Textual works it out again each time it is asked for."""
        if self._ink is None:
            self._ink = self.rich_style
        return self._ink

    def _style(self, name: str) -> Style:
        """The style of a part; Textual looks it up each time."""
        if (style := self._styles.get(name)) is None:
            is_whole = name in ("cursor", "cursor-blurred")
            style = self.get_component_rich_style(f"record-table--{name}", partial=not is_whole)
            self._styles[name] = style
        return style

    def _arrange(self) -> None:
        """Give the columns their widths, leaving out optional ones that do not fit."""
        room = self.size.width - self.scrollbar_size_vertical - _MARK_WIDTH
        self._layout = fit(arranged(self.columns, self.arrangement or USUAL), room)
        self._fitted_to = (self.size.width, self.scrollbar_size_vertical)
        self._strips.clear()

    def rows_changed(self) -> None:
        """Every line is drawn again, in the colours of now."""
        self._strips.clear()
        self._styles.clear()
        self._ink = None

    def notify_style_update(self) -> None:
        """A new theme: every line is drawn again."""
        self.rows_changed()
        super().notify_style_update()

    def on_mount(self) -> None:
        """The columns are there before the first row is."""
        self._arrange()

    def on_resize(self) -> None:
        """Fit the columns."""
        self._arrange()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Lines that were drawn are kept, not indefinitely."""
        super().watch_scroll_y(old_value, new_value)
        if len(self._strips) > _DRAWN:
            self._strips.clear()

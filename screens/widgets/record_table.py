"""The one table: a virtual list over pages, the same for ten rows and a million. Keys move the cursor without delay."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message

from dropcopy_tui.domain.arrangements import USUAL, Arrangement
from dropcopy_tui.domain.pages import PageSource, Selection
from screens.widgets.columns import Column
from screens.widgets.drawn_rows import DrawnRows

Row = TypeVar("Row")


class RecordTable(DrawnRows[Row], Generic[Row], can_focus=True):
    """A list of records with a cursor and a selection."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="list.up", tooltip="One row up."),
        Binding("down,j", "move(1)", "Down", show=False, id="list.down", tooltip="One row down."),
        Binding("pageup", "turn(-1)", "Page up", show=False, id="list.page_up", tooltip="One page up."),
        Binding("pagedown", "turn(1)", "Page down", show=False, id="list.page_down", tooltip="One page down."),
        Binding("home,g", "top", "First", show=False, id="list.first", tooltip="Go to the first row."),
        Binding("end,G", "bottom", "Last", show=False, id="list.last", tooltip="Go to the last row."),
        Binding("enter", "open", "Open", key_display="enter", id="list.open", tooltip="Open the row under the cursor."),
        Binding(
            "space",
            "pick",
            "Select",
            show=False,
            id="list.pick",
            tooltip="Select or deselect the row and move to the next one.",
        ),
        Binding("asterisk", "pick_all", "All", show=False, id="list.pick_all", tooltip="Select all matches."),
        Binding("u", "pick_none", "None", show=False, id="list.pick_none", tooltip="Clear the selection."),
        Binding(
            "s",
            "sort",
            "Sort",
            show=False,
            id="list.sort",
            tooltip="Sort by the next column; then in reverse.",
        ),
        Binding("ctrl+r", "reload", "Refresh", show=False, id="list.reload", tooltip="Refresh the list."),
        Binding(
            "y",
            "copy",
            "Copy",
            show=False,
            id="list.copy",
            tooltip="Copy the name of the row to the terminal's clipboard.",
        ),
    ]

    @dataclass
    class Arranged(Message):
        """The person has chosen other columns, or another sort."""

        table: RecordTable[Any]

    @dataclass
    class Opened(Message):
        """A row was opened with Enter."""

        table: RecordTable[Any]
        row: Any

        @property
        def control(self) -> RecordTable[Any]:
            """The table, for `@on` selectors."""
            return self.table

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], Hashable],
        *,
        source: PageSource[Row] | None = None,
        pickable: bool = True,
        id: str | None = None,
    ) -> None:
        super().__init__(columns, key, source, id)
        self.pickable = pickable
        # How the person has arranged the list before: asked once, when its first page is.
        self.arranged_before: Callable[[], Arrangement] = lambda: USUAL

    # -- what it shows

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return self._window.row(self.cursor)

    @property
    def picked_size(self) -> int:
        """How many rows are selected."""
        return self.picked.size(max(self.total, 0))

    def chosen(self) -> Selection:
        """The selection, or the row under the cursor where nothing is selected."""
        return self.picked if self.picked_size else Selection(frozenset(self.chosen_keys()))

    def chosen_keys(self) -> tuple[Any, ...]:
        """The keys of the selected rows, or of the row under the cursor where none is selected."""
        if self.picked.keys and not self.picked.everything:
            return tuple(self.picked.keys)
        row = self.current
        return () if row is None else (self.key(row),)

    def show_source(self, source: PageSource[Row]) -> None:
        """Show another list from its start, with nothing selected."""
        self.source = source
        self.picked = Selection()
        self.load_first()

    def load_first(self) -> None:
        """Read the list from its start, in the order that the person has chosen for it."""
        if self.arrangement is None and self.source is not None:
            self.use(self.arranged_before())
        super().load_first()

    def use(self, how: Arrangement) -> None:
        """Show the columns as they are arranged, and sort by what is named, if there is such an order."""
        self.arrangement = how
        if how.order in {column.order for column in self.columns if column.order}:
            self.query_ask = replace(self.query_ask, order=how.order, descending=how.descending)
        # Arranged when it is drawn: how wide it is then depends on how long the list is.
        self._fitted_to = (-1, 0)
        self.refresh()

    def choose_columns(self, on: Sequence[str], off: Sequence[str]) -> None:
        """Show other columns from now on; with none named, the usual ones."""
        self.arrangement = replace(self.arrangement or USUAL, on=tuple(on), off=tuple(off))
        self._arrange()
        self.refresh()
        self.post_message(self.Arranged(self))

    def show_columns(self, columns: Sequence[Column[Row]]) -> None:
        """Show other columns of the same rows."""
        self.columns = tuple(columns)
        self._arrange()
        self.refresh()

    def show_again(self, source: PageSource[Row]) -> None:
        """Show the same list as it is now: the cursor and the selection stay on their rows."""
        if self.source is None or self.total < 0:
            self.show_source(source)
        else:
            self.source = source
            self.reload()

    def narrow(self, match: str) -> None:
        """Show the rows that match only; what was selected by `*` no longer is."""
        self.query_ask = replace(self.query_ask, match=match)
        if self.picked.everything:
            self.picked = Selection()
        self.load_first()

    # -- events

    def on_focus(self) -> None:
        """The cursor shows where keys go."""
        self._redraw(self.cursor)

    def on_blur(self) -> None:
        """The cursor fades."""
        self._redraw(self.cursor)

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one opens."""
        number = int(self.scroll_y) + event.y - 1
        if event.y == 0 or not 0 <= number < self.total:
            return
        if event.chain > 1:
            self.action_open()
        else:
            self._go(number)

    # -- actions

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self._go(self.cursor + by)

    def action_turn(self, by: int) -> None:
        """Move the cursor by pages."""
        self._go(self.cursor + by * max(1, self._height - 1))

    def action_top(self) -> None:
        """Go to the first row."""
        self._go(0)

    def action_bottom(self) -> None:
        """Go to the last row."""
        self._go(self.total - 1)

    def action_open(self) -> None:
        """Open the row under the cursor."""
        row = self.current
        if row is not None:
            self.post_message(self.Opened(self, row))

    def action_pick(self) -> None:
        """Turn the row's selection and go to the next row."""
        row = self.current
        if self.pickable and row is not None:
            self.picked = self.picked.toggled(self.key(row))
            self._redraw(self.cursor)
            self._go(self.cursor + 1)
            self._changed()

    def action_pick_all(self) -> None:
        """Select all that match, however many."""
        if self.pickable:
            self.pick(Selection(everything=True, match=self.query_ask.match))

    def action_pick_none(self) -> None:
        """Clear the selection."""
        self.pick(Selection())

    def pick(self, picked: Selection) -> None:
        """Replace the selection."""
        self.picked = picked
        self.refresh()
        self._changed()

    def action_sort(self) -> None:
        """Sort by the next column that is shown; the same column twice sorts backwards."""
        orders = [column.order for column, _ in self._layout if column.order]
        if not orders:
            return
        now = self.query_ask
        if now.order and not now.descending:
            self.query_ask = replace(now, descending=True)
        else:
            place = orders.index(now.order) + 1 if now.order in orders else 0
            self.query_ask = replace(now, order=orders[place] if place < len(orders) else "", descending=False)
        now = self.query_ask
        self.arrangement = replace(self.arrangement or USUAL, order=now.order, descending=now.descending)
        self.load_first()
        self.post_message(self.Arranged(self))

    def action_copy(self) -> None:
        """Send what the row is called, its first column, to the terminal's clipboard."""
        if self.current is not None:
            self.app.copy_to_clipboard(self.columns[0].value(self.current))

    def action_reload(self) -> None:
        """Refresh the list."""
        self.reload()

    def _go(self, number: int) -> None:
        number = max(0, min(number, self.total - 1))
        if number == self.cursor:
            return
        old, self.cursor, self.changed = self.cursor, number, 0
        top, height = int(self.scroll_y), self._height
        if top <= number < top + height:
            self._redraw(old)
            self._redraw(number)
        else:
            self.scroll_to(y=number if number < top else number - height + 1, animate=False, force=True)
            self.refresh()
        self._changed()

    def _redraw(self, number: int) -> None:
        self.refresh(Region(0, number - int(self.scroll_y) + 1, self.size.width, 1))

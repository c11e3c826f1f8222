"""Choose the columns of a list. Each has the value of the row under the cursor beside it, seen in the list or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens.modals.base import DeskModal
from screens.terminal.values import clip, value

_TEXT = (
    "The list shows the marked columns in this order, as far as there is room. Next to each is its value in the "
    "current row. Your choice is saved."
)
_HINT = "Space on/off · u up · d down · a reset · Enter saves · Esc cancels"
_TITLE_CELLS, _VALUE_CELLS = 18, 42


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column: whether it is on, whether there is room for it now, and what the row has in it."""

    title: str
    on: bool
    fits: bool
    value: str


@dataclass(frozen=True, slots=True)
class ColumnsChosen:
    """Titles in their order, and those that are left out; none at all for the usual ones."""

    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()


class ColumnsModal(DeskModal[ColumnsChosen]):
    """Gives the columns that were chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "turn", "On or off", id="columns.turn", tooltip="Show the column, or leave it out."),
        Binding("u", "carry(-1)", "Up", id="columns.up", tooltip="Move the column to the left in the list."),
        Binding("d", "carry(1)", "Down", id="columns.down", tooltip="Move the column to the right in the list."),
        Binding("a", "usual", "As usual", id="columns.usual", tooltip="Show the usual columns again."),
    ]

    def __init__(self, choices: Sequence[ColumnChoice]) -> None:
        """The first column is always there: people know the row by it."""
        super().__init__()
        self._choices = list(choices)

    def compose(self) -> ComposeResult:
        """A sentence, the columns, the keys."""
        with Vertical(classes="dialog"):
            yield Static("Columns", classes="title", markup=False)
            yield Static(_TEXT, classes="text", markup=False)
            yield OptionList(classes="lines", compact=True, markup=False)
            yield Static("", classes="error", markup=False)
            yield Static(_HINT, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Start at the first that can be chosen."""
        self._show(min(1, len(self._choices) - 1))

    @property
    def _at(self) -> int:
        return self.query_one(OptionList).highlighted or 0

    def _show(self, at: int) -> None:
        lines = self.query_one(OptionList)
        lines.clear_options()
        lines.add_options(_line(choice, number) for number, choice in enumerate(self._choices))
        lines.highlighted = at
        self.show_error("")

    def action_turn(self) -> None:
        """On, or off."""
        at = self._at
        if not at:
            self.show_error("The first column is always shown.")
            return
        choice = self._choices[at]
        self._choices[at] = ColumnChoice(choice.title, not choice.on, True, choice.value)
        self._show(at)

    def action_carry(self, by: int) -> None:
        """Put the column before or behind its neighbour; the first one stays where it is."""
        at, to = self._at, self._at + by
        if not at or not 0 < to < len(self._choices):
            self.show_error("The first column stays first." if min(at, to) < 1 else "")
            return
        self._choices[at], self._choices[to] = self._choices[to], self._choices[at]
        self._show(to)

    def action_usual(self) -> None:
        """The usual columns again."""
        self.dismiss(ColumnsChosen())

    @on(OptionList.OptionSelected)
    def _kept(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        on = tuple(choice.title for choice in self._choices if choice.on)
        off = tuple(choice.title for choice in self._choices if not choice.on)
        self.dismiss(ColumnsChosen(on, off))


def _line(choice: ColumnChoice, number: int) -> Option:
    mark = "[*]" if choice.on else "[ ]"
    note = "" if choice.fits or not choice.on else "  (no room)"
    title = value(f"{mark} {clip(choice.title, _TITLE_CELLS):<{_TITLE_CELLS}} ")
    shown = value(clip(choice.value, _VALUE_CELLS) + note, "$text-muted")
    return Option(Content.assemble(title, shown), id=str(number))

"""A record table with its filter line above and its count below: what every list screen shows."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from dropcopy_tui.domain.arrangements import USUAL, Arrangement
from dropcopy_tui.domain.pages import PageSource
from dropcopy_tui.domain.plurals import plural, singular
from screens.widgets.columns import Column
from screens.widgets.inputs import DeskInput
from screens.widgets.record_table import RecordTable

Row = TypeVar("Row")


class RecordList(Vertical, Generic[Row]):
    """A list: `/` filters as you type, the last line counts. An empty one says why and what fills it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", id="list.filter", tooltip="Filter the list as you type."),
        Binding(
            "x", "export", "Export", show=False, id="list.export", tooltip="Export the list to a CSV or JSON file."
        ),
        Binding(
            "C",
            "columns",
            "Columns",
            show=False,
            id="list.columns",
            tooltip="Choose the columns, and see all of them of the row.",
        ),
    ]
    DEFAULT_CSS = """
    RecordList {
        height: 1fr;
        & > .filter { display: none; height: 1; border: none; padding: 0 1; background: $surface; }
        &.-filtering > .filter { display: block; }
        & > .count { height: 1; color: $text-muted; padding: 0 2; }
        & > .empty { display: none; height: 1fr; padding: 1 2; color: $text-muted; }
        &.-empty > .empty { display: block; }
        &.-empty > RecordTable { height: 2; }
    }
    """

    @dataclass
    class ExportAsked(Message):
        """The person wants the list as a file."""

        records: RecordList[Any]

    @dataclass
    class ColumnsAsked(Message):
        """The person wants other columns."""

        records: RecordList[Any]

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], Hashable],
        *,
        source: PageSource[Row] | None = None,
        pickable: bool = True,
        empty: str = "The list is empty.",
        noun: str = "rows",
        table: type[RecordTable[Row]] = RecordTable,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.table: RecordTable[Row] = table(columns, key, source=source, pickable=pickable)
        self.table.beside = self._count
        self.table.arranged_before = self._arranged_before
        self.noun = noun
        self._empty = empty
        self._began = ""

    def compose(self) -> ComposeResult:
        """The filter line, the table, what an empty list says, the count."""
        yield DeskInput(placeholder="filter", classes="filter", compact=True)
        yield self.table
        yield Static("", classes="empty", markup=False)
        yield Static("", classes="count", markup=False)

    @property
    def called(self) -> str:
        """What a person's arrangement of the list is kept under."""
        return f"{type(self.screen).__name__.removesuffix('Screen')}/{self.id or self.noun}"

    def _arranged_before(self) -> Arrangement:
        kept: Mapping[str, Arrangement] = getattr(self.app, "arrangements", {})
        return kept.get(self.called, USUAL)

    def focus_list(self) -> None:
        """Put the keys on the table."""
        self.table.focus()

    def _count(self) -> None:
        table = self.table
        self.set_class(table.total == 0, "-empty")
        if table.total == 0:
            match = table.query_ask.match
            nothing = f"Nothing matches {match!r}. Press Escape to clear the filter." if match else self._empty
            for empty in self.query(".empty").results(Static):
                empty.update(nothing)
        # A list that is left loses its widgets one by one, and a page may come meanwhile.
        for count in self.query(".count").results(Static):
            count.update(self._words(), layout=False)

    @on(RecordTable.Changed)
    def _tell(self, event: RecordTable.Changed) -> None:
        event.stop()
        self.post_message(ListChanged(self))

    def _words(self) -> str:
        table = self.table
        parts = []
        if table.total > 0:
            count = plural(table.total, singular(self.noun), self.noun) if self.noun else f"{table.total:,}"
            parts.append(f"{table.cursor + 1:,} of {count}")
        if table.picked_size:
            parts.append(f"{table.picked_size:,} selected")
        if table.query_ask.match:
            parts.append(f"/{table.query_ask.match}")
        if table.changed:
            changed = plural(table.changed, singular(self.noun), self.noun) if self.noun else f"{table.changed:,}"
            parts.append(f"{changed} changed just now")
        words = "   ".join(parts)
        return words if len(words) < self.size.width - 4 or not table.picked_size else "   ".join(parts[1:])

    def action_filter(self) -> None:
        """Show the filter line and go there."""
        self.add_class("-filtering")
        self.query_one(".filter", DeskInput).focus()

    def start_filtered(self, match: str) -> None:
        """Begin with a filter: whoever came for one row goes back with Escape; `/` and Escape show everything."""
        self._began = match
        with self.prevent(Input.Changed):
            self.query_one(".filter", DeskInput).value = match
        self.add_class("-filtering")
        self.table.query_ask = replace(self.table.query_ask, match=match)

    def clear_filter(self) -> bool:
        """Show everything again; whether there was a filter that the person has set."""
        field = self.query_one(".filter", DeskInput)
        if not self.has_class("-filtering") or (field.value == self._began != "" and not field.has_focus):
            return False
        self.remove_class("-filtering")
        if field.value:
            field.value = ""
        self.table.focus()
        return True

    def action_export(self) -> None:
        """Ask the screen for a file."""
        self.post_message(self.ExportAsked(self))

    def action_columns(self) -> None:
        """Ask the screen which columns there are to be."""
        self.post_message(self.ColumnsAsked(self))

    @on(Input.Changed, ".filter")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.table.narrow(event.value)

    @on(Input.Submitted, ".filter")
    def _filtered(self, event: Input.Submitted) -> None:
        event.stop()
        self.table.focus()


@dataclass
class ListChanged(Message):
    """The count, the position or the selection of a list changed."""

    records: RecordList[Any]

"""Step 5: Available and Added, two virtual lists over the draft in the store (rule G5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from dropcopy_tui.domain.groups import Load
from dropcopy_tui.domain.pages import PageSource, Selection
from dropcopy_tui.services.views import FirmCount, SenderCompView
from screens.terminal.values import value
from screens.widgets.columns import Column
from screens.widgets.record_list import ListChanged, RecordList
from screens.widgets.record_table import RecordTable
from screens.wizard.steps import Finished, Step
from screens.wording import plural

COLUMNS: tuple[Column[SenderCompView], ...] = (
    Column("SenderComp", lambda row: row.sender_comp_id, 11, order="sender_comp_id"),
    Column("Firm", lambda row: row.gfid, 6, order="gfid"),
    Column("Gateway", lambda row: row.gateway.upper(), 7, optional=1),
)


class SourceTable(RecordTable[SenderCompView]):
    """A side of the step: Enter continues, as there is nothing to open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Next", key_display="enter", id="list.open", tooltip="Continue to the last step."),
        Binding(
            "space",
            "pick",
            "Select",
            id="list.pick",
            tooltip="Select or deselect the row and move to the next one.",
        ),
        Binding("asterisk", "pick_all", "All", key_display="*", id="list.pick_all", tooltip="Select all matches."),
    ]

    def action_open(self) -> None:
        """The step is done, whether or not the list is empty."""
        self.post_message(Finished())


class SourcesStep(Step):
    """Two lists; `+` adds what is selected, `-` takes it out, `*` selects all that match."""

    TITLE = "Select the SenderComps whose messages are copied."
    _warned = 0
    _entering = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus", "add", "Add", key_display="+", id="sources.add", tooltip="Add the selected SenderComps."),
        Binding(
            "minus",
            "remove",
            "Remove",
            key_display="-",
            id="sources.remove",
            tooltip="Remove the selected SenderComps.",
        ),
        Binding("f", "firm", "Firm", show=False, id="sources.firm", tooltip="Filter by Globex Firm."),
        Binding("left", "side(0)", show=False, id="sources.left", tooltip="Go to the Available list (or Tab)."),
        Binding("right", "side(1)", show=False, id="sources.right", tooltip="Go to the Added list (or Tab)."),
    ]

    @dataclass
    class AddAsked(Message):
        """These should be added."""

        picked: Selection

    @dataclass
    class RemoveAsked(Message):
        """These should be taken out."""

        picked: Selection

    @dataclass
    class FirmAsked(Message):
        """The person wants to narrow by Globex Firm."""

    def compose(self) -> ComposeResult:
        """Available at the left, Added at the right."""
        yield from self.heading()
        yield Static("", classes="firm", markup=False)
        yield Static("", classes="loads", markup=False)
        with Horizontal(classes="sides"):
            with Vertical(classes="side"):
                yield Static("Available", classes="side-title", markup=False)
                yield RecordList(
                    COLUMNS, lambda row: row.id, id="available", noun="", table=SourceTable,
                    empty="Nothing left to add; added SenderComps are on the right.",
                )  # fmt: skip
            with Vertical(classes="side"):
                yield Static("Added", classes="side-title", markup=False)
                yield RecordList(
                    COLUMNS, lambda row: row.id, id="added", noun="", table=SourceTable,
                    empty="Nothing added yet. On the left, Space selects, * selects all matching, + adds.",
                )  # fmt: skip
        yield self.error_line()

    def tables(self) -> tuple[RecordTable[Any], RecordTable[Any]]:
        """Available, added."""
        return self.query_one("#available", RecordList).table, self.query_one("#added", RecordList).table

    def show(self, available: PageSource[SenderCompView], added: PageSource[SenderCompView], firm: str) -> None:
        """Show the two lists from their starts."""
        narrowed = f"Globex Firm: {firm}   f another firm" if firm else "Globex Firm: all   f select"
        self.query_one(".firm", Static).update(value(narrowed))
        self._entering = True
        # Nothing is selected in a list that is shown again, and nothing is to be said of it.
        self._warned = 0
        self.show_error("")
        for table, source in zip(self.tables(), (available, added), strict=True):
            table.show_source(source)

    def show_loads(self, loads: Sequence[Load]) -> None:
        """How full the target sessions would be, where they have limits (rule G5): before it is submitted."""
        parts = [
            value(f"{load.words}{' over the limit' if load.over else ''}   ", "bold $error" if load.over else "")
            for load in loads
        ]
        line = self.query_one(".loads", Static)
        line.update(Content.assemble(value("Target sessions:  ", "$text-muted"), *parts))
        line.set_class(bool(loads), "-shown")

    def refresh_lists(self, side: int) -> None:
        """Rows of this side have moved to the other; what is selected there stays so."""
        self.tables()[side].picked = Selection()
        for table in self.tables():
            table.load_first()

    def take_keys(self) -> None:
        """Start at the left, unless there is nothing left to do there."""
        available, added = self.tables()
        is_done = not self._entering and not available.total and added.total
        (added if is_done else available).focus()

    @on(ListChanged)
    def _count(self, event: ListChanged) -> None:
        event.stop()
        for table, title, widget in zip(self.tables(), ("Available", "Added"), self.query(".side-title"), strict=True):
            assert isinstance(widget, Static)
            widget.update(f"{title} {max(table.total, 0):,}")
        available, added = self.tables()
        if self._entering and available.total >= 0 and added.total >= 0:
            self._entering = False
            if not available.total and added.total and self.display and not added.has_focus:
                # Whoever comes back to a draft that has everything has nothing to do at the left.
                added.focus()

    def action_add(self) -> None:
        """Add what is selected, or the row under the cursor."""
        picked = self._picked_on(0, "Press Left first: + adds from the Available list.")
        if picked is not None:
            self.post_message(self.AddAsked(picked))

    def action_remove(self) -> None:
        """Take out what is selected, or the row under the cursor."""
        picked = self._picked_on(1, "Press Right first: - removes from the Added list.")
        if picked is not None:
            self.post_message(self.RemoveAsked(picked))

    def _picked_on(self, side: int, elsewhere: str) -> Selection | None:
        """What is selected on a side; the row under its cursor only while the keys are there.

        A key never changes a row that no one looks at: a wrong SenderComp leaks a firm's trading.
        """
        table = self.tables()[side]
        picked = table.chosen() if table.has_focus or table.picked_size else Selection()
        nothing = not picked.everything and not picked.keys
        self.show_error(elsewhere if nothing and not table.has_focus else "")
        return None if nothing else picked

    def forgotten(self) -> str:
        """What is selected on the left and was not added, in words; asked once before the step is left."""
        size = self.tables()[0].picked_size
        warned, self._warned = self._warned, size
        if not size or warned == size:
            return ""
        return (
            f"{plural(size, 'SenderComp is', 'SenderComps are')} selected but not added: + adds, "
            "Enter continues without."
        )

    def action_firm(self) -> None:
        """Narrow by Globex Firm."""
        self.post_message(self.FirmAsked())

    def action_side(self, side: int) -> None:
        """Put the keys on one list."""
        self.tables()[side].focus()


def firm_choices(firms: Sequence[FirmCount]) -> list[tuple[str, str, str]]:
    """Key, text and detail of every Globex Firm, "all" first."""
    every = sum(firm.count for firm in firms)
    return [("all", "All firms", f"{every:,}")] + [(firm.gfid, firm.gfid, f"{firm.count:,}") for firm in firms]

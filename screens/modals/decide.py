"""Confirm a decision on a request, with everything it is about in view."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens.modals.base import DeskModal
from screens.terminal.values import value

# Cells that the page may use: the dialog's 78 without border, padding and scroll bar.
WIDTH = 70


class DecideModal(DeskModal[bool]):
    """A page of facts and two answers; True for the first."""

    def __init__(self, title: str, page: Content, proceed: str, leave: str) -> None:
        super().__init__()
        self._title, self._page, self._proceed, self._leave = title, page, proceed, leave

    def compose(self) -> ComposeResult:
        """What it is about, and the two answers."""
        with Vertical(classes="dialog wide"):
            yield Static(value(self._title), classes="title")
            with VerticalScroll(classes="lines"):
                yield Static(self._page)
            yield Static("", markup=False)
            yield OptionList(
                Option(value(self._proceed), id="proceed"),
                Option(value(self._leave), id="leave"),
                compact=True,
                markup=False,
            )
            hint = "Enter selects · Tab and arrows scroll the text · Esc cancels"
            yield Static(hint, classes="hint", markup=False)

    def on_mount(self) -> None:
        """The keys are on the answers; Tab goes to a page that is longer than the dialog."""
        options = self.query_one(OptionList)
        options.highlighted = 0
        options.focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id == "proceed":
            self.confirm(True)
        else:
            self.dismiss(False)

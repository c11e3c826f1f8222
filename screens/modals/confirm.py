"""Confirm what is about to be done; what cannot be taken back, by typing a word."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from screens.modals.base import DeskModal
from screens.terminal.values import paragraphs, value
from screens.widgets.inputs import DeskInput


class ConfirmModal(DeskModal[bool]):
    """Proceed or not."""

    def __init__(
        self, title: str, text: str, proceed: str = "Proceed", cancel: str = "Cancel", *, harmless: bool = False
    ) -> None:
        """`harmless`: proceeding changes nothing that others see, so that it can be typed ahead."""
        super().__init__()
        self._title, self._text, self._proceed, self._cancel = title, text, proceed, cancel
        self._harmless = harmless

    def compose(self) -> ComposeResult:
        """What will happen, and the two answers."""
        with Vertical(classes="dialog"):
            yield Static(value(self._title), classes="title")
            yield Static(value(self._text), classes="text")
            yield OptionList(
                Option(value(self._proceed), id="proceed"),
                Option(value(self._cancel), id="cancel"),
                classes="lines",
                compact=True,
                markup=False,
            )
            yield Static("", classes="hint", markup=False)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id != "proceed" or self._harmless:
            self.dismiss(event.option_id == "proceed")
        else:
            self.confirm(True)


class TypedConfirmModal(DeskModal[bool]):
    """What will happen and what will not, a line each; True once `word` was typed as it is written."""

    def __init__(self, title: str, lines: Sequence[str], word: str) -> None:
        super().__init__()
        self._title, self._lines, self._word = title, lines, word

    def compose(self) -> ComposeResult:
        """Title, the lines, a field for the word."""
        with Vertical(classes="dialog"):
            yield Static(value(self._title), classes="title")
            with VerticalScroll(classes="lines"):
                yield Static(paragraphs("\n".join(self._lines)), classes="text")
            yield Static(value(f'Type "{self._word}" to confirm'), classes="label")
            yield DeskInput(compact=True, max_length=max(40, len(self._word)))
            yield Static("", classes="error", markup=False)
            yield Static("Enter confirms · Esc cancels", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Focus the field; Tab goes to lines that are longer than the dialog."""
        self.query_one(DeskInput).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.show_error("")

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() == self._word:
            self.confirm(True)
        else:
            self.show_error(f'That does not match "{self._word}". Nothing was changed.')

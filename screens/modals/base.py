"""What every modal is: opaque, left with Escape, with one error line under its field."""

from __future__ import annotations

from pathlib import PurePath
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.events import Mount
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.help import HelpModal
from screens.leaving import LeavingScreen
from screens.terminal.app import MODAL_BINDINGS
from screens.terminal.meant_keys import PRESS_AGAIN, MeantKeys, now
from screens.terminal.values import value

Result = TypeVar("Result")


class DeskModal(LeavingScreen[Result | None], ModalScreen[Result | None], Generic[Result]):
    """A question. Escape answers nothing and loses nothing."""

    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = "../../styles/modals.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *MODAL_BINDINGS,
        Binding("escape", "cancel", "Cancel", id="modal.cancel", tooltip="Cancel and close."),
        Binding(
            "f1,question_mark", "help", "Help", show=False, id="modal.help", tooltip="Show the keys that work here."
        ),
    ]

    _shown_at = float("inf")

    @on(Mount)
    def _wait_for_drawing(self) -> None:
        self.call_after_refresh(self._drawn)

    def _drawn(self) -> None:
        self._shown_at = now()

    def confirm(self, answer: Result) -> None:
        """Give an answer that an act follows from: once, and only with a key that was meant for this dialog."""
        keys: MeantKeys = self.app.meant_keys  # type: ignore[attr-defined]  # of TerminalApp
        if keys.is_meant(self._shown_at):
            keys.spend()
            self.dismiss(answer)
        else:
            for hint in self.query(".hint").results(Static):
                hint.update(PRESS_AGAIN)

    def show_error(self, text: str) -> None:
        """Say what is wrong, under the field."""
        line = self.query_one(".error", Static)
        line.update(value(text))
        line.set_class(bool(text), "-shown")

    def action_help(self) -> None:
        """Help made from the bindings."""
        self.app.push_screen(HelpModal(self))

    def action_cancel(self) -> None:
        """Nothing was answered."""
        self.dismiss(None)

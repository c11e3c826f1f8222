"""Recovery codes, shown once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from screens.modals.base import DeskModal
from screens.terminal.values import paragraphs, value


class RecoveryCodesModal(DeskModal[None]):
    """Ten codes in two columns, and what they are for."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "cancel", "Close", id="recovery.close")]

    def __init__(self, codes: Sequence[str], from_when: str) -> None:
        super().__init__()
        self._codes, self._from_when = tuple(codes), from_when

    def compose(self) -> ComposeResult:
        """The codes, and from when they can be used."""
        half = -(-len(self._codes) // 2)
        rows = zip(self._codes[:half], [*self._codes[half:], ""], strict=False)
        with Vertical(classes="dialog"):
            yield Static(value("Recovery codes"), classes="title")
            yield Static(
                value("Each replaces a lost authenticator app once. Earlier codes are invalid."), classes="text"
            )
            yield Static(paragraphs("\n".join(f"{left}     {right}".rstrip() for left, right in rows)), id="codes")
            yield Static(value("They are not shown again: write them down now, away from your phone."), classes="hint")
            yield Static(value(f"They can be used from {self._from_when}."), classes="hint")
            yield Static(value("Enter closes"), classes="hint")

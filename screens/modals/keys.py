"""Key pairs: what will happen, and what happened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from dropcopy_tui.services.views import KeyView
from screens.modals.base import DeskModal
from screens.terminal.values import value


class ResultModal(DeskModal[bool]):
    """A row a pair, and where the file went. The secrets are in the file and nowhere else."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "cancel", "Close", id="result.close", tooltip="Close the result."),
    ]

    def __init__(self, title: str, keys: Sequence[KeyView], file: Path | None, note: str) -> None:
        super().__init__()
        self._title, self._keys, self._file, self._note = title, keys, file, note

    def compose(self) -> ComposeResult:
        """Session, public key id, expiry; the file; what to do next."""
        rows = [value(f"{'Session':<9}{'Public key id':<23}Expires", "$text-muted")]
        rows += [value(f"{key.session_id:<9}{key.access_key_id:<23}{key.when}  {key.left}") for key in self._keys]
        with Vertical(classes="dialog wide"):
            yield Static(value(self._title), classes="title")
            with VerticalScroll(classes="lines"):
                yield Static(Content("\n").join(rows))
            if self._file is not None:
                yield Static("", markup=False)
                yield Static(value("Written to (only you may read it)", "$text-muted"))
                yield Static(value(str(self._file)))
            yield Static(value(self._note), classes="hint")
            yield Static("Enter or Escape closes this.", classes="hint", markup=False)

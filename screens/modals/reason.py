"""Ask why a request is denied (rule Q2)."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.names import clean_name
from dropcopy_tui.services.requests.requests import LONGEST_REASON
from dropcopy_tui.services.views import RequestView
from screens.modals.base import DeskModal
from screens.terminal.values import value
from screens.widgets.inputs import DeskInput


class ReasonModal(DeskModal[str]):
    """One line, and under it what the requester will read. Gives the reason."""

    def __init__(self, request: RequestView, denier: str) -> None:
        super().__init__()
        self._request, self._denier = request, denier

    def compose(self) -> ComposeResult:
        """What is denied, the reason, how it will be read."""
        request = self._request
        with Vertical(classes="dialog wide"):
            yield Static(value(f"Deny {request.id}?"), classes="title")
            what = f"{request.type.words} {request.subject} of {request.entity}, requested by {request.submitted_by}."
            yield Static(value(what), classes="text")
            yield Static(value(f"Reason, 1 to {LONGEST_REASON} characters"), classes="label")
            yield DeskInput(compact=True, max_length=LONGEST_REASON)
            yield Static("", classes="error", markup=False)
            yield Static(value(f"{request.submitted_by} will see"), classes="label")
            yield Static(self._read_as(""), id="read", classes="text")
            hint = "Enter denies the request (final) · Esc cancels"
            yield Static(hint, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Focus the field, ready to type."""
        self.query_one(DeskInput).focus()

    def _read_as(self, reason: str) -> Content:
        return value(f"Denied by {self._denier}: {reason.strip()}")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.show_error("")
        self.query_one("#read", Static).update(self._read_as(event.value))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            self.confirm(clean_name(event.value, "Reason", LONGEST_REASON, "reason"))
        except InvalidValue as error:
            self.show_error(error.message)

"""Confirm your identity: the second factor's code."""

from __future__ import annotations

from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from dropcopy_tui.services.factors import CODE_DIGITS, Challenge, Factor
from screens.modals.base import DeskModal
from screens.terminal.values import paragraphs, value
from screens.widgets.inputs import CodeInput
from screens.wording import plural


class CodeModal(DeskModal[str]):
    """One field for the code; gives the code. `error` is what was wrong with the last one."""

    def __init__(self, challenge: Challenge, now: datetime, what: str, error: str = "") -> None:
        super().__init__()
        self._challenge, self._what, self._error = challenge, what, error
        self._minutes = max(0, round((challenge.expires_at - now).total_seconds() / 60))

    def compose(self) -> ComposeResult:
        """What the code is for, where it comes from, how long it lives, how many are left."""
        challenge = self._challenge
        with Vertical(classes="dialog"):
            yield Static("Confirm your identity", classes="title", markup=False)
            yield Static(value(self._what), classes="text")
            if challenge.sandbox_message:
                message = f"Sandbox phone {challenge.sent_to}\n{challenge.sandbox_message}"
                yield Static(paragraphs(message), classes="phone")
            yield Static(value(self._source()), classes="label")
            yield CodeInput(compact=True, placeholder=f"{CODE_DIGITS} digits")
            yield Static("", classes="error", markup=False)
            left = plural(challenge.codes_left_today, "code is", "codes are")
            hint = f"Valid for {plural(self._minutes, 'minute')}; three tries; {left} left for today. "
            yield Static(value(hint + "Enter confirms, Escape cancels: nothing happens then."), classes="hint")

    def on_mount(self) -> None:
        """Show what was wrong with the last code."""
        self.show_error(self._error)

    def _source(self) -> str:
        if self._challenge.factor is Factor.SMS:
            return f"Code sent to {self._challenge.sent_to}"
        return "The code your authenticator app shows"

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if len(event.value) != CODE_DIGITS:
            self.show_error(f"A code has {CODE_DIGITS} digits.")
        else:
            self.dismiss(event.value)

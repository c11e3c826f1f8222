"""Confirm your identity: the second factor's code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from dropcopy_tui.services.factors.table import Challenge
from screens.modals.base import DeskModal
from screens.terminal.values import paragraphs, value
from screens.widgets.inputs import CodeInput
from screens.wording import plural

_SENDING = "Sending the code to {} ..."


class CodeModal(DeskModal[str]):
    """One field for the code; gives the code, or "" for a push where Duo can send one.

    `error` is what was wrong with the last code. `sending` hands the code's message over while the person waits, and
    says what went wrong with that, "" for nothing.
    """

    def __init__(
        self,
        challenge: Challenge,
        now: datetime,
        what: str,
        error: str = "",
        sending: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        super().__init__()
        self._challenge, self._what, self._error, self._sending = challenge, what, error, sending
        self._minutes = max(0, round((challenge.expires_at - now).total_seconds() / 60))
        # No worker of Textual's: the person may type, or leave, meanwhile.
        self._sender: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        """What the code is for, where it comes from, how long it lives, how many are left."""
        challenge = self._challenge
        with Vertical(classes="dialog"):
            yield Static("Confirm your identity", classes="title", markup=False)
            yield Static(value(self._what), classes="text")
            if challenge.sandbox_message:
                message = f"Sandbox phone {challenge.sent_to}\n{challenge.sandbox_message}"
                yield Static(paragraphs(message), classes="phone")
            yield Static(value(self._challenge.source), classes="source")
            yield CodeInput(
                compact=True, max_length=challenge.factor.digits[1], placeholder=challenge.factor.digits_words
            )
            yield Static("", classes="error", markup=False)
            yield Static(value(self._hint()), classes="hint")

    def on_mount(self) -> None:
        """Show what was wrong with the last code, and begin to send this one."""
        self.show_error(self._error)
        if self._sending is not None:
            self._sender = asyncio.create_task(self._send(self._sending))

    def on_unmount(self) -> None:
        """Nobody reads any more how the sending went."""
        if self._sender is not None:
            self._sender.cancel()

    async def _send(self, sending: Callable[[], Awaitable[str]]) -> None:
        self.query_one(".source", Static).update(value(_SENDING.format(self._challenge.sent_to)))
        trouble = await sending()
        self.query_one(".source", Static).update(value(trouble or self._challenge.source))

    def _hint(self) -> str:
        left = plural(self._challenge.codes_left_today, "code is", "codes are")
        life = f"Valid for {plural(self._minutes, 'minute')}"
        if self._challenge.starts_later:
            life += " from when it is issued"
        # After a wrong code the line above says how many tries are left.
        tries = "" if self._error else " three tries;"
        hint = f"{life};{tries} {left} left for today. "
        return hint + "Enter confirms, Escape cancels: nothing happens then."

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        least, most = self._challenge.factor.digits
        pushes = self._challenge.push and not event.value
        if pushes or least <= len(event.value) <= most:
            self.dismiss(event.value)
        else:
            self.show_error(f"A code has {self._challenge.factor.digits_words}.")

"""Confirm your identity: the second factor's code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum, auto
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from dropcopy_tui.services.factors.table import Challenge
from screens.modals.base import DeskModal
from screens.terminal.values import paragraphs, value
from screens.widgets.inputs import CodeInput
from screens.wording import plural

_SENDING = "Sending the code to {} ..."
_MINUTE = 60


class Wanted(Enum):
    """What someone asks for instead of typing the code."""

    NEW_CODE = auto()
    OTHER_FACTOR = auto()


class CodeModal(DeskModal[str | Wanted]):
    """One field for the code; gives the code, "" for a push where Duo can send one, or what is wanted instead.

    How long the code is valid is drawn again with every key and once a minute: an idle terminal gets one line a minute.

    `error` is what was wrong with the last code. `sending` hands the code's message over while the person waits, and
    says what went wrong with that, "" for nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+n", "want_new", "New code", id="code.new",
                tooltip="Send a new code; the current one becomes invalid."),
        Binding("ctrl+o", "want_other", "Other factor", id="code.other",
                tooltip="Select another second factor; the current code becomes invalid."),
    ]  # fmt: skip

    def __init__(
        self,
        challenge: Challenge,
        now: Callable[[], datetime],
        what: str,
        error: str = "",
        sending: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        super().__init__()
        self._challenge, self._what, self._error, self._sending = challenge, what, error, sending
        self._now = now
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
            yield Static(paragraphs(self._hint()), classes="hint")

    def on_mount(self) -> None:
        """Show what was wrong with the last code, and begin to send this one."""
        self.show_error(self._error)
        self.set_interval(_MINUTE, self._count_down)
        if self._sending is not None:
            self._sender = asyncio.create_task(self._send(self._sending))

    def on_unmount(self) -> None:
        """The result of the sending is no longer needed."""
        if self._sender is not None:
            self._sender.cancel()

    async def _send(self, sending: Callable[[], Awaitable[str]]) -> None:
        self.query_one(".source", Static).update(value(_SENDING.format(self._challenge.sent_to)))
        trouble = await sending()
        self.query_one(".source", Static).update(value(trouble or self._challenge.source))

    @on(Input.Changed)
    def _count_down(self) -> None:
        self.query_one(".hint", Static).update(paragraphs(self._hint()))

    def _hint(self) -> str:
        new = "Ctrl-N new code · " if self._sends else ""
        return f"{self._life()}\nEnter confirms · {new}Ctrl-O other factor · Esc cancels"

    def _life(self) -> str:
        minutes = round((self._challenge.expires_at - self._now()).total_seconds() / _MINUTE)
        if minutes <= 0 and self._now() >= self._challenge.expires_at:
            return "This code has expired."
        life = f"Valid for {plural(max(1, minutes), 'minute')}"
        if self._challenge.starts_later:
            life += " once issued"
        # After a wrong code the line above says how many attempts are left.
        attempts = () if self._error else ("3 attempts",)
        return " · ".join((life, *attempts, f"{plural(self._challenge.codes_left_today, 'code')} left today"))

    @property
    def _sends(self) -> bool:
        """Whether the code comes in a message, which can be sent again."""
        return bool(self._challenge.to_send or self._challenge.sandbox_message)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A new code is sent only where a message brings it."""
        return self._sends if action == "want_new" else True

    def action_want_new(self) -> None:
        """Another message with another code."""
        self.dismiss(Wanted.NEW_CODE)

    def action_want_other(self) -> None:
        """Back to the factors."""
        self.dismiss(Wanted.OTHER_FACTOR)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        least, most = self._challenge.factor.digits
        pushes = self._challenge.push and not event.value
        if pushes or least <= len(event.value) <= most:
            self.dismiss(event.value)
        else:
            self.show_error(f"The code must have {self._challenge.factor.digits_words}.")

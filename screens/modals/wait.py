"""Wait for someone who answers elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from screens.modals.base import DeskModal
from screens.terminal.values import value

T = TypeVar("T")


class WaitModal(DeskModal[T]):
    """Gives what was waited for. Escape stops waiting: whoever opened this ends what it was about.

    What went wrong while waiting is in `error` then, for whoever opened this to raise.
    """

    def __init__(self, title: str, text: str, wait: Callable[[], Awaitable[T]]) -> None:
        super().__init__()
        self._title, self._text, self._wait = title, text, wait
        self.error: Exception | None = None
        # No worker of Textual's: those are jobs of a person, and this one is not busy.
        self._waiting: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        """What is waited for, and how to stop."""
        with Vertical(classes="dialog"):
            yield Static(value(self._title), classes="title")
            yield Static(value(self._text), classes="text")
            yield Static("Waiting for the answer ... Esc cancels", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Begin to wait."""
        self._waiting = asyncio.create_task(self._answered())

    def on_unmount(self) -> None:
        """The answer is no longer awaited."""
        if self._waiting is not None:
            self._waiting.cancel()

    async def _answered(self) -> None:
        answer: T | None = None
        try:
            answer = await self._wait()
        except Exception as error:  # noqa: BLE001 - raised by whoever opened this
            self.error = error
        self.dismiss(answer)

"""How far a long job is, for as long as it takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

from dropcopy_tui.services.bulk import Progress
from screens.modals.base import DeskModal
from screens.terminal.values import value

T = TypeVar("T")
_CELLS = 40
_HINT = "Please wait: this runs as a single transaction."


class ProgressModal(DeskModal[None]):
    """A bar and a count. It closes when the job ends; nothing of the job can be stopped half way."""

    @dataclass
    class Advanced(Message):
        """So many of so many are done."""

        done: int
        total: int

    def __init__(self, title: str, total: int) -> None:
        super().__init__()
        self._title, self._total = title, total

    def compose(self) -> ComposeResult:
        """Title, bar, what Escape would not do."""
        with Vertical(classes="dialog"):
            yield Static(value(self._title), classes="title")
            yield Static(_bar(0, self._total), id="bar")
            yield Static(_HINT, classes="hint", markup=False)

    def tell(self, done: int, total: int) -> None:
        """Show how far the job is; it may be called from its thread."""
        # A bar of forty cells needs no more than a hundred drawings, however many rows there are.
        if done == total or done % max(1, total // 100) == 0:
            self.post_message(self.Advanced(done, total))

    def on_progress_modal_advanced(self, event: Advanced) -> None:
        """Draw the bar again."""
        event.stop()
        self.query_one("#bar", Static).update(_bar(event.done, event.total))

    def action_cancel(self) -> None:
        """Escape changes nothing: the job is one transaction, and someone waits for its end."""


async def with_progress(
    screen: Screen[Any], title: str, total: int, call: Callable[[Progress | None], Awaitable[T]]
) -> T:
    """Run a job under the modal; a job of one row is over before anybody could look."""
    if total < 2:
        return await call(None)
    modal = ProgressModal(title, total)
    await screen.app.push_screen(modal)
    try:
        return await call(modal.tell)
    finally:
        modal.dismiss(None)


def _bar(done: int, total: int) -> Content:
    full = _CELLS * done // max(1, total)
    return Content.assemble(
        value("#" * full, "$primary"), value("." * (_CELLS - full), "$text-muted"), value(f"  {done:,} of {total:,}")
    )

"""Long work: a bar with an estimate, which appears only where it takes long, and Escape, which leaves nothing done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, ClassVar, ParamSpec, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Static

from dropcopy_tui.domain.work import SHOWN_AFTER, Estimate, Work, left_words
from screens.modals.base import DeskModal
from screens.terminal.values import value

P = ParamSpec("P")
T = TypeVar("T")
_CELLS = 40
_REDRAWN = 0.25
_HINT = "Esc cancels: nothing is changed then"
_CANCELLING = "Cancelling ..."
_TOO_LATE = "Too late to cancel: the change is being saved"
# Steps of the database for a SenderComp that is put into a set or taken out of one.
_SET_COST = 60


class WorkModal(DeskModal[None]):
    """How far the work is. It closes when the work ends."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="work.cancel", tooltip="Cancel: nothing is changed then."),
    ]

    def __init__(self, title: str, running: Work) -> None:
        super().__init__()
        self._title, self._work = title, running
        self._estimate = Estimate()

    def compose(self) -> ComposeResult:
        """Title, step, bar, what Escape does."""
        with Vertical(classes="dialog"):
            yield Static(value(self._title), classes="title")
            yield Static("", id="bar", markup=False)
            yield Static(_HINT, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Look at the work from time to time: its own thread draws nothing."""
        self._look()
        self.set_interval(_REDRAWN, self._look)

    def action_cancel(self) -> None:
        """End the work where it can still be ended."""
        self.query_one(".hint", Static).update(_CANCELLING if self._work.cancel() else _TOO_LATE)

    def _look(self) -> None:
        left = left_words(self._estimate.left(self._work, time.monotonic()))
        parts = (bar_words(self._work.part), left)
        self.query_one("#bar", Static).update("  ".join(part for part in parts if part))


def bar_words(part: float | None) -> str:
    """The bar, or what stands for one of unknown length."""
    if part is None:
        return "Working ..."
    full = int(_CELLS * part)
    return f"{'#' * full}{'.' * (_CELLS - full)}  {100 * part:3.0f}%"


async def with_work(
    screen: Screen[Any], title: str, size: int, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run a service's verb off the UI thread; a bar appears where it takes longer than a moment.

    Args:
        screen: who asks.
        title: what is being done, as the title of the bar.
        size: about how many SenderComps it is about; 0 where that is not known.
        call: the verb, with its arguments.

    Raises:
        Interrupted: the person cancelled it; nothing was changed.
    """
    running = Work()
    running.is_watched = True
    running.expect(title, size, _SET_COST)
    with running.doing():
        task = asyncio.create_task(asyncio.to_thread(call, *args, **kwargs))
    done, _ = await asyncio.wait({task}, timeout=SHOWN_AFTER)
    if done:
        return task.result()
    modal = WorkModal(title, running)
    await screen.app.push_screen(modal)
    try:
        return await task
    finally:
        modal.dismiss(None)

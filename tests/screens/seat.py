"""A person at the keys of the application: presses, reads, and waits for what is on its way, never for a time."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from unittest.mock import patch

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from screens.widgets.key_bar import KeyBar

W = TypeVar("W", bound=Widget)
# Seconds; nothing takes that long, but many tests may share one core.
_PATIENCE = 30.0


class Seat:
    """One running application."""

    def __init__(self, pilot: Pilot[Any]) -> None:
        self.pilot = pilot
        self.app: Any = pilot.app

    # -- what is on the screen

    @property
    def screen(self) -> Screen[Any]:
        return self.app.screen  # type: ignore[no-any-return]

    @property
    def on(self) -> str:
        """The name of the screen's class."""
        return type(self.screen).__name__

    def text(self) -> str:
        """What stands on the screen, line by line."""
        return screen_text(self.app)

    def find(self, kind: type[W], selector: str = "") -> W:
        """The one widget of this kind on the screen."""
        return self.screen.query_one(selector, kind) if selector else self.screen.query_one(kind)

    def sees(self, *patterns: str) -> re.Match[str]:
        """Assert that every pattern stands on the screen; the match of the last."""
        text = self.text()
        found = None
        for pattern in patterns:
            found = re.search(pattern, text, re.M)
            assert found, f"{pattern!r} is not on the screen:\n{text}"
        assert found
        return found

    def says(self, words: str) -> None:
        """Assert that the words stand on the screen, wherever their lines break."""
        text = " ".join(re.sub("[│┃▊▎▌▐]", " ", self.text()).split())
        assert words in text, f"{words!r} is not on the screen:\n{self.text()}"

    def sees_not(self, *patterns: str) -> None:
        text = self.text()
        for pattern in patterns:
            assert not re.search(pattern, text, re.M), f"{pattern!r} is on the screen:\n{text}"

    # -- what the person does

    async def press(self, *keys: str) -> None:
        """Press keys, each after the one before has had its effect."""
        for key in keys:
            await self.pilot.press(key)
            await self.settle()

    async def type(self, text: str) -> None:
        """Type text into the field that has the focus."""
        names = {" ": "space", "-": "minus", "+": "plus", "*": "asterisk", "/": "slash", ".": "full_stop"}
        await self.pilot.press(*(names.get(character, character) for character in text))
        await self.settle()

    async def paste(self, text: str) -> None:
        """Paste, as the terminal tells it."""
        from textual.events import Paste

        target = self.app.focused or self.screen
        target.post_message(Paste(text))
        await self.settle()

    # -- waiting

    async def settle(self) -> None:
        """Until every worker is done, or waits for an answer on the screen."""
        end, calm = time.monotonic() + _PATIENCE, 0
        loop: Any = asyncio.get_running_loop()
        while calm < 6 or loop._ready:
            busy = [worker for worker in self.app.workers if not worker.is_finished]
            calm = calm + 1 if len(busy) <= self._questions() and _calm(self.app) else 0
            assert time.monotonic() < end, f"still busy: {busy}\n{self.text()}"
            # Once a real pause: a thread may be about to hand over its answer.
            await asyncio.sleep(0 if calm not in (0, 3) else 0.003)

    async def until(self, holds: Callable[[], Any], what: str = "") -> None:
        """Until something holds: for what a timer of the application starts."""
        end = time.monotonic() + _PATIENCE
        while not holds():
            assert time.monotonic() < end, f"never came true: {what}\n{self.text()}"
            await asyncio.sleep(0.005)
        await self.settle()

    async def until_seen(self, pattern: str) -> None:
        await self.until(lambda: re.search(pattern, self.text(), re.M), pattern)

    def _questions(self) -> int:
        """Screens whose answer a worker waits for."""
        asked = [callback.future for screen in self.app.screen_stack for callback in screen._result_callbacks]
        # Every screen has a future; a worker that waits has put a callback on it.
        return sum(1 for future in asked if future is not None and not future.done() and future._callbacks)


def screen_text(app: App[Any]) -> str:
    """The text of the screen that is shown."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


def _calm(app: App[Any]) -> bool:
    """Whether no message is on its way and nothing waits to be laid out or drawn."""
    if not app._message_queue.empty() or app._next_callbacks:
        return False
    for screen in app.screen_stack:
        if screen is app.screen and (screen._dirty_widgets or screen._layout_required or screen._callbacks):
            return False
        for node in screen.walk_children(with_self=True):
            if not node._closing and (not node.is_mounted or not node._message_queue.empty() or node._next_callbacks):
                return False
    return True


async def _at_once(min_sleep: float = 0, max_sleep: float = 0) -> None:
    """Pilot waits 20 ms here, several times a key; `settle` knows when nothing is left to do."""
    await asyncio.sleep(0)


@asynccontextmanager
async def seated(app: App[Any], size: tuple[int, int] = (80, 24)) -> AsyncIterator[Seat]:
    """Run the application and sit down at it, its store open."""
    quick = [patch(f"textual.{module}.wait_for_idle", _at_once) for module in ("app", "pilot")]
    with quick[0], quick[1]:
        async with app.run_test(size=size, notifications=True) as pilot:
            seat = Seat(pilot)
            await seat.settle()
            yield seat


def footer_fits(seat: Seat) -> bool:
    """Whether no key of the last line has vanished at the right."""
    return all(0 < line.needs <= line.size.width for line in seat.screen.query(KeyBar))

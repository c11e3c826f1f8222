"""Keys in the order they were typed, each after the one before has had its effect.

Textual hands a key to whatever has the focus when the key *arrives*. Over a slow line `alice`, Tab, `secret`
arrive in one packet, Tab has not been handled yet, and the password is typed into the field of the name.
Here a key waits until the one before has come all the way up from the focused widget to the application.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.events import Event, Key, Paste

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode

# The note travels when the screen has been drawn, or when another key comes before that.
AFTER_THE_FRAME = 0.03
# A widget that is removed while a key is on its way swallows it; typing must go on.
PATIENCE = 0.25


class TypeAhead:
    """Holds keys back while one is on its way."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._waiting: deque[Event] = deque()
        self._turn: Event | None = None
        self._trip: asyncio.TimerHandle | None = None
        self._target: DOMNode | None = None

    def holds(self, event: Event) -> bool:
        """Whether the event has to wait; if not, it sets out now."""
        if not isinstance(event, Key | Paste) or event.is_forwarded or self._app.is_headless:
            return False
        if event is self._turn:
            self._turn = None
        elif self._trip is not None:
            self._waiting.append(event)
            self._follow()
            return True
        loop = asyncio.get_running_loop()
        self._target = self._app.focused or self._app.screen
        self._trip = loop.call_later(PATIENCE, self._arrived)
        loop.call_later(AFTER_THE_FRAME, self._follow, self._trip)
        return False

    def sent(self) -> None:
        """The key is in the queue of its widget."""
        if self._waiting:
            self._follow()

    def _follow(self, trip: asyncio.TimerHandle | None = None) -> None:
        """Send a note after the key: through the same queues, so it cannot overtake it."""
        target = self._target
        if target is not None and trip in (None, self._trip):
            self._target = None
            self._hop(self._trip, list(target.ancestors_with_self))

    def _hop(self, trip: asyncio.TimerHandle | None, nodes: Sequence[DOMNode]) -> None:
        for index, node in enumerate(nodes):
            if node.is_running and node.call_later(self._hop, trip, nodes[index + 1 :]):
                return
        if trip is self._trip:
            self._arrived()

    def _arrived(self) -> None:
        if self._trip is not None:
            self._trip.cancel()
        if not self._waiting:
            self._trip = None
            return
        # The trip stays set until then, so that a key that comes meanwhile queues up behind.
        self._turn = self._waiting.popleft()
        self._app.call_next(self._app.on_event, self._turn)

"""Keys in the order they were typed, each after the one before has had its effect.

Textual hands a key to whatever has the focus when the key *arrives*. Over a slow line `alice`, Tab, `secret`
arrive in one packet, Tab has not been handled yet, and the password is typed into the field of the name.
Here a key waits until the one before has come all the way up from the focused widget to the application.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.events import Event, Key, Paste

if TYPE_CHECKING:
    from typing import Protocol

    from textual.dom import DOMNode
    from textual.screen import Screen
    from textual.widget import Widget

    class TypedInto(Protocol):
        """The application that keys are typed into."""

        @property
        def is_headless(self) -> bool:
            """Whether there is no terminal."""

        @property
        def in_transit(self) -> bool:
            """Whether a screen is on its way."""

        @property
        def is_screen_shown(self) -> bool:
            """Whether there is a screen: none after the application has begun to end."""

        @property
        def focused(self) -> Widget | None:
            """The widget that has the keys."""

        @property
        def screen(self) -> Screen[Any]:
            """The screen that is seen."""

        async def on_event(self, event: Event) -> None:
            """Handle an event."""

        def call_next(self, callback: Callable[..., Any], *args: Any) -> None:
            """Run a callback as soon as possible."""


# The note travels when the screen has been drawn, or when another key comes before that.
AFTER_THE_FRAME = 0.03
# A widget that is removed while a key is on its way swallows it; typing must continue.
PATIENCE = 0.25
# A screen that is still being made, or a service that is still answering: keys wait that long, in seconds.
LONGEST_TRANSIT = 5.0
# A field tells its step, and the step its screen, each by a message that sets out behind the one before.
SETTLING_TRIPS = 4
_LEAVING = ("ctrl+q", "ctrl+c", "f10")


class TypeAhead:
    """Holds keys back while one is on its way."""

    def __init__(self, app: TypedInto) -> None:
        self._app = app
        self._waiting: deque[Event] = deque()
        self._turn: Event | None = None
        self._trip: asyncio.TimerHandle | None = None
        self._target: DOMNode | None = None
        self._since: float | None = None
        self._closed = False

    def close(self) -> None:
        """Take no further keys: the application is leaving, and keys that wait have nowhere to go."""
        self._closed = True
        self._waiting.clear()
        self._turn = None

    async def settled(self) -> None:
        """Wait until the last key has had its effect, on whatever listens to the widget that took it."""
        if not self._app.is_screen_shown:
            return
        arrived = asyncio.Event()
        self._hop(arrived.set, self._way(self._app.focused) * SETTLING_TRIPS)
        with suppress(TimeoutError):
            await asyncio.wait_for(arrived.wait(), PATIENCE)

    def holds(self, event: Event) -> bool:
        """Whether the event has to wait; if not, it sets out now. Once closed, every key waits indefinitely."""
        if not isinstance(event, Key | Paste) or event.is_forwarded:
            return False
        if self._closed or not self._app.is_screen_shown:
            return True
        if self._app.is_headless:
            return False
        loop = asyncio.get_running_loop()
        if event is self._turn:
            self._turn = None
            if self._in_transit(event):
                self._waiting.appendleft(event)
                self._trip = loop.call_later(AFTER_THE_FRAME, self._arrived)
                return True
        elif self._trip is not None:
            self._waiting.append(event)
            self._follow()
            return True
        elif self._in_transit(event):
            self._waiting.append(event)
            self._trip = loop.call_later(AFTER_THE_FRAME, self._arrived)
            return True
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
            # Twice: a key makes a widget send a message of its own, which sets out behind the first note.
            self._hop(partial(self._back, self._trip), self._way(target) * 2)

    def _way(self, target: DOMNode | None) -> list[DOMNode]:
        return list((target or self._app.screen).ancestors_with_self)

    def _hop(self, arrived: Callable[[], None], nodes: Sequence[DOMNode]) -> None:
        for index, node in enumerate(nodes):
            if node.is_running and node.call_later(self._hop, arrived, nodes[index + 1 :]):
                return
        arrived()

    def _back(self, trip: asyncio.TimerHandle | None) -> None:
        if trip is self._trip:
            self._arrived()

    def _in_transit(self, event: Event) -> bool:
        """Whether the application is on its way to where the key was meant for: not indefinitely, never for leaving."""
        if not self._app.in_transit or getattr(event, "key", "") in _LEAVING:
            return False
        now = asyncio.get_running_loop().time()
        self._since = self._since if self._since is not None else now
        return now - self._since < LONGEST_TRANSIT

    def _arrived(self) -> None:
        if self._turn is not None:
            # A note that comes back after patience has ended: the next key has its turn already.
            return
        if self._trip is not None:
            self._trip.cancel()
        if not self._waiting:
            self._trip = self._since = None
            return
        if self._in_transit(self._waiting[0]):
            self._trip = asyncio.get_running_loop().call_later(AFTER_THE_FRAME, self._arrived)
            return
        self._since = None
        # The trip stays set until then, so that a key that comes meanwhile queues up behind.
        self._turn = self._waiting.popleft()
        self._app.call_next(self._app.on_event, self._turn)

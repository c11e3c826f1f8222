"""Keys keep their order, also where the machine is so slow that patience ends while a note is still on its way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.events import Event, Key

from screens.terminal.type_ahead import TypeAhead


class SlowApp:
    """One widget that takes its time, and a queue of the application's."""

    is_headless = in_transit = False
    is_running = is_screen_shown = True
    focused = None

    def __init__(self) -> None:
        self.notes: list[Callable[[], None]] = []
        self.queue: list[Event] = []
        self.screen = self
        self.ancestors_with_self = (self,)

    def call_later(self, call: Callable[..., None], *args: Any) -> bool:
        self.notes.append(lambda: call(*args))
        return True

    def call_next(self, _: Any, event: Event) -> None:
        self.queue.append(event)

    def on_event(self) -> None:
        """What `call_next` is given."""


async def test_a_note_that_arrives_late_lets_no_key_overtake() -> None:
    app: Any = SlowApp()
    ahead = TypeAhead(app)
    keys = [Key(character, character) for character in "T7K"]
    typed = [key for key in keys if not ahead.holds(key)]
    assert typed == keys[:1]
    assert len(app.notes) == 1
    # Patience ends; before the next key is looked at, the first one's note comes back after all.
    ahead._arrived()
    while app.notes:
        app.notes.pop(0)()
    for _ in range(9):
        while app.queue:
            event = app.queue.pop(0)
            if not ahead.holds(event):
                typed.append(event)
                ahead.sent()
        while app.notes:
            app.notes.pop(0)()
    assert typed == keys

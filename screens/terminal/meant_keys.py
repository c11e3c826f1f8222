"""Keys that are meant: a confirming key counts once, and only where the person has seen what it confirms.

A terminal sends a key that is held down as the same key again and again, and what is pasted without brackets as keys.
Both would go from one question to the next: Enter held on Submit would submit another draft. Three rules end that:

- What confirms an act takes no key that was pressed before it was drawn, and none that follows so close on the same key
  that it must be a repeat (`is_meant`).
- After an act, the key that confirmed it is spent until it was released: other pages do not get it (`spend`).
- Any other key, and any click, is a new beginning.
- A letter that no key of the page is, straight after another key, is text that was pasted without brackets: all of
  it is dropped, so that its line ends do not walk from page to page.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from textual.events import Event, Key, MouseDown, Paste

# The same key sooner than this after itself comes from the keyboard, not from a finger: slow ones repeat every 0.1 s.
REPEATS_WITHIN = 0.13
# A key that is held begins to repeat after a pause, which is as long as this on some machines.
REPEATS_AFTER = 0.8
# What comes sooner than this after a key was not typed by hand; a text has ended after so long a pause.
TYPED_BY_NOBODY = 0.02
TEXT_ENDS_AFTER = 0.25
# Keys beside the printable ones that a text consists of: no text leaves the application or opens a help.
IN_A_TEXT = frozenset({"enter", "tab", "ctrl+j"})
PRESS_AGAIN = "Press Enter again to confirm · Esc cancels"


class MeantKeys:
    """Watches the keys in their order."""

    def __init__(self) -> None:
        # A program that plays the keys means all of them, however fast it is.
        self.deliberate = False
        self._key, self._at, self._gap = "", 0.0, float("inf")
        self._since = 0.0
        self._spent_at: float | None = None
        self._last, self._stray = float("-inf"), False

    def is_stray(self, event: Event, wanted: Callable[[str], bool]) -> bool:
        """Whether the event is part of a text that was pasted where no field is. `wanted`: whether a key does anything.

        It is told of every key that does not go into a field.
        """
        if self.deliberate or not isinstance(event, Key) or not (event.is_printable or event.key in IN_A_TEXT):
            return False
        pause, self._last = event.time - self._last, event.time
        if self._stray:
            self._stray = pause < TEXT_ENDS_AFTER
        elif pause < TYPED_BY_NOBODY and event.is_printable:
            self._stray = not wanted(event.key)
        return self._stray

    @property
    def stray_begun(self) -> bool:
        """Whether such a text is being dropped."""
        return self._stray

    def typed(self, event: Event) -> None:
        """A key went into a field: what follows may still be part of the same text."""
        self._last, self._stray = event.time, False

    def takes(self, event: Event) -> bool:
        """Take note of an event; whether it may pass to the screen."""
        if isinstance(event, MouseDown | Paste):
            self._key, self._spent_at = "", None
        if self.deliberate or not isinstance(event, Key):
            return True
        same = event.key == self._key
        self._gap = event.time - self._at if same else float("inf")
        if not same:
            self._key, self._since, self._spent_at = event.key, event.time, None
        self._at = event.time
        if self._spent_at is not None and not self._is_new(self._spent_at):
            return False
        self._spent_at = None
        return True

    def is_meant(self, shown_at: float) -> bool:
        """Whether the key at hand may confirm what was drawn at that time."""
        if self.deliberate or not self._key:
            return True
        opened_it = self._since < shown_at
        return self._at >= shown_at and (self._is_new(shown_at) if opened_it else self._gap >= REPEATS_WITHIN)

    def _is_new(self, since: float) -> bool:
        """Whether the key at hand, pressed before as well, was released meanwhile."""
        return self._gap >= REPEATS_WITHIN and self._at - since >= REPEATS_AFTER

    def spend(self) -> None:
        """An act was confirmed: its key does nothing more until it was released."""
        if self._key:
            self._spent_at = self._at


def now() -> float:
    """The time on the clock of events."""
    return time.monotonic()

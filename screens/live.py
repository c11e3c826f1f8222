"""Screens follow what others commit, where the store's server tells of it; a file is looked at every few seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.message import Message
from textual.timer import Timer

from screens.frame import DeskScreen

# Seconds between two looks: whoever imports a thousand sessions elsewhere does not keep every screen busy.
LOOKS_APART = 1.0
_LOST = "{} What you see may be out of date; it is updated when the server answers again."
_BACK = "The server answers again. Repeat what was refused meanwhile."
_NOTICE = 12


class Told(Message):
    """The server says that something was committed (""), or why it says nothing."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


class Live:
    """Looks after each commit: immediately, and again a second later for all that followed."""

    def __init__(self, app: App[Any], look: Callable[[], Any], is_looking: Callable[[], bool]) -> None:
        self._app, self._look, self._is_looking = app, look, is_looking
        self._more = False
        self._pause: Timer | None = None
        # What is said for as long as the server is lost; "" while it answers.
        self.lost = ""

    def tell(self, why: str) -> None:
        """Take what the server says, in any thread."""
        self._app.post_message(Told(why))

    def told(self, why: str) -> None:
        """Follow it. The loss of the server is said once, on every screen, and so is its return."""
        if why:
            self.lost = _LOST.format(why)
            self._say(self.lost, "failed")
            return
        if self.lost:
            self.lost = ""
            self._say(_BACK, "note")
        self._more = True
        if self._pause is None:
            self._follow()

    def _follow(self) -> None:
        self._pause = None
        if not self._more:
            return
        self._pause = self._app.set_timer(LOOKS_APART, self._follow)
        # A look that is under way would be cancelled by the next: under many commits, none would ever end.
        if not self._is_looking():
            self._more = False
            self._look()

    def _say(self, text: str, kind: str) -> None:
        for screen in self._app.screen_stack:
            if isinstance(screen, DeskScreen):
                # Another loss, in the same words, is news again.
                screen.quiet()
                screen.say(text, kind)
        if not isinstance(self._app.screen, DeskScreen):
            self._app.notify(text, timeout=_NOTICE)

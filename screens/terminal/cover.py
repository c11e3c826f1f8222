"""A cover: one screen above all others, under which everything stays as it is and nothing of it is shown.

There are two: the lock, and what is shown in a window that is too small. They are never up together: the lock takes the
other's place, and gives it back if the window is still too small then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from textual import on
from textual.await_complete import AwaitComplete
from textual.events import Event, Key, Paste, Resize
from textual.notifications import SeverityLevel
from textual.screen import Screen

from screens.terminal.app import TerminalApp
from screens.terminal.guard import TerminalFacts
from screens.terminal.small import SERVED, SmallScreen, is_small


class CoverableApp(TerminalApp):
    """While the cover is up, what would be shown waits until it is lifted: screens, notices, a way home.

    `taken_lines` of the window are not the application's.
    """

    taken_lines = 0

    def __init__(self, facts: TerminalFacts | None = None) -> None:
        self._cover: Screen[Any] | None = None
        self._small: SmallScreen | None = None
        self._waiting: list[Callable[[], object]] = []
        self._lifted = asyncio.Event()
        self._lifted.set()
        super().__init__(facts)

    @property
    def is_covered(self) -> bool:
        """Whether the lock is up."""
        return self._cover is not None

    @property
    def is_hidden(self) -> bool:
        """Whether any cover is up."""
        return self._cover is not None or self._small is not None

    def cover(self, screen: Screen[Any]) -> None:
        """Put the lock up; notices that are shown now go, because they would be drawn above it."""
        if self._cover is None:
            self._take_off(self._small)
            self._small = None
            self._cover = screen
            self._put_up(screen)

    def uncover(self) -> None:
        """Lift the lock: the screens below are as they were, and what has waited is shown now."""
        cover, self._cover = self._cover, None
        if cover is not None:
            self._take_off(cover)
            self._fit_window(is_small(self.size))

    async def on_event(self, event: Event) -> None:
        """What is typed into a window that is too small is gone as it arrives: it must not wait for a larger one."""
        if self._small is not None and not _is_served(event):
            return
        await super().on_event(event)

    @on(Resize)
    def _window_changed(self, event: Resize) -> None:
        """Cover everything while the window is too small for it; the lock stays as it is."""
        if not self.is_covered:
            self._fit_window(is_small(event.size))

    def _fit_window(self, small: bool) -> None:
        if small and self._small is None and self.is_screen_shown:
            self._small = SmallScreen(self.taken_lines)
            self._put_up(self._small)
        elif not small:
            self._take_off(self._small)
            self._small = None
            self._show_what_waits()

    def _put_up(self, cover: Screen[Any]) -> None:
        self._lifted.clear()
        self.clear_notifications()
        self.push_screen(cover)

    def _take_off(self, cover: Screen[Any] | None) -> None:
        if cover is not None and self.is_screen_shown:
            cover.dismiss(None)

    def _show_what_waits(self) -> None:
        waiting, self._waiting = self._waiting, []
        for show in waiting:
            show()
        self._lifted.set()

    async def uncovered(self) -> None:
        """Wait until no cover is up."""
        await self._lifted.wait()

    def when_uncovered(self, act: Callable[[], object]) -> None:
        """Do this as soon as no cover is up; now, where there is none."""
        if self.is_hidden:
            self._waiting.append(act)
        else:
            act()

    def push_screen(self, screen: Any, callback: Any = None, wait_for_dismiss: bool = False, **how: Any) -> Any:
        """As Textual does. Under a cover, a screen waits; whoever waits for its answer asks `uncovered` first."""
        push: Any = super().push_screen
        if self.is_hidden and screen is not (self._cover or self._small):
            self._waiting.append(partial(push, screen, callback, **how))
            return AwaitComplete()
        return push(screen, callback, wait_for_dismiss, **how)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """A notice, once no cover is up."""
        show = partial(super().notify, message, title=title, severity=severity, timeout=timeout, markup=markup)
        self.when_uncovered(show)

    @property
    def in_transit(self) -> bool:
        """Keys for the cover do not wait for what is under way below it."""
        if self.is_hidden:
            return self.is_screen_shown and not self.screen.is_mounted
        return super().in_transit


def _is_served(event: Event) -> bool:
    """Whether something may come of an event in a window that is too small."""
    return event.key in SERVED if isinstance(event, Key) else not isinstance(event, Paste)

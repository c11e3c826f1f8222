"""A cover: one screen above all others, under which everything stays as it is and nothing of it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from textual.await_complete import AwaitComplete
from textual.notifications import SeverityLevel
from textual.screen import Screen

from screens.terminal.app import TerminalApp
from screens.terminal.guard import TerminalFacts


class CoverableApp(TerminalApp):
    """While the cover is up, what would be shown waits until it is lifted: screens, notices, a way home."""

    def __init__(self, facts: TerminalFacts | None = None) -> None:
        self._cover: Screen[Any] | None = None
        self._waiting: list[Callable[[], object]] = []
        self._lifted = asyncio.Event()
        self._lifted.set()
        super().__init__(facts)

    @property
    def is_covered(self) -> bool:
        """Whether the cover is up."""
        return self._cover is not None

    def cover(self, screen: Screen[Any]) -> None:
        """Put the cover up; notices that are shown now go, because they would be drawn above it."""
        if self._cover is None:
            self._lifted.clear()
            self.clear_notifications()
            self._cover = screen
            self.push_screen(screen)

    def uncover(self) -> None:
        """Lift the cover: the screens below are as they were, and what has waited is shown now."""
        cover, self._cover = self._cover, None
        if cover is None:
            return
        cover.dismiss(None)
        waiting, self._waiting = self._waiting, []
        for show in waiting:
            show()
        self._lifted.set()

    async def uncovered(self) -> None:
        """Wait until no cover is up."""
        await self._lifted.wait()

    def when_uncovered(self, act: Callable[[], object]) -> None:
        """Do this as soon as no cover is up; now, where there is none."""
        if self.is_covered:
            self._waiting.append(act)
        else:
            act()

    def push_screen(self, screen: Any, callback: Any = None, wait_for_dismiss: bool = False, **how: Any) -> Any:
        """As Textual does. Under a cover, a screen waits; whoever waits for its answer asks `uncovered` first."""
        push: Any = super().push_screen
        if self.is_covered and screen is not self._cover:
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
        if self.is_covered:
            return self.is_screen_shown and not self.screen.is_mounted
        return super().in_transit

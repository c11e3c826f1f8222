"""How a screen leaves: from the top of the stack only, whoever wants it gone, and whenever.

Textual ends the application when a screen below another one is dismissed. Here such a screen waits until the ones above
it are closed: what a person does there is not interrupted by what happened below. No other module may take a screen
off the stack; `tests/unit/test_leaving.py` searches the code for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from textual import on
from textual.await_complete import AwaitComplete
from textual.events import ScreenResume
from textual.screen import Screen

if TYPE_CHECKING:
    from textual.app import App

Result = TypeVar("Result")


class LeavingScreen(Screen[Result], Generic[Result]):
    """A screen that can be dismissed at any time."""

    _departure: tuple[Result | None] | None = None

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Leave now if this is the top screen, else as soon as it is; a screen that has left already stays so."""
        stack = self.app.screen_stack
        if len(stack) > 1 and stack[-1] is self:
            return super().dismiss(result)
        if self in stack[1:]:
            self._departure = (result,)
        return AwaitComplete()

    @property
    def is_leaving(self) -> bool:
        """Whether the screen leaves as soon as the ones above it are closed."""
        return self._departure is not None

    @on(ScreenResume)
    def _leave_at_last(self) -> None:
        if self._departure is not None:
            self.left_at_last(*self._departure)

    def left_at_last(self, result: Result | None) -> None:
        """The screens above are closed: leave."""
        self.dismiss(result)


def close_down_to(app: App[Any], screen: Screen[Any]) -> None:
    """Close every screen above this one, from the top."""
    while len(app.screen_stack) > 1 and app.screen is not screen:
        app.pop_screen()


def is_on_stack(screen: Screen[Any] | None) -> bool:
    """Whether the screen has not been closed."""
    return screen is not None and screen in cast("list[Any]", screen.app.screen_stack)

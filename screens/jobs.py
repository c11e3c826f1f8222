"""Work beside the screen: the one kind of worker that screens use, and how a refusal of it is shown."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from textual import work
from textual.app import App
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import Worker

from dropcopy_tui.domain.errors import DeskError
from screens.terminal.app import TerminalApp
from screens.widgets.banner import Banner

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound=Widget)
# How the workers of jobs are named.
JOB = "job"


async def off_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a service's verb off the UI thread."""
    return await asyncio.to_thread(call, *args, **kwargs)


def job(
    *, group: str = "default", exclusive: bool = False
) -> Callable[[Callable[Concatenate[S, P], Coroutine[Any, Any, None]]], Callable[Concatenate[S, P], Worker[None]]]:
    """A worker whose foreseen refusals are shown in the banner: the one shared place for them.

    With `exclusive`, a newer job of the same group takes the place of an older one.
    """

    def decorate(
        method: Callable[Concatenate[S, P], Coroutine[Any, Any, None]],
    ) -> Callable[Concatenate[S, P], Worker[None]]:
        @functools.wraps(method)
        async def guarded(self: S, /, *args: P.args, **kwargs: P.kwargs) -> None:
            try:
                # What a job does may import a screen or a dialog.
                if isinstance(self.app, TerminalApp):
                    await self.app.imports()
                await method(self, *args, **kwargs)
            except DeskError as error:
                show_refusal(self, error)
            except NoMatches:
                # A screen that closes loses its widgets before its jobs: no one is there to be shown anything.
                if not _is_left(self) and not _is_ending(self.app):
                    raise

        started: Any = work(guarded, name=f"{JOB} {method.__name__}", group=group, exclusive=exclusive)
        return cast("Callable[Concatenate[S, P], Worker[None]]", started)

    return decorate


def _is_ending(app: App[Any]) -> bool:
    """Whether every screen is about to close, with the whole application."""
    return isinstance(app, TerminalApp) and app.is_ending


def _is_left(widget: Widget) -> bool:
    """Whether the widget's screen was closed."""
    screen = next((node for node in widget.ancestors_with_self if isinstance(node, Screen)), None)
    return screen not in widget.app.screen_stack


def show_refusal(widget: Widget, error: DeskError) -> None:
    """A refusal in the banner of the widget's screen, or of the one that is seen where that has left; else a notice."""
    screen = widget.app.screen if _is_left(widget) else widget if isinstance(widget, Screen) else widget.screen
    banners = screen.query(Banner)
    if banners:
        banners.first().say(error.message, "failed")
    else:
        widget.notify(error.message, title="Error", severity="error", timeout=12)

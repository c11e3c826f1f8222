"""What is overridden of Textual's privates, all of it here: a new version is read against one file.

Every entry says what it is for, and what it gains where it is there for speed; what gains less than 5 % of what it
serves has no place here. `tests/unit/test_textual_canary.py` has a line for each and fails first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import textual.screen
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console
from rich.segment import Segment
from textual import on
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual.app import App
from textual.cache import LRUCache
from textual.css.stylesheet import Stylesheet
from textual.events import ScreenResume
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import AwaitMount, Widget

from screens.terminal.pen import PLAIN, Pen, pen_of
from screens.terminal.shadow import Piece, ShadowGrid, cells_of

if TYPE_CHECKING:
    from rich.console import RenderableType

Result = TypeVar("Result")

# A change waits for the next frame: at Textual's 60 a second that is longer than drawing it takes. Gain: the mean wait
# is 4 ms instead of 8, of some 12 ms from a key to its repaint.
textual.screen.UPDATE_PERIOD = 1 / 120  # type: ignore[misc]  # Final, and there is no setting for it

# More than there are sources: a cache that is too small for one round of them never hits.
_SOURCES = 256


class TunedApp(App[int]):
    """The application's part of it."""

    @property
    def _background_screens(self) -> list[Screen[Any]]:
        """None: all our screens are opaque. Textual draws the whole screen again for a change no one can see.

        Gain: a change of the screen under a dialog takes 2.4 ms instead of 5.4.
        """
        return []

    def _get_screen(self, screen: Screen[Any] | str) -> tuple[Screen[Any], AwaitMount]:
        """Read a screen's style sheet before the screen starts.

        Textual reads it afterwards. From Python 3.12 on its tasks are eager: the screen composes and styles its
        widgets inside the call that starts it, without the rules of its own sheet.
        """
        self._load_screen_css(self.get_screen(screen))
        return super()._get_screen(screen)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Send what differs from what the terminal shows, and nothing at all where nothing does.

        Gain: 80 % of the bytes.
        """
        shadow: ShadowGrid | None = getattr(self._driver, "shadow", None)
        # Where Textual would draw nothing, nothing may be remembered as drawn.
        draws = self._running and not self._closed and not self._batch_count
        if shadow is not None and draws and isinstance(renderable, LayoutUpdate | ChopsUpdate):
            # Typed as Rich's renderables, of which Textual's updates are none.
            renderable = cast(Any, self._difference(screen, renderable, shadow))
        super()._display(screen, renderable)

    def _difference(
        self, screen: Screen[Any], update: LayoutUpdate | ChopsUpdate, shadow: ShadowGrid
    ) -> CompositorUpdate | None:
        """What to send instead of an update; None if that is nothing."""
        compositor = screen._compositor
        if shadow.size != compositor.size:
            # What is there is unknown: a part of the screen is not enough.
            shadow.begin(compositor.size.width, compositor.size.height)
            update = compositor.render_full_update()
        text = shadow.draw(pieces(update, COLOR_SYSTEMS[self.console.color_system or "truecolor"]))
        cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
        return Difference(text) if text or cursor != self._previous_cursor_position else None

    def _set_pointer_shape(self, shape: str) -> None:
        """No OSC: old consoles print it, and no sequence of ours should ever be one."""


class Difference(CompositorUpdate):
    """What is sent of an update."""

    def __init__(self, text: str) -> None:
        self._text = text

    def render_segments(self, console: Console) -> str:
        """The sequences and characters as they are."""
        return self._text


def pieces(update: LayoutUpdate | ChopsUpdate, colours: ColorSystem) -> Iterator[Piece]:
    """The pieces of lines that an update of Textual's consists of, with the pens that it would draw them with."""

    def cells(y: int, x: int, strip: Strip) -> Piece:
        return y, x, cells_of((segment, _pen(segment, colours)) for segment in strip)

    if isinstance(update, LayoutUpdate):
        for y, line in enumerate(update.strips, update.region.y):
            yield cells(y, update.region.x, Strip.join(list(line)))
        return
    for y, left, right in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=True):
            if strip is not None and x <= right and end > left:
                yield cells(y, x, strip if end <= right else strip.crop(0, right - x))


def _pen(segment: Segment, colours: ColorSystem) -> Pen:
    return PLAIN if segment.style is None else pen_of(Strip.render_ansi(segment.style, colours))


def lines_shown(screen: Screen[Any]) -> list[Strip]:
    """The lines of a screen as they are drawn, for whoever reads or prints them; Textual has no public way to them."""
    return screen._compositor.render_strips()


def is_searching(app: App[Any]) -> bool:
    """Whether the command palette still looks for what was typed: Enter takes what is found, so that it has to wait."""
    group = getattr(app.screen, "_GATHER_COMMANDS_GROUP", "")
    return bool(group) and any(worker.group == group and not worker.is_finished for worker in app.workers)


class TunedScreen(Screen[Result], Generic[Result]):
    """A screen's part of it."""

    _styled = False

    @on(ScreenResume)
    def _style_once(self, event: ScreenResume) -> None:
        """What was just mounted has its styles: Textual would work them all out once more.

        Gain: 11 % of the first paint and of opening a screen.
        """
        if not self._styled:
            self._styled, event.refresh_styles = True, False

    def on_unmount(self) -> None:
        """Let go of what was drawn. Textual's cache of colours is one for all widgets, and keeps the widgets' lines.

        Gain: 29 MB of 188 after a group was opened 120 times; it grew with every opening before.
        """
        StylesCache.get_inner_outer.cache_clear()


class DeskStylesheet(Stylesheet):
    """Textual parses all sources again for every screen that brings one of its own: 15 ms each time.

    Gain: 20 % of opening such a screen in the first second; `prepare` gains 9 % of opening the first list after it.
    """

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._parse_cache = LRUCache(_SOURCES)

    def copy(self) -> DeskStylesheet:
        """The same sources and variables, to be parsed beside."""
        copy = DeskStylesheet(variables=self._variables.copy())
        copy.source = self.source.copy()
        return copy

    def reparse(self) -> None:
        """Parse what is new: other variables empty the cache, and an error leaves the rules as they were."""
        self.parse()

    async def prepare(self, paths: Iterable[Path], widgets: Sequence[Widget]) -> None:
        """Take in the style sheets of screens to come, and the defaults of the widgets on them, parsed in a thread."""
        ahead = self.copy()
        ahead.read_all(list(paths))
        for widget in widgets:
            for read_from, css, tie_breaker, scope in widget._get_default_css():
                ahead.add_source(css, read_from=read_from, is_default_css=True, tie_breaker=tie_breaker, scope=scope)
        await asyncio.to_thread(ahead.parse)
        if ahead._variables == self._variables:
            # What came meanwhile stays; what was there keeps its place, which breaks ties.
            self.source |= {place: source for place, source in ahead.source.items() if place not in self.source}
            self._parse_cache = ahead._parse_cache
            self.parse()

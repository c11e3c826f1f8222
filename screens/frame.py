"""What every screen stands in: the line of place, the banner, the footer, and how errors are shown."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Generic, ParamSpec, TypeVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.css.query import NoMatches
from textual.events import ScreenResume
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import Worker

from dropcopy_tui.domain.errors import DeskError
from screens.terminal.values import clip, value
from screens.widgets.key_bar import KeyLine

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.people import Actor
    from dropcopy_tui.services.views import RequestView
    from screens.app import DropCopyApp

P = ParamSpec("P")
T = TypeVar("T")
Result = TypeVar("Result")
S = TypeVar("S", bound=Widget)
# How the workers of jobs are named.
JOB = "job"


class PlaceLine(Static):
    """Where the person is, and at the right who they are and what waits."""

    DEFAULT_CSS = """
    PlaceLine { height: 1; background: $panel; color: $foreground; padding: 0 1; text-wrap: nowrap; }
    """

    def __init__(self, place: tuple[str, ...] = (), right: tuple[str, ...] = ()) -> None:
        super().__init__("", markup=False)
        self._place = place
        self._right = right

    def show(self, place: tuple[str, ...], right: tuple[str, ...]) -> None:
        """Show a place and what stands at the right."""
        if (place, right) != (self._place, self._right):
            self._place, self._right = place, right
            self.refresh(layout=True)

    def render(self) -> Content:
        """The place, shortened in front where the line is narrow: the end says where one is."""
        place = " > ".join(part for part in self._place if part)
        right = "  ".join(part for part in self._right if part)
        room = max(10, self.size.width - len(right) - 2)
        parts = list(self._place)
        while len(place) > room and len(parts) > 1:
            parts = parts[1:]
            place = ".. > " + " > ".join(parts)
        left = clip(place, room)
        gap = " " * max(1, self.size.width - value(left).cell_length - len(right))
        return Content.assemble(value(left, "bold"), gap, value(right, "$text-muted"))


class Banner(Static):
    """What just happened; it stays until the next action."""

    DEFAULT_CSS = """
    Banner {
        height: auto; max-height: 3; padding: 0 1; display: none;
        &.-shown { display: block; }
        &.-done { color: $success; }
        &.-failed { color: $error; }
        &.-note { color: $warning; }
    }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def say(self, text: str, kind: str = "done") -> None:
        """Show a line; kind is "done", "failed" or "note", and a word says it too."""
        sign = {"done": "Done: ", "failed": "Not done: ", "note": ""}[kind]
        self.remove_class("-done", "-failed", "-note")
        self.add_class("-shown", f"-{kind}")
        self.update(value(sign + text))

    def clear(self) -> None:
        """Take the line away."""
        self.remove_class("-shown")


class DeskScreen(Screen[Result], Generic[Result]):
    """A full screen: place, banner, its body, keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="app.back", tooltip="One level back; nothing is lost."),
        Binding("o", "open_new", show=False, id="groups.open_new", tooltip="Open the group that was set up last."),
        Binding("question_mark,f1", "help", "Help", key_display="?", id="app.help", tooltip="What the keys do here."),
    ]
    AUTO_FOCUS: ClassVar[str | None] = ""
    _new_group: int | None = None
    _styled = False

    def compose(self) -> ComposeResult:
        """The frame around the body."""
        yield PlaceLine(*self._place())
        yield Banner()
        yield from self.body()
        yield KeyLine()

    def body(self) -> ComposeResult:
        """The screen's own widgets."""
        yield from ()

    def place(self) -> tuple[str, ...]:
        """Where this screen is, from the Request Center down."""
        return ("Request Center",)

    def aside(self) -> tuple[str, ...]:
        """What stands at the right of the place line before the person."""
        return ()

    @property
    def desk_app(self) -> DropCopyApp:
        """The application, with its desk."""
        from screens.app import DropCopyApp

        app = self.app
        assert isinstance(app, DropCopyApp)
        return app

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.desk_app.actor

    async def desk(self) -> Desk:
        """The desk, once its store is open."""
        return await self.desk_app.desk()

    def _compositor_refresh(self) -> None:
        """Nothing is drawn that nobody will see: Textual draws a screen that is held, and throws that away."""
        if not self.app._batch_count:
            super()._compositor_refresh()

    @on(ScreenResume)
    def _style_once(self, event: ScreenResume) -> None:
        """What was just mounted has its styles: Textual would work them all out once more."""
        if not self._styled:
            self._styled, event.refresh_styles = True, False

    def on_screen_resume(self) -> None:
        """The place line is right again after another screen."""
        self.show_place()

    def show_place(self) -> None:
        """Draw the line of place."""
        for line in self.query(PlaceLine):
            line.show(*self._place())

    def _place(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        # A screen with news of its own is in the midst of something: the line is narrow, and notices can wait.
        news = self.aside()
        return self.place(), (*news, *self.desk_app.badges(notices=not news))

    async def save_work(self) -> None:
        """Keep what was typed: called before the application ends."""

    def requests_ended(self, requests: Sequence[RequestView]) -> None:
        """Requests of this person were set up or failed just now: say so, and `o` opens the group."""
        from screens.wording import ended_words, group_to_open

        told = []
        for request in requests:
            group = group_to_open(request, self.actor.user_id)
            told.append(ended_words(request, opens=group is not None))
            self._new_group = group or self._new_group
        if told:
            # Several that ended together are told together: the banner has one place.
            kind = "failed" if any(kind == "failed" for _, kind in told) else "done"
            self.say(" ".join(text for text, _ in told), kind)

    def action_open_new(self) -> None:
        """Open the group that was set up last."""
        from screens.groups.group import GroupScreen

        if self._new_group is not None:
            self.quiet()
            self.app.push_screen(GroupScreen(self._new_group, tab="targets"))

    def say(self, text: str, kind: str = "done") -> None:
        """Tell what happened, in the banner."""
        self.query_one(Banner).say(text, kind)

    def quiet(self) -> None:
        """The next action has begun: the banner goes."""
        self.query_one(Banner).clear()

    def action_back(self) -> None:
        """One level back; what is said there was said before this screen, or on it as well."""
        if len(self.app.screen_stack) > 1:
            below = self.app.screen_stack[-2]
            if isinstance(below, DeskScreen):
                below.quiet()
            self.dismiss(None)

    def action_help(self) -> None:
        """Help made from the bindings."""
        from screens.help import HelpModal

        self.app.push_screen(HelpModal(self))


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
                await method(self, *args, **kwargs)
            except DeskError as error:
                show_refusal(self, error)
            except NoMatches:
                # A screen that closes loses its widgets before its jobs: nobody is there to be shown anything.
                if not _is_left(self):
                    raise

        started: Any = work(guarded, name=f"{JOB} {method.__name__}", group=group, exclusive=exclusive)
        return cast("Callable[Concatenate[S, P], Worker[None]]", started)

    return decorate


def _is_left(widget: Widget) -> bool:
    """Whether the widget's screen was closed."""
    screen = next((node for node in widget.ancestors_with_self if isinstance(node, Screen)), None)
    return screen not in widget.app.screen_stack


def show_refusal(widget: Widget, error: DeskError) -> None:
    """A refusal in the banner of the widget's screen, or as a notice where it has none."""
    screen = widget if isinstance(widget, Screen) else widget.screen
    banners = screen.query(Banner)
    if banners:
        banners.first().say(error.message, "failed")
    else:
        widget.notify(error.message, title="Not done", severity="error", timeout=12)

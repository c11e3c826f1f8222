"""The frame of every screen: the first line, the banner, the keys, and the way to other screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from screens.jobs import job, off_thread
from screens.leaving import LeavingScreen
from screens.terminal.textual_tuning import TunedScreen
from screens.widgets.banner import Banner
from screens.widgets.breadcrumb import Breadcrumb
from screens.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.people import Actor, Role
    from screens.desk_app import DeskApp
    from screens.navigation import Route

Result = TypeVar("Result")


class DeskScreen(LeavingScreen[Result], TunedScreen[Result], Generic[Result]):
    """A full screen: place, banner, its body, keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="app.back", tooltip="Go back one level; nothing is lost."),
        Binding(
            "o", "open_new", show=False, id="groups.open_new", tooltip="Open the group of the latest completed request."
        ),
        Binding(
            "question_mark,f1", "help", "Help", key_display="?", id="app.help", tooltip="Show the keys that work here."
        ),
    ]
    AUTO_FOCUS: ClassVar[str | None] = ""
    # Which roles an action asks for: without any of them its key is grey.
    NEEDS: ClassVar[Mapping[str, Collection[Role]]] = {}
    _news: Route | None = None
    _farewell = ""

    def compose(self) -> ComposeResult:
        """The frame around the body."""
        yield Breadcrumb(*self._place())
        yield Banner()
        yield from self.body()
        yield KeyBar()

    def body(self) -> ComposeResult:
        """The screen's own widgets."""
        yield from ()

    def place(self) -> tuple[str, ...]:
        """Where this screen is, from the Request Center down."""
        return ("Request Center",)

    def aside(self) -> tuple[str, ...]:
        """The right end of the place line, before the person."""
        return ()

    def lacks(self, action: str) -> bool:
        """Whether the person holds no role that an action asks for. Pressed, it says who may."""
        roles = self.NEEDS.get(action)
        return roles is not None and self.desk_app.home_view is not None and not self.desk_app.may(roles)

    def called(self) -> str:
        """What the record is called that this screen shows; "" where it shows none."""
        return ""

    def action_copy_name(self) -> None:
        """Send the record's name to the terminal's clipboard."""
        if name := self.called():
            self.app.copy_to_clipboard(name)

    @property
    def desk_app(self) -> DeskApp:
        """The application, as far as screens know it."""
        return cast("DeskApp", self.app)

    @property
    def actor(self) -> Actor:
        """Who acts."""
        return self.desk_app.actor

    async def desk(self) -> Desk:
        """The desk, once its store is open."""
        return await self.desk_app.desk()

    async def must(self, roles: Collection[Role], entity: str = "") -> None:
        """Ask the service before the person is asked for anything. Raises NotEntitled saying who may instead."""
        await off_thread((await self.desk()).identity.require, self.actor, roles, entity)

    async def go(self, route: Route) -> None:
        """Open the screen of a route above this one."""
        self.quiet()
        await self.desk_app.go(route)

    def on_screen_resume(self) -> None:
        """The place line is right again after another screen, and a lost server is not forgotten."""
        self.show_place()
        self._say_lost()

    def show_place(self) -> None:
        """Draw the line of place."""
        for line in self.query(Breadcrumb):
            line.show(*self._place())

    def _place(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        # A screen with news of its own is in the midst of something: the line is narrow, and notices can wait.
        news = self.aside()
        return self.place(), (*news, *self.desk_app.badges(notices=not news))

    async def save_work(self) -> None:
        """Keep what was typed: called before the application ends."""

    def kept(self) -> str:
        """What is kept for the next time, as a line for whoever leaves; "" for nothing."""
        return ""

    def announce(self, text: str, kind: str, opens: Route | None) -> None:
        """Say what ended just now, and that `o` opens what came of it."""
        self._news = opens or self._news
        self.say(text, kind)

    def store_changed(self) -> object:
        """Someone changed the store, or requests ended: a screen that shows any of it reads it again, in place."""

    @job()
    async def action_open_new(self) -> None:
        """Open the group of the latest completed request."""
        if self._news is not None:
            await self.go(self._news)

    def say(self, text: str, kind: str = "done") -> None:
        """Tell what happened, in the banner."""
        # A screen that was pushed just now has no banner yet: it reads what is true by itself.
        for banner in self.query(Banner):
            banner.say(text, kind)

    def quiet(self) -> None:
        """The next action has begun: the banner goes, but for what is still so."""
        for banner in self.query(Banner):
            banner.clear()
        self._say_lost()

    def _say_lost(self) -> None:
        """Say that the store's server is lost, for as long as it is: what is shown may be out of date."""
        if self.desk_app.lost:
            self.say(self.desk_app.lost, "failed")

    def gone(self, why: str) -> None:
        """The record that this screen shows no longer exists, or the person has lost access to it: leave, and say why.

        A person who is busy above it reads the reason there, continues, and reads it again where they come back to.
        """
        if why != self._farewell:
            self._farewell = why
            if self.app.screen is not self:
                self.say_on_top(why)
        self.left_at_last(None)

    def say_on_top(self, text: str) -> None:
        """Tell what someone else did: here, and where the person is busy above."""
        top = self.app.screen
        self.say(text, "note")
        if top is not self:
            top.say(text, "note") if isinstance(top, DeskScreen) else self.app.notify(text, timeout=12)

    def left_at_last(self, result: Result | None) -> None:
        """Leave, and say why on the screen that is left."""
        top = self.app.screen is self
        self.dismiss(result)
        below = self.app.screen
        # What came of a request of the person's own was told there just now, with more to it.
        own = f" by {self.actor.user_id} (" in self._farewell and isinstance(below, DeskScreen) and below.tells
        if top and self._farewell and isinstance(below, DeskScreen) and not own:
            below.say(self._farewell, "note")

    @property
    def tells(self) -> bool:
        """Whether the banner says something."""
        return any(banner.has_class("-shown") for banner in self.query(Banner))

    def action_back(self) -> None:
        """One level back; what is said there was said before this screen, or on it as well."""
        if len(self.app.screen_stack) > 1:
            below = self.app.screen_stack[-2]
            if isinstance(below, DeskScreen):
                below.quiet()
            self.dismiss(None)

    def action_help(self) -> None:
        """Help made from the bindings."""
        # Late for the sake of start-up: no one asks for help before the first paint.
        from screens.help import HelpModal

        self.app.push_screen(HelpModal(self))

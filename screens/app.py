"""The application: one desk, one person, and the screens over them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual import on, work
from textual.app import SystemCommand
from textual.events import Event, Key, MouseDown, MouseScrollDown, MouseScrollUp, Paste
from textual.screen import Screen
from textual.worker import Worker, get_current_worker

from dropcopy_tui.config import Config
from dropcopy_tui.domain.errors import DeskError, NotEntitled, NotFound, NotSignedIn
from dropcopy_tui.seat import here as taken_seat
from screens.dress import dressed
from screens.frame import DeskScreen
from screens.home import HomeScreen
from screens.jobs import JOB
from screens.keeper import LOOK_EVERY
from screens.keymap import checked_keys
from screens.leaving import close_down_to
from screens.live import Live, Told
from screens.navigation import OpenFinished, OpenWalkthroughs
from screens.opening import SEAT, OpeningApp
from screens.routes import screen_for, screen_of
from screens.terminal.cover import CoverableApp
from screens.terminal.guard import prepare
from screens.terminal.textual_tuning import is_searching

if TYPE_CHECKING:
    from textual.command import Provider

    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.people import Actor
    from dropcopy_tui.services.home import HomeView
    from dropcopy_tui.services.views import RequestView
    from screens.navigation import Route

Answer = TypeVar("Answer")
# How often the quiet worker looks for requests that someone else submitted, in seconds.
SET_UP_EVERY = 5.0
_SET_UP = "set-up"
# What a person does with their hands; a mouse that only moves may be moved by a table.
_BY_HAND = (Key, Paste, MouseDown, MouseScrollDown, MouseScrollUp)


def _things() -> type[Provider]:
    # Late for the sake of start-up: no one opens the palette before the first paint.
    from screens.things import ThingsProvider

    return ThingsProvider


class DropCopyApp(OpeningApp):
    """Paints first, then opens the store; every screen asks it for the desk and for who acts."""

    TITLE = "dropcopy"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = CoverableApp.COMMANDS | {_things}
    # Textual reads the style sheets of screens that are pushed, not that of the first one.
    CSS_PATH = ["../styles/app.tcss", "../styles/home.tcss"]

    def __init__(self, *args: Any, **options: Any) -> None:
        """As `OpeningApp`."""
        super().__init__(*args, **options)
        # The walkthrough that the person has left for, and who presses its keys.
        self.left_for: tuple[str, str] | None = None
        self._looks = count()
        self._shown_look = 0
        self._arranged_for = 0
        self._unread = ""
        self._live = Live(self, self.set_up, self._is_looking)
        self._asking: set[Worker[Any]] = set()
        self._awaited: set[str] = set()

    # -- once the desk is open

    async def begin(self, desk: Desk) -> None:
        """Look at the seat and at what others do, for as long as the desk is open."""
        if self._keeper.is_needed:
            self.set_interval(LOOK_EVERY, self.look_at_seat)
        await asyncio.to_thread(desk.listen, self._live.tell)
        self.set_interval(SET_UP_EVERY, self.set_up)
        self.set_up()

    def forget(self) -> None:
        """What the person before has asked for is not this one's to see."""
        self._awaited.clear()

    async def refresh_home(self) -> None:
        """Read the first screen's facts again. A store that cannot be read now is said once, and read again later."""
        actor, number = self._actor, next(self._looks)
        if actor is None:
            return
        await self._read_arrangements(actor)
        try:
            view = await asyncio.to_thread(self._first_look, actor.user_id, "")
        except (DeskError, OSError) as error:
            self._say_unread(str(error))
            return
        self._unread = ""
        if actor is not self._actor or number < self._shown_look:
            # Someone else acts by now, or a newer look was faster.
            return
        before, self.home_view, self._shown_look = self.home_view, view, number
        self._say_roles(before, view)
        for screen in self.screen_stack:
            if isinstance(screen, HomeScreen):
                screen.show(view)
        if isinstance(self.screen, DeskScreen):
            self.screen.show_place()

    def _say_roles(self, before: HomeView | None, now: HomeView) -> None:
        """One line on every screen when someone changed what the person may do; the screens look for themselves."""
        if before is None or before.actor is None or now.actor is None or before.held == now.held:
            return
        # Late for the sake of start-up: roles seldom change.
        from dropcopy_tui.domain.people import change_words

        if before.actor.person_id == now.actor.person_id:
            for screen in self.screen_stack:
                if isinstance(screen, DeskScreen):
                    screen.say(change_words(before.held, now.held), "note")

    async def _read_arrangements(self, actor: Actor) -> None:
        """How whoever acts has arranged lists: read once, before they open one."""
        if self._desk is None or self._arranged_for == actor.person_id:
            return
        self._arranged_for, self.arrangements = actor.person_id, {}
        # Without them, lists are as usual: it is not worth an error.
        with suppress(DeskError, OSError):
            self.arrangements = await asyncio.to_thread(self._desk.arrangements.mine, actor)

    @property
    def lost(self) -> str:
        """That the store's server is lost, as screens say it; "" while it answers."""
        return self._live.lost

    def _say_unread(self, why: str) -> None:
        """One line for each reason, not one every few seconds: what is shown stays, and it is tried again."""
        if why == self._unread or self._live.lost:
            return
        self._unread = why
        for screen in self.screen_stack:
            if isinstance(screen, HomeScreen):
                screen.say(f"Home could not be refreshed: {why} It is retried.", "failed")

    # -- keys that were typed ahead

    @property
    def in_transit(self) -> bool:
        """A job is running that does not wait for the person, or the list that has the keys is not read yet."""
        if super().in_transit or (self.is_screen_shown and is_searching(self)):
            return True
        focused = self.focused if self.is_screen_shown else None
        # Asked by name: the table's modules are not imported before the first screen is painted.
        if getattr(focused, "is_opening", False):
            return True
        return any(
            worker.name.startswith(JOB) and not worker.is_finished and worker not in self._asking
            for worker in self.workers
        )

    async def push_screen_wait(self, screen: Screen[Answer]) -> Answer:  # type: ignore[override]
        """Ask with a modal; the job that asks is no longer in transit once the modal is there."""
        worker = get_current_worker()
        await self.uncovered()
        answer: asyncio.Future[Any] = self.push_screen(screen, wait_for_dismiss=True)
        screen.call_after_refresh(self._asks, worker)
        try:
            return cast("Answer", await answer)
        finally:
            self._asking.discard(worker)

    def _asks(self, worker: Worker[Any]) -> None:
        self._asking.add(worker)

    # -- set-up

    @work(exclusive=True, group=_SET_UP)
    async def set_up(self) -> None:
        """The quiet worker: set up what is due, and tell the screens what anybody has changed meanwhile."""
        desk = await self.desk()
        if not await self._may_stay(desk):
            return
        try:
            done = await asyncio.to_thread(desk.provisioning.process_as_desk)
            ended = await self._ended_of_mine(desk)
            stamp = await asyncio.to_thread(desk.stamp)
        except (DeskError, OSError) as error:
            self.log(str(error))
            return
        if not done.ended and not ended and stamp == self._stamp:
            return
        self._stamp = stamp
        await self.refresh_home()
        # Only now, without a pause in between: the next turn may have cancelled this one until here.
        news = [view for view in ended if view.id in self._awaited]
        self._awaited -= {view.id for view in news}
        self._announce(news)

    def _is_looking(self) -> bool:
        return any(worker.group == _SET_UP and not worker.is_finished for worker in self.workers)

    @on(Told)
    def _told(self, event: Told) -> None:
        """The store's server says that something was committed, or that it was lost."""
        self._live.told(event.why)

    @work(group=SEAT)
    async def look_at_seat(self) -> None:
        """Lock, or leave, where it is time for that."""
        await self._keeper.look()

    async def _may_stay(self, desk: Desk) -> bool:
        """Whoever was disabled, or whose seat was ended, leaves; over SSH also on a desk that keeps no seats."""
        if self._keeper.is_needed:
            return await self._keeper.look()
        seat = taken_seat()
        if seat is None or self._actor is None:
            return True
        try:
            await asyncio.to_thread(desk.identity.still_in, self._actor, seat.fingerprint)
        except (NotEntitled, NotSignedIn) as ended:
            with suppress(DeskError):
                await self.save_work()
            self.exit(ended.exit_code, return_code=ended.exit_code, message=f"dropcopy: {ended.message}")
            return False
        except (DeskError, OSError) as error:
            self.log(str(error))
        return True

    def _announce(self, news: Sequence[RequestView]) -> None:
        """Tell every screen that the store was changed, and what became of the requests that were waited for."""
        # Late for the sake of start-up: nothing ends before the first paint.
        from screens.requests.words import all_ended

        said = all_ended(news, self.actor.user_id) if news else None
        for screen in self.screen_stack:
            if isinstance(screen, DeskScreen):
                if said is not None:
                    screen.announce(*said)
                screen.store_changed()

    async def _ended_of_mine(self, desk: Desk) -> list[RequestView]:
        """Requests submitted here that have ended since, whoever set them up."""
        ended = []
        for reference in tuple(self._awaited):
            try:
                view = await asyncio.to_thread(desk.requests.show, self.actor, reference)
            except NotFound:
                # A role was revoked meanwhile: the results of the other requests are still reported.
                self._awaited.discard(reference)
                continue
            if view.ended_at is not None:
                ended.append(view)
        return ended

    def submitted(self, request: RequestView) -> None:
        """A request was made here: say so, set it up, and tell when it ended."""
        self._awaited.add(request.id)
        self.tell(f"Request {request.id} submitted: In Progress, {request.stage}.")
        self.set_up()

    def finish(self, request: RequestView) -> None:
        """A request was submitted on a screen that has left: its result takes the place, and the keys, immediately."""
        self._awaited.add(request.id)
        self.push_screen(screen_of(OpenFinished(request.id)))
        self.set_up()

    def decided(self, request: RequestView) -> None:
        """A request was approved, denied or cancelled here: set up what is ready, and tell when it ended."""
        self._awaited.discard(request.id)
        if request.ended_at is None and not request.waiting_for and request.due is None:
            self._awaited.add(request.id)
        self.set_up()

    def leave_for(self, walkthrough: str, mode: str) -> None:
        """Leave for a walkthrough; whoever started the application plays it, and starts it again."""
        self.left_for = (walkthrough, mode)
        self._begin_to_leave(0)

    def expect(self, reference: str) -> None:
        """Tell when this request of the person's ends, whoever sets it up or decides."""
        self._awaited.add(reference)

    async def on_event(self, event: Event) -> None:
        """A key that comes too late is not for what is below the lock."""
        if isinstance(event, _BY_HAND) and not self._keeper.takes():
            self.look_at_seat()
            return
        await super().on_event(event)

    # -- leaving and commands

    async def _save(self) -> None:
        """Keep what was typed, and leave the seat."""
        try:
            await super()._save()
        finally:
            await self._keeper.left()

    async def save_work(self) -> None:
        """Keep what was typed, on every screen that holds something; one that fails keeps no other from it."""
        holders = [screen for screen in self.screen_stack if isinstance(screen, DeskScreen)]
        for failed in await asyncio.gather(*(screen.save_work() for screen in holders), return_exceptions=True):
            if failed is not None:
                raise failed

    def farewell(self) -> str | None:
        """Which drafts are kept."""
        kept = [screen.kept() for screen in self.screen_stack if isinstance(screen, DeskScreen)]
        return "\n".join(filter(None, kept)) or None

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The command palette: our own commands only."""
        # Late for the sake of start-up: no one opens the palette before the first paint.
        from screens.palette import commands

        return commands(self, screen) if isinstance(screen, DeskScreen) else ()

    async def go(self, route: Route) -> None:
        """Open the screen of a route above the present one. Raises what reading the way there raises."""
        await self.imports()
        await self.uncovered()
        await self.push_screen(await screen_for(self, route))

    @work
    async def start_job(self, job: Callable[[], Awaitable[None]]) -> None:
        """Run a command of the palette."""
        await self.imports()
        await job()

    def tell(self, text: str) -> None:
        """Say what happened on the screen that is left after another one closed.

        Immediately: Textual's queue waits until the closed screen is gone, and newer news would be overwritten.
        """
        if isinstance(self.screen, DeskScreen):
            self.screen.say(text)

    def go_home(self) -> None:
        """Close every screen above Home."""
        self.when_uncovered(lambda: close_down_to(self, self.screen_stack[0]))


def run(
    config: Config, demo: bool = False, user: str | None = None, play: Callable[[str, str], object] | None = None
) -> int:
    """Open the application and give its exit code. `play` plays a walkthrough, by its name and mode.

    Raises ConfigInvalid for a theme file or keys that cannot be used.
    """
    found = prepare(os.environ)
    keys = checked_keys(config.looks.keys, config.paths.config)
    begins_at = None
    while True:
        # Again after each walkthrough: another theme may have been chosen meanwhile.
        facts = dressed(found, config.looks, config.paths.choices)
        app = DropCopyApp(config, facts, user or ("acme-operator" if demo else None), keys=keys, begins_at=begins_at)
        code = app.start()
        if app.left_for is None or play is None:
            return code
        play(*app.left_for)
        # Where it was chosen from.
        begins_at = OpenWalkthroughs()

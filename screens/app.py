"""The application: one desk, one person, and the screens over them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual import on, work
from textual.app import SystemCommand
from textual.events import Event, Key, MouseDown, MouseScrollDown, MouseScrollUp, Paste
from textual.screen import Screen
from textual.worker import Worker, get_current_worker

from dropcopy_tui.config import Config
from dropcopy_tui.domain.errors import AccountLocked, DeskError, NotEntitled, NotFound, NotSignedIn, SeatsTaken
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.seats import SeatWay
from dropcopy_tui.origin import machine_account, origin
from dropcopy_tui.seat import here as taken_seat
from screens.dress import dressed
from screens.frame import DeskScreen
from screens.home import HomeScreen
from screens.jobs import JOB
from screens.keeper import LOOK_EVERY, SeatKeeper
from screens.keymap import checked_keys
from screens.leaving import close_down_to
from screens.live import Live, Told
from screens.navigation import OpenFinished
from screens.routes import screen_for, screen_of
from screens.terminal.cover import CoverableApp
from screens.terminal.guard import TerminalFacts, finish_quick_start, prepare, quick_start
from screens.terminal.textual_tuning import is_searching

if TYPE_CHECKING:
    from textual.command import Provider

    from dropcopy_tui.clock import Clock, Entropy
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.people import Actor, Role
    from dropcopy_tui.services.home import HomeView
    from dropcopy_tui.services.views import RequestView
    from screens.navigation import Route

Answer = TypeVar("Answer")
# How often the quiet worker looks for requests that someone else submitted, in seconds.
SET_UP_EVERY = 5.0
_SET_UP = "set-up"
_SEAT = "seat"
# What a person does with their hands; a mouse that only moves may be moved by a table.
_BY_HAND = (Key, Paste, MouseDown, MouseScrollDown, MouseScrollUp)
# Seconds: a sentence with a path in it takes a while to read and to note.
_LONG_NOTICE = 30.0
_STYLES = Path(__file__).parent.parent / "styles"


def _things() -> type[Provider]:
    # Late for the sake of start-up: no one opens the palette before the first paint.
    from screens.things import ThingsProvider

    return ThingsProvider


class DropCopyApp(CoverableApp):
    """Paints first, then opens the store; every screen asks it for the desk and for who acts."""

    TITLE = "dropcopy"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = CoverableApp.COMMANDS | {_things}
    # Textual reads the style sheets of screens that are pushed, not that of the first one.
    CSS_PATH = ["../styles/app.tcss", "../styles/home.tcss"]

    def __init__(
        self,
        config: Config,
        facts: TerminalFacts | None = None,
        user: str | None = None,
        *,
        clock: Clock | None = None,
        entropy: Entropy | None = None,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(facts)
        self._keys = dict(keys or {})
        self.config = config
        self._clock, self._entropy = clock, entropy
        self.incident_log = config.paths.incident_log
        self.sandbox = False
        self.shows_key_ids = False
        self.unfinished_logon = ""
        self.home_view: HomeView | None = None
        # The walkthrough that the person has left for, and who presses its keys.
        self.left_for: tuple[str, str] | None = None
        self._looks = count()
        self._shown_look = 0
        self._user = user
        self._actor: Actor | None = None
        self._desk: Desk | None = None
        self._refusal = self._unread = ""
        self._stamp: tuple[int, ...] = ()
        self._live = Live(self, self.set_up, self._is_looking)
        self._keeper = SeatKeeper(self)
        self._asking: set[Worker[Any]] = set()
        self._awaited: set[str] = set()
        self._opened = asyncio.Event()
        self._painted = asyncio.Event()
        self._imported = asyncio.Event()

    # -- who and what

    @property
    def actor(self) -> Actor:
        """Who acts. Raises NotSignedIn before anybody does."""
        if self._actor is None:
            raise NotSignedIn("Sign in first.")
        return self._actor

    @property
    def signed_in(self) -> bool:
        """Whether anybody acts."""
        return self._actor is not None

    def may(self, roles: Collection[Role]) -> bool:
        """Whether the person holds one of the roles anywhere: what is offered; services decide."""
        return self.home_view is not None and not self.home_view.roles.isdisjoint(roles)

    async def desk(self) -> Desk:
        """The desk, once its store is open."""
        await self._opened.wait()
        assert self._desk is not None
        return self._desk

    async def imports(self) -> None:
        """Wait until nothing is imported beside.

        Two threads that import each other's modules would wait for one another, so Python gives one of them a module
        that is not whole.
        """
        await self._imported.wait()

    def badges(self, notices: bool = True) -> tuple[str, ...]:
        """The right end of the place line: the person, unread notices, and the mode."""
        who = self._actor.user_id if self._actor else ""
        return (who, self._notices() if notices else "", "SANDBOX" if self.sandbox else "")

    def _notices(self) -> str:
        """How many notices wait for whoever acts; "" for none, or before they were counted."""
        view = self.home_view
        if view is None or view.actor is None or self._actor is None or not view.notices:
            return ""
        if view.actor.person_id != self._actor.person_id:
            return ""
        return plural(view.notices, "notice")

    def become(self, actor: Actor) -> None:
        """Act as this person from now on."""
        before, self._actor = self._actor, actor
        if before is not None and before.seat and before.person_id != actor.person_id:
            self.run_worker(self._keeper.moved(before), group=_SEAT)
        self._user = actor.user_id
        # What the person before has asked for, or typed, is not this one's to see.
        self._awaited.clear()
        self.unfinished_logon = ""

    def sit_at(self, seat: int) -> None:
        """Act from this seat; from none, 0."""
        self._actor = replace(self.actor, seat=seat)

    @property
    def may_copy(self) -> bool:
        """Whether the site lets text be sent to clipboards."""
        return self.config.settings.clipboard == "allow"

    # -- start

    def get_default_screen(self) -> Screen[Any]:
        """Home itself: an empty screen below it would be laid out first, for nothing."""
        return HomeScreen()

    def on_mount(self) -> None:
        """Paint the first screen, then open everything behind it."""
        if self._keys:
            self.set_keymap(self._keys)
        self.screen.call_after_refresh(self._painted.set)
        self._open()

    def on_unmount(self) -> None:
        """Nothing is told to an application that has ended."""
        if self._desk is not None:
            self._desk.give_up()

    def exit(self, result: int | None = None, return_code: int = 0, message: Any = None) -> None:
        """End, without waiting for someone else's change."""
        if self._desk is not None:
            self._desk.give_up()
        super().exit(result, return_code, message)

    @work
    async def _open(self) -> None:
        """Fill Home with what one quick read yields, open the store, authenticate the person."""
        # Until then it would take turns with the first paint, which someone waits for.
        await self._painted.wait()
        try:
            await self._look()
            try:
                self._desk = await asyncio.to_thread(_open_desk, self.config, self._clock, self._entropy)
            finally:
                self._imported.set()
            self.sandbox = self._desk.sandbox
            self._stamp = self._desk.stamp()
            await self._recognise(self._desk)
        except DeskError as error:
            self.exit(error.exit_code, return_code=error.exit_code, message=f"dropcopy: {error.message}")
            return
        self._keeper.begin(self._desk)
        self._opened.set()
        if self._keeper.is_needed:
            self.set_interval(LOOK_EVERY, self.look_at_seat)
        for sentence in self._desk.interrupted:
            self.notify(sentence, severity="warning", timeout=_LONG_NOTICE)
        if self._actor is None:
            self._ask_who()
        await asyncio.to_thread(self._desk.listen, self._live.tell)
        self.set_interval(SET_UP_EVERY, self.set_up)
        self.set_up()
        await self._prepare(self._desk)

    async def _prepare(self, desk: Desk) -> None:
        """Style the screens that people open first, and ask what they ask, while people still look at Home."""
        # Late for the sake of start-up: lists and tabs are not needed to paint.
        from textual.widgets import ContentSwitcher

        from screens.widgets.record_list import RecordList
        from screens.widgets.tab_bar import TabBar

        records = RecordList((), str)
        parts = [TabBar({}, ""), ContentSwitcher(), records, *records.compose()]
        await self.stylesheet.prepare(sorted(_STYLES.glob("*.tcss")), parts)
        if self._actor is not None:
            # What is refused here is refused, with its words, where the person asks for it.
            with suppress(DeskError):
                await asyncio.to_thread(desk.rehearse, self._actor)
            await self._warn(desk)

    async def _warn(self, desk: Desk) -> None:
        """Tell operations that someone wrote to the store with another program."""
        # Late for the sake of start-up: few have the role.
        from dropcopy_tui.domain.people import MAY_OPERATE

        if self._actor is None or not self.may(MAY_OPERATE):
            return
        try:
            warning = await asyncio.to_thread(desk.trust.warning, self._actor)
        except DeskError:
            return  # a right that was taken away meanwhile: the next action says so
        if warning:
            self.notify(warning, severity="warning", timeout=_LONG_NOTICE)

    async def _look(self) -> None:
        view = await asyncio.to_thread(self._first_look, self._user, _account())
        self.home_view, self.sandbox = view, view.sandbox
        proven = view.sandbox or self._user is None or taken_seat() is not None
        if proven and view.actor is not None:
            self._actor = view.actor
        else:
            self.home_view = None
        home = self.screen
        if isinstance(home, HomeScreen) and self.home_view is not None:
            home.show(self.home_view)

    def _first_look(self, user: str | None, account: str) -> HomeView:
        # Late for the sake of start-up: it runs beside the first paint, in a thread.
        from dropcopy_tui.clock import Clock
        from dropcopy_tui.services.home import home

        config, now = self.config, (self._clock or Clock()).now()
        return home(
            config.paths.store, config.settings, now, user_id=user or "", os_account=account, origin=origin("screen"),
            key=config.paths.master_key,
        )  # fmt: skip

    async def _recognise(self, desk: Desk) -> None:
        """Sign in whoever needs no password: anyone in a sandbox, else the machine's own account."""
        here, place = origin("screen"), self._keeper.place
        seat = taken_seat()
        if seat is not None:
            self._keeper.way = SeatWay.SSH_KEY
            self.become(await asyncio.to_thread(desk.identity.sign_in_key, seat.fingerprint, here, place))
            await self.refresh_home()
            return
        try:
            if desk.sandbox:
                known = self._actor.user_id if self._actor else _first_user(desk)
                user = self._user or known
                self.become(await asyncio.to_thread(desk.identity.act_as, user, here, place))
            elif self._user is None:
                self._keeper.way = SeatWay.ACCOUNT
                self.become(await asyncio.to_thread(desk.identity.sign_in_peer, machine_account(), here, place))
        except SeatsTaken:
            raise
        except AccountLocked as error:
            self._actor, self._refusal = None, error.message
        except NotSignedIn:
            self._actor = None
        await self.refresh_home()

    @work
    async def _ask_who(self) -> None:
        # Late for the sake of start-up: most people are recognised.
        from screens.sign_in import SignInScreen

        actor = await self.push_screen_wait(SignInScreen(self._user or "", self._refusal))
        if actor is None:
            self.exit(3, return_code=3, message="dropcopy: not signed in")
            return
        self._keeper.way = SeatWay.PASSWORD
        self.become(actor)
        await self.refresh_home()

    async def refresh_home(self) -> None:
        """Read the first screen's facts again. A store that cannot be read now is said once, and read again later."""
        actor, number = self._actor, next(self._looks)
        if actor is None:
            return
        try:
            view = await asyncio.to_thread(self._first_look, actor.user_id, "")
        except (DeskError, OSError) as error:
            self._say_unread(str(error))
            return
        self._unread = ""
        if actor is not self._actor or number < self._shown_look:
            # Someone else acts by now, or a newer look was faster.
            return
        self.home_view, self._shown_look = view, number
        for screen in self.screen_stack:
            if isinstance(screen, HomeScreen):
                screen.show(view)
        if isinstance(self.screen, DeskScreen):
            self.screen.show_place()

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

    @work(group=_SEAT)
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


def _open_desk(config: Config, clock: Clock | None, entropy: Entropy | None) -> Desk:
    """Import and open the desk: half a second that no one waits for.

    Its modules are as good as eternal too: the garbage collector would stop the screen for 0.1 s to look at them.
    """
    quick_start()
    try:
        # Late for the sake of start-up: the desk is half a second of it. The screens are those that people open first.
        import screens.groups.group
        import screens.groups.groups
        import screens.requests.requests  # noqa: F401
        from dropcopy_tui.desk import open_desk

        return open_desk(config, clock, entropy)
    finally:
        finish_quick_start()


def _first_user(desk: Desk) -> str:
    """Who a sandbox opens for when no one was named: the first person who is not of the desk itself."""
    people = desk.identity.everyone()
    found = next((person for person in people if any(held.entity for held in person.entitlements)), people[0])
    return found.user_id


def _account() -> str:
    """The account of the machine; none where it has no name, and then everyone signs in by password."""
    try:
        return machine_account()
    except NotSignedIn:
        return ""


def run(
    config: Config, demo: bool = False, user: str | None = None, play: Callable[[str, str], object] | None = None
) -> int:
    """Open the application and give its exit code. `play` plays a walkthrough, by its name and mode.

    Raises ConfigInvalid for a theme file or keys that cannot be used.
    """
    found = prepare(os.environ)
    keys = checked_keys(config.looks.keys, config.paths.config)
    while True:
        # Again after each walkthrough: another theme may have been chosen meanwhile.
        facts = dressed(found, config.looks, config.paths.choices)
        app = DropCopyApp(config, facts, user or ("acme-operator" if demo else None), keys=keys)
        code = app.start()
        if app.left_for is None or play is None:
            return code
        play(*app.left_for)

"""The application as it opens: paints first, then opens the store behind it, and finds out who acts."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import work
from textual.screen import Screen

from dropcopy_tui.config import Config
from dropcopy_tui.domain.errors import AccountLocked, DeskError, NotSignedIn, SeatsTaken
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.seats import SeatWay
from dropcopy_tui.origin import machine_account, origin
from dropcopy_tui.seat import here as taken_seat
from screens.home import HomeScreen
from screens.keeper import SeatKeeper
from screens.terminal.cover import CoverableApp
from screens.terminal.guard import TerminalFacts, finish_quick_start, quick_start

if TYPE_CHECKING:
    from dropcopy_tui.clock import Clock, Entropy
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.arrangements import Arrangement
    from dropcopy_tui.domain.people import Actor, Role
    from dropcopy_tui.services.home import HomeView
    from screens.navigation import Route

SEAT = "seat"
# Seconds: a sentence with a path in it takes a while to read and to note.
_LONG_NOTICE = 30.0
_STYLES = Path(__file__).parent.parent / "styles"


class OpeningApp(CoverableApp):
    """One desk and one person. What follows once they are there is the application's own: `begin`, `refresh_home`."""

    def __init__(
        self,
        config: Config,
        facts: TerminalFacts | None = None,
        user: str | None = None,
        *,
        clock: Clock | None = None,
        entropy: Entropy | None = None,
        keys: Mapping[str, str] | None = None,
        begins_at: Route | None = None,
    ) -> None:
        super().__init__(facts)
        self._begins_at = begins_at
        self._keys = dict(keys or {})
        self.config = config
        self._clock, self._entropy = clock, entropy
        self.incident_log = config.paths.incident_log
        self.sandbox = False
        self.shows_key_ids = False
        self.unfinished_logon = ""
        self.arrangements: dict[str, Arrangement] = {}
        self.home_view: HomeView | None = None
        self._user = user
        self._actor: Actor | None = None
        self._desk: Desk | None = None
        self._refusal = ""
        self._stamp: tuple[int, ...] = ()
        self._keeper = SeatKeeper(self)
        self._opened = asyncio.Event()
        self._painted = asyncio.Event()
        self._imported = asyncio.Event()

    # -- what follows

    async def begin(self, desk: Desk) -> None:
        """The desk is open: begin what runs for as long as it is."""
        raise NotImplementedError

    async def refresh_home(self) -> None:
        """Read the first screen's facts again."""
        raise NotImplementedError

    def forget(self) -> None:
        """Another person acts from now on: what was kept for the one before is not theirs to see."""
        raise NotImplementedError

    async def go(self, route: Route) -> None:
        """Open the screen of a route."""
        raise NotImplementedError

    async def save_work(self) -> None:
        """Keep what was typed, on every screen that holds something."""
        raise NotImplementedError

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
            self.run_worker(self._keeper.moved(before), group=SEAT)
        self._user = actor.user_id
        # What the person before has asked for, or typed, is not this one's to see.
        self.unfinished_logon = ""
        self.forget()

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
        for sentence in self._desk.interrupted:
            self.notify(sentence, severity="warning", timeout=_LONG_NOTICE)
        if self._actor is None:
            self._ask_who()
        elif self._begins_at is not None:
            await self.go(self._begins_at)
        await self.begin(self._desk)
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

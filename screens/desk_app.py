"""What screens know of the application they run in. They import this and never the application itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from dropcopy_tui.config import Config
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.arrangements import Arrangement
    from dropcopy_tui.domain.people import Actor, Role
    from dropcopy_tui.services.home import HomeView
    from dropcopy_tui.services.views import RequestView
    from screens.navigation import Route
    from screens.terminal.guard import TerminalFacts


class DeskApp(Protocol):
    """Who acts, the desk, the way to other screens, and what the application is told of."""

    config: Config
    sandbox: bool
    home_view: HomeView | None
    # Shared by all screens for as long as the application runs.
    shows_key_ids: bool
    unfinished_logon: str
    # How the person has arranged lists, by their names.
    arrangements: dict[str, Arrangement]

    @property
    def actor(self) -> Actor:
        """Who acts. Raises NotSignedIn before anybody does."""

    @property
    def signed_in(self) -> bool:
        """Whether anybody acts."""

    @property
    def lost(self) -> str:
        """That the store's server is lost, as screens say it; "" while it answers."""

    def may(self, roles: Collection[Role]) -> bool:
        """Whether the person holds one of the roles anywhere: what is offered; services decide."""

    async def desk(self) -> Desk:
        """The desk, once its store is open."""

    def badges(self, notices: bool = True) -> tuple[str, ...]:
        """The right end of the first line: the person, unread notices, and the mode."""

    async def go(self, route: Route) -> None:
        """Open the screen of a route above the present one."""

    async def refresh_home(self) -> None:
        """Read the first screen's facts again."""

    def submitted(self, request: RequestView) -> None:
        """A request was made here."""

    def finish(self, request: RequestView) -> None:
        """A request was submitted on a screen that has left: open its result."""

    def go_home(self) -> None:
        """Close every screen above Home."""

    def leave_for(self, walkthrough: str, mode: str) -> None:
        """Leave for a walkthrough, and come back when it has ended."""

    def decided(self, request: RequestView) -> None:
        """A request was approved, denied or cancelled here."""

    def expect(self, reference: str) -> None:
        """Tell when this request of the person's ends."""


class DressedApp(Protocol):
    """What can wear another theme."""

    facts: TerminalFacts

    def wear(self, theme: str) -> None:
        """Another theme from now on; "" is that of the terminal."""


class CommandedApp(DeskApp, DressedApp, Protocol):
    """What the command palette needs besides."""

    async def action_quit_desk(self) -> None:
        """Leave on the person's wish."""

    def action_toggle_mouse(self) -> None:
        """Mouse reports off, or on."""

    def start_job(self, job: Callable[[], Awaitable[None]]) -> object:
        """Run a command."""

    def become(self, actor: Actor) -> None:
        """Act as this person from now on."""

    async def save_work(self) -> None:
        """Keep what was typed, on every screen that holds something."""

    def tell(self, text: str) -> None:
        """Say what happened on the screen that is left after another one closed."""

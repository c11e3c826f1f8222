"""Things in the command palette: type T4C, a request, a firm, a group or a person, and Enter opens it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from rich.text import Text
from textual.command import Hit, Hits, Provider

from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.domain.visible import visible
from screens.frame import DeskScreen
from screens.jobs import off_thread, show_refusal
from screens.navigation import OpenGroup, OpenPerson, OpenRequest, OpenSession

if TYPE_CHECKING:
    from dropcopy_tui.services.finding import Thing
    from screens.desk_app import CommandedApp

# Seconds: Enter waits for what is found, and a store that does not answer keeps no one from a command.
_PATIENCE = 1.0
# Fewer characters begin too many names; the service finds nothing for them either.
_LEAST = 2
# A thing that is called just so comes before every command, one whose name begins so after them.
_EXACT, _BEGINS = 1_000.0, 0.001


class ThingsProvider(Provider):
    """Asks the desk for things while someone types."""

    async def search(self, query: str) -> Hits:
        """What is called so, or whose name begins so."""
        screen, app = self.screen, cast("CommandedApp", self.app)
        if len(query.strip()) < _LEAST or not isinstance(screen, DeskScreen) or not app.signed_in:
            return
        desk = await app.desk()
        try:
            found = await asyncio.wait_for(off_thread(desk.finder.find, app.actor, query), _PATIENCE)
        except (DeskError, TimeoutError):
            # Commands are still there; whoever lost their access is told by the screen they open.
            return
        for thing in found:
            # Names are a Text, never markup, and what a field cannot hold is a sign.
            shown = Text(f"{visible(thing.name)}  {visible(thing.detail)}")
            score = _EXACT if thing.exact else _BEGINS
            yield Hit(score, shown, _opener(app, screen, thing), text=visible(thing.name))


def _opener(app: CommandedApp, screen: DeskScreen[Any], thing: Thing) -> Callable[[], None]:
    """Opens a thing as a job of the screen that the palette was opened on."""

    async def opened() -> None:
        try:
            await _open(screen, thing)
        except DeskError as error:
            show_refusal(screen, error)

    def start() -> None:
        app.start_job(opened)

    return start


def _open(screen: DeskScreen[Any], thing: Thing) -> Awaitable[None]:
    # Late for the sake of start-up: the palette is opened after the first paint.
    from dropcopy_tui.services.finding import ThingKind
    from screens.groups.receivers import who_gets_firm, who_gets_sender_comp

    ways: dict[ThingKind, Callable[[], Awaitable[None]]] = {
        ThingKind.SESSION: lambda: screen.go(OpenSession(int(thing.key))),
        ThingKind.REQUEST: lambda: screen.go(OpenRequest(thing.key)),
        ThingKind.GROUP: lambda: screen.go(OpenGroup(int(thing.key))),
        ThingKind.PERSON: lambda: screen.go(OpenPerson(thing.key)),
        ThingKind.FIRM: partial(who_gets_firm, screen, thing.key),
        ThingKind.SENDER_COMP: partial(who_gets_sender_comp, screen, thing.key),
    }
    return ways[thing.kind]()

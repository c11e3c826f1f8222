"""Plays a walkthrough on an application that runs: finds the keys, presses them, and looks what came of it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console
from textual.pilot import Pilot
from textual.widgets import OptionList

from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.origin import origin
from dropcopy_tui.walkthroughs.steps import PLAIN_KEYS, Line, PhoneCode, Press, Text, Walkthrough, WalkthroughStep
from screens.jobs import off_thread
from screens.terminal.textual_tuning import lines_shown
from screens.widgets.record_table import RecordTable

if TYPE_CHECKING:
    from screens.app import DropCopyApp

# Seconds until what a step promises must be on the screen, and between two looks.
PATIENCE = 20.0
_LOOK_EVERY = 0.02
# Looks in a row in which nothing moves.
_CALM = 3
# A list is not searched further than this; what a walkthrough needs is near its beginning.
_FURTHEST = 60
# Of a terminal without Unicode as well; there a bar between two words of a message has no blanks around it.
_FRAMES = re.compile(r"[│┃▊▎▌▐╭╮╰╯─]+|(?<!\S)\|(?!\S)")
_SAVING = "saving ..."
_CODE = re.compile(r"code is (\d+)")


class WalkthroughFailed(DeskError):
    """What a step promises did not come true; `picture` is what was on the screen instead."""

    code = "walkthrough_failed"

    def __init__(self, message: str, picture: str) -> None:
        super().__init__(message)
        self.picture = picture


class Hands(Protocol):
    """What presses the keys."""

    def announce(self, keys: Sequence[Press], number: int) -> None:
        """Of the keys of a step, the one with this number comes next."""

    async def press(self, key: str) -> None:
        """One key, or one character; returns when it has had its effect."""


class PilotHands:
    """Textual's own pilot."""

    def __init__(self, app: DropCopyApp) -> None:
        self._pilot: Pilot[Any] = Pilot(app)

    def announce(self, keys: Sequence[Press], number: int) -> None:
        """It needs no notice."""

    async def press(self, key: str) -> None:
        """One key, or one character."""
        await self._pilot.press(key)


class Player:
    """Plays one walkthrough, step by step."""

    def __init__(self, walkthrough: Walkthrough, app: DropCopyApp, hands: Hands) -> None:
        self.walkthrough, self._app, self._hands = walkthrough, app, hands
        # The keys that the bindings had which were pressed so far.
        self.keys: dict[str, str] = {}

    async def play(
        self, before: Callable[[int, WalkthroughStep], Awaitable[None]] | None = None
    ) -> AsyncIterator[WalkthroughStep]:
        """Each step once what it promises is on the screen. `before` is awaited first, for whoever reads.

        Raises WalkthroughFailed.
        """
        await self.sit_down()
        for number, step in enumerate(self.walkthrough.steps):
            if before is not None:
                await before(number, step)
            await self.change_person(step)
            for index, press in enumerate(step.keys):
                self._hands.announce(step.keys, index)
                await self.press(press)
            await self.see(number, step)
            yield step

    async def sit_down(self) -> None:
        """Wait until the desk is open."""
        try:
            await asyncio.wait_for(self._app.desk(), PATIENCE)
        except TimeoutError:
            raise WalkthroughFailed("The sandbox did not open.", "") from None
        await self._settle()

    async def change_person(self, step: WalkthroughStep) -> None:
        """Whoever the step names sits down at Home; what the person before typed is kept."""
        app = self._app
        if not step.person or (app.signed_in and app.actor.user_id == step.person):
            return
        desk = await app.desk()
        await app.save_work()
        app.become(await off_thread(desk.identity.act_as, step.person, origin("screen")))
        app.go_home()
        await app.refresh_home()
        await self._settle()

    async def press(self, press: Press) -> None:
        """Press what the step names, whichever keys that takes here. Raises WalkthroughFailed."""
        async for key in self.keys_of(press):
            await self._hands.press(key)
            await self._settle()

    async def keys_of(self, press: Press) -> AsyncIterator[str]:
        """The keys, one after the other: the next may depend on what the one before has done."""
        if isinstance(press, Text):
            for character in press.text:
                yield character
        elif isinstance(press, PhoneCode):
            for digit in self._code():
                yield digit
        elif isinstance(press, Line):
            for _ in range(_FURTHEST):
                if press.text in marked_line(self._app):
                    return
                yield "down"
            raise self._failed(f"no line of the list says {press.text!r}")
        else:
            yield press if press in PLAIN_KEYS else await self._key_of(press)

    async def see(self, number: int, step: WalkthroughStep) -> None:
        """Wait until everything that the step promises is on the screen. Raises WalkthroughFailed."""
        end = time.monotonic() + PATIENCE
        while missing := _missing(step, shown_words(self._app)):
            if self._app.is_hidden:
                await self._app.uncovered()
                end = time.monotonic() + PATIENCE
            if time.monotonic() > end:
                raise self._failed(f"step {number + 1} ({step.say[:40]}...) does not show {missing[0]!r}")
            await asyncio.sleep(_LOOK_EVERY)
        await self._settle()

    async def _key_of(self, binding_id: str) -> str:
        """The key that has this binding here and now."""
        end = time.monotonic() + PATIENCE
        while not (keys := list(keys_with(self._app, binding_id))):
            if time.monotonic() > end:
                raise self._failed(f"no key has {binding_id} here")
            await asyncio.sleep(_LOOK_EVERY)
        self.keys[binding_id] = keys[0]
        return keys[0]

    def _code(self) -> str:
        found = _CODE.search(shown_words(self._app))
        if found is None:
            raise self._failed("no one-time code is on the screen")
        return found[1]

    async def _settle(self) -> None:
        """Until no screen is on its way and nothing is asked of a service."""
        end, calm = time.monotonic() + PATIENCE, 0
        while calm < _CALM and time.monotonic() < end:
            calm = 0 if self._app.in_transit else calm + 1
            await asyncio.sleep(_LOOK_EVERY if calm > 1 else 0)

    def _failed(self, why: str) -> WalkthroughFailed:
        return WalkthroughFailed(
            f"The walkthrough {self.walkthrough.name} does not work: {why}.", shown_text(self._app)
        )


def _missing(step: WalkthroughStep, shown: str) -> list[str]:
    """What is not on the screen yet; a picture is taken of a draft that is saved, so that each time it is the same."""
    saved = ["draft saved"] if step.shot and _SAVING in shown else []
    return [*(words for words in step.expect if words not in shown), *saved]


def keys_with(app: DropCopyApp, binding_id: str) -> Iterator[str]:
    """The keys that have a binding on the screen that is shown."""
    for key, active in app.screen.active_bindings.items():
        if active.binding.id == binding_id and active.enabled:
            yield key


def shown_text(app: DropCopyApp) -> str:
    """What is on the screen, line by line."""
    return "\n".join(strip.text.rstrip() for strip in lines_shown(app.screen))


def screen_ansi(app: DropCopyApp) -> str:
    """What is on the screen as a terminal of 256 colours draws it, from its first line on."""
    console = Console(color_system="256", force_terminal=True, legacy_windows=False)
    lines = (strip.render(console) for strip in lines_shown(app.screen))
    return "\x1b[H" + "\r\n".join(lines)


def shown_words(app: DropCopyApp) -> str:
    """What is on the screen in one line, without frames: sentences break anywhere."""
    return " ".join(_FRAMES.sub(" ", shown_text(app)).split())


def marked_line(app: DropCopyApp) -> str:
    """The text of the line that the cursor of the list is on; "" where no list has the keys."""
    focused = app.focused
    if isinstance(focused, OptionList) and focused.highlighted_option is not None:
        return str(focused.highlighted_option.prompt)
    if isinstance(focused, RecordTable) and focused.current is not None:
        return " ".join(column.show(focused.current) for column in focused.columns)
    return ""

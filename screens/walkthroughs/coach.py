"""The application with a coach beside it: it plays the keys, or waits until the person presses them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from textual import work
from textual.driver import Driver
from textual.events import Event, Key, Resize

from dropcopy_tui.walkthroughs.steps import PLAIN_KEYS, Line, PhoneCode, Press, Text, Walkthrough, WalkthroughStep
from screens.app import DropCopyApp
from screens.terminal.key_names import name_of
from screens.walkthroughs.panel import PanelDriver, Words, panel
from screens.walkthroughs.player import PilotHands, Player, WalkthroughFailed, keys_with

# Seconds: between two keys that are played, before the first of them, and before a hint names the key.
_BETWEEN_KEYS, _BEFORE_KEYS, _HINT_AFTER = 0.5, 1.0, 10.0
# So many characters are read in a second.
_READS = 18
_LEAVES = ("ctrl+q", "f10")
_MOVES = frozenset({"up", "down", "j", "k", "pageup", "pagedown", "home", "end"})


class Mode(StrEnum):
    """Who presses the keys, and when."""

    PLAY = "play"
    STEP = "step"
    PRACTICE = "practice"


_HOW = {
    Mode.PLAY: "Space pauses · q ends",
    Mode.STEP: "Space continues · q ends",
    Mode.PRACTICE: "Your turn · Ctrl-Q ends",
}


class TrainingApp(DropCopyApp):
    """The application on the stage of a walkthrough: the line of place says so."""

    CSS_PATH = [f"../{place}" for place in DropCopyApp.CSS_PATH]

    def badges(self, notices: bool = True) -> tuple[str, ...]:
        """TRAINING instead of SANDBOX."""
        return tuple("TRAINING" if badge == "SANDBOX" else badge for badge in super().badges(notices))


@dataclass
class AwaitedKey:
    """The key that the person is to press: its test, its name, and the answer when it was pressed."""

    fits: Callable[[Key], bool]
    name: str
    pressed: asyncio.Event = field(default_factory=asyncio.Event)


class CoachedApp(TrainingApp):
    """Plays a walkthrough in a terminal. The person's own keys go to the coach first."""

    def __init__(
        self, *args: Any, walkthrough: Walkthrough, mode: Mode = Mode.PLAY, speed: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.failure: WalkthroughFailed | None = None
        self.finished = False
        self._walkthrough, self._mode, self._speed = walkthrough, mode, speed
        self._player = Player(walkthrough, self, self)
        self._hands = PilotHands(self)
        self._on_their_way: list[str] = []
        self._wanted: AwaitedKey | None = None
        self._go_on = asyncio.Event()
        self._words = Words(f"TRAINING  {walkthrough.title}", "", "")
        self._step_keys = ""
        self._shown = self._words
        self.meant_keys.deliberate = mode is not Mode.PRACTICE

    # -- the walkthrough

    def on_mount(self) -> None:
        """The first screen is painted as always; the coach begins when the desk is open."""
        self._coach()

    @work
    async def _coach(self) -> None:
        if self._mode is not Mode.STEP:
            self._go_on.set()
        try:
            async for _ in self._player.play(self._before):
                pass
        except WalkthroughFailed as failure:
            self.failure = failure
            self.exit(1, return_code=1)
            return
        self.finished = True
        self._say("Finished. You have seen every step; nothing outside this sandbox was touched.", "Any key leaves")

    async def _before(self, number: int, step: WalkthroughStep) -> None:
        """Say what comes, and give time to read it."""
        steps = len(self._walkthrough.steps)
        title = f"TRAINING  {self._walkthrough.title}  {number + 1}/{steps}"
        person = f"You are {step.person} now. " if step.person else ""
        self._words = Words(title, person + step.say, _HOW[self._mode])
        keys = self._step_keys = " ".join(names_of(step.keys, self))
        if self._mode is Mode.PRACTICE:
            self._draw(self._words)
            return
        if keys:
            self._say(self._words.said, f"Keys: {keys} · {_HOW[self._mode]}")
        else:
            self._draw(self._words)
        if self._mode is Mode.STEP:
            self._go_on.clear()
            await self._go_on.wait()
        else:
            await asyncio.sleep((len(step.say) / _READS + _BEFORE_KEYS) / self._speed)
            await self._go_on.wait()

    async def press(self, key: str) -> None:
        """The hands of the player: its own, or the person's."""
        if self._mode is Mode.PRACTICE:
            await self._await_person(key)
            return
        await self._go_on.wait()
        self._on_their_way.append(key)
        await self._hands.press(key)
        if self._mode is Mode.PLAY:
            await asyncio.sleep(_BETWEEN_KEYS / self._speed * (0.2 if len(key) == 1 else 1))

    async def _await_person(self, key: str) -> None:
        wanted = self._wanted = AwaitedKey(*_fitting(key, self))
        while not wanted.pressed.is_set():
            try:
                await asyncio.wait_for(wanted.pressed.wait(), _HINT_AFTER / self._speed)
            except TimeoutError:
                self._say(self._words.said, f"Press {wanted.name} · This step: {self._step_keys} · Ctrl-Q ends")
        self._wanted = None

    # -- the person's keys

    async def on_event(self, event: Event) -> None:
        """What the coach plays passes; what the person presses goes to the coach."""
        if isinstance(event, Key) and not event.is_forwarded and not getattr(event, "passed", False):
            if not self._passes(event):
                return
            # Keys that have to wait come here once more.
            event.passed = True  # type: ignore[attr-defined]
        await super().on_event(event)
        if isinstance(event, Resize):
            self.call_after_refresh(self._draw)

    def _passes(self, event: Key) -> bool:
        """Whether a key goes to the application."""
        if event.key in _LEAVES or self.finished:
            self.exit(0, return_code=0)
            return False
        if self._mode is Mode.PRACTICE:
            return self._judge(event)
        if self._on_their_way and _is_key(event, self._on_their_way[0]):
            self._on_their_way.pop(0)
            return True
        if event.key == "space":
            self._turn_pause()
        elif event.key == "q":
            self.exit(0, return_code=0)
        return False

    def _turn_pause(self) -> None:
        if self._mode is Mode.STEP or not self._go_on.is_set():
            self._go_on.set()
            self._draw(self._words)
        else:
            self._go_on.clear()
            self._say(self._words.said, "Paused · Space continues · q ends")

    def _judge(self, event: Key) -> bool:
        """Whether the person pressed the right key; what a wrong one would do is said instead."""
        wanted = self._wanted
        if wanted is None:
            return False
        if wanted.fits(event):
            wanted.pressed.set()
            self._draw(self._words)
            return True
        self._say(self._words.said, f"{self._what_it_does(event)} Not now.")
        return False

    def _what_it_does(self, event: Key) -> str:
        name = name_of(event.key)
        active = self.screen.active_bindings.get(event.key)
        if active is None or not active.enabled:
            return f"{name} does nothing here."
        does = active.binding.tooltip or active.binding.description
        return f"{name}: {does.rstrip('.')}." if does else f"{name} has another use."

    # -- the panel

    def get_driver_class(self) -> type[Driver]:
        """The terminal with a panel."""
        return PanelDriver

    def action_repaint(self) -> None:
        """Draw everything again, the panel as well."""
        super().action_repaint()
        self._draw()

    def _say(self, said: str, keys: str) -> None:
        self._draw(Words(self._words.title, said, keys))

    def _draw(self, words: Words | None = None) -> None:
        self._shown = words or self._shown
        if isinstance(self._driver, PanelDriver):
            self._driver.show_panel(panel(self._shown, self.size.width, self.facts.glyphs))


def names_of(presses: Iterable[Press], app: DropCopyApp) -> list[str]:
    """What is pressed, for people; the key of a binding that is not on this screen yet has no name so far."""
    names: list[str] = []
    for press in presses:
        if isinstance(press, Text):
            names.append(press.text)
        elif isinstance(press, PhoneCode):
            names.append("the code")
        elif isinstance(press, Line):
            names.append(f"Up and Down to {press.text}")
        elif press in PLAIN_KEYS:
            names.append(name_of(press))
        else:
            names += [name_of(key) for key in list(keys_with(app, press))[:1]]
    return names


def _fitting(key: str, app: DropCopyApp) -> tuple[Callable[[Key], bool], str]:
    """Whether a key of the person's is the one, and what it is called."""
    if key == "down":
        return (lambda event: event.key in _MOVES), "Up or Down"
    active = app.screen.active_bindings.get(key)
    others = {key} if active is None or len(key) == 1 else {key, *keys_with(app, active.binding.id or "")}
    return (lambda event: any(_is_key(event, other) for other in others)), name_of(key)


def _is_key(event: Key, key: str) -> bool:
    return event.key == key or (len(key) == 1 and event.character == key)

"""The application with a coach beside it: it plays the keys, or waits until the person presses them."""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from textwrap import shorten
from typing import Any

from textual import work
from textual.containers import VerticalScroll
from textual.driver import Driver
from textual.events import Event, Key, Resize
from textual.widgets import Input

from dropcopy_tui.walkthroughs.steps import PLAIN_KEYS, Line, PhoneCode, Press, Text, Walkthrough, WalkthroughStep
from screens.app import DropCopyApp
from screens.help import HelpModal
from screens.terminal.key_names import name_of
from screens.walkthroughs.panel import LINES, PanelDriver, Words, panel
from screens.walkthroughs.player import PilotHands, Player, WalkthroughFailed, keys_with

# Seconds: between two keys that are played, before the first of them, and before a hint names the key.
_BETWEEN_KEYS, _BEFORE_KEYS, _HINT_AFTER = 0.5, 1.0, 10.0
# So many characters are read in a second.
_READS = 18
_LEAVES = ("ctrl+q", "f10")
# So many keys are kept that were typed faster than a step takes them.
_EARLY = 100
_HELP = frozenset({"app.help", "modal.help"})
_SCROLLS = frozenset({"up", "down", "pageup", "pagedown", "home", "end"})
_YOUR_TURN = "Your turn: {} · Ctrl-Q ends"
_ESC_CLOSES = "Esc closes Help · Ctrl-Q ends"
# Keys that move a text: what is to be read can be read.
_READING = frozenset({"drafts.review_down", "drafts.review_up"})
_READ_IT = "Space continues · Ctrl-Q ends"
_LETTERS = frozenset({"list.up", "list.down"})
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

    taken_lines = LINES

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
        # Keys that were pressed before the one before them had its effect, and whether the person reads help beside.
        self._early: deque[Key] = deque(maxlen=_EARLY)
        self._reads_help = False
        self._go_on = asyncio.Event()
        self._words = Words(f"TRAINING  {walkthrough.title}", "", "")
        self._step, self._keys_left = WalkthroughStep(""), ""
        self._hint_at = 0.0
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
        self._say("Finished: that was the last step. Nothing outside this sandbox was touched.", "Any key leaves")

    async def _before(self, number: int, step: WalkthroughStep) -> None:
        """Say what comes, and give time to read it."""
        steps = len(self._walkthrough.steps)
        title = f"TRAINING  {self._walkthrough.title}  {number + 1}/{steps}"
        self._step = step
        person = f"You are {step.person} now. " if step.person else ""
        self._words = Words(title, person + step.say, _HOW[self._mode])
        if number == 0:
            # Pressed before there was anything to read.
            self._early.clear()
        if self._mode is Mode.PRACTICE:
            await self._before_practice(step)
            return
        if keys := " ".join(names_of(step.keys, self, played=True)):
            self._say(self._words.said, f"Keys: {keys} · {_HOW[self._mode]}")
        else:
            self._draw(self._words)
        if self._mode is Mode.STEP:
            self._go_on.clear()
            await self._go_on.wait()
        else:
            await asyncio.sleep((len(step.say) / _READS + _BEFORE_KEYS) / self._speed)
            await self._go_on.wait()

    async def _before_practice(self, step: WalkthroughStep) -> None:
        """A step without keys is there to be read."""
        if not step.keys:
            self._words = replace(self._words, keys=_READ_IT)
            self._go_on.clear()
        self._draw(self._words)
        await self._go_on.wait()

    def announce(self, keys: Sequence[Press], number: int) -> None:
        """Name what the words of the step do not: a line to go to, a text to type, a key."""
        if self._mode is not Mode.PRACTICE:
            return
        self._keys_left = ", ".join(names_of(keys[number + 1 :], self))
        unsaid = turn_words(self._step.say, keys, number, self)
        room = self.size.width - len(_YOUR_TURN.format("")) - 1
        turn = _YOUR_TURN.format(shorten(unsaid, room, placeholder=" ...")) if unsaid else _HOW[Mode.PRACTICE]
        self._words = replace(self._words, keys=turn)
        self._draw(self._words)

    async def press(self, key: str) -> None:
        """The hands of the player: its own, or the person's."""
        if self._mode is Mode.PRACTICE:
            await self._await_person(key)
            return
        await self._go_on.wait()
        await self.uncovered()
        self._on_their_way.append(key)
        await self._hands.press(key)
        if self._mode is Mode.PLAY:
            await asyncio.sleep(_BETWEEN_KEYS / self._speed * (0.2 if len(key) == 1 else 1))

    async def _await_person(self, key: str) -> None:
        wanted = self._wanted = AwaitedKey(*_fitting(key, self))
        self._wait_for_hint()
        self._take_early()
        while not wanted.pressed.is_set():
            try:
                await asyncio.wait_for(wanted.pressed.wait(), max(0.01, self._hint_at - time.monotonic()))
            except TimeoutError:
                if time.monotonic() >= self._hint_at:
                    self._wait_for_hint()
                    self._say(self._words.said, self._hint(wanted.name))
        self._wanted = None

    def _wait_for_hint(self) -> None:
        """The hint comes when nothing was pressed for a while: what is said of a wrong key stays until then."""
        self._hint_at = time.monotonic() + _HINT_AFTER / self._speed

    def _hint(self, name: str) -> str:
        """The next key, and those after it as far as there is room."""
        if self._reads_help and isinstance(self.screen, HelpModal):
            return _ESC_CLOSES
        now, ends = f"Press {name}", " · Ctrl-Q ends"
        room = self.size.width - len(now) - len(" · Then: ") - len(ends) - 1
        then = shorten(self._keys_left, room, placeholder=" ...") if self._keys_left and room > len(" ...") else ""
        return f"{now} · Then: {then}{ends}" if then else f"{now}{ends}"

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
            ended = f"Finished: {self._walkthrough.title}. All of them: dropcopy walkthrough list"
            self.exit(0, return_code=0, message=ended if self.finished else None)
            return False
        if self.is_hidden:
            return event.key == "ctrl+c"
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
        self._wait_for_hint()
        if self._reads_help and isinstance(self.screen, HelpModal):
            return True
        self._reads_help = False
        if not self._go_on.is_set():
            if event.key in ("space", "enter"):
                self._go_on.set()
            return self._is_harmless(event)
        if wanted is None or wanted.pressed.is_set():
            self._early.append(event)
            return False
        if wanted.fits(event):
            wanted.pressed.set()
            self._draw(self._words)
            return True
        self._early.clear()
        if self._is_harmless(event):
            return True
        now = f"Press {wanted.name} now."
        both = f"{self._what_it_does(event)} {now}"
        # What is to be done must not be cut by what the other key does.
        self._say(self._words.said, both if len(both) < self.size.width - 1 else now)
        return False

    def _take_early(self) -> None:
        """The next of the keys that came too early, as if it were pressed now."""
        if self._early:
            self.call_next(self.on_event, self._early.popleft())

    def _is_harmless(self, event: Key) -> bool:
        """Help, and a text that is scrolled: nothing of the step depends on it."""
        active = self.screen.active_bindings.get(event.key)
        if active is not None and active.binding.id in _HELP:
            self._reads_help = True
            return True
        if active is not None and active.binding.id in _READING:
            return True
        return event.key in _SCROLLS and isinstance(self.focused, VerticalScroll)

    def _what_it_does(self, event: Key) -> str:
        name = name_of(event.key)
        active = self.screen.active_bindings.get(event.key)
        if isinstance(self.focused, Input) and event.is_printable:
            return f"{name} is not what this step types."
        if active is None or not active.enabled:
            return f"{name} does nothing here."
        # A key of a field or a list itself has no ID, and its words are not for people.
        does = (active.binding.tooltip or active.binding.description).rstrip(".") if active.binding.id else ""
        return f"{name}: {does}." if does not in ("", name) else f"{name} is not a key of this step."

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


def names_of(presses: Iterable[Press], app: DropCopyApp, *, played: bool = False) -> list[str]:
    """What is pressed, for people; the key of a binding that is not on this screen yet has no name so far."""
    names: list[str] = []
    for press in presses:
        if isinstance(press, Text):
            names.append(press.text if played else f'type "{press.text}"')
        elif isinstance(press, PhoneCode):
            names.append("the code")
        elif isinstance(press, Line):
            names.append(f"(to {press.text})" if played else f'go to "{press.text}"')
        elif press in PLAIN_KEYS:
            names.append(name_of(press))
        else:
            names += [name_of(key) for key in list(keys_with(app, press))[:1]]
    return names


def turn_words(say: str, keys: Sequence[Press], number: int, app: DropCopyApp) -> str:
    """What the words of a step do not say of the key that comes next; "" where they do."""
    press, before = keys[number], keys[number - 1] if number else ""
    following = _name(keys[number + 1], app) if number + 1 < len(keys) else ""
    ends = f" and press {following}" if following else ""
    said = not following or _says(say, following)
    if isinstance(press, PhoneCode):
        return "" if said else f"type the code{ends}"
    if isinstance(press, Text):
        return "" if len(press.text) == 1 or (said and press.text in say) else f'type "{press.text}"{ends}'
    if isinstance(press, Line):
        return "" if said and press.text in say else f'go to "{press.text}"{ends}'
    name = _name(press, app)
    if not name or _says(say, name):
        return ""
    return f'press {name} on "{before.text}"' if isinstance(before, Line) else f"press {name}"


def _name(press: Press, app: DropCopyApp) -> str:
    """What a key is called; "" for what is typed or gone to, and for a binding that is not on this screen yet."""
    if not isinstance(press, str):
        return ""
    return name_of(press) if press in PLAIN_KEYS else next((name_of(key) for key in keys_with(app, press)), "")


def _says(say: str, name: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", say) is not None


def _fitting(key: str, app: DropCopyApp) -> tuple[Callable[[Key], bool], str]:
    """Whether a key of the person's is the one, and what it is called."""
    if key == "down":
        return (lambda event: _moves(event, app)), "Up or Down"
    active = app.screen.active_bindings.get(key)
    others = {key} if active is None or len(key) == 1 else {key, *keys_with(app, active.binding.id or "")}
    return (lambda event: any(_is_key(event, other) for other in others)), name_of(key)


def _moves(event: Key, app: DropCopyApp) -> bool:
    """Whether a key moves the cursor: a letter does so in lists, and has another use elsewhere."""
    active = app.screen.active_bindings.get(event.key)
    return event.key in _MOVES and (len(event.key) > 1 or (active is not None and active.binding.id in _LETTERS))


def _is_key(event: Key, key: str) -> bool:
    return event.key == key or (len(key) == 1 and event.character == key)

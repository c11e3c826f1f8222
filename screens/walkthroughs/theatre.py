"""Walkthroughs from the command line: on this terminal, or as pages and pictures without one."""

from __future__ import annotations

import asyncio
import sys
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dropcopy_tui.walkthroughs.steps import Walkthrough, WalkthroughStep
from screens.practised import note_practised
from screens.terminal.guard import TerminalFacts
from screens.walkthroughs.coach import CoachedApp, Mode, TrainingApp
from screens.walkthroughs.player import PilotHands, Player, screen_ansi, shown_text
from screens.walkthroughs.stage import KnownEntropy, Stage, StoppedClock, stage

STANDARD_SIZE = (80, 24)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a step looked like when it was done: as text, as a picture (SVG), and as a terminal draws it.

    `keys` are the keys that its bindings had.
    """

    step: WalkthroughStep
    text: str
    picture: str
    drawn: str
    keys: dict[str, str]


def perform(
    walkthrough: Walkthrough,
    facts: TerminalFacts,
    mode: Mode,
    speed: float,
    keys: Mapping[str, str] | None = None,
    choices: Path | None = None,
) -> int:
    """Play a walkthrough on this terminal; the exit code. `choices` remember what was practised to the end.

    Raises WalkthroughFailed, StoreUnusable.
    """
    with stage() as made:
        app = CoachedApp(
            made.config,
            facts,
            walkthrough.person,
            clock=StoppedClock(),
            entropy=KnownEntropy(),
            walkthrough=walkthrough,
            mode=mode,
            speed=speed,
            keys=keys,
        )
        _forget_typed()
        code = app.start()
        if app.failure is not None:
            raise app.failure
        if app.finished and mode is Mode.PRACTICE:
            note_practised(choices, walkthrough.name)
        return code


def _forget_typed() -> None:
    """What was typed while the sandbox was being made answers no step: none had been shown."""
    with suppress(OSError, ValueError, termios.error):
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def scenes(
    walkthroughs: Sequence[Walkthrough], size: tuple[int, int] = STANDARD_SIZE, folder: Path | None = None
) -> dict[str, list[Scene]]:
    """Every step of each walkthrough, played without a terminal, in `folder` if one is named.

    Raises WalkthroughFailed, StoreUnusable.
    """
    found = {}
    for walkthrough in walkthroughs:
        with stage(folder) as made:
            found[walkthrough.name] = asyncio.run(_scenes(walkthrough, made, size))
    return found


async def _scenes(walkthrough: Walkthrough, made: Stage, size: tuple[int, int]) -> list[Scene]:
    app = TrainingApp(made.config, None, walkthrough.person, clock=StoppedClock(), entropy=KnownEntropy())
    app.meant_keys.deliberate = True
    found = []
    async with app.run_test(size=size, notifications=True):
        player = Player(walkthrough, app, PilotHands(app))
        async for step in player.play():
            picture = app.export_screenshot(title=walkthrough.title, simplify=True)
            found.append(Scene(step, shown_text(app), picture, screen_ansi(app), dict(player.keys)))
    return found

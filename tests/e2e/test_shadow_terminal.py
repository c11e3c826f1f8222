"""On every screen, after random keys and sizes, the terminal shows exactly what Textual says that it should."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dropcopy_tui.new_store import make_store
from dropcopy_tui.services.sample.fill import fill
from tests.e2e.pty import Terminal
from tests.e2e.test_main_job import at_home
from tests.screens.conftest import NOW, SeededEntropy, config_in
from tests.services.factories import FrozenClock
from tests.terminal_cells import painted, seen

MIRROR = [sys.executable, str(Path(__file__).with_name("mirror_app.py"))]
HOME = r"Drop Copy Groups +\d"
# None of them leaves the application.
KEYS = (
    "down", "up", "pagedown", "pageup", "home", "end", "left", "right", "tab", "shift+tab", "enter", "escape", "space",
    "ctrl+l", "ctrl+p", "ctrl+r", *"?/sgak12345",
)  # fmt: skip
SCREEN = 8_000
SIZES = ((80, 24), (80, 24), (120, 40), (60, 18), (100, 30), (160, 50))
# Another seed presses other keys.
SEED = os.environ.get("DROPCOPY_PAIRS_SEED", "11")


class Mirror:
    """The application in a terminal, and what it says of itself."""

    def __init__(self, terminal: Terminal, folder: Path) -> None:
        self.terminal = terminal
        self.folder = folder
        # The process that takes orders; None is the one on the terminal.
        self.pid: int | None = None

    def order(self, text: str) -> str:
        """Give an order, and wait for its answer."""
        answer = self.folder / "answer"
        answer.unlink(missing_ok=True)
        (self.folder / "order").write_text(text)
        self.terminal.signal(signal.SIGUSR1, self.pid)
        end = time.monotonic() + 20
        while not answer.exists():
            assert time.monotonic() < end, f"no answer to {text!r}; the screen is\n{self.terminal.text()}"
            self.terminal.bytes_in(0.02)
        return answer.read_text()

    def check(self, when: str) -> None:
        """Assert that what is seen is what Textual's own compositor makes of the screen."""
        end = time.monotonic() + 10
        while True:
            self.terminal.wait_quiet(0.12)
            wanted = seen(painted(self.order("tell"), self.terminal.cols, self.terminal.rows))
            self.terminal.bytes_in(0.02)
            shown = seen(self.terminal.screen)
            if shown == wanted:
                return
            # Something that came meanwhile is drawn with the next frame.
            assert time.monotonic() < end, f"{when}: {different(shown, wanted)}\n{self.terminal.text()}"


def different(shown: list[list[Any]], wanted: list[list[Any]]) -> str:
    cells = [
        f"line {y}, column {x}: {there} instead of {asked}"
        for y, (line, other) in enumerate(zip(shown, wanted, strict=True))
        for x, (there, asked) in enumerate(zip(line, other, strict=True))
        if there != asked
    ]
    return "\n".join([f"{len(cells)} cells differ", *cells[:8]])


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sandbox with sample data, made once."""
    folder = tmp_path_factory.mktemp("mirrored")
    make_store(config_in(folder), sandbox=True, fill=fill, clock=FrozenClock(NOW), entropy=SeededEntropy())
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(made, tmp_path / "desk"))


@contextmanager
def mirror(folder: Path, **env: str) -> Iterator[Mirror]:
    with Terminal([*MIRROR, str(folder)], env=at_home(folder) | env) as terminal:
        terminal.wait_for(HOME, timeout=60)
        found = Mirror(terminal, folder)
        found.check("at Home")
        yield found


@pytest.mark.parametrize(
    ("env", "part"),
    [
        ({"SSH_TTY": "/dev/pts/9"}, 1),
        ({"COLORTERM": "truecolor"}, 6),
        ({"TERM": "screen"}, 6),
        ({"TERM": "linux"}, 6),
        ({"NO_COLOR": "1"}, 6),
    ],
    ids=["256 colours", "truecolor", "screen", "linux", "mono"],
)
def test_the_terminal_shows_what_textual_says(env: dict[str, str], part: int, folder: Path) -> None:
    chance = random.Random(f"{SEED} {env}")
    with mirror(folder, **env) as desk:
        names = desk.order("names").split("\n")
        assert len(names) > 40
        for name in chance.sample(names, len(names) // part):
            before, size = len(desk.terminal.raw), (desk.terminal.cols, desk.terminal.rows)
            desk.order(f"show {name}")
            desk.check(f"{name} is opened")
            if size == SIZES[0]:
                assert len(desk.terminal.raw) - before <= SCREEN, name
            keys = chance.choices(KEYS, k=chance.randint(1, 4))
            desk.terminal.press(*keys)
            if chance.random() < 0.3:
                keys.append(size := chance.choice(SIZES))
                desk.terminal.resize(*size)
            desk.check(f"{name} after {keys}")


def test_a_window_that_was_smaller_for_a_moment_is_drawn_again(folder: Path) -> None:
    with mirror(folder) as desk:
        for size in ((40, 10), (80, 24)):
            desk.terminal.resize(*size)
        desk.check("the size is what it was")


def test_what_another_program_wrote_is_gone_after_a_repaint(folder: Path) -> None:
    with mirror(folder) as desk:
        before = seen(desk.terminal.screen)
        os.write(desk.terminal._slave, b"\x1b[31m\x1b[2J\x1b[5;5HBroadcast message\r\nfrom root\x1b[m")
        desk.terminal.wait_for("Broadcast")
        assert seen(desk.terminal.screen) != before
        desk.terminal.press("ctrl+l")
        desk.terminal.wait_for(HOME)
        desk.check("repainted")

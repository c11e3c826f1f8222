"""Leaving while keys stream in: 0, 143 or 129, silent, with a clean terminal and every key that was handled kept.

`DROPCOPY_LEAVES=50` leaves that often in each way, on every screen in turn; the suite leaves a few times.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.command import DROPCOPY
from tests.e2e.pty import Terminal
from tests.e2e.test_demo_terminal import STORE
from tests.e2e.test_main_job import at_home, dropcopy
from tests.e2e.test_terminal_contract import assert_restored

LEAVES = int(os.environ.get("DROPCOPY_LEAVES", "5"))
SEED = int(os.environ.get("DROPCOPY_LEAVES_SEED", "20261128"))
HOME = r"Drop Copy Groups +\d"
# The keys that lead from Home to every screen and dialog; those of the palette are found by name.
BY_NAME = (
    "Drop Copy Groups", "Order Entry", "Market Data", "Globex Drop", "My Requests", "To Do", "Notices", "Audit",
    "EASE", "Phone and", "Key calendar", "Coverage", "FIX log", "Logon check", "People", "Front End", "Act as",
    "Authenticator", "Nothing of this name",
)  # fmt: skip
WAYS = (
    "", "?", "\x10", "n", "n\r", "n\r\r", "n\r\rSTREAM\r\r", "n\r\rSTREAM\r\r \r*+\r", "\r\r", "\r\r2", "\r\r3/",
    "\r\re", "\r\r2k", *(f"\x10{name}\r" for name in BY_NAME),
)  # fmt: skip
# What people press: cursor keys, tabs, letters of lists, Enter, Escape, text.
STREAM = [*"jk123s/x nea?", "\t", "\x1b[A", "\x1b[B", "\x1b[C", "\r", "\x1b"]
LETTERS = "ABCDEFGHIJKLMNOPRSTUVWXYZ"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo that was opened once: each leave works on a copy of its store."""
    home = tmp_path_factory.mktemp("leaving") / "home"
    home.mkdir()
    dropcopy(home, "demo", "--headless")
    return home


@pytest.fixture
def home(demo: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo, tmp_path / "home"))


def opened(home: Path) -> Terminal:
    """The application at Home."""
    terminal = Terminal([*DROPCOPY, "demo"], env=at_home(home))
    terminal.wait_for(HOME, timeout=60)
    return terminal


def exit_of(terminal: Terminal) -> int:
    """The exit code as a shell says it."""
    code = terminal.wait_exit(30)
    return code if code >= 0 else 128 - code


def assert_silent(terminal: Terminal, home: Path) -> None:
    """Nothing was said, nothing was recorded, and the terminal is as it was.

    Behind the screen stands at most what the terminal itself echoes of keys that came too late.
    """
    said = terminal.raw.rpartition(b"\x1b[?1049l")[2].decode(errors="replace")
    assert not re.search(r"(?i)traceback|incident|wrong|error|exception|task|coroutine|thread|dropcopy", said), said
    recorded = [path.read_text() for path in home.rglob("incidents.log")]
    assert recorded == []
    assert_restored(terminal)


def stream(terminal: Terminal, dice: random.Random, keys: list[str], seconds: float) -> None:
    """Type in bursts of random length for so long, or until the program has closed the terminal."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        terminal.type("".join(dice.choices(keys, k=dice.randint(1, 8))))
        terminal.bytes_in(dice.choice((0, 0.01, 0.03, 0.1)))


def leave(terminal: Terminal, dice: random.Random, how: Callable[[Terminal], None]) -> int:
    """Leave at a random moment of a stream of keys, which goes on behind it."""
    stream(terminal, dice, STREAM, dice.uniform(0, 0.6))
    how(terminal)
    stream(terminal, dice, STREAM, 0.1)
    return exit_of(terminal)


def by_signal(number: signal.Signals) -> Callable[[Terminal], None]:
    return lambda terminal: terminal.signal(number)


def by_key(terminal: Terminal) -> None:
    """`q` leaves lists; in a field and over a dialog it is text, and Ctrl-Q leaves them."""
    terminal.type("qjj\x11jjj")


@pytest.mark.parametrize(
    ("how", "code"),
    [(by_signal(signal.SIGTERM), 143), (by_signal(signal.SIGHUP), 129), (by_key, 0)],
    ids=["SIGTERM", "SIGHUP", "q"],
)
def test_leaving_in_a_stream_of_keys_is_silent(demo: Path, tmp_path: Path, how: Callable[..., None], code: int) -> None:
    wrong = []
    for number in range(LEAVES):
        dice = random.Random(f"{SEED} {code} {number}")
        way = WAYS[number % len(WAYS)] if len(WAYS) <= LEAVES else dice.choice(WAYS)
        home = Path(shutil.copytree(demo, tmp_path / str(number)))
        with opened(home) as terminal:
            terminal.type(way)
            terminal.bytes_in(dice.uniform(0, 1.5))
            found = leave(terminal, dice, how)
            try:
                assert found == code
                assert_silent(terminal, home)
            except AssertionError as error:
                wrong.append(f"{number} {way!r}: exit {found}: {error}")
        shutil.rmtree(home)
    assert wrong == []


def test_keys_behind_q_in_one_packet_are_dropped(home: Path) -> None:
    with opened(home) as terminal:
        terminal.wait_quiet()
        terminal.type("qjjjjjj")
        assert exit_of(terminal) == 0
        assert_silent(terminal, home)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["SIGTERM", "SIGHUP"])
def test_the_draft_has_every_key_that_was_handled(home: Path, number: signal.Signals, code: int) -> None:
    dice = random.Random(f"{SEED} draft {code}")
    with opened(home) as terminal:
        terminal.type("n\r\r")
        terminal.wait_for("Enter a name")
        typed = "".join(dice.choices(LETTERS, k=24))
        for letter in typed[:16]:
            terminal.type(letter)
            terminal.bytes_in(dice.choice((0, 0.01, 0.05)))
        shown = terminal.text()
        terminal.signal(number)
        terminal.type(typed[16:])
        assert exit_of(terminal) == code
        assert_silent(terminal, home)
    seen = max((word for word in re.findall(r"[A-Z]+", shown) if typed.startswith(word)), key=len, default="")
    store = sqlite3.connect(home / STORE)
    kept = [name for (name,) in store.execute("SELECT name FROM draft ORDER BY id DESC LIMIT 1")]
    store.close()
    assert len(kept) == 1
    assert typed.startswith(kept[0])
    assert kept[0].startswith(seen)

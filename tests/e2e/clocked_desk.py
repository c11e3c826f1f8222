"""A desk over SSH whose seats start from a forker, with limits, and a clock that can be put forward."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.pty import Terminal
from tests.e2e.ssh_server import SshDesk, ssh_desk
from tests.e2e.test_main_job import dropcopy
from tests.e2e.test_ssh_desk import People
from tests.e2e.test_ssh_forker import Forker, running

# For what is waited for; a machine that does much else takes its time.
PATIENCE = 90.0
HOME = r"Drop Copy Groups +\d"
# Within so many seconds a person who may no longer act has nothing left on their screen.
SOON = 5.0


class ClockedDesk(People):
    """Everything is done over SSH, so that it all has one clock."""

    def __init__(self, desk: SshDesk, home: Path, forker: Forker, clock: Path, names: tuple[str, ...]) -> None:
        self.forker, self.clock = forker, clock
        super().__init__(desk, home, names)

    def forward(self, minutes: float) -> None:
        """Put the clock forward, at one moment for all who look."""
        ahead = self.clock.with_suffix(".new")
        ahead.write_text(str(float(self.clock.read_text()) + minutes * 60))
        ahead.replace(self.clock)

    def says(self, name: str, *words: str) -> str:
        """What a command that must succeed writes."""
        done = self.run(name, *(f"'{word}'" if " " in word else word for word in words))
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def answer(self, name: str, *words: str) -> tuple[str, str, str, str]:
        """Start a challenge by SMS; the options that answer it."""
        challenge = json.loads(self.says(name, *words, "--factor", "sms", "--json"))["challenge"]
        return ("--challenge", challenge, "--code", self.code())

    def sit_down(self, name: str) -> Terminal:
        """The application over SSH, at Home and with its seat."""
        before = set(self.seats())
        terminal = self.desk.sit_down(self.keys[name])
        terminal.wait_for(HOME, PATIENCE)
        until(lambda: set(self.seats()) - before, "the seat")
        # The application counts from when it knows of its seat.
        terminal.wait_quiet(1.5, PATIENCE)
        return terminal

    def seats(self) -> dict[int, int]:
        """The open seats in their order, each with its process."""
        connection = sqlite3.connect(self.store)
        found = connection.execute("SELECT id, pid FROM seat WHERE ended_at IS NULL ORDER BY id").fetchall()
        connection.close()
        return dict(found)


@contextmanager
def clocked_desk(folder: Path, *names: str) -> Iterator[ClockedDesk]:
    """A desk of these people of the sandbox, in a new folder."""
    folder.chmod(0o700)
    home, listens, clock = folder / "home", folder / "run", folder / "clock"
    home.mkdir()
    listens.mkdir(mode=0o700)
    clock.write_text("0")
    assert dropcopy(home, "demo", "--headless").returncode == 0
    store = next(home.rglob("dropcopy.db"))
    config = store.parent / "config.toml"
    config.write_text(f'store = "{store}"\nseats_per_person = 3\n')
    config.chmod(0o600)
    options = ("--config", str(config), "--forker", str(listens))
    with running(listens, clock) as forker, ssh_desk(folder / "sshd", store, *options) as desk:
        yield ClockedDesk(desk, home, forker, clock, names)


def until(holds: Callable[[], object], what: str) -> None:
    """Wait until something is true."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"never came true: {what}"
        time.sleep(0.05)


def leaves_soon(terminal: Terminal, words: str) -> None:
    """The application ends within seconds from now, with this sentence on the terminal."""
    began = time.monotonic()
    assert terminal.wait_exit(PATIENCE) == 3
    assert time.monotonic() - began < SOON
    assert words in terminal.text().replace("\n", ""), terminal.text()


def resume_by_sms(terminal: Terminal) -> None:
    """Answer the lock with the code that the sandbox's phone gets."""
    # What resumes the seat is asked of the store when the lock is drawn already.
    terminal.wait_for("Enter sends a code", PATIENCE)
    terminal.press("enter")
    terminal.type(terminal.wait_for(r"Your code is (\d{6})", PATIENCE)[1])
    terminal.press("enter")


def open_draft(terminal: Terminal, name: str) -> None:
    """From Home to the draft of this name."""
    terminal.wait_for(rf"draft {name}", PATIENCE)
    terminal.press("right")
    for _ in range(20):
        terminal.wait_quiet()
        if _is_under_cursor(terminal, rf"draft {name}"):
            break
        terminal.press("down")
    else:
        raise AssertionError(f"the cursor never came to it:\n{terminal.text()}")
    terminal.press("enter")
    terminal.wait_for("New drop copy group", PATIENCE)


def _is_under_cursor(terminal: Terminal, pattern: str) -> bool:
    """Whether the line looks other than the one above it and the one below it."""
    for number, line in enumerate(terminal.text().split("\n")):
        if found := re.search(pattern, line):
            buffer = terminal.screen.buffer
            above, here, below = (
                (cell.bg, cell.reverse) for cell in (buffer[number + step][found.start()] for step in (-1, 0, 1))
            )
            return above != here != below
    return False

"""A program on a pseudo-terminal, and the screen a person would see.

    with Terminal([sys.executable, "app.py"]) as terminal:
        terminal.wait_for("ready")
        terminal.press("down", "enter")

Nothing here sleeps to synchronise: it waits for patterns, for quiet, or for the end.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyte

ROOT = Path(__file__).resolve().parents[2]

# What xterm sends (infocmp xterm; cursor keys in normal mode).
_NAMED = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "insert": "\x1b[2~",
    "delete": "\x1b[3~",
    "enter": "\r",
    "escape": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "space": " ",
    "backspace": "\x7f",
    **{f"f{n}": f"\x1bO{letter}" for n, letter in enumerate("PQRS", 1)},
    **{f"f{n}": f"\x1b[{code}~" for n, code in zip(range(5, 11), (15, 17, 18, 19, 20, 21), strict=True)},
}
# Questions a terminal is asked, and what xterm answers.
_ANSWERS = {
    b"\x1b[c": b"\x1b[?64;1;2;6;9;15;18;21;22c",
    b"\x1b[0c": b"\x1b[?64;1;2;6;9;15;18;21;22c",
    b"\x1b[5n": b"\x1b[0n",
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    b"\x1b[?2048$p": b"\x1b[?2048;0$y",
}
# Sequences that pyte would show as text: private CSI with < = >, DECRQM and DCS.
_NOT_FOR_PYTE = re.compile(rb"\x1b\[[<=>][0-9;]*[a-zA-Z]|\x1b\[\??[0-9;]*\$p|\x1bP.*?\x1b\\", re.S)
# The variables of whoever runs the tests must not decide what a terminal looks like.
_NOT_INHERITED = re.compile(r"TEXTUAL|COLOR|NO_COLOR|FORCE_COLOR|TTY_|LC_|LANG|TERM|SSH_|COLUMNS$|LINES$|DROPCOPY_")

_BETWEEN_ENTERS = 0.9


class Terminal:
    """A running program, its screen, and every byte it wrote."""

    def __init__(
        self,
        argv: Sequence[str],
        cols: int = 80,
        rows: int = 24,
        env: Mapping[str, str] | None = None,
        cwd: Path | str | None = None,
        job_control: bool = False,
        screen: type[Any] = pyte.Screen,
        answers: bool = True,
    ) -> None:
        """Start it.

        Args:
            argv: The program and its arguments.
            cols: Width of the window in cells.
            rows: Height of the window in lines.
            env: Variables on top of a clean xterm-256color in UTF-8.
            cwd: Where it runs; the root of the project if not given.
            job_control: Put a shell of ours in between, as a stop by Ctrl-Z needs one.
            screen: What kind of screen it has.
            answers: Whether it answers questions, as xterm does.
        """
        self.raw = b""
        self._answered = 0
        self._last = ""
        self._fed = 0
        self._code: int | None = None
        self._answers = answers
        self._screen = screen(cols, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.fd, slave = os.openpty()
        self.cols, self.rows = cols, rows
        self._set_size(slave, cols, rows)
        self.modes_before = termios.tcgetattr(slave)
        if job_control:
            argv = [sys.executable, str(Path(__file__).with_name("job_shell.py")), *argv]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, *argv],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=clean_environment(env or {}),
            cwd=cwd or ROOT,
            start_new_session=True,
        )
        self._slave = slave

    # -- what it shows

    def text(self) -> str:
        """The screen as lines of text."""
        self._pump(0)
        return "\n".join(line.rstrip() for line in self._screen.display)

    @property
    def screen(self) -> Any:
        """The pyte screen, for colours and attributes."""
        self._pump(0)
        return self._screen

    def modes(self) -> list[Any]:
        """The terminal's line settings now."""
        return termios.tcgetattr(self._slave)

    def wait_for(self, pattern: str, timeout: float = 15) -> re.Match[str]:
        """Wait until the screen matches; the pattern sees all lines."""
        end = time.monotonic() + timeout
        while True:
            if found := re.search(pattern, self.text(), re.M):
                return found
            left = end - time.monotonic()
            if left <= 0 or not self._pump(left):
                if found := re.search(pattern, self.text(), re.M):
                    return found
                raise AssertionError(f"never saw {pattern!r}; the screen is\n{self.text()}")

    def wait_raw(self, pattern: bytes, timeout: float = 15) -> None:
        """Wait until the bytes written so far contain the pattern."""
        end = time.monotonic() + timeout
        while not re.search(pattern, self.raw, re.S):
            left = end - time.monotonic()
            if left <= 0 or not self._pump(left):
                assert re.search(pattern, self.raw, re.S), f"never wrote {pattern!r}; {self.raw[-2000:]!r}"

    def wait_quiet(self, seconds: float = 0.3, timeout: float = 15) -> None:
        """Wait until it has written nothing for so long."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            before = len(self.raw)
            self._pump(seconds)
            if len(self.raw) == before:
                return
        raise AssertionError("the program never stops writing")

    def bytes_in(self, seconds: float) -> int:
        """How many bytes it writes in so many seconds."""
        before, end = len(self.raw), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._pump(left)
        return len(self.raw) - before

    # -- what a person does

    def press(self, *keys: str) -> None:
        """Press keys by name: `down`, `enter`, `ctrl+g`, `?`."""
        for key in keys:
            if key == "enter" and self._last == "enter":
                # A person looks at a page before they press Enter again: at once, it would be a key that is held down.
                time.sleep(_BETWEEN_ENTERS)
            self._last = key
            self._send(_sequence(key).encode())

    def type(self, text: str) -> None:
        """Type text."""
        self._last = ""
        self._send(text.encode())

    def paste(self, text: str) -> None:
        """Paste text, bracketed as terminals do."""
        self._send(b"\x1b[200~" + text.encode() + b"\x1b[201~")

    def resize(self, cols: int, rows: int) -> None:
        """Change the size of the window."""
        self.cols, self.rows = cols, rows
        self._screen.resize(rows, cols)
        self._set_size(self._slave, cols, rows)

    # -- its process

    @property
    def pid(self) -> int:
        """The process on the terminal: the program, or the job shell."""
        return self._process.pid

    def signal(self, number: int, pid: int | None = None) -> None:
        """Send a signal to it (or to another process of the terminal)."""
        os.kill(pid or self.pid, number)

    def cpu_seconds(self) -> float:
        """Processor time it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def hang_up(self) -> None:
        """The connection is gone: close both ends that are ours."""
        for name in ("_slave", "fd"):
            if (fd := getattr(self, name)) >= 0:
                os.close(fd)
                setattr(self, name, -1)

    def wait_exit(self, timeout: float = 15) -> int:
        """Wait for the end; the exit code, or minus the signal."""
        end = time.monotonic() + timeout
        while self._process.poll() is None:
            if time.monotonic() > end:
                raise AssertionError(f"still running; the screen is\n{self.text()}")
            self._pump(0.05)
        self._pump(0)
        return self._process.returncode

    def close(self) -> None:
        """End it, gently first."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is not None:
                break
            self._process.send_signal(number)
            try:
                self.wait_exit(3)
            except AssertionError:
                continue
        self._process.wait()
        self.hang_up()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- inside

    def _pump(self, seconds: float) -> bool:
        """Read what is there, waiting at most so long; False when the terminal is closed."""
        if self.fd < 0:
            if seconds:
                select.select([], [], [], min(seconds, 0.05))
            return False
        waited = seconds
        while select.select([self.fd], [], [], waited)[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return False
            if not data:
                return False
            self.raw += data
            self._answer()
            self._show()
            waited = 0
        return True

    def _answer(self) -> None:
        # A question may be cut in two by the read: look again at the last few bytes.
        for question, reply in _ANSWERS.items() if self._answers else ():
            start = max(0, self._answered - len(question) + 1)
            for _ in range(self.raw.count(question, start)):
                os.write(self.fd, reply)
        self._answered = len(self.raw)

    def _show(self) -> None:
        # Hold back a sequence that has only begun.
        cut = self.raw.rfind(b"\x1b", max(self._fed, len(self.raw) - 64))
        whole = cut < 0 or re.match(rb"\x1b(\[[0-?]*[ -/]*[@-~]|[^\[P\]])", self.raw[cut:])
        end = len(self.raw) if whole else cut
        self._stream.feed(_NOT_FOR_PYTE.sub(b"", self.raw[self._fed : end]))
        self._fed = end

    def _send(self, data: bytes) -> None:
        while data:
            _, writable, _ = select.select([], [self.fd], [], 0.02)
            if writable:
                data = data[os.write(self.fd, data[:1024]) :]
            self._pump(0)

    @staticmethod
    def _set_size(fd: int, cols: int, rows: int) -> None:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


# Runs in the child: make the slave its controlling terminal, then become the program.
_TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """A person's terminal: xterm with 256 colours, in UTF-8; a variable set to "" is taken out."""
    env = {name: text for name, text in os.environ.items() if not _NOT_INHERITED.match(name)}
    env |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    return {name: text for name, text in (env | dict(extra)).items() if text}


def _sequence(key: str) -> str:
    if key in _NAMED:
        return _NAMED[key]
    modifier, _, letter = key.rpartition("+")
    if modifier == "ctrl" and len(letter) == 1:
        return chr(ord(letter.lower()) & 0x1F)
    if modifier == "alt" and len(letter) == 1:
        return "\x1b" + letter
    if len(key) == 1:
        return key
    raise ValueError(f"no such key: {key}")

"""A program on a pseudo-terminal, and when something was seen on it.

A frame is what comes between two marks of synchronized output (mode 2026), and it is seen when it ends. That is enough
to time the first paint, a text, and what a key changes, without slowing the program down.
"""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import perf_counter
from types import TracebackType
from typing import Self

from tests.bench.screen import Screen

COLUMNS, LINES = 80, 24
# What xterm sends (infocmp xterm).
KEYS = {
    "down": b"\x1b[B",
    "right": b"\x1b[C",
    "pagedown": b"\x1b[6~",
    "home": b"\x1b[H",
    "end": b"\x1b[F",
    "enter": b"\r",
}
# Questions a terminal is asked, and what xterm answers: it has synchronized output, and no sizes in band.
_ANSWERS = {
    b"\x1b[c": b"\x1b[?64;1;2;6;9;15;18;21;22c",
    b"\x1b[5n": b"\x1b[0n",
    b"\x1b[6n": b"\x1b[1;1R",
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",
    b"\x1b[?2048$p": b"\x1b[?2048;0$y",
}
_ALTERNATE, _BEGIN, _END = b"\x1b[?1049h", b"\x1b[?2026h", b"\x1b[?2026l"
# A control sequence, a string sequence, another escape, a control character, or text.
_TOKEN = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P_^X].*?(?:\x07|\x1b\\)|\x1b[ #%()*+].|\x1b[0-OQ-WYZ\\`-~]|[\0-\x1a\x1c-\x1f]"
    rb"|[^\0-\x1f]+",
    re.S,
)


class Silent(Exception):
    """The program ended, or did not show in time what it should."""


class Program:
    """A running program and the moments at which it showed something (seconds of `perf_counter`)."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        self._main, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        # Opened by the leader of a new session, the terminal becomes the one that controls it.
        actions = [(os.POSIX_SPAWN_OPEN, 0, os.ttyname(slave), os.O_RDWR, 0)]
        actions += [(os.POSIX_SPAWN_DUP2, 0, number) for number in (1, 2)]
        self.started = perf_counter()
        self.pid = os.posix_spawn(argv[0], argv, env, file_actions=actions, setsid=True)
        os.close(slave)
        self.written = 0
        self.shown_at = 0.0
        self.exit_code: int | None = None
        self._part = b""
        self._screen = Screen(COLUMNS, LINES)
        # What was seen last, and nothing since `forget` until something new is.
        self._seen = ""
        self._drawn = self._held = False

    # -- what is waited for

    def first_paint(self, timeout: float = 30) -> float:
        """When the first text stood on the alternate screen."""
        while not self._seen.strip():
            self._wait(timeout)
        return self.shown_at

    def shows(self, text: str, timeout: float = 30) -> float:
        """When the text was on the screen, as of the first frame after the last `forget`."""
        while text not in self._seen:
            self._wait(timeout, wanted=text)
        return self.shown_at

    def settle(self, quiet: float, timeout: float = 30) -> None:
        """Wait until it has written nothing for so long."""
        end = perf_counter() + timeout
        while self.pump(quiet):
            if perf_counter() > end:
                raise Silent("it never stops writing")

    def wait_exit(self) -> float:
        """When the program was gone."""
        with suppress(Silent):
            while True:
                self._wait(30)
        self._reap(0)
        return perf_counter()

    # -- what a person does

    def forget(self) -> None:
        """Look only at what is shown from now on."""
        self._seen = ""

    def press(self, key: str) -> float:
        """Press a key; when it was sent."""
        self.forget()
        sent = perf_counter()
        os.write(self._main, KEYS.get(key) or key.encode())
        return sent

    def answer_to(self, key: str, quiet: float) -> float:
        """Press a key; seconds until the last change it made was shown."""
        sent = self.press(key)
        self._wait(5, wanted=f"an answer to {key}")
        self.settle(quiet)
        if self.shown_at < sent:
            raise Silent(f"{key} changed nothing")
        return self.shown_at - sent

    # -- its process

    def resident_mb(self) -> float:
        """Memory that it holds, in MB."""
        with open(f"/proc/{self.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def own_mb(self) -> float:
        """Memory that no other process has a share in, in MB: what one more of it costs the machine."""
        with open(f"/proc/{self.pid}/smaps_rollup") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("Private_")) / 1000

    def processor_ms(self) -> float:
        """Processor time of all its threads so far."""
        total = 0
        for thread in os.listdir(f"/proc/{self.pid}/task"):
            # A thread may end meanwhile.
            with suppress(FileNotFoundError), open(f"/proc/{self.pid}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
        return total / 1e6

    def close(self) -> None:
        """End it."""
        if self.exit_code is None:
            os.kill(self.pid, signal.SIGTERM)
            end = perf_counter() + 5
            with suppress(Silent):
                while perf_counter() < end:
                    self._wait(5)
            if not self._reap(os.WNOHANG):
                os.kill(self.pid, signal.SIGKILL)
                self._reap(0)
        os.close(self._main)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- inside

    def pump(self, seconds: float) -> bool:
        """Read once, waiting so long at most; whether anything came. Raises Silent at the end of the program."""
        if not select.select([self._main], [], [], max(0.0, seconds))[0]:
            return False
        try:
            data = os.read(self._main, 65536)
        except OSError:
            data = b""
        now = perf_counter()
        if not data:
            raise Silent("the program ended")
        self.written += len(data)
        self._take(data, now)
        return True

    def _wait(self, timeout: float, wanted: str = "anything") -> None:
        if not self.pump(timeout):
            raise Silent(f"it never showed {wanted}; last:\n{self._screen.text}")

    def _take(self, data: bytes, now: float) -> None:
        data, at = self._part + data, 0
        while token := _TOKEN.match(data, at):
            at = token.end()
            self._step(token[0], now)
        # A sequence that has only begun.
        self._part = data[at:]
        if not self._held:
            self._show(now)

    def _step(self, token: bytes, now: float) -> None:
        if token in _ANSWERS:
            os.write(self._main, _ANSWERS[token])
        elif token == _ALTERNATE:
            self._screen.clear()
            self._seen, self._drawn = "", False
        elif token in (_BEGIN, _END):
            self._held = token == _BEGIN
            self._show(now) if token == _END else None
        else:
            self._screen.write(token)
            self._drawn |= token >= b" " or token.endswith(b"K")

    def _show(self, now: float) -> None:
        if self._drawn:
            self._seen, self._drawn, self.shown_at = self._screen.text, False, now

    def _reap(self, how: int) -> bool:
        if self.exit_code is None:
            pid, status = os.waitpid(self.pid, how)
            if pid:
                self.exit_code = os.waitstatus_to_exitcode(status)
        return self.exit_code is not None

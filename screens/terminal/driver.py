"""Textual's Linux driver, made to keep the terminal contract.

The differences: an end of input or a hang-up is reported once instead of read indefinitely, no wake-ups while
nothing is pressed, quitting does not wait for the input thread's next look, a stop takes the whole process
group along as every terminal program does, sizes are clamped, and a lost terminal blocks no one.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from codecs import getincrementaldecoder
from threading import Event
from typing import TYPE_CHECKING, Any, cast

from textual import constants, events
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.message import Message

from screens.terminal.escape import ESCAPE, EscapeKeys
from screens.terminal.guard import clamp, erases_colour, terminal_size
from screens.terminal.paste import PasteCap
from screens.terminal.shadow import ShadowGrid
from screens.terminal.tty_file import TtyFile

if TYPE_CHECKING:
    from typing import Protocol

    class Leaver(Protocol):
        """What the driver tells of the terminal: the application that leaves."""

        def leave_by_signal(self, number: int) -> None:
            """Save, restore the terminal, and end as the signal wants it."""

        def hang_up(self) -> None:
            """The terminal has gone away."""


LEAVE_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
# Seconds after which a thread that waits gets its turn. Python's 5 ms are long for a frame that is ready to be written
# while the next one is computed.
_TURN = 0.001
_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


class WakingEvent(Event):
    """An event that a thread waiting in poll() notices."""

    def __init__(self) -> None:
        super().__init__()
        self.reader, self._writer = os.pipe()

    def set(self) -> None:
        """Set it, and wake the thread."""
        super().set()
        os.write(self._writer, b"x")

    def clear(self) -> None:
        """Clear it for the next start (after a stop by Ctrl-Z)."""
        if self.is_set():
            os.read(self.reader, 4096)
        super().clear()


class TerminalDriver(LinuxDriver):
    """The driver `TerminalApp` runs on."""

    def __init__(
        self, app: Any, *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        stderr = sys.__stderr__
        fd = 2 if stderr is None else stderr.fileno()
        super().__init__(app, debug=debug, mouse=mouse, size=size or terminal_size(fd))
        self._file = cast(Any, TtyFile(fd))
        self._fd = fd
        self.exit_event = self._wake = WakingEvent()
        self._stopped = False
        self._frame: list[str] = []
        sys.setswitchinterval(_TURN)
        # What the terminal shows: the application compares with it what it is to show.
        self.shadow = ShadowGrid(erases_colour=erases_colour(os.environ))
        for number in LEAVE_SIGNALS:
            self._loop.add_signal_handler(number, self._desk.leave_by_signal, number)

    @property
    def _desk(self) -> Leaver:
        return cast("Leaver", self._app)

    def start_application_mode(self) -> None:
        """Begin, or continue after a stop: whoever had the terminal meanwhile has left something else on it."""
        self.shadow.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def write(self, data: str) -> None:
        """Hand it to the thread that writes: a frame as one piece, because each piece wakes that thread."""
        if data == SYNC_START or self._frame:
            self._frame.append(data)
            if data != SYNC_END:
                return
            data = "".join(self._frame)
            self._frame.clear()
        super().write(data)

    def set_mouse(self, on: bool) -> None:
        """Mouse reports on, or off so that the terminal itself can select text."""
        if on:
            self._mouse = True
            self._enable_mouse_support()
        else:
            self._disable_mouse_support()
            self._mouse = False

    def process_message(self, message: Message) -> None:
        """Clamp sizes that the terminal reports in band."""
        if isinstance(message, events.Resize):
            message = events.Resize.from_dimensions(clamp(*message.size), message.pixel_size)
        super().process_message(message)

    def run_input_thread(self) -> None:
        """Wait for keys without waking up in between; tell the application when there will be no more."""
        parser, cap, escapes = XTermParser(self._debug), PasteCap(), EscapeKeys()
        decode = getincrementaldecoder("utf-8")("replace").decode
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        poll.register(self._wake.reader, select.POLLIN)
        # A lone escape is only known to be the key after a pause: one more look, then sleep.
        pause: float | None = None
        while not self.exit_event.is_set():
            text = ""
            mask = dict(poll.poll(pause)).get(self.fileno, 0)
            pause = constants.ESCAPE_DELAY * 1000 + 5 if mask else None
            if mask:
                data = self._read_input() if mask & select.POLLIN else b""
                if not data:
                    self._loop.call_soon_threadsafe(self._desk.hang_up)
                    return
                text = cap(decode(data))
            pieces = escapes.feed(text) if mask else escapes.pause()
            for piece in pieces:
                for event in (Key("escape", ESCAPE),) if piece == ESCAPE else parser.feed(piece):
                    self.process_message(event)
            for event in parser.tick():
                self.process_message(event)

    def _read_input(self) -> bytes:
        try:
            return os.read(self.fileno, 65536)
        except OSError:
            return b""

    def _get_terminal_size(self) -> tuple[int, int]:
        return terminal_size(self._fd)

    def _sigtstp_application(self, *_: object) -> None:
        """Stop like any program in the foreground: restore the terminal, and take the group along.

        With SIGTSTP's own default action the kernel knows when no one could wake us up (a forced command
        over SSH), and then does not stop us.
        """
        self.suspend_application_mode()
        self._must_signal_resume = self._stopped = True
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(0, signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, self._sigtstp_application)
        self._stopped = False
        self.resume_application_mode()

    def _sigcont_application(self, *_: object) -> None:
        """After someone else's SIGSTOP the shell has had the terminal: set it up again."""
        if not self._stopped:
            self.suspend_application_mode()
            self._must_signal_resume = True
            self.resume_application_mode()

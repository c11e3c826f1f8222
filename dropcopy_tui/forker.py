"""The forker: a process that has imported the desk, and becomes a seat by forking for each connection.

It knows no store, no configuration and no secret, and holds nothing of a seat but the socket that its exit code goes
to. Whatever a seat opens, reads or draws at random, it does after the fork.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import termios
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dropcopy_tui import gate, handover
from dropcopy_tui.domain.errors import DeskError, ForkerUnusable
from dropcopy_tui.shared_pages import keep_shared

# The product, and what it imports late or by name. Migrations run when they are imported.
_ROOMS = ("dropcopy_tui", "screens", "styles")
_LEFT_OUT = ("dropcopy_tui.__main__", "dropcopy_tui._rooms", "dropcopy_tui.store.migrations")
_LATE = (
    "concurrent.futures.thread", "cryptography.hazmat.primitives.ciphers.aead", "encodings.ascii", "holidays.financial",
    "sqlalchemy.dialects.sqlite", "sqlalchemy.orm", "textual.layouts.factory", "textual.layouts.stream",
)  # fmt: skip
# What a process that sshd starts does not ignore, however the forker itself was started.
_OF_A_PROCESS = (
    signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Request:
    """What the gate asks for: a process with these shared options, this environment and this folder.

    `question` is sshd's, whose key it is: then the answer is all there is to do.
    """

    options: Sequence[str]
    environment: dict[str, str]
    home: str
    question: Sequence[str] = ()


def run(folder: Path) -> None:
    """Serve the gates of this account until SIGTERM, or until another version is installed. Raises ForkerUnusable."""
    _start_clean(folder)
    mark = handover.program_mark()
    _require_unused(folder)
    _import_all()
    with _listen(folder / handover.SOCKET) as listener:
        Forker(listener, mark).serve()


class Forker:
    """The loop: one fork for a connection, and one exit code for a seat that has ended."""

    def __init__(self, listener: socket.socket, mark: str) -> None:
        self._listener = listener
        self._mark = mark
        self._seats: dict[int, socket.socket] = {}
        self._ending = False
        self._awake, self._wake = os.pipe()
        for end in (self._awake, self._wake):
            os.set_blocking(end, False)

    def serve(self) -> None:
        """Fork until it ends. Seats outlive it."""
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._end)
        while not self._ending:
            ready, _, _ = select.select([self._listener.fileno(), self._awake], [], [])
            if self._awake in ready:
                os.read(self._awake, 4096)
                self._reap()
            if self._listener.fileno() in ready:
                self._take_in()

    def _end(self, *_: object) -> None:
        self._ending = True

    def _take_in(self) -> None:
        with suppress(OSError):
            connection, _ = self._listener.accept()
            if handover.program_mark() != self._mark:
                # Something was installed: what is imported here is of yesterday. The next forker has the new one.
                self._end()
            elif handover.peer_uid(connection) in (os.getuid(), 0):
                self._fork(connection)
                return
            connection.close()

    def _fork(self, connection: socket.socket) -> None:
        seat = os.fork()
        if seat:
            self._seats[seat] = connection
            return
        code = 1
        try:
            self._leave_behind()
            code = become(connection, self._mark)
        finally:
            os._exit(code)

    def _leave_behind(self) -> None:
        """In the new process: nothing of the forker's, and nothing of another seat's."""
        signal.set_wakeup_fd(-1)
        for number in _OF_A_PROCESS:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for end in (self._awake, self._wake):
            os.close(end)
        self._listener.close()
        for other in self._seats.values():
            other.close()
        self._seats.clear()

    def _reap(self) -> None:
        """Tell the gate of each seat that has ended how it ended: the seat itself may not have been able to."""
        with suppress(ChildProcessError):
            while True:
                seat, status = os.waitpid(-1, os.WNOHANG)
                if not seat:
                    return
                code = os.waitstatus_to_exitcode(status)
                with self._seats.pop(seat) as connection, suppress(OSError):
                    connection.send(b"%d" % (code if code >= 0 else handover.KILLED))


def become(connection: socket.socket, mark: str) -> int:
    """Be the process that the gate asked for, and give its exit code."""
    connection.settimeout(handover.MOMENT)
    request = _read(connection.recv(handover.LARGEST), mark)
    if request is None:
        return 1
    if request.question:
        return _answer(connection, request)
    socket.send_fds(connection, [handover.HERE], [os.pidfd_open(os.getpid())])
    word, streams, _, _ = socket.recv_fds(connection, len(handover.TAKE), 3)
    if word != handover.TAKE or len(streams) != 3:
        return 1
    os.setsid()
    if os.isatty(streams[0]):
        fcntl.ioctl(streams[0], termios.TIOCSCTTY, 0)
    connection.send(handover.TAKEN)
    if connection.recv(len(handover.BEGIN)) != handover.BEGIN:
        return 1
    _end_with_the_gate(connection)
    _settle(request, streams)
    # Late: the command line is what runs the forker.
    from dropcopy_tui.cli import main

    code = main([*request.options, "ssh", "seat"])
    _finish()
    with suppress(OSError):
        connection.send(b"%d" % code)
    return code


def _answer(connection: socket.socket, request: Request) -> int:
    """Tell sshd whose key it is. What goes wrong is not told: whoever asks looks for themselves then, and says it."""
    from dropcopy_tui.key_answer import of_store

    with suppress(DeskError, OSError, ValueError, TypeError):
        connection.send(handover.ANSWER + of_store(request.options, request.question).encode())
        return 0
    return 1


def _read(data: bytes, mark: str) -> Request | None:
    """The request, if it is one of this installation's gate."""
    try:
        given = json.loads(data)
        if given.pop("program") == mark:
            return Request(**given)
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return None


def _settle(request: Request, streams: Sequence[int]) -> None:
    """Have what a process of the gate's own would have."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        before = getattr(sys, name)
        lines = 1 if number == 2 or os.isatty(number) else -1
        mode = "w" if number else "r"
        now = open(number, mode, lines, before.encoding, before.errors, closefd=False)  # noqa: SIM115 - it stays open
        setattr(sys, name, now)
        setattr(sys, f"__{name}__", now)
    os.environ.clear()
    os.environ.update(request.environment)
    os.umask(0o077)
    gate.limit()
    with suppress(OSError):
        os.chdir(request.home)


def _end_with_the_gate(connection: socket.socket) -> None:
    """Hang up when the gate is gone: the kernel sends the signal for the socket, so that no thread has to wait."""
    descriptor = connection.fileno()
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGHUP)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([connection], [], [], 0)[0]:
        os.kill(os.getpid(), signal.SIGHUP)


def _finish() -> None:
    """End as Python ends a process, without taking apart what is shared with the forker."""
    threading._shutdown()  # type: ignore[attr-defined]  # as multiprocessing does in a process that was forked
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()


def _start_clean(folder: Path) -> None:
    """Start again with the environment that a seat has, from which Python has taken its locale."""
    home = gate.home_of_account()
    wanted = gate.environment({}, home)
    # Python sets this one by itself where the locale is missing.
    if sys.flags.isolated and {name: text for name, text in os.environ.items() if name != "LC_CTYPE"} == wanted:
        os.umask(0o077)
        os.chdir("/")
        return
    command = [sys.executable, "-I", "-m", "dropcopy_tui", "ssh", "forker", "--folder", str(folder.absolute())]
    os.execve(sys.executable, command, wanted)  # noqa: S606 - the same program again, without a shell


def _require_unused(folder: Path) -> None:
    if not handover.is_private(str(folder), os.getuid()):
        raise ForkerUnusable(
            f"{folder} is not a folder that belongs to this account alone. As this account: mkdir -m 700 {folder}"
        )
    other = handover.connect(str(folder), os.getuid())
    if other is not None:
        other.close()
        raise ForkerUnusable(f"Another forker listens in {folder}. Stop it first.")


def _listen(place: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        place.unlink(missing_ok=True)
        listener.bind(str(place))
        listener.listen(128)
        # Whoever connected may be gone by the time it is accepted.
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise ForkerUnusable(f"No socket can be made at {place}: {error.strerror or error}.") from None
    return listener


def _import_all() -> None:
    """Import what any seat may need, and keep it in pages that seats do not write to."""
    gc.disable()
    for name in _LATE:
        importlib.import_module(name)
    _import(_ROOMS)
    from rich.cells import cell_len
    from sqlalchemy.orm import configure_mappers

    configure_mappers()
    # Its tables of widths are of the version of Unicode that the terminal has.
    cell_len("\N{HORIZONTAL ELLIPSIS}")
    keep_shared()
    gc.enable()


def _import(names: Sequence[str]) -> None:
    """Import these and all that is in them; a driver that is not installed here is not needed here."""
    for name in names:
        if name.startswith(_LEFT_OUT):
            continue
        with suppress(ImportError):
            package = importlib.import_module(name)
            _import([f"{name}.{found.name}" for found in pkgutil.iter_modules(getattr(package, "__path__", ()))])

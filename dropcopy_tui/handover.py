"""How the gate hands a connection to the forker: what both have to agree on, and the gate's side of it.

The gate says what a new process would get from it (options, environment), gives its terminal up, sends its standard
streams, and waits until the seat ends. Whatever goes wrong before the seat begins, the gate starts a process
of its own instead. Standard library only: it is imported for every connection.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import stat
import struct
import sys
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from dropcopy_tui import __version__

SOCKET = "seats"
# Longer than the environment and the longest command, in the form that has most bytes.
LARGEST = 65_536
# How long the other side may take for a word, in seconds: twenty people who connect together need one of them.
MOMENT = 5.0
# The words of the hand-over, in their order. The number of the exit code comes last.
HERE, TAKE, TAKEN, BEGIN = b"here", b"take", b"taken", b"begin"
# Before the answer to sshd's question whose key it is, for which there is no hand-over.
ANSWER = b"answer "
# What ssh itself says of a command that a signal ended.
KILLED = 255
_PASSED_ON = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
_PACKAGES = ("site-packages", "dist-packages")


def program_mark() -> str:
    """What tells this installation from every other, and from itself once anything was installed into it."""
    root = os.path.dirname(os.path.abspath(__file__))
    folders = [path for path in sys.path if path.endswith(_PACKAGES) and os.path.isdir(path)]
    stamps = []
    for path in (root, os.path.join(root, "__init__.py"), *folders):
        facts = os.stat(path)
        stamps.append([path, facts.st_ino, facts.st_mtime_ns])
    return json.dumps([__version__, sys.version, sys.prefix, stamps])


def peer_uid(connection: socket.socket) -> int:
    """The account at the other end, as the kernel knows it."""
    size = struct.calcsize("3i")
    uid: int = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))[1]
    return uid


def is_private(folder: str, owner: int) -> bool:
    """Whether no other account than this one, and root, can put anything into the folder or look into it."""
    try:
        facts = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == owner and not stat.S_IMODE(facts.st_mode) & 0o077


def connect(folder: str, owner: int) -> socket.socket | None:
    """The forker of this account, if it listens in this folder."""
    if not is_private(folder, owner):
        return None
    found = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    found.settimeout(MOMENT)
    try:
        found.connect(os.path.join(folder, SOCKET))
        if peer_uid(found) == owner:
            return found
    except OSError:
        pass
    found.close()
    return None


def hand_over(folder: str, options: Sequence[str], environment: Mapping[str, str], home: str) -> int | None:
    """Let the forker serve this connection and give the exit code; None if a process of our own has to."""
    connection = connect(folder, os.getuid())
    if connection is None:
        return None
    with connection:
        seat = _ask(connection, {"options": list(options), "environment": dict(environment), "home": home})
        if seat is None or not _give_terminal(connection, seat):
            return None
        return _served(connection, seat)


def asked(folder: str, options: Sequence[str], question: Sequence[str]) -> str | None:
    """What a process of the forker answers to sshd's question about a key; None if we have to find out ourselves."""
    connection = connect(folder, os.getuid())
    if connection is None:
        return None
    request = {"options": list(options), "environment": {}, "home": "/", "question": list(question)}
    with connection, suppress(OSError):
        connection.send(json.dumps({"program": program_mark(), **request}).encode())
        said = connection.recv(LARGEST)
        if said.startswith(ANSWER):
            return said.removeprefix(ANSWER).decode()
    return None


def is_ready(folder: str, owner: int) -> bool:
    """Whether the forker of this account would serve the gate of this installation. Nothing is started."""
    connection = connect(folder, owner)
    if connection is None:
        return False
    with connection:
        seat = _ask(connection, {"options": [], "environment": {}, "home": "/"})
        if seat is None:
            return False
        os.close(seat)
        return True


def _ask(connection: socket.socket, request: Mapping[str, object]) -> int | None:
    """Ask for a seat; what signals it and tells when it has ended (a pidfd), or None if there is none to be had."""
    try:
        connection.send(json.dumps({"program": program_mark(), **request}).encode())
        word, pidfds, _, _ = socket.recv_fds(connection, len(HERE), 1)
    except OSError:
        return None
    return pidfds[0] if word == HERE and len(pidfds) == 1 else None


def _give_terminal(connection: socket.socket, seat: int) -> bool:
    """Make the terminal the seat's, so that its size, its hang-up and Ctrl-C go there; whether the seat has begun.

    A terminal has one session. Only its leader can leave it, and then another leader can take it.
    """
    terminal = os.isatty(0)
    if terminal and os.getsid(0) != os.getpid():
        return False
    # Leaving the terminal sends a hang-up to whoever leaves.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        if terminal:
            fcntl.ioctl(0, termios.TIOCNOTTY)
        # Not sooner: in the queue of a forker that does not answer, they would stay open after this process has ended.
        socket.send_fds(connection, [TAKE], [0, 1, 2])
        if connection.recv(len(TAKEN)) == TAKEN:
            connection.send(BEGIN)
            return True
    except OSError:
        pass
    _take_back(seat, terminal)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    return False


def _take_back(seat: int, terminal: bool) -> None:
    """End the process that did not answer, and have the terminal again."""
    with suppress(OSError):
        signal.pidfd_send_signal(seat, signal.SIGKILL)
    select.select([seat], [], [], MOMENT)
    if terminal:
        with suppress(OSError):
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _served(connection: socket.socket, seat: int) -> int:
    """Wait until the seat ends; signals for the gate are the seat's."""
    with _passing_on(seat):
        connection.settimeout(None)
        select.select([connection.fileno(), seat], [], [])
        # Whoever ends says so first; only a forker that is gone, too, cannot say how a killed seat ended.
        connection.settimeout(MOMENT)
        try:
            return int(connection.recv(16) or KILLED)
        except (OSError, ValueError):
            return KILLED


@contextmanager
def _passing_on(seat: int) -> Iterator[None]:
    def passed_on(number: int, _frame: object) -> None:
        with suppress(OSError):
            signal.pidfd_send_signal(seat, number)

    for number in _PASSED_ON:
        signal.signal(number, passed_on)
    yield

"""This process, and whether another one still runs: its number, when it was started, and on which running system.

The number of a process is used again; together with the moment of its start it is not. Linux's /proc says both.
Standard library only: the first screen is painted with it.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

_PROC = Path("/proc")


@functools.cache
def machine() -> str:
    """The running system and its set of processes: another one after a restart, and in each container.

    "" where the kernel does not say.
    """
    try:
        started = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{started} {os.readlink(_PROC / 'self/ns/pid')}"
    except (OSError, UnicodeDecodeError):
        return ""


def host_name() -> str:
    """The host's name, for people to read."""
    return os.uname().nodename[:64]


def started_at(pid: int) -> int | None:
    """When a process of this system was started, in ticks since the system was; None for one that has ended."""
    try:
        # The name of the program, in brackets, may have spaces and brackets of its own.
        said = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return None
    # Field 3 is its state, field 22 the start (proc_pid_stat(5)); a zombie has ended.
    return None if said[0] in (b"Z", b"X") else int(said[19])


def is_gone(on: str, pid: int, started: int) -> bool | None:
    """Whether a process has ended; None where this process cannot know: it is of another system, or not named."""
    if not on or on != machine() or not pid:
        return None
    return started_at(pid) != started

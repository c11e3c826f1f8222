"""Where a person acts from, for the audit trail: the account of the machine, the terminal, the SSH client's address."""

from __future__ import annotations

import os
import pwd
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dropcopy_tui.domain.errors import NotSignedIn
from dropcopy_tui.seat import here

if TYPE_CHECKING:
    from dropcopy_tui.domain.seats import SeatPlace

# Only what can be an address (or a host name) enters the trail.
_PROC = Path("/proc")
_ADDRESS = re.compile(r"[0-9A-Za-z.:%_-]{1,64}")


def machine_account() -> str:
    """The operating-system account of this process, as the kernel knows it: no variable can change it.

    Raises NotSignedIn for a process whose user number has no name.
    """
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise NotSignedIn(f"This process runs as user id {os.getuid()}, which has no account name.") from None


def origin(surface: str) -> str:
    """Such as `cli tty=/dev/pts/3 ssh=192.0.2.7`, and over the SSH desk also the key's fingerprint.

    Args:
        surface: which part of the program the person uses, `cli` or `screen`.
    """
    parts = [surface]
    with suppress(OSError):  # a job or a pipe has no terminal
        parts.append(f"tty={os.ttyname(0)}")
    seat = here()
    address = seat.address if seat is not None else _ssh_address()
    if address:
        parts.append(f"ssh={address}")
    if seat is not None:
        parts.append(f"key={seat.fingerprint}")
    return " ".join(parts)


def seat_place() -> SeatPlace:
    """Where the seat of this process is: its terminal and account, the SSH client, and the process itself."""
    # Late: single commands have no seat.
    from dropcopy_tui.domain.seats import SeatPlace
    from dropcopy_tui.process import host_name, machine, started_at

    seat, tty = here(), ""
    with suppress(OSError):
        tty = os.ttyname(0)
    account = str(os.getuid())
    with suppress(NotSignedIn):
        account = machine_account()
    return SeatPlace(
        host=host_name(),
        account=account,
        tty=tty,
        address=seat.address if seat is not None else _ssh_address(),
        fingerprint=seat.fingerprint if seat is not None else "",
        machine=machine(),
        pid=os.getpid(),
        started=started_at(os.getpid()) or 0,
    )


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    name: str
    is_roots: bool

    @property
    def is_sshd(self) -> bool:
        return self.name in ("sshd", "sshd-session")


def _ssh_address() -> str:
    """The SSH client's address, as sshd gave it to what it started; "" where no sshd stands above this process.

    SSH_CONNECTION of this process is anybody's word. An sshd that runs as root cannot be made up, and the process that
    it started (a shell, or a forced command) has the environment of its start, whatever is exported afterwards.
    """
    below: list[_Process] = []
    process = _process(os.getpid())
    while process is not None and not (process.is_sshd and process.is_roots):
        below.append(process)
        process = _process(process.parent)
    if process is None:
        return ""
    if below and below[-1].is_sshd:
        below.pop()  # the part of sshd that has given up root's rights
    return _address_in(below[-1].pid) if below else ""


def _process(pid: int) -> _Process | None:
    """What the kernel says of a process; None for none, or where it may not be seen."""
    try:
        lines = (_PROC / str(pid) / "status").read_text(errors="replace").splitlines()
        said = dict(line.split(":", 1) for line in lines if ":" in line)
        # Every user id, not the owner of the folder: a process of anybody's can have that look like root's.
        is_roots = set(said["Uid"].split()) == {"0"}
        return _Process(pid, int(said["PPid"]), said["Name"].strip(), is_roots)
    except (OSError, ValueError, KeyError):
        return None


def _address_in(pid: int) -> str:
    with suppress(OSError):
        for entry in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
            name, _, value = entry.decode("ascii", "replace").partition("=")
            address = value.partition(" ")[0]
            if name == "SSH_CONNECTION" and _ADDRESS.fullmatch(address):
                return address
    return ""

"""Where a person acts from, for the audit trail: the account of the machine, the terminal, the SSH client's address."""

from __future__ import annotations

import os
import pwd
import re
from contextlib import suppress

from dropcopy_tui.domain.errors import NotSignedIn

# SSH_CONNECTION is the environment's word: only what can be an address (or a host name) enters the trail.
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
    """Such as `cli tty=/dev/pts/3 ssh=192.0.2.7`.

    Args:
        surface: which part of the program the person uses, `cli` or `screen`.
    """
    parts = [surface]
    with suppress(OSError):  # a job or a pipe has no terminal
        parts.append(f"tty={os.ttyname(0)}")
    address = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    if _ADDRESS.fullmatch(address):
        parts.append(f"ssh={address}")
    return " ".join(parts)

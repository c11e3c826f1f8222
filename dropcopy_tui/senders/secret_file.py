"""Secret files: one line with the password or key of a sender."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from dropcopy_tui.domain.errors import DeskError

_LONGEST = 1_024


def read_secret(path: Path, what: str, refusal: type[DeskError]) -> str:
    """Read the secret. Raises `refusal` if the file cannot be read, or if other accounts can read it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise refusal(f"The {what} {path} cannot be read: {error.strerror}. Nothing was sent.") from None
    try:
        _must_be_ours(path, os.fstat(handle), what, refusal)
        secret = os.read(handle, _LONGEST + 1).removesuffix(b"\n").removesuffix(b"\r")
    finally:
        os.close(handle)
    if not 0 < len(secret) <= _LONGEST or not secret.isascii() or not secret.decode().isprintable():
        kind = what.split()[-1]
        raise refusal(f"{path} must contain one line: the {kind} in ASCII. Nothing was sent.")
    return secret.decode()


def _must_be_ours(path: Path, facts: os.stat_result, what: str, refusal: type[DeskError]) -> None:
    if not stat.S_ISREG(facts.st_mode):
        raise refusal(f"The {what} {path} is not a regular file. Nothing was sent.")
    if facts.st_uid != os.geteuid():
        raise refusal(f"The {what} {path} is owned by another account. Nothing was sent.")
    if facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise refusal(f"Other accounts can read the {what}. Run: chmod 600 {path}. Nothing was sent.")

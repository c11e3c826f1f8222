"""What is kept of a crash: where it happened, never what was in the variables."""

from __future__ import annotations

import os
import re
import traceback
from datetime import UTC, datetime
from pathlib import Path

from dropcopy_tui.domain.visible import visible

# Anything quoted, with a digit in it, or long may be a value of ours: a key, a code, an id.
_VALUES = re.compile(r"'[^']*'|\"[^\"]*\"|\S*\d\S*|\S{20,}")


def new_incident_id() -> str:
    """Short enough to be read out on the telephone."""
    return os.urandom(4).hex()


def redacted(error: BaseException) -> str:
    """The trace with its causes: types, files, lines and functions; messages without their values."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        # A log is read on a terminal: nothing in a message acts on it, nor begins a line of its own.
        message = visible(_VALUES.sub("[redacted]", str(current)))
        frames = "".join(traceback.format_tb(current.__traceback__))
        parts.append(f"{frames}{type(current).__qualname__}: {message}\n")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "which came from\n".join(parts)


def write_incident(log: Path, incident: str, error: BaseException) -> bool:
    """Append the incident to the log (0600); False when that is not possible."""
    text = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} incident {incident}\n{redacted(error)}\n"
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Not through a link that someone else put there.
        fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8", errors="replace") as file:
            os.fchmod(fd, 0o600)
            file.write(text)
    except OSError:
        return False
    return True

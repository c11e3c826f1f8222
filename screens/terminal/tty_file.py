"""The terminal as a file that survives the terminal."""

from __future__ import annotations

import os
import select
from contextlib import suppress


class TtyFile:
    """Writes text to a terminal; once it has gone away, swallows it.

    An error in Textual's writer thread would end that thread, and the screen would then wait indefinitely for
    room in its queue.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._parts: list[str] = []
        self.lost = False

    def fileno(self) -> int:
        """The descriptor of the terminal."""
        return self._fd

    def isatty(self) -> bool:
        """Whether it (still) is a terminal."""
        return os.isatty(self._fd)

    def write(self, text: str) -> int:
        """Keep the text until the next flush: a frame is one write."""
        self._parts.append(text)
        return len(text)

    def flush(self) -> None:
        """Send what was kept."""
        data = "".join(self._parts).encode("utf-8", "replace")
        self._parts.clear()
        while data and not self.lost:
            data = data[self._send(data) :]

    def _send(self, data: bytes) -> int:
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            # Someone who shares the terminal made it non-blocking.
            with suppress(OSError):
                select.select([], [self._fd], [], 1.0)
        except OSError:
            self.lost = True
        return 0

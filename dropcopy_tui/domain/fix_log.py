"""Reading a FIX log, whatever it looks like: a stream of bytes in, messages out, never an exception.

The path of the bytes:

1. `FixLog` holds a part of the log (at most `LONGEST` bytes and a chunk) and looks for the start of a message
   (`fix_fields.START`), which also says what separates the fields. What it passes by is a prefix, a line of the log
   itself (`log_lines`), or garbage, which is counted with its line.
2. `fix_extent.frame_at` says where that message ends and gives a `Frame`: the message with SOH between its fields, and
   what is wrong with its BodyLength and CheckSum. `Short` says that the answer depends on bytes not read yet.
3. `fix_tags.headers` reads the few tags that routing needs, outside of counted fields, and those of a copy's original.
4. The result is a `LogMessage`.

simplefix looks at every byte in Python, which is 6,000 to 9,000 messages a second. Here messages are found by their
BodyLength, and their tags by one expression.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from dropcopy_tui.domain.fix_extent import LONGEST, Frame, Short, frame_at, holds
from dropcopy_tui.domain.fix_fields import OPEN, START, START_ROOM
from dropcopy_tui.domain.fix_tags import COPY, Header, headers
from dropcopy_tui.domain.log_lines import LONGEST_PREFIX, LOOKED_AT, closes, is_own, near_miss

__all__ = ["COPY", "LONGEST", "FixLog", "Garbage", "Header", "LogMessage"]
# Lines of garbage that are named; all are counted.
LINES_KEPT = 100
# A line of the log itself is text for people.
_LONGEST_OWN = 4_096
_HEADLESS = "It is part of a copy (35=n) whose beginning is missing."


class LogMessage(NamedTuple):
    """A message of a log.

    Attributes:
        line: the line it begins on, from 1.
        offset: where it begins, in bytes from the start of the log.
        size: how many bytes of the log it takes.
        header: its own tags.
        original: for a copy, the tags of the message in its tag 213; None where there is none.
        problems: what is wrong with it, in words.
    """

    line: int
    offset: int
    size: int
    header: Header
    original: Header | None = None
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class Garbage:
    """Pieces that are not messages: how many pieces (at most one before each message or line end), and the first lines.

    `misses` says why, for what looks like FIX: each reason with the first line that has it.
    """

    pieces: int = 0
    lines: list[int] = field(default_factory=list)
    misses: dict[str, int] = field(default_factory=dict)

    def add(self, line: int, text: bytes) -> None:
        """One more piece."""
        self.pieces += 1
        if len(self.lines) < LINES_KEPT:
            self.lines.append(line)
        reason = near_miss(text)
        if reason:
            self.misses.setdefault(reason, line)


class FixLog:
    """A log that is being read. After the last message, `garbage`, `own_lines` and `taken` (bytes) are whole."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._buffer = b""
        self._at = 0
        self._base = 0
        self._ended = False
        self._line = 1
        # The text on the current line since its start or the last message on it: its beginning, its size, and
        # whether it is the line's start.
        self._loose = b""
        self._size = 0
        self._at_start = True
        # What was passed by last, at least six bytes where there are so many.
        self._before = b""
        self._after_own = False
        self.garbage = Garbage()
        # Lines that the log's writer wrote for itself: session events and the like.
        self.own_lines = 0

    @property
    def taken(self) -> int:
        """How many bytes of the log have been read and judged."""
        return self._base + self._at

    def __iter__(self) -> Iterator[LogMessage]:
        while True:
            try:
                start = self._to_start()
                if start is None:
                    break
                frame = frame_at(self._buffer, start, self._ended)
            except Short:
                self._more()
                continue
            yield self._message(frame)
        self._pass_by(len(self._buffer))
        self._end_line()

    # -- the buffer

    def _more(self) -> None:
        """One more chunk, or the knowledge that there is none."""
        chunk = b"" if self._ended else next(self._chunks, b"")
        self._ended = not chunk
        if self._at:
            self._buffer = self._buffer[self._at :]
            self._base += self._at
            self._at = 0
        self._buffer += chunk

    def _to_start(self) -> re.Match[bytes] | None:
        """Go to the next start of a message; None at the end of the log.

        It stands where a field begins: behind a digit (58=FIX.4.4) only where its own BodyLength and CheckSum hold.
        """
        while True:
            found = START.search(self._buffer, self._at)
            if not self._ended:
                known = len(self._buffer) - START_ROOM
                if found is None or found.start() > known:
                    self._pass_by(known)
                    raise Short
            if found is None:
                return None
            self._pass_by(found.start())
            if not self._before[-1:].isdigit() or holds(self._buffer, found, self._ended):
                return found
            self._pass_by(found.start() + 1)

    def _pass_by(self, end: int) -> None:
        """The text before `end` is not a message: a prefix, blank, a line of the log itself, or garbage."""
        if end <= self._at:
            return
        text = self._buffer[self._at : end]
        self._at = end
        self._before = text if len(text) >= len(OPEN) else self._before[-len(OPEN) :] + text
        if not self._size and text.rfind(b"\n") == 0:
            # A line end and a prefix, as before nearly every message.
            self._line += 1
            self._at_start = True
            self._loose, self._size = text[1 : 1 + LOOKED_AT], len(text) - 1
            return
        while True:
            line, newline, text = text.partition(b"\n")
            if line:
                self._size += len(line)
                if len(self._loose) < LOOKED_AT:
                    self._loose = (self._loose + line)[:LOOKED_AT]
            if not newline:
                return
            self._end_line()
            self._line += 1

    def _end_line(self) -> None:
        if self._size:
            own = self._at_start and self._size <= _LONGEST_OWN and is_own(self._loose, self._after_own)
            self.own_lines += own
            if not own:
                self._judge()
            self._after_own = own
            self._loose, self._size = b"", 0
        self._at_start = True

    def _judge(self) -> None:
        """What stands loose on the line is the log's closing of a message, blank, or garbage."""
        if self._size <= LOOKED_AT and not self._loose.strip():
            return
        if self._at_start or self._size > LONGEST_PREFIX or not closes(self._loose):
            self.garbage.add(self._line, self._loose)

    # -- one message

    def _message(self, frame: Frame) -> LogMessage:
        """The message, and what stands before it on its line judged."""
        if self._size and not (self._at_start and self._size <= LONGEST_PREFIX):
            self._judge()
        header, original, problems = headers(frame.raw, cut=bool(frame.problems) and frame.cut)
        if frame.problems:
            problems = (*frame.problems, *problems)
        if self._before.endswith(OPEN):
            problems = (*problems, _HEADLESS)
        message = LogMessage(self._line, self._base + self._at, frame.size, header, original, problems)
        self._loose, self._size, self._at_start = b"", 0, False
        self._before = b""
        newlines = frame.raw.count(b"\n")
        if newlines:
            self._line += newlines
        self._at += frame.size
        return message

"""FIX messages out of a stream of bytes, by their BodyLength (9) and CheckSum (10), and what is wrong with a piece.

For a session, not for a log (`fix_log`): what does not hold is named and skipped, and a stream that never becomes a
message does not grow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# No message of a session that only receives copies comes near it.
LONGEST = 65_536
_BEGIN = b"8=FIX"
_HEAD = re.compile(rb"8=FIX[A-Z0-9.]{1,10}\x019=([0-9]{1,9})\x01")
_TAIL = re.compile(rb"10=([0-9]{3})\x01")
_TAIL_LENGTH = 7
_ENDED = re.compile(rb"\x0110=[^\x01]{0,9}\x01\Z")
_LONGEST_END = 16
# 8=FIX.4.2, SOH, 9= and nine digits, SOH, with room.
_LONGEST_HEAD = 40


@dataclass(frozen=True, slots=True)
class Frame:
    """A message with its length and checksum right, or what is wrong with a piece of the stream.

    A message is not shown: it may carry a password.
    """

    raw: bytes = field(repr=False, default=b"")
    problem: str = ""


class Frames:
    """Takes bytes as they come and gives frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that are whole by now."""
        self._buffer += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> Frame | None:
        if self._buffer[: len(_BEGIN)] != _BEGIN:
            return self._skip_garbage()
        head = _HEAD.match(self._buffer)
        if head is None:
            return self._without_length()
        size = head.end() + int(head[1]) + _TAIL_LENGTH
        if size > LONGEST:
            return self._refused(f"it says that it is larger than {LONGEST:,} bytes")
        if len(self._buffer) < size:
            return self._refused("its BodyLength (9) is too large") if self._ended() else None
        tail = _TAIL.fullmatch(self._buffer, size - _TAIL_LENGTH, size)
        if tail is None or self._buffer[size - _TAIL_LENGTH - 1] != 1:
            return self._refused("its BodyLength (9) is wrong: no CheckSum (10) stands where it says")
        right = b"%03d" % (sum(self._buffer[: size - _TAIL_LENGTH]) % 256)
        if tail[1] != right:
            return self._refused(f"its CheckSum (10) is {tail[1].decode()}, it should be {right.decode()}", size)
        raw = bytes(self._buffer[:size])
        del self._buffer[:size]
        return Frame(raw)

    def _skip_garbage(self) -> Frame | None:
        """Drop what comes before a message: all but what may be its beginning."""
        start = self._buffer.find(_BEGIN)
        kept = next((n for n in range(len(_BEGIN) - 1, 0, -1) if self._buffer.endswith(_BEGIN[:n])), 0)
        dropped = start if start >= 0 else len(self._buffer) - kept
        if dropped <= 0:
            return None
        del self._buffer[:dropped]
        return Frame(problem=f"{dropped:,} bytes are no FIX message")

    def _without_length(self) -> Frame | None:
        if len(self._buffer) < _LONGEST_HEAD and not self._ended():
            return None
        return self._refused("BodyLength (9) is not its second field")

    def _ended(self) -> bool:
        """Whether what came so far ends in a CheckSum."""
        return _ENDED.search(self._buffer[-_LONGEST_END:]) is not None

    def _refused(self, why: str, size: int = 0) -> Frame:
        """Drop a message, up to the next one that begins."""
        following = self._buffer.find(b"\x01" + _BEGIN, 1) + 1
        del self._buffer[: size or following or len(self._buffer)]
        return Frame(problem=f"A message was not read: {why}")

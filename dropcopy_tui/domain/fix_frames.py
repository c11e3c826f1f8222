"""FIX messages out of a stream of bytes, by their BodyLength (9) and CheckSum (10), and what is wrong with a piece.

For a session, not for a log (`fix_log`): what does not hold is named and skipped, and a stream that never becomes a
message does not grow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from dropcopy_tui.domain.fix_fields import counted_in

# No message of a session that only receives copies comes near it.
LONGEST = 65_536
_BEGIN = b"8=FIX"
_HEAD = re.compile(rb"8=FIX[A-Z0-9.]{1,10}\x019=([0-9]{1,9})\x01")
_TAIL = re.compile(rb"10=([0-9]{3})\x01")
_TAIL_LENGTH = 7
_ENDED = re.compile(rb"\x0110=([^\x01]{0,9})\x01")
_FOLLOWING = b"\x01" + _BEGIN
_LONGEST_END = 16
# 8=FIX.4.2, SOH, 9= and nine digits, SOH, with room.
_LONGEST_HEAD = 40


@dataclass(frozen=True, slots=True)
class StreamFrame:
    """A message with its length and checksum right, or what is wrong with a piece of the stream.

    A message is not shown: it may carry a password.
    """

    raw: bytes = field(repr=False, default=b"")
    problem: str = ""


class Frames:
    """Takes bytes as they come and gives frames: the same ones, however the bytes are divided.

    Once something is refused, what follows is skipped without a word up to where a message begins.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        # What is waited for while bytes are skipped; nothing is skipped without it.
        self._until = b""
        # How far a CheckSum was looked for that comes before the one that the BodyLength names.
        self._looked = 0

    def feed(self, data: bytes) -> Iterator[StreamFrame]:
        """The frames that are whole by now."""
        self._buffer += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> StreamFrame | None:
        if self._until and not self._skip():
            return None
        begun = min(len(self._buffer), len(_BEGIN))
        if self._buffer[:begun] != _BEGIN[:begun]:
            self._until = _BEGIN
            return StreamFrame(problem="The data received is not a FIX message: it does not begin with 8=FIX")
        head = _HEAD.match(self._buffer)
        if head is None:
            return self._without_length()
        size = head.end() + int(head[1]) + _TAIL_LENGTH
        if size > LONGEST:
            return self._refused(f"its declared size is larger than {LONGEST:,} bytes")
        early = self._early_end(size)
        if early:
            return self._refused("its BodyLength (9) is too large", early)
        if len(self._buffer) < size:
            return None
        tail = _TAIL.fullmatch(self._buffer, size - _TAIL_LENGTH, size)
        if tail is None or self._buffer[size - _TAIL_LENGTH - 1] != 1:
            return self._refused("its BodyLength (9) is wrong: there is no CheckSum (10) at that position")
        right = b"%03d" % (sum(self._buffer[: size - _TAIL_LENGTH]) % 256)
        if tail[1] != right:
            return self._refused(f"its CheckSum (10) is {tail[1].decode()} but should be {right.decode()}", size)
        raw = bytes(self._buffer[:size])
        self._drop(size)
        return StreamFrame(raw)

    def _skip(self) -> bool:
        """Drop what comes before a message; whether one begins now."""
        until = self._until
        start = self._buffer.find(until)
        if start < 0:
            kept = next((n for n in range(len(until) - 1, 0, -1) if self._buffer.endswith(until[:n])), 0)
            self._drop(len(self._buffer) - kept)
            return False
        self._drop(start + len(until) - len(_BEGIN))
        self._until = b""
        return True

    def _without_length(self) -> StreamFrame | None:
        if len(self._buffer) < _LONGEST_HEAD and _ENDED.search(self._buffer) is None:
            return None
        return self._refused("BodyLength (9) is not its second field")

    def _early_end(self, size: int) -> int:
        """Where the message ends before its BodyLength says: at a CheckSum that is not part of counted data."""
        for found in _ENDED.finditer(self._buffer, self._looked, min(size, len(self._buffer))):
            if found.end() >= size:
                break
            before = bytes(self._buffer[: found.start() + 1])
            if all(counted.end <= found.start() for counted in counted_in(before, cut=True)):
                return found.end()
        self._looked = max(0, min(size, len(self._buffer)) - _LONGEST_END)
        return 0

    def _refused(self, why: str, size: int = 0) -> StreamFrame:
        """Drop a message, up to its end where that is known, else up to the next one that begins."""
        if size:
            self._drop(size)
        else:
            self._until = _FOLLOWING
        return StreamFrame(problem=f"A message could not be read: {why}")

    def _drop(self, size: int) -> None:
        del self._buffer[:size]
        self._looked = 0

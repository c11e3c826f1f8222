"""Reading a FIX log, whatever it looks like: a stream of bytes in, messages out, never an exception.

Fields are parted by SOH, `|` or `^A`; messages stand one a line, behind a log's prefix, or run together. What is no
message is counted as garbage with its line. A message with a wrong BodyLength (9) or CheckSum (10) is still one: it
carries its problems. At most `LONGEST` bytes and a chunk are held, however long the log and its lines are.

simplefix looks at every byte in Python, which is 6,000 to 9,000 messages a second. Here messages are found by their
BodyLength, and the few tags that routing needs by one expression; `fields_of` parses the one that is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

LONGEST = 1_048_576
# What a log may write in front of a message on its line: time, level, direction.
LONGEST_PREFIX = 300
LONGEST_VALUE = 40
# Lines of garbage that are named; all are counted.
LINES_KEPT = 100
COPY = "n"
SOH = b"\x01"
_CARET = b"^A"
_START = re.compile(rb"8=FIXT?\.[0-9]\.[0-9](?:SP[0-9])?(\x01|\||\^A)")
# The most bytes of a start that may stand at the end of a chunk.
_START_LENGTH = 24
_BODY = re.compile(rb"9=([0-9]{1,7})\x01")
_ANY_BODY = re.compile(rb"\x019=([^\x01]{0,12})\x01")
# Logs leave the last separator out, or write something of their own behind the message.
_END = re.compile(rb"10=([0-9]{3})(?![0-9])\x01?")
_END_LENGTH = 8
_ANY_END = re.compile(rb"\x0110=([0-9]{3}(?![0-9])|[^\x01\r\n]{0,8}(?=[\x01\r\n]|\Z))\x01?")
_WANTED = re.compile(rb"\x01(35|49|56|39|212)=([^\x01]{0,60})")
_DATA, _OPEN, _CLOSE = b"\x01213=", b"<RTRF>", b"</RTRF>"
# How far a message is searched through at first, and how far the end of an original is looked for.
_WINDOW = 4_096
_LONGEST_ORIGINAL = 16_384


class Header(NamedTuple):
    """The tags that routing needs, as text: 35, 49, 56, 39. A tag that is missing is ""."""

    msg_type: str
    sender: str
    target: str
    status: str


@dataclass(frozen=True, slots=True)
class LogMessage:
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
    """What is no message: how many pieces (at most one before each message or line end), and the first lines."""

    pieces: int = 0
    lines: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        """One more piece."""
        self.pieces += 1
        if len(self.lines) < LINES_KEPT:
            self.lines.append(line)


class _Frame(NamedTuple):
    """A message found: how many bytes of the log it takes, itself with SOH between its fields, what is wrong."""

    size: int
    raw: bytes
    problems: tuple[str, ...]


class FixLog:
    """A log that is being read. After the last message, `garbage` and `taken` (bytes) are whole."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._buffer = b""
        self._at = 0
        self._base = 0
        self._ended = False
        self._line = 1
        self._newline = -2
        # What stands on the present line since its start or the last message: bytes that are no blanks.
        self._loose = 0
        self._fresh_line = True
        self.garbage = Garbage()

    @property
    def taken(self) -> int:
        """How many bytes of the log have been read and judged."""
        return self._base + self._at

    def __iter__(self) -> Iterator[LogMessage]:
        while True:
            start = _START.search(self._buffer, self._at)
            if start is None:
                self._pass_by(len(self._buffer) - _START_LENGTH)
                if not self._more():
                    break
                continue
            self._pass_by(start.start())
            frame = self._framed(start[1])
            if frame is None:
                self._more()
                continue
            yield self._message(frame)
        self._pass_by(len(self._buffer))
        self._end_line()

    # -- the buffer

    def _more(self) -> bool:
        """One more chunk; whether there was any."""
        chunk = b"" if self._ended else next(self._chunks, b"")
        self._ended = not chunk
        if self._at:
            self._buffer = self._buffer[self._at :]
            self._base += self._at
            self._at = 0
        self._buffer += chunk
        self._newline = -2
        return bool(chunk)

    def _pass_by(self, end: int) -> None:
        """What stands before `end` is no message: a prefix, blank, or garbage."""
        if end <= self._at:
            return
        *lines, rest = self._buffer[self._at : end].split(b"\n")
        self._at = end
        for text in lines:
            self._loose += len(text.strip())
            self._end_line()
            self._line += 1
            self._fresh_line = True
        self._loose += len(rest.strip())

    def _end_line(self) -> None:
        if self._loose:
            self.garbage.add(self._line)
        self._loose = 0

    def _next_newline(self) -> int:
        """Where the line ends; the end of the buffer where it does not."""
        if self._newline < self._at:
            found = self._buffer.find(b"\n", self._at)
            self._newline = found if found >= 0 else len(self._buffer)
        return self._newline

    # -- one message

    def _framed(self, separator: bytes) -> _Frame | None:
        """The message that starts here; None where more of the log must be read first."""
        if separator != _CARET:
            frame = _by_length(self._buffer, self._at, separator, self._ended)
            if frame is not None:
                return frame
        end = min(self._next_newline(), self._at + LONGEST)
        whole = self._ended or end < len(self._buffer) or end - self._at >= LONGEST
        size = _WINDOW
        while True:
            stop = min(end, self._at + size)
            last = stop == end
            frame = _in_window(self._buffer[self._at : stop], separator, last and whole)
            if frame is not None or last:
                return frame
            size *= 4

    def _message(self, frame: _Frame) -> LogMessage:
        """The message, and what stands before it on its line judged."""
        if self._loose and not (self._fresh_line and self._loose <= LONGEST_PREFIX):
            self.garbage.add(self._line)
        self._loose, self._fresh_line = 0, False
        header, original, problems = _headers(frame.raw)
        if frame.problems:
            problems = (*frame.problems, *problems)
        message = LogMessage(self._line, self.taken, frame.size, header, original, problems)
        self._line += frame.raw.count(b"\n")
        self._at += frame.size
        return message


def _by_length(buffer: bytes, at: int, separator: bytes, ended: bool) -> _Frame | None:
    """The message by its BodyLength, where that is right: nothing in it is searched through."""
    head = buffer[at : at + 64]
    if separator != SOH:
        head = head.replace(separator, SOH)
    body = _BODY.match(head, head.find(SOH) + 1)
    if body is None:
        return None
    end = at + body.end() + int(body[1])
    tail = buffer[end - 1 : end + 7]
    if separator != SOH:
        tail = tail.replace(separator, SOH)
    found = _END.match(tail, 1)
    if found is None or tail[:1] != SOH or (len(tail) < _END_LENGTH and not ended):
        return None
    close = end - 1 + found.end()
    raw = buffer[at:close]
    if separator != SOH:
        raw = raw.replace(separator, SOH)
    return _Frame(close - at, raw, _sum_problem(raw, end - at, found[1]))


def _in_window(text: bytes, separator: bytes, final: bool) -> _Frame | None:
    """The message at the start of the text; None where the text may be too short and is not `final`."""
    if separator == SOH:
        return _by_search(text, final)
    if separator == _CARET:
        # A real SOH ends it; after that every SOH stands for two bytes of the log.
        text, soh, _ = text.partition(SOH)
        final = final or bool(soh)
        if not final:
            # Half of a separator is none yet.
            text = text.removesuffix(_CARET[:1])
    raw = text.replace(separator, SOH)
    frame = _by_length(raw, 0, SOH, final) if separator == _CARET else None
    frame = frame or _by_search(raw, final)
    if frame is None or separator != _CARET:
        return frame
    return _Frame(frame.size + frame.raw.count(SOH), frame.raw, frame.problems)


def _by_search(raw: bytes, final: bool) -> _Frame | None:
    """The message by its CheckSum, where the BodyLength is wrong: at most up to the next start."""
    limit = _next_start(raw, 1)
    data = raw.find(_DATA + _OPEN, 0, limit)
    after = 0
    if data >= 0:
        close = raw.find(_CLOSE, data, data + _LONGEST_ORIGINAL)
        if close < 0 and not final and len(raw) < data + _LONGEST_ORIGINAL:
            return None
        if close >= 0:
            after = close + len(_CLOSE)
            limit = _next_start(raw, after)
    found = _ANY_END.search(raw, after, limit)
    if not final and (limit if found is None else found.end() + 2) >= len(raw):
        return None
    if found is None:
        raw = raw[:limit].rstrip()
        return _Frame(len(raw), raw, ("It is cut: it has no CheckSum (tag 10).",))
    end, raw = found.start() + 1, raw[: found.end()]
    return _Frame(len(raw), raw, (*_length_problem(raw, end), *_sum_problem(raw, end, found[1])))


def _next_start(raw: bytes, after: int) -> int:
    found = _START.search(raw, after)
    return found.start() if found else len(raw)


def _length_problem(raw: bytes, end: int) -> tuple[str, ...]:
    """What is wrong with the BodyLength: the bytes between its own field and the CheckSum's."""
    body = _ANY_BODY.search(raw, 0, 64)
    if body is None:
        return ("It has no BodyLength (tag 9).",)
    size = end - body.end()
    if body[1] == b"%d" % size:
        return ()
    return (f"BodyLength (tag 9) is {_text(body[1])}, its body has {size:,} bytes.",)


def _sum_problem(raw: bytes, end: int, said: bytes) -> tuple[str, ...]:
    """What is wrong with the CheckSum: the sum of every byte before its field, modulo 256."""
    right = b"%03d" % (sum(raw[:end]) % 256)
    return () if said == right else (f"CheckSum (tag 10) is {_text(said)}, it should be {right.decode()}.",)


def _headers(raw: bytes) -> tuple[Header, Header | None, tuple[str, ...]]:
    """The message's own tags, and those of the original that it carries."""
    data = raw.find(_DATA)
    if data < 0:
        return _header(dict(_WANTED.findall(raw)[::-1])), None, ()
    tags = dict(_WANTED.findall(raw, 0, data)[::-1])
    header = _header(tags)
    if header.msg_type != COPY:
        return header, None, ()
    return (header, *_original(raw, data + len(_DATA), tags.get(b"212", b"")))


def _original(raw: bytes, start: int, length: bytes) -> tuple[Header | None, tuple[str, ...]]:
    """The message between the tags of 213, and what is wrong with its length (212, which counts the tags too)."""
    close = raw.rfind(_CLOSE, start)
    if not raw.startswith(_OPEN, start) or close < 0:
        return None, (f"Tag 213 holds no message between {_OPEN.decode()} and {_CLOSE.decode()}.",)
    size = close + len(_CLOSE) - start
    problems = () if length == b"%d" % size else (f"Tag 212 is {_text(length)}, tag 213 has {size} bytes.",)
    inner = raw[start + len(_OPEN) : close]
    return _header(dict(_WANTED.findall(inner)[::-1])), problems


def _header(tags: dict[bytes, bytes]) -> Header:
    return _as_text(tags.get(b"35", b""), tags.get(b"49", b""), tags.get(b"56", b""), tags.get(b"39", b""))


# A log has few combinations of them, and many messages. Values that are long are no values of these tags.
@lru_cache(maxsize=4_096)
def _as_text(msg_type: bytes, sender: bytes, target: bytes, status: bytes) -> Header:
    return Header(_text(msg_type), _text(sender), _text(target), _text(status))


def _text(value: bytes) -> str:
    """A value as text: what is no ASCII is escaped, what is too long is cut."""
    if len(value) > LONGEST_VALUE:
        value = value[:LONGEST_VALUE] + b"..."
    return value.decode("ascii", "backslashreplace")

"""Where a message ends that begins at a known place, and what is wrong with it.

By its BodyLength (9) where a CheckSum (10) stands where that says and holds: nothing inside is looked at, whatever it
is. Otherwise the message is walked through field by field up to its own CheckSum. A message inside a field is part of
it. What begins another message ends it; then it is cut. A start does so where a field begins, behind a line end or a
log's prefix, and anywhere where its own BodyLength and CheckSum hold.

Every answer depends on at most `LONGEST` bytes from the start of the message, and on no byte that was not read yet:
`Short` asks for more. So the result is the same however the bytes arrive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from dropcopy_tui.domain.fix_fields import (
    CARRIERS,
    CLOSE_MARK,
    DATA_OF,
    FIELD,
    INNER,
    SOH,
    START,
    START_ROOM,
    counted_in,
    exact_end,
    shown,
)
from dropcopy_tui.domain.plurals import plural

LONGEST = 1_048_576
CUT = "It is truncated: it has no CheckSum (tag 10)."
_ANY_BODY = re.compile(rb"\x019=([^\x01]{0,12})\x01")
# Logs leave the last separator out, or write something of their own behind the message, or the next message.
_ANY_END = re.compile(rb"10=(?:([0-9]{3})(?:\x01|(?![0-9=])|(?=8=FIX))|([^\x01\r\n]{0,8})(?=[\x01\r\n]|\Z)\x01?)")
# The CheckSum, and the beginning of another message.
_END_ROOM = 12
_NO_SEPARATOR = re.compile(rb"\x01(?![0-9]{1,6}=|</RTRF>|&lt;/RTRF&gt;|\Z)")
_BEGINNING = b"8=FIX"
# How far a message is looked through at first.
_WINDOW = 4_096
# A message inside the text of another one is believed up to this size, so that hostile text costs little.
_LONGEST_WHOLE = 65_536
_DEEPEST = 8


class Short(Exception):
    """No error but a question: the answer depends on bytes that were not read yet."""


class Frame(NamedTuple):
    """A message found: how many bytes of the log it takes, itself with SOH between its fields, what is wrong."""

    size: int
    raw: bytes
    problems: tuple[str, ...]

    @property
    def cut(self) -> bool:
        """Whether it has no end."""
        return CUT in self.problems


def frame_at(buffer: bytes, start: re.Match[bytes], ended: bool) -> Frame:
    """The message that begins there. Raises Short where more of the log must be read first."""
    separator, at, fitting = separator_of(start), start.start(), None
    if len(separator) == 1:
        fitting = _by_length(buffer, at, start.end(), separator, ended)
        if fitting is not None and not fitting.problems:
            return fitting
    most = min(len(buffer) - at, LONGEST)
    whole = ended or most == LONGEST
    size = _WINDOW
    while True:
        stop = min(size, most)
        try:
            return _looked_through(buffer[at : at + stop], separator, whole and stop == most, fitting)
        except Short:
            if stop == most:
                raise
        size *= 4


def separator_of(start: re.Match[bytes]) -> bytes:
    """What separates the fields of the message that begins there."""
    return start[start.lastindex or 0]


@lru_cache(maxsize=64)
def _patterns(separator: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """The BodyLength and the CheckSum of a message with this separator, the one before it included."""
    between = re.escape(separator)
    return (
        re.compile(rb"9=([0-9]{1,12})" + between),
        re.compile(between + rb"10=([0-9]{3})(?:" + between + rb"|(?![0-9=])|(?=8=FIX))"),
    )


def _by_length(buffer: bytes, at: int, after: int, separator: bytes, ended: bool) -> Frame | None:
    """The message by its BodyLength, for a separator of one byte; None where no CheckSum stands where that says."""
    length, checksum = _patterns(separator)
    body = length.match(buffer, after)
    if body is None:
        return None
    stop = body.end() + int(body[1])
    if stop + _END_ROOM > len(buffer) and not ended:
        if stop + _END_ROOM - at > LONGEST:
            return None
        raise Short
    if stop + _END_ROOM - at > LONGEST:
        return None
    found = checksum.match(buffer, stop - 1)
    if found is None:
        return None
    raw = buffer[at : found.end()]
    if separator != SOH:
        raw = raw.replace(separator, SOH)
    if int(found[1]) == sum(raw[: stop - at]) % 256:
        return Frame(len(raw), raw, ())
    return _summed(raw, stop - at, found[1], separator)


def holds(buffer: bytes, start: re.Match[bytes], ended: bool, written: bytes = b"") -> bool:
    """Whether the BodyLength and the CheckSum of the message that begins there hold. Raises Short.

    `written` is what the log has for the SOH that stands between the fields.
    """
    separator, at, after = separator_of(start), start.start(), start.end()
    body = _patterns(separator)[0].match(buffer, after)
    if body is None or int(body[1]) > _LONGEST_WHOLE:
        return False
    if len(separator) > 1:
        most = (int(body[1]) + 2 * START_ROOM) * len(separator)
        text = buffer[at : at + most]
        ended = ended or len(text) == most
        buffer, at, after = text.replace(separator, SOH), 0, after - at - len(separator) + 1
        separator = SOH
    frame = _by_length(buffer, at, after, separator, ended)
    if frame is None or not frame.problems:
        return frame is not None
    body_end = frame.raw.rindex(b"10=")
    return bool(written) and not _summed(frame.raw, body_end, frame.raw[body_end + 3 : body_end + 6], written).problems


# -- the sum


def _summed(raw: bytes, size: int, said: bytes, separator: bytes, problems: tuple[str, ...] = ()) -> Frame:
    """The frame with what is wrong with its CheckSum: the sum of every byte before its field, modulo 256."""
    right = _sum(raw, size)
    if said == right:
        return Frame(len(raw), raw, problems)
    if separator != SOH and len(separator) == 1:
        for text in _with_literals(raw, separator):
            if said == _sum(text, size):
                return Frame(len(text), text, problems)
    return Frame(len(raw), raw, (*problems, f"CheckSum (tag 10) is {shown(said)} but should be {right.decode()}."))


def _sum(raw: bytes, size: int) -> bytes:
    return b"%03d" % (sum(raw[:size]) % 256)


def _with_literals(raw: bytes, separator: bytes) -> Iterator[bytes]:
    """The message where the separator's character belongs to a value: no tag follows, or it is in counted data."""
    literal = _NO_SEPARATOR.sub(lambda _: separator, raw)
    yield literal
    counted = list(counted_in(raw))
    for data_of in (raw, raw.replace(SOH, separator)) if counted else ():
        text = bytearray(literal)
        for each in counted:
            text[each.start : each.end] = data_of[each.start : each.end]
        yield bytes(text)


# -- field by field


def _looked_through(text: bytes, separator: bytes, final: bool, fitting: Frame | None) -> Frame:
    """The message at the start of the text, which is all there is of it when `final`."""
    if len(separator) == 1:
        raw = text if separator == SOH else text.replace(separator, SOH)
        return _decided(raw, separator, final, fitting)
    # A real SOH ends it; after that every SOH stands for the bytes of a separator.
    text, soh, _ = text.partition(SOH)
    final = final or bool(soh)
    raw = text.replace(separator, SOH)
    if not final:
        raw = _without_half(raw, separator)
    start = START.match(raw)
    fitting = None if start is None else _by_length(raw, 0, start.end(), SOH, final)
    frame = fitting if fitting is not None and not fitting.problems else _decided(raw, separator, final, fitting)
    return frame._replace(size=frame.size + frame.raw.count(SOH) * (len(separator) - 1))


def _without_half(raw: bytes, separator: bytes) -> bytes:
    """Half of a separator at the end is none yet."""
    for size in range(len(separator) - 1, 0, -1):
        if raw.endswith(separator[:size]):
            return raw[:-size]
    return raw


def _decided(raw: bytes, separator: bytes, final: bool, fitting: Frame | None) -> Frame:
    """A message whose length is right and whose sum is wrong is believed, unless another one begins inside it."""
    walked = _Walk(raw, separator, final).frame()
    if fitting is not None and not (walked.cut and walked.size < fitting.size):
        return fitting
    return walked


@dataclass(slots=True)
class _Level:
    """A message inside the one at hand: whether marks are around it, and whether its CheckSum has passed."""

    marked: bool
    over: bool = False


@dataclass(slots=True)
class _Walk:
    """A message, field by field."""

    raw: bytes
    separator: bytes
    final: bool
    levels: list[_Level] = field(default_factory=list)
    lengths: dict[bytes, bytes] = field(default_factory=dict)
    line_end: int = -1

    def frame(self) -> Frame:
        """Up to its CheckSum, or up to where it is cut."""
        raw = self.raw
        self.line_end = raw.find(b"\n")
        first = START.match(raw)
        at = len(raw) if first is None else first.end()
        while True:
            self._need(at + START_ROOM)
            if at >= len(raw) or START.match(raw, at):
                return self._cut(at)
            end = _ANY_END.match(raw, at)
            if end is not None:
                if not self._leave():
                    return self._ended(at, end)
                at = end.end()
                continue
            found = FIELD.match(raw, at)
            tag, value = (found[1], found.end()) if found else (b"", at)
            inner = INNER.match(raw, value) if tag in CARRIERS and len(self.levels) < _DEEPEST else None
            if inner is not None:
                self.levels.append(_Level(marked=inner[1] is not None))
                at = inner.end()
                continue
            said = self.lengths.pop(tag, None)
            counted = None if said is None else self._counted_end(value, said)
            stop = self._value_end(value) if counted is None else counted
            following = self._start_in(at, value, stop, tag)
            if following is not None:
                return self._cut(following)
            if said is not None and counted is None and (cut := self._cut_in(at, value, int(said), tag)) is not None:
                return self._cut(cut)
            if counted is None:
                self._pass(tag, value, stop)
            at = stop + 1

    def _need(self, size: int) -> None:
        if size > len(self.raw) and not self.final:
            raise Short

    def _leave(self) -> bool:
        """A CheckSum: whether it is that of a message inside."""
        while self.levels and self.levels[-1].over:
            self.levels.pop()
        if not self.levels:
            return False
        self.levels[-1].over = True
        return True

    def _counted_end(self, value: int, said: bytes) -> int | None:
        self._need(value + min(int(said), LONGEST) + START_ROOM)
        return exact_end(self.raw, value, said)

    def _cut_in(self, at: int, value: int, size: int, tag: bytes) -> int | None:
        """Where the message is cut inside counted data: before what ends it, its line or the log ends, or another
        message begins."""
        limit = min(value + size, len(self.raw))
        following = self._start_in(at, value, limit, tag)
        if following is None and (limit == len(self.raw) or self.raw.find(b"\n", value, limit + 2) >= 0):
            return len(self.raw)
        return following

    def _value_end(self, value: int) -> int:
        end = self.raw.find(SOH, value)
        if end < 0:
            self._need(len(self.raw) + 1)
            return len(self.raw)
        return end

    def _start_in(self, at: int, value: int, stop: int, tag: bytes) -> int | None:
        """Where another message begins before the end of the field."""
        # One may begin right where a length says that data ends.
        beyond = stop + len(_BEGINNING)
        place = self.raw.find(_BEGINNING, at + 1, beyond)
        while place >= 0:
            self._need(place + START_ROOM)
            found = START.match(self.raw, place)
            if found is not None and self._begins(found, value, tag):
                return place
            place = self.raw.find(_BEGINNING, place + 1, beyond)
        return None

    def _begins(self, start: re.Match[bytes], value: int, tag: bytes) -> bool:
        place = start.start()
        before = self.raw[place - 1 : place]
        if before in b"\r\n" or (0 <= self.line_end < place and not before.isdigit()):
            return True
        if place == value:
            return tag not in CARRIERS
        return holds(self.raw, start, self.final, self.separator)

    def _pass(self, tag: bytes, value: int, stop: int) -> None:
        if tag in DATA_OF and self.raw[value:stop].isdigit() and stop - value <= len("999999999"):
            self.lengths[DATA_OF[tag]] = self.raw[value:stop]
        if self.levels and CLOSE_MARK.search(self.raw, value, stop):
            while self.levels and not self.levels.pop().marked:
                continue

    def _cut(self, limit: int) -> Frame:
        if 0 <= self.line_end < limit:
            limit = self.line_end
        raw = self.raw[:limit].rstrip()
        return Frame(len(raw), raw, (CUT,))

    def _ended(self, at: int, end: re.Match[bytes]) -> Frame:
        said = end[1] if end[1] is not None else end[2]
        return _summed(self.raw[: end.end()], at, said, self.separator, _length_problem(self.raw, at))


def _length_problem(raw: bytes, end: int) -> tuple[str, ...]:
    """What is wrong with the BodyLength: the bytes between its own field and the CheckSum's."""
    body = _ANY_BODY.search(raw, 0, START_ROOM)
    if body is None:
        return ("It has no BodyLength (tag 9).",)
    size = end - body.end()
    if body[1].isdigit() and int(body[1]) == size:
        return ()
    return (f"BodyLength (tag 9) is {shown(body[1])} but its body has {plural(size, 'byte')}.",)

"""The parts of a FIX message: where it begins, what separates its fields, and the fields that are counted.

A message is handled with SOH between its fields, whatever its log has there. A counted field (data) follows a field
with its length and may hold anything, separators and tag-like text included; `counted_in` finds them, and everything
else that reads tags reads outside them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from dropcopy_tui.domain.plurals import plural

SOH = b"\x01"
# Length fields of FIX 4.2 to 5.0 SP2 whose data field is the next tag (FIX data dictionaries).
_BEFORE_ITS_DATA = (
    90, 95, 212, 348, 350, 352, 354, 356, 358, 360, 362, 364, 445, 618, 621, 1184, 1277, 1280, 1282, 1397, 1401, 1403,
    1468, 1578, 1620, 1664, 1733, 1871, 1874, 2072, 2074, 2111, 2179, 2287, 2351, 2481, 2637, 2651, 2665, 2715, 2718,
    2721, 2797, 40004, 40008, 40978, 40980, 40982, 40984, 40986, 40988, 41083, 41101, 41107, 41256, 41320, 41324, 41458,
    41476, 41482, 41653, 41710, 41806, 41811, 41873, 41969, 42025, 42171, 42451, 42652, 42947,
)  # fmt: skip
_ELSEWHERE = {
    93: 89, 1525: 1527, 1678: 1697, 2372: 2371, 2494: 2493, 2522: 2521, 2802: 2801, 2809: 2808, 2815: 2814,
    43109: 42684, 43110: 42486, 43111: 42982,
}  # fmt: skip
# Length field to data field, as tags are written.
DATA_OF: Mapping[bytes, bytes] = MappingProxyType(
    {
        b"%d" % length: b"%d" % data
        for length, data in {**{tag: tag + 1 for tag in _BEFORE_ITS_DATA}, **_ELSEWHERE}.items()
    }
)
_LENGTH_OF = {data: length for length, data in DATA_OF.items()}
XML_DATA = b"213"
# Fields that may hold a whole message: Text, and every counted one.
CARRIERS = frozenset({b"58", *_LENGTH_OF})
OPEN, CLOSE = b"<RTRF>", b"</RTRF>"
_LONGEST_COUNT = 9

# How logs write SOH, besides one to four characters that are neither letters nor digits.
_ESCAPES = (
    rb"\^A|#001|\\{1,2}u0001|\\{1,2}x01|\\0?01|\\1|%01|&#x?0{0,3}1;"
    rb"|[<\[{(](?:SOH|soh|0?x?0{0,3}1)[>\]})]"
)
_SEPARATOR = rb"[^\r\n0-9A-Za-z=]{1,4}|" + _ESCAPES
_BEGIN = rb"8=FIXT?\.[0-9]\.[0-9](?:SP[0-9])?"
# The separator is what stands between BeginString and a BodyLength (or MsgType), and again behind it; the three usual
# ones are known without. It is the last group that matched.
START = re.compile(
    _BEGIN + rb"(?:(" + _SEPARATOR + rb")(?=(?:9=[0-9]{1,12}|35=[0-9A-Za-z]{1,3})\1)|(\x01|\||\^A))",
)
# How many bytes decide whether a message begins at a place.
START_ROOM = 64
OPEN_MARK = re.compile(rb"<RTRF>|&lt;RTRF&gt;")
CLOSE_MARK = re.compile(rb"</RTRF>|&lt;/RTRF&gt;")
# A message as the value of a field, with or without the marks of a copy.
INNER = re.compile(rb"(<RTRF>|&lt;RTRF&gt;)?" + _BEGIN + rb"\x01(?=(?:9|35)=)")
FIELD = re.compile(rb"([0-9]{1,6})=")


def _one_of(tags: Iterable[bytes]) -> bytes:
    """A pattern for any of the tags that decides by the first digits: an alternation would try all of them."""
    firsts: dict[bytes, list[bytes]] = {}
    for tag in sorted(tags):
        firsts.setdefault(tag[:1], []).append(tag[1:])
    parts = [digit + (_one_of(rest) if any(rest) else b"") for digit, rest in firsts.items() if digit]
    return b"(?:" + b"|".join(parts) + b")" + (b"?" if b"" in firsts else b"")


_LENGTHS = re.compile(rb"\x01(?:" + _one_of(DATA_OF) + rb")=")
_COUNTED = re.compile(rb"\x01(" + _one_of([*DATA_OF, *_LENGTH_OF]) + rb")=")
has_counted = _LENGTHS.search


class Counted(NamedTuple):
    """A data field: its tag, where its value begins and ends, and the length that was said; None without one."""

    tag: bytes
    start: int
    end: int
    said: bytes | None

    @property
    def problem(self) -> str:
        """What is wrong with its length; "" where it is right."""
        size = self.end - self.start
        if self.said is not None and _count(self.said) == size:
            return ""
        said = "missing" if self.said is None else shown(self.said)
        return f"Tag {_LENGTH_OF[self.tag].decode()} is {said} but tag {self.tag.decode()} has {plural(size, 'byte')}."


def counted_in(raw: bytes, *, cut: bool = False) -> Iterator[Counted]:
    """The data fields of a message, in order. Of a message that is cut, the last one may run to its end."""
    lengths: dict[bytes, bytes] = {}
    at, ends = 0, _Ends(raw, cut)
    while (found := _COUNTED.search(raw, at)) is not None:
        tag, start = found[1], found.end()
        at = start
        if tag in DATA_OF:
            lengths[DATA_OF[tag]] = raw[start : _soh(raw, start)]
        elif tag in lengths or tag == XML_DATA:
            said = lengths.pop(tag, None)
            at = ends.of(start, said)
            yield Counted(tag, start, at, said)


def exact_end(raw: bytes, start: int, said: bytes | None) -> int | None:
    """Where a data field ends by its length; None where there is no separator."""
    size = None if said is None else _count(said)
    if size is None or raw[start + size : start + size + 1] != SOH:
        return None
    # A wrong length may hit a separator inside a copy's original.
    if raw.startswith(OPEN, start) and not raw.startswith(CLOSE, start + size - len(CLOSE)):
        return None
    return start + size


@dataclass(slots=True)
class _Ends:
    """Where the data fields of a message end, each looked for once: hostile text has many of them."""

    raw: bytes
    cut: bool
    closed: int | None = None
    trailer: int | None = None

    def of(self, start: int, said: bytes | None) -> int:
        """By its length; where that is wrong, behind its closing mark, its message, or at the next separator."""
        raw = self.raw
        end = exact_end(raw, start, said)
        if end is not None:
            return end
        size = None if said is None else _count(said)
        if self.cut and size is not None and start + size >= len(raw):
            return len(raw)
        if OPEN_MARK.match(raw, start):
            if self.closed is None:
                self.closed = max((mark.end() for mark in CLOSE_MARK.finditer(raw)), default=0)
            if self.closed > start:
                return self.closed
        if INNER.match(raw, start):
            if self.trailer is None:
                self.trailer = raw.rfind(b"\x0110=")
            return self.trailer if self.trailer > start else len(raw)
        return _soh(raw, start)


def _count(said: bytes) -> int | None:
    """A length as a number, leading zeros or not."""
    digits = said.lstrip(b"0") or said[:1]
    return int(digits) if digits.isdigit() and len(digits) <= _LONGEST_COUNT else None


def _soh(raw: bytes, start: int) -> int:
    end = raw.find(SOH, start)
    return end if end >= 0 else len(raw)


def fields(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags and values of a message, data fields whole. Text that is not a field belongs to the value before it."""
    data = {counted.start: counted.end for counted in counted_in(raw)}
    at, tag, value = 0, 0, b""
    while at < len(raw):
        found = FIELD.match(raw, at)
        start = found.end() if found else at
        end = data.get(start)
        end = _soh(raw, start) if end is None else end
        if found:
            if tag:
                yield tag, value
            tag, value = int(found[1]), raw[start:end]
        else:
            value += SOH + raw[start:end]
        at = end + 1
    if tag:
        yield tag, value


def shown(value: bytes, longest: int = 40) -> str:
    """A value as text: what is not ASCII is escaped, what is too long is cut."""
    if len(value) > longest:
        value = value[:longest] + b"..."
    return value.decode("ascii", "backslashreplace")

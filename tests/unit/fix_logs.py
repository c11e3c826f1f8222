"""FIX logs of every shape, written from a seed, with a list of what is in them that no reader had a part in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from dropcopy_tui.domain.filters import Filter

SOH = b"\x01"
SEPARATORS = [
    SOH, SOH, b"|", b"|", b"^A", b";", b" ", b"#001", b"\\u0001", b"<SOH>", b" | ", b"\\x01", "\u2401".encode(),
]  # fmt: skip
_ACK, _CCM = Filter.ACKNOWLEDGEMENT, Filter.EXECUTION_CREATE_CANCEL_MODIFY
# 35, 39, the kind's code, its filters: the specification's table, written down once more.
KINDS: list[tuple[str, str, str, frozenset[Filter]]] = [
    ("8", "0", "new_order_acknowledged", frozenset({Filter.EXECUTION_ORDER_ENTRY, _CCM, _ACK})),
    ("8", "4", "order_cancelled", frozenset({_CCM, _ACK})),
    ("8", "5", "order_modified", frozenset({_CCM, _ACK})),
    ("8", "C", "order_eliminated", frozenset({Filter.EXECUTION_ELIMINATION})),
    ("8", "1", "partial_fill", frozenset({Filter.TRADE_FILL_NOTICE})),
    ("8", "2", "complete_fill", frozenset({Filter.TRADE_FILL_NOTICE})),
    ("8", "H", "trade_cancelled", frozenset({Filter.TRADE_CANCEL, Filter.TRADE_BUST})),
    ("BZ", "", "mass_action", frozenset({Filter.ORDER_MASS_ACTION})),
    ("3", "", "session_reject", frozenset({Filter.REJECT})),
    ("0", "", "heartbeat", frozenset({Filter.HEARTBEAT})),
    ("b", "", "mass_quote_ack", frozenset()),
    ("8", "8", "order_rejected", frozenset()),
    ("A", "", "logon", frozenset()),
    ("8", "", "other_execution", frozenset()),
    ("W", "", "other", frozenset()),
]
_CODES = {(kind, status): (code, filters) for kind, status, code, filters in KINDS}
_PAIRS = [
    (90, 91), (93, 89), (95, 96), (212, 213), (348, 349), (350, 351), (352, 353), (354, 355), (356, 357), (358, 359),
    (360, 361), (362, 363), (364, 365), (445, 446), (618, 619), (621, 622), (1401, 1402), (2372, 2371),
]  # fmt: skip
_DATA = [
    b"x\x0139=2", b"<x/>", b"\x0110=000\x01", b"39=2", b"\x01", b"a\nb", b"\x0156=ZZZZZ999P\x0149=XXX", b"\x0135=0\x01",
    b"</RTRF>", b"213=", b"\x01213=<RTRF>", b"=", b"plain text", b"\xff\xfe", b"8=FIX.4.2\x01", b"\r\n2026", b"9=5",
    b"\x018=FIX.4.4\x019=5\x0135=8\x01", b"354=9\x01355=",
]  # fmt: skip
_TEXTS = [b"FIX.4.4", b"Price out of range", b"tag 39=2", b"see 8=FIX.4.2", b"two\nlines", b"x=y", b"caf\xe9", b"a|b"]
_HEADS = {
    "none": (b"", b""),
    "mark": (b"CME > ", b""),
    "quickfix": (b"20261127-14:30:01.123456000 : ", b""),
    "screen": (b"  (", b")"),
    "slf4j": (b"2026-11-27 14:30:01,123 INFO  quickfixj.msg.incoming - FIX.4.2:T4CACM01N->CME: ", b""),
    "antenna": (b"20261127-14:30:01.123 - ", b""),
    "fix8": (b"0000017  in 2026-11-27 14:30:01.123456789 ", b""),
    "json": (b'{"at": "14:30:01", "message": "', b'", "level": "INFO"}'),
}
_OWN = [
    b"20261127-14:30:01.123456000 : Created session",
    b"2026-11-27 14:30:01,123 INFO  quickfixj.event - FIX.4.2:T4CACM01N->CME: Received logon",
    b"<20261127-14:30:01.123, FIX.4.2:T4CACM01N->CME, event>\n  (Initiated logon request)",
    b"[2026-11-27 14:30:01.123] [INFO] Session is connected",
    b"0000018 2026-11-27 14:30:01.123456789 A Info Heartbeat timer started",
]
_GARBAGE = [b"# rotated", b"--- cut here ---", b"junk", b"58=FIX.4.2", b"8=FIX?35"]


class Expected(NamedTuple):
    """What is in the log, for one message."""

    offset: int
    line: int
    kind: str
    source: str
    from_exchange: bool
    filters: frozenset[Filter]
    flagged: bool


@dataclass(slots=True)
class Written:
    """A log and what is in it. `garbage` is None where how much of it there is depends on taste."""

    log: bytes
    messages: list[Expected]
    garbage: list[int] | None
    own_lines: int

    def by_filter(self) -> Counter[Filter]:
        """How many messages fall under each filter."""
        return Counter(each for message in self.messages for each in message.filters)


@dataclass(slots=True)
class _Body:
    """Fields of a message with SOH between them, and what the reader is to find in them.

    `tags` are 35, 49, 56, 39 with the place of their values; `inner` are those of an original.
    """

    raw: bytes = b""
    tags: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)
    inner: dict[bytes, tuple[int, bytes]] | None = None
    inner_at: int = 0
    flagged: bool = False
    starts: bool = False
    fragile: bool = False
    carriers: list[int] = field(default_factory=list)

    def add(self, tag: int, value: bytes, *, wanted: bool = False) -> None:
        opening = b"%d=" % tag
        if wanted:
            self.tags[b"%d" % tag] = (len(self.raw) + len(opening), value)
        self.carriers.append(len(self.raw) + len(opening))
        self.raw += opening + value + SOH


class Writer:
    """Writes one log."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.separator = self.random.choice(SEPARATORS)
        self.together = self.random.random() < 0.25
        self.end = b"" if self.together else self.random.choice([b"\n", b"\n", b"\r\n"])
        self.style = "none" if self.together else self.random.choice(list(_HEADS))
        # Data holds separators as SOH, or as the character itself where a log replaces SOH by one.
        self.literal = len(self.separator) == 1 and self.random.random() < 0.3
        self.log = b""
        self.messages: list[Expected] = []
        self.garbage: list[int] | None = []
        self.own_lines = 0

    def written(self) -> Written:
        """The log."""
        must_hold = False
        for _ in range(self.random.randint(1, 8)):
            if not self.together and self.random.random() < 0.3:
                self._line()
            must_hold = self._message(must_hold)
        return Written(self.log, self.messages, self.garbage, self.own_lines)

    # -- what stands between the messages

    def _line(self) -> None:
        number = self.log.count(b"\n") + 1
        if self.random.random() < 0.5:
            text = self.random.choice(_OWN)
            self.own_lines += text.count(b"\n") + 1
            text = text.replace(b"\n", self.end)
        else:
            text = self.random.choice(_GARBAGE)
            if self.garbage is not None:
                self.garbage.append(number)
        self.log += text + self.end

    # -- a message

    def _message(self, must_hold: bool) -> bool:
        """One more; whether the one after it must be whole, because nothing else tells where it begins."""
        separator = self.separator
        if self.end and self.random.random() < 0.15:
            separator, self.separator = self.separator, self.random.choice(SEPARATORS)
        body = self._content()
        raw, shift, damaged = self._framed(body, must_hold)
        kept = len(raw)
        if not must_hold and self._breakable(body) and self.random.random() < 0.12:
            kept = self._cut(raw, shift, body)
        expected = self._expected(body, raw[:kept], shift, damaged or kept < len(raw))
        head, tail = _HEADS[self.style]
        if self.style == "screen":
            self.log += b"<20261127-14:30:01.123, FIX.4.2:T4CACM01N->CME, incoming>" + self.end
            self.own_lines += 1
        self.log += head
        offset, line = len(self.log), self.log.count(b"\n") + 1
        if kept < len(raw) and b"\n" in raw[:kept]:
            self.garbage = None
        text = raw[:kept]
        if kept == len(raw) and self.random.random() < 0.2 and not self.literal:
            text = text[:-1]
        if kept < len(raw):
            tail = b""
        self.log += text.replace(SOH, self.separator) + tail + self.end
        self.messages.append(expected._replace(offset=offset, line=line))
        self.separator = separator
        return kept < len(raw) and self.together

    def _content(self) -> _Body:
        pick = self.random.random()
        if pick < 0.25:
            return self._copy()
        if pick < 0.33:
            return self._reject()
        return self._plain()

    def _plain(self, *, nested: bool = False) -> _Body:
        kind, status, _, _ = self.random.choice(KINDS)
        body = _Body()
        sent = self.random.random() < 0.1
        name = "AAB{}B123P".format(self.random.choice("ABCDEFG")).encode()
        body.add(35, kind.encode(), wanted=True)
        parts: list[tuple[int, bytes]] = [(34, b"%d" % self.random.randint(1, 99_999))]
        parts.append((49, name if sent else b"CME"))
        parts.append((56, b"CME" if sent else name))
        for tag, value in parts:
            body.add(tag, value, wanted=tag != 34)
        before = self.random.random() < 0.5
        if before:
            self._extras(body, nested)
        if status:
            body.add(39, status.encode(), wanted=True)
        if not before:
            self._extras(body, nested)
        return body

    def _extras(self, body: _Body, nested: bool) -> None:
        """Fields that have nothing to say, counted ones among them."""
        for _ in range(self.random.randint(0, 3)):
            pick = self.random.random()
            if pick < 0.4:
                body.add(self.random.choice([37, 11, 55, 150, 6000]), b"%d" % self.random.randint(0, 999))
            elif pick < 0.65:
                text = self._text(nested)
                body.starts |= b"8=FIX" in text and not text.startswith(b"FIX")
                body.add(58, text)
            elif not (nested and self.separator in (b" ", b" | ")):
                self._counted(body, nested)

    def _text(self, nested: bool) -> bytes:
        texts = [text for text in _TEXTS if self.separator not in text or self._may_be_literal(text, nested)]
        return self.random.choice(texts)

    def _may_be_literal(self, text: bytes, nested: bool) -> bool:
        """A separator's own character in a text is told by the CheckSum, where no tag follows it."""
        return len(self.separator) == 1 and not nested and b"=" not in text and b"8=FIX" not in text

    def _counted(self, body: _Body, nested: bool) -> None:
        length, data = self.random.choice(_PAIRS)
        value = b"".join(self.random.choice(_DATA) for _ in range(self.random.randint(1, 3)))
        if value.startswith((b"8=FIX", b"<RTRF>")):
            value = b"." + value
        value = self._spelt(value, nested)
        body.starts |= b"8=FIX" in value
        size = b"%d" % len(value)
        if self.random.random() < 0.2:
            size = size.zfill(6)
        elif self.random.random() < 0.1 and not {SOH, self.separator} & {value[i : i + 1] for i in range(len(value))}:
            # Wrong, and no separator stands where it says.
            size = b"%d" % (len(value) + 1)
            body.flagged = body.fragile = True
        body.add(length, size)
        body.add(data, value)
        if body.flagged and size == b"%d" % (len(value) + 1):
            body.add(6001, b"00000")

    def _spelt(self, value: bytes, nested: bool) -> bytes:
        """Data as this log can have it: SOH, or the separator's character, but not both."""
        for other in (b" ", b";", b"|"):
            if other == self.separator:
                value = value.replace(other, b"_")
        if self.literal and not nested and len(self.separator) == 1:
            value = value.replace(SOH, self.separator)
        return value

    def _whole(self, body: _Body) -> tuple[bytes, int]:
        head = b"8=FIX.4.2\x019=%d\x01" % len(body.raw)
        text = head + body.raw
        return text + b"10=%03d\x01" % (sum(text) % 256), len(head)

    def _copy(self) -> _Body:
        original = self._plain(nested=True)
        inner, shift = self._whole(original)
        outer = _Body(starts=original.starts, fragile=original.fragile)
        outer.add(35, b"n", wanted=True)
        outer.add(49, b"CME", wanted=True)
        outer.add(56, b"T4CAB123N", wanted=True)
        marks = [(b"<RTRF>", b"</RTRF>")] * 6 + [(b"", b"")]
        if self.separator != b";":
            marks.append((b"&lt;RTRF&gt;", b"&lt;/RTRF&gt;"))
        opening, closing = self.random.choice(marks)
        data = opening + inner + closing
        size = len(data)
        if opening != b"<RTRF>":
            outer.flagged = True
        elif self.random.random() < 0.15:
            size = self.random.choice([len(inner), size - 3, size + 5, 7, 0])
            outer.flagged = True
        outer.add(212, b"%d" % size)
        outer.add(213, data)
        outer.inner_at = len(outer.raw) - 1 - len(data) + len(opening)
        outer.inner = {tag: (at + outer.inner_at + shift, value) for tag, (at, value) in original.tags.items()}
        outer.carriers += [at + outer.inner_at + shift for at in original.carriers]
        outer.carriers.append(outer.inner_at)
        return outer

    def _reject(self) -> _Body:
        """A reject that carries the message that was rejected."""
        inner, _ = self._whole(self._simple())
        body = _Body(flagged=True)
        for tag, value in ((35, b"3"), (49, b"CME"), (56, b"AABCB123P")):
            body.add(tag, value, wanted=True)
        body.add(45, b"17")
        if self.random.random() < 0.5:
            body.add(58, inner)
        else:
            length, data = self.random.choice([(354, 355), (95, 96)])
            body.add(length, b"%d" % len(inner))
            body.add(data, inner)
        body.carriers.append(len(body.raw) - len(inner) - 1)
        return body

    def _simple(self) -> _Body:
        body = _Body()
        for tag, value in ((35, b"D"), (49, b"AABCB123P"), (56, b"CME"), (11, b"X1")):
            body.add(tag, value)
        return body

    # -- around it

    def _breakable(self, body: _Body) -> bool:
        """Whether it may be damaged: what looks like a start inside it, or a wrong length, would be believed then."""
        return not body.starts and not body.fragile

    def _framed(self, body: _Body, must_hold: bool) -> tuple[bytes, int, bool]:
        length, damaged = b"%d" % len(body.raw), False
        if self.random.random() < 0.2:
            length = length.zfill(8)
        pick = 1.0 if must_hold or not self._breakable(body) else self.random.random()
        if pick < 0.06:
            length = b"%d" % self.random.choice([len(body.raw) + 1, max(0, len(body.raw) - 9), 5, 99_999, 0])
            damaged = True
        head = b"8=FIX.4.2\x01" + (b"" if 0.06 <= pick < 0.08 else b"9=" + length + SOH)
        text = head + body.raw
        total = sum(text) % 256
        damaged |= 0.06 <= pick < 0.14
        if 0.08 <= pick < 0.14:
            total = (total + 1) % 256
        return text + b"10=%03d\x01" % total, len(head), damaged

    def _cut(self, raw: bytes, shift: int, body: _Body) -> int:
        """Where it is cut: not so that what follows looks like the value of a field."""
        kept = self.random.randint(shift + 1, len(raw) - 5)
        while kept - shift in body.carriers or raw[kept - 1 : kept] in (b" ", b"\r", b"\n"):
            kept -= 1
        # Without a BodyLength, the MsgType is what shows an unusual separator.
        least = 1 if b"\x019=" in raw[:shift] else body.raw.index(SOH) + 1
        return max(kept, shift + least)

    def _expected(self, body: _Body, raw: bytes, shift: int, damaged: bool) -> Expected:
        line_end = raw.find(b"\n")
        if damaged and line_end >= 0 and not _ends(raw):
            raw = raw[:line_end].rstrip()
        outer = _seen(body.tags, raw, shift)
        flagged = damaged or body.flagged
        if outer[b"35"] == "n":
            begun = body.inner is not None and len(raw) >= shift + body.inner_at + len(b"8=FIX.4.2\x019=")
            if not begun:
                return Expected(0, 0, "broken_copy", "", outer[b"49"] == "CME", frozenset(), True)
            outer = _seen(body.inner or {}, raw, shift)
        from_exchange = outer[b"49"] == "CME"
        code, filters = _kind(outer[b"35"], outer[b"39"])
        source = outer[b"56"] if from_exchange else outer[b"49"]
        return Expected(0, 0, code, source, from_exchange, filters if from_exchange else frozenset(), flagged)


def _ends(raw: bytes) -> bool:
    return raw[-8:-4] == b"\x0110="


def _seen(tags: dict[bytes, tuple[int, bytes]], raw: bytes, shift: int) -> dict[bytes, str]:
    """The values as far as they stand in what is left of a message."""
    found = dict.fromkeys((b"35", b"49", b"56", b"39"), "")
    for tag, (at, value) in tags.items():
        found[tag] = value[: max(0, len(raw) - shift - at)].decode()
    return found


def _kind(msg_type: str, status: str) -> tuple[str, frozenset[Filter]]:
    if not msg_type:
        return "untyped", frozenset()
    if msg_type == "8":
        return _CODES.get(("8", status), ("other_execution", frozenset()))
    if msg_type == "B":
        return "other", frozenset()
    return _CODES.get((msg_type, ""), ("other", frozenset()))

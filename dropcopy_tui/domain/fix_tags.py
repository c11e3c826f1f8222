"""The tags that routing needs: of a message, and of the original that a copy (35=n) carries in tag 213."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from dropcopy_tui.domain.fix_fields import (
    CARRIERS,
    CLOSE,
    CLOSE_MARK,
    INNER,
    OPEN,
    OPEN_MARK,
    SOH,
    XML_DATA,
    Counted,
    counted_in,
    has_counted,
    shown,
)

COPY = "n"
_CLOSED = CLOSE + SOH
_WANTED = re.compile(rb"\x01(3[59]|49|56)=([^\x01]{0,60})")
_BEGINNING = b"8=FIX"
# A copy as CME sends it.
_COPIED = re.compile(rb"\x01212=([0-9]{1,6})\x01213=<RTRF>")
_HOLDING = re.compile(rb"\x01([0-9]{1,6})=(?=(?:<RTRF>|&lt;RTRF&gt;)?8=FIX)")


class Header(NamedTuple):
    """The tags that routing needs, as text: 35, 49, 56, 39. A tag that is missing is ""."""

    msg_type: str
    sender: str
    target: str
    status: str


def headers(raw: bytes, *, cut: bool) -> tuple[Header, Header | None, tuple[str, ...]]:
    """A message's own tags, those of the original that it carries, and what is wrong with what it carries."""
    counted = has_counted(raw)
    if counted is None and raw.find(_BEGINNING, 1) < 0:
        header = _header(raw)
        if header.msg_type != COPY:
            return header, None, ()
    if counted is not None and (found := _COPIED.match(raw, counted.start())) is not None:
        plain = _plain_copy(raw, found)
        if plain is not None:
            return plain
    return _carrying(raw, cut)


def _plain_copy(raw: bytes, found: re.Match[bytes]) -> tuple[Header, Header, tuple[str, ...]] | None:
    """A copy with its length right and nothing else counted in it; None for any other message."""
    start = found.end()
    end = start - len(OPEN) + int(found[1])
    stop = end - len(CLOSE)
    if stop < start or raw[stop : end + 1] != _CLOSED or has_counted(raw, end) or has_counted(raw, start, stop):
        return None
    header = _header(raw[: found.start()] + raw[end:])
    if header.msg_type != COPY or raw.find(_BEGINNING, start + 1) >= 0:
        return None
    return header, _header(raw[start:stop]), ()


def _carrying(raw: bytes, cut: bool) -> tuple[Header, Header | None, tuple[str, ...]]:
    """The same of a message with counted fields, or with another one inside."""
    found = list(counted_in(raw, cut=cut))
    problems = []
    holder, outside = _held(_outside(raw, found))
    header = _header(outside)
    copied = next((each for each in found if each.tag == XML_DATA), None) if header.msg_type == COPY else None
    original = None
    if header.msg_type == COPY:
        original, problem = _original(raw, copied, cut)
        problems += [problem] if problem else []
    for each in found:
        # What is cut has no length to be compared, and 213 alone is data without one.
        if each.problem and not (cut and each.end == len(raw)) and (each.said is not None or each is copied):
            problems.append(each.problem)
        if each is not copied and INNER.match(raw, each.start):
            holder = holder or each.tag.decode()
    if holder:
        problems.append(f"Its tag {holder} contains another message.")
    return header, original, tuple(problems)


def _outside(raw: bytes, found: list[Counted]) -> bytes:
    """The message with its counted fields empty."""
    parts, at = [], 0
    for each in found:
        parts.append(raw[at : each.start])
        at = each.end
    return b"".join((*parts, raw[at:]))


def _held(outside: bytes) -> tuple[str, bytes]:
    """The tag of a field that is not counted and holds another message, and what stands before that; "" and all."""
    for found in _HOLDING.finditer(outside):
        if found[1] in CARRIERS and INNER.match(outside, found.end()):
            return found[1].decode(), outside[: found.end()]
    return "", outside


def _original(raw: bytes, data: Counted | None, cut: bool) -> tuple[Header | None, str]:
    """The message in tag 213, and what is wrong with its delimiters."""
    text = raw[data.start : data.end] if data else b""
    if text.startswith(OPEN) and text.endswith(CLOSE):
        return _inner(text[len(OPEN) : -len(CLOSE)]), ""
    inner = INNER.match(text)
    if inner is None:
        return None, f"Tag 213 contains no message between {OPEN.decode()} and {CLOSE.decode()}."
    opened = OPEN_MARK.match(text)
    text = text[opened.end() if opened else 0 :]
    closed = [mark for mark in CLOSE_MARK.finditer(text) if (opened and not cut) or mark.end() == len(text)]
    if closed:
        text = text[: closed[-1].start()]
    problem = f"The message in tag 213 is not between {OPEN.decode()} and {CLOSE.decode()}."
    return _inner(text), "" if cut and opened and opened[0] == OPEN and not closed else problem


def _inner(text: bytes) -> Header:
    found = list(counted_in(text)) if has_counted(text) else []
    return _header(_held(_outside(text, found))[1])


def _header(raw: bytes) -> Header:
    return _as_text(*_WANTED.findall(raw))


# A log has few combinations of them, and many messages.
@lru_cache(maxsize=4_096)
def _as_text(*pairs: tuple[bytes, bytes]) -> Header:
    """The first of each tag."""
    tags = dict(reversed(pairs))
    return Header(*(shown(tags.get(tag, b"")) for tag in (b"35", b"49", b"56", b"39")))

"""How a client makes a logon's signature, the right way and the known wrong ones (domain section 8).

A mistake is a change to the recipe; applied, it gives the signature that a client with this mistake sends.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from types import MappingProxyType
from typing import Any

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.logon import LogonMessage, encode_secret
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.sessions import parse_sender_comp

LEFT_OUT = None
_HEARTBEATS = range(1, 61)
_NUMBERS_BESIDE = 10
_MILLISECONDS_AT = 18
_MARKS = {
    "\n": "LF",
    "\x01": "SOH",
    "\r\n": "CR LF",
    "\r": "CR",
    "|": "|",
    " ": "a space",
}
_JOINERS = {
    "\x01": "by SOH",
    "|": "by |",
    "\r\n": "by CR LF",
    "": "by nothing",
    " ": "by a space",
    ",": "by commas",
}
# How the ends of values are shown: Unicode's pictures of what a terminal does not show.
GLYPHS = {"\n": "\u240a", "\x01": "\u2401", "\r\n": "\u240d\u240a", "\r": "\u240d", " ": "\u2420"}
_NOTHING: Mapping[str, str | None] = MappingProxyType({})
# Units of a RequestTimestamp that is not in nanoseconds.
_UNITS = {1_000: "microseconds", 1_000_000: "milliseconds", 1_000_000_000: "seconds"}

# The key of the HMAC, from the secret's 32 bytes.
KeyMaker = Callable[[bytes], bytes]


def right_key(secret: bytes) -> bytes:
    """The decoded secret itself."""
    return secret


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a signature is made. As it stands: the right way.

    Attributes:
        secret: the 32 bytes of the key that is used.
        key: what the HMAC is keyed with.
        changed: values that are signed otherwise than they were sent; None leaves one out.
        order: the tags in the order of signing, where that is not the right one.
        joiner, ending: what stands between the values and after the last one.
        tagged: whether `tag=value` is signed instead of the value.
        swapped: whether key and text have changed places.
    """

    secret: bytes = field(repr=False)
    key: KeyMaker = right_key
    changed: Mapping[str, str | None] = field(default_factory=lambda: _NOTHING)
    order: tuple[str, ...] = ()
    joiner: str = "\n"
    ending: str = ""
    tagged: bool = False
    swapped: bool = False

    def values(self, message: LogonMessage) -> list[str]:
        """The values in the order in which this recipe signs them."""
        sent = dict(message.values)
        changed = self.changed
        kept = ((tag, changed.get(tag, sent[tag])) for tag in self.order or sent)
        return [f"{tag}={value}" if self.tagged else value for tag, value in kept if value is not None]

    def signature(self, message: LogonMessage) -> bytes:
        """The 32 bytes that a client sends who signs like this."""
        text = (self.joiner.join(self.values(message)) + self.ending).encode("ascii")
        key = self.key(self.secret)
        return hmac.digest(text, key, "sha256") if self.swapped else hmac.digest(key, text, "sha256")


@dataclass(frozen=True, slots=True)
class Mistake:
    """A change to a recipe, and what to tell. Two of one `kind` exclude each other."""

    kind: str
    words: str
    change: Mapping[str, Any] = field(default_factory=lambda: _NOTHING, repr=False)
    values: Mapping[str, str | None] = field(default_factory=lambda: _NOTHING)

    def applied(self, recipe: Recipe) -> Recipe:
        """The recipe with this mistake."""
        if not self.values:
            return replace(recipe, **self.change)
        return replace(recipe, changed={**recipe.changed, **self.values}, **self.change)


def mistakes_of(message: LogonMessage) -> Iterator[Mistake]:
    """The mistakes that a client makes with the right key, the commonest first."""
    yield from _keys()
    yield from _joining()
    yield from _left_out(message)
    yield from _of_the_sender(message)
    yield from _heartbeats(message)
    yield from _times(message)
    yield from _numbers(message)
    yield from _writing(message)
    yield from _orders(message)


def rare_mistakes_of(message: LogonMessage) -> Iterator[Mistake]:
    """Mistakes with so many forms that they are tried alone only: another millisecond of the same two seconds."""
    sent = dict(message.values).get("52", "")
    if len(sent) < _MILLISECONDS_AT - 1:
        return
    second = sent[: _MILLISECONDS_AT - 1]
    for stem in (second, _second_before(second)):
        for millisecond in range(1000):
            yield from _otherwise("52", sent, f"{stem}.{millisecond:03d}")


def _second_before(text: str) -> str:
    seconds = text[-2:]
    return f"{text[:-2]}{int(seconds) - 1:02d}" if seconds.isdigit() and seconds != "00" else text


def _called(tag: str) -> str:
    return f"Tag {tag}" if tag.isdigit() else tag


def _otherwise(tag: str, sent: str, signed: str) -> Iterator[Mistake]:
    if signed != sent:
        words = f"{_called(tag)} was sent as {shorten(sent)} but signed as {shorten(signed) or 'nothing'}."
        yield Mistake(f"value {tag}", words, values={tag: signed})


# -- the key


def _text_key(ending: str = "") -> KeyMaker:
    return lambda secret: (encode_secret(secret) + ending).encode("ascii")


def _replaced_key(minus: str, underline: str) -> KeyMaker:
    """The secret as a decoder reads it that knows standard base64 alone."""

    def made(secret: bytes) -> bytes:
        text = encode_secret(secret).replace("-", minus).replace("_", underline)
        # The single character of an incomplete last group encodes nothing; lenient decoders ignore it.
        text = text[:-1] if len(text) % 4 == 1 else text
        return base64.b64decode(text + "=" * (-len(text) % 4))

    return made


def _standard_text_key(secret: bytes) -> bytes:
    return base64.b64encode(secret)


def _hex_key(secret: bytes) -> bytes:
    return secret.hex().encode("ascii")


def _keys() -> Iterator[Mistake]:
    raw = "The secret was used without decoding it"
    decode = "sign with its 32 bytes, not with its 43 characters."
    read = "The secret was decoded as standard base64"
    made: tuple[tuple[str, KeyMaker], ...] = (
        (f"{raw}: {decode}", _text_key()),
        (f"{raw}, with a line feed after it: {decode}", _text_key("\n")),
        (f"{raw}, with CR LF after it: {decode}", _text_key("\r\n")),
        (f"{raw}, with a space after it: {decode}", _text_key(" ")),
        (f"{raw}, with padding after it: {decode}", _text_key("=")),
        (f"{raw}, written as standard base64: {decode}", _standard_text_key),
        (f"{read} with its - and _ dropped: it is base64url.", _replaced_key("", "")),
        (f"{read} with / for - and + for _: it is base64url, where - is 62 and _ is 63.", _replaced_key("/", "+")),
        (f"{read} with + for - and _: it is base64url.", _replaced_key("+", "+")),
        (f"{read} with / for - and _: it is base64url.", _replaced_key("/", "/")),
        (f"{read} with A for - and _: it is base64url.", _replaced_key("A", "A")),
        ("The secret was used as hex digits: sign with its 32 bytes.", _hex_key),
    )
    for words, maker in made:
        yield Mistake("secret", words, {"key": maker})
    yield Mistake(
        "swap",
        "Key and text were swapped: the secret is the key of the HMAC, the signed string is its text.",
        {"swapped": True},
    )


# -- the string as a whole


def _joining() -> Iterator[Mistake]:
    for mark, name in _MARKS.items():
        words = f"The signed string ends in {name}: nothing may follow its last value."
        yield Mistake("ending", words, {"ending": mark})
    for joiner, name in _JOINERS.items():
        words = f"The values were joined {name} instead of LF in the signed string."
        yield Mistake("joiner", words, {"joiner": joiner})
    yield Mistake("tags", "tag=value was signed: only the values are, without their tags.", {"tagged": True})


def _orders(message: LogonMessage) -> Iterator[Mistake]:
    right = tuple(tag for tag, _ in message.values)
    known = {
        tuple(tag for tag in message.raw if tag in right): "in the order in which they were sent",
        tuple(sorted(right)): "in alphabetical order",
        tuple(reversed(right)): "in reverse order",
    }
    for order, words in known.items():
        if order != right and len(order) == len(right):
            yield Mistake("order", f"The values were signed {words}.", {"order": order})
    for first, second in combinations(range(len(right)), 2):
        order_list = list(right)
        order_list[first], order_list[second] = right[second], right[first]
        words = f"{_called(right[first])} and {_called(right[second])} were swapped in the signed string."
        yield Mistake("order", words, {"order": tuple(order_list)})


# -- single values


def _left_out(message: LogonMessage) -> Iterator[Mistake]:
    """A value left out; that of the front end's version is the commonest."""
    for tag, _ in sorted(message.values, key=lambda pair: pair[0] not in ("1604", "TradingSystemVersion")):
        words = f"{_called(tag)} was left out of the signed string."
        yield Mistake(f"value {tag}", words, values={tag: LEFT_OUT})


def _of_the_sender(message: LogonMessage) -> Iterator[Mistake]:
    """The SenderCompID signed without its fault tolerance indicator, or sent without it."""
    sender = message.sender_comp_id
    if sender is None:
        return
    if len(sender) > 1:
        words = "The SenderCompID (49) was signed without its fault tolerance indicator."
        yield Mistake("value 49", words, values={"49": sender[:-1]})
    try:
        parse_sender_comp(sender)
    except InvalidValue:
        for indicator in "PBUN":
            words = f"The SenderCompID (49) was sent without its indicator but signed with it ({indicator})."
            yield Mistake("value 49", words, values={"49": sender + indicator})


def _heartbeats(message: LogonMessage) -> Iterator[Mistake]:
    tag, units = ("108", (1,)) if message.is_fix else ("KeepAliveInterval", (1, 1000))
    sent = dict(message.values).get(tag)
    if sent is None:
        return
    for unit in units:
        for seconds in _HEARTBEATS:
            yield from _otherwise(tag, sent, str(seconds * unit))


def _times(message: LogonMessage) -> Iterator[Mistake]:
    values = dict(message.values)
    if not message.is_fix:
        sent = values["RequestTimestamp"]
        for unit, name in _UNITS.items():
            words = f"RequestTimestamp was signed in {name}, not in nanoseconds."
            yield Mistake("value RequestTimestamp", words, values={"RequestTimestamp": str(int(sent) // unit)})
        return
    sent = values["52"]
    whole, point, _ = sent.partition(".")
    if point:
        words = "Tag 52 (SendingTime) was signed without its milliseconds."
        yield Mistake("value 52", words, values={"52": whole})
        yield from _otherwise("52", sent, f"{sent}000")
    yield from _otherwise("52", sent, f"{whole}.000")


def _numbers(message: LogonMessage) -> Iterator[Mistake]:
    """The sequence number of another message, or written otherwise."""
    tag = "34" if message.is_fix else "NextSeqNo"
    sent = dict(message.values).get(tag, "")
    if not sent.isdigit() or len(sent) > _MILLISECONDS_AT:
        return
    number = int(sent)
    beside = range(max(0, number - _NUMBERS_BESIDE), number + _NUMBERS_BESIDE + 1)
    for other in dict.fromkeys((0, 1, *beside)):
        yield from _otherwise(tag, sent, str(other))
    for width in (2, 3, 4, 5, 6, 9):
        if width > len(str(number)):
            yield from _otherwise(tag, sent, f"{number:0{width}d}")


def _writing(message: LogonMessage) -> Iterator[Mistake]:
    """A value in other case, in quotes, with a space after it; other values of 142."""
    for tag, sent in message.values:
        for other in dict.fromkeys((sent.lower(), sent.upper(), sent.title())):
            yield from _otherwise(tag, sent, other)
        if not sent.isdigit():
            yield from _otherwise(tag, sent, f'"{sent}"')
        words = f"{_called(tag)} was signed with a space after its value."
        yield Mistake(f"value {tag}", words, values={tag: f"{sent} "})
    place = dict(message.values).get("142", "")
    parts = [part.strip() for part in place.split(",")] if place else []
    for other in dict.fromkeys((", ".join(parts), "".join(parts), *parts, *_PLACES)):
        if other:
            yield from _otherwise("142", place, other)


# What clients send as their location: country, or country and state.
_PLACES: Sequence[str] = ("US", "US,NY", "US,IL", "US,NJ", "GB", "UK")

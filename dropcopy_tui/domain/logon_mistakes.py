"""Why a logon's signature does not hold: the mistakes seen in real clients (domain section 8).

Each mistake is a change to the recipe by which the signature is made. One that gives the signature that
was sent explains it; then two at a time are tried.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.logon import LogonMessage, digest, encode_secret, verify
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.sessions import parse_sender_comp

# iLink 3 refuses a RequestTimestamp older than five seconds.
STALE = timedelta(seconds=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING: Mapping[str, str] = MappingProxyType({})
_HEARTBEATS = range(1, 61)
# Two at a time takes the square of this: half a second. One at a time, every key is tried.
_MOST_IN_PAIRS = 300
_MARKS = {"\n": "LF", "\x01": "SOH"}
# How the ends of values are shown: Unicode's pictures of LF and SOH.
_GLYPHS = {"\n": "\u240a", "\x01": "\u2401", "": ""}
_SIGNATURE_LENGTH = 32
_FIX_WRITING = "Send base64url without padding, 43 characters."
_ILINK_WRITING = "iLink 3 carries its 32 raw bytes."
_HEX = re.compile("[0-9A-Fa-f]{64}")
_SENDING_TIME = re.compile(r"\d{8}-\d\d:\d\d:\d\d(\.\d{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key pair that may have signed. `living` is False once it was deleted; times are aware."""

    access_key_id: str
    session_id: str
    secret: bytes = field(repr=False)
    expires_at: datetime
    created_at: datetime
    living: bool = True


@dataclass(frozen=True, slots=True)
class SignedLine:
    """One value of the signed string: as we expect it, and as the mistake signed it.

    The end of a value is part of it, as a glyph: LF between values, nothing after the last. `signed` is empty
    where the value was left out, and None where nobody knows what was signed.
    """

    tag: str
    expected: str
    signed: str | None

    @property
    def differs(self) -> bool:
        """Whether something else was signed."""
        return self.signed is not None and self.signed != self.expected


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a logon is refused, in words, and the signed string line by line: no secret is in it."""

    words: tuple[str, ...]
    lines: tuple[SignedLine, ...]


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How a signature is made. As it stands: the right way."""

    secret: bytes = field(repr=False)
    decoded: bool = True
    left_out: str = ""
    changed: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    joiner: str = "\n"
    ending: str = ""


@dataclass(frozen=True, slots=True)
class _Mistake:
    """A change to a recipe, and what to tell. Two of one `kind` exclude each other."""

    kind: str
    words: str
    change: Mapping[str, object]
    values: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    def applied(self, recipe: _Recipe) -> _Recipe:
        changed = MappingProxyType({**recipe.changed, **self.values})
        return replace(recipe, **{"changed": changed, **self.change})  # type: ignore[arg-type]  # by field


def explain(message: LogonMessage, candidates: Sequence[Candidate], now: datetime) -> tuple[str, ...]:
    """What explains that the logon is refused, in words: those of `diagnose`."""
    return diagnose(message, candidates, now).words


def diagnose(
    message: LogonMessage, candidates: Sequence[Candidate], now: datetime, unknown: str | None = None
) -> Diagnosis:
    """What explains that the logon is refused, the signature first and notes after it.

    Args:
        message: the logon.
        candidates: the pairs that may have signed: those of the session, and others one has.
        now: aware; for expired keys and a clock that is off.
        unknown: what to say where the key that it names is none of the candidates.

    Returns:
        One sentence a finding; nothing for a logon signed with the living key it names.
    """
    named = next((key for key in candidates if key.access_key_id == message.access_key_id), None)
    found = _named_key(message, named, now, unknown)
    recipe: _Recipe | None = None
    if message.signature is None:
        found.append("The logon carries no signature.")
    elif named is not None and verify(message, named.secret):
        recipe = _Recipe(b"")
    else:
        words, recipe = _signature(message, named, candidates, now)
        found.extend(words)
    found.extend(_clock(message, now))
    return Diagnosis(tuple(found), lines_of(message, recipe))


def lines_of(message: LogonMessage, recipe: _Recipe | None = None) -> tuple[SignedLine, ...]:
    """The signed string as it should be, beside what the recipe signs, where there is one."""
    expected = _marked([value for _, value in message.values], "\n", "")
    tags = [tag for tag, _ in message.values]
    signed: dict[str, str] = {}
    if recipe is not None:
        kept = [tag for tag in tags if tag != recipe.left_out]
        signed = dict(zip(kept, _marked(_values(message, recipe), recipe.joiner, recipe.ending), strict=True))
    return tuple(
        SignedLine(tag, text, signed.get(tag, "") if recipe is not None else None)
        for tag, text in zip(tags, expected, strict=True)
    )


def _marked(values: Sequence[str], joiner: str, ending: str) -> list[str]:
    return [value + _GLYPHS[joiner] for value in values[:-1]] + [values[-1] + _GLYPHS[ending]]


def _named_key(message: LogonMessage, named: Candidate | None, now: datetime, unknown: str | None) -> list[str]:
    """Findings about the key that the logon names, whatever its signature."""
    if message.access_key_id is None:
        return ["The logon names no access key id."]
    if named is None:
        return [unknown or f"No key pair with the access key id {shorten(message.access_key_id)} is known."]
    found = []
    if not _valid(named, now):
        found.append(f"The key that the logon names, {_life(named, now)}.")
    if message.session_id is not None and named.session_id != message.session_id:
        found.append(
            f"The logon is of session {shorten(message.session_id)} but names a key of another session, "
            f"{named.session_id}."
        )
    return found


def _valid(key: Candidate, now: datetime) -> bool:
    return key.living and now < key.expires_at


def _life(key: Candidate, now: datetime) -> str:
    if now >= key.expires_at:
        return f"{key.access_key_id}, expired on {key.expires_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"{key.access_key_id}, {'still living' if key.living else 'deleted since'}"


def _signature(
    message: LogonMessage, named: Candidate | None, candidates: Sequence[Candidate], now: datetime
) -> tuple[list[str], _Recipe | None]:
    """The mistakes that give the signature that was sent, and how it was made."""
    sent, writing = _read_signature(message)
    if sent is None:
        return ["The signature is not 32 bytes in base64url: it was cut, or made by another algorithm."], None
    mistakes = [*_ways_to_differ(message), *_other_keys(message, named, candidates, now)]
    start = _Recipe(named.secret) if named is not None else _Recipe(b"")
    reasons = _find(message, sent, start, mistakes, known=named is not None)
    if reasons is None:
        return [*writing, _unexplained(message, named)], None
    words = [*(mistake.words for mistake in reasons), *writing]
    stray = ["The signature's last character has stray bits: it was not written as base64url."]
    return words or stray, _applied(start, reasons)


def _unexplained(message: LogonMessage, named: Candidate | None) -> str:
    if named is None:
        return "No known key pair made the signature, with or without a known mistake."
    return (
        "No known mistake explains the signature: another secret was used than that of "
        f"{named.access_key_id}, or a value was changed after signing."
    )


def _find(
    message: LogonMessage, sent: bytes, start: _Recipe, mistakes: Sequence[_Mistake], *, known: bool
) -> tuple[_Mistake, ...] | None:
    """The fewest mistakes, at most two, that make what was sent. Without a known key one must be a key."""
    for reasons in _trials(mistakes):
        if not known and all(mistake.kind != "key" for mistake in reasons):
            continue
        if hmac.compare_digest(_made(message, _applied(start, reasons)), sent):
            return reasons
    return None


def _applied(start: _Recipe, mistakes: Sequence[_Mistake]) -> _Recipe:
    recipe = start
    for mistake in mistakes:
        recipe = mistake.applied(recipe)
    return recipe


def _trials(mistakes: Sequence[_Mistake]) -> Iterator[tuple[_Mistake, ...]]:
    yield ()
    for mistake in mistakes:
        yield (mistake,)
    paired = mistakes[:_MOST_IN_PAIRS]
    for number, first in enumerate(paired):
        for second in paired[number + 1 :]:
            if first.kind != second.kind:
                yield first, second


def _made(message: LogonMessage, recipe: _Recipe) -> bytes:
    values = _values(message, recipe)
    secret = recipe.secret if recipe.decoded else encode_secret(recipe.secret).encode("ascii")
    return digest(recipe.joiner.join(values) + recipe.ending, secret)


def _values(message: LogonMessage, recipe: _Recipe) -> list[str]:
    return [recipe.changed.get(tag, value) for tag, value in message.values if tag != recipe.left_out]


def _read_signature(message: LogonMessage) -> tuple[bytes | None, list[str]]:
    """The 32 bytes that were sent, however they are written, and what is wrong with the writing."""
    text = message.signature or ""
    how = _FIX_WRITING if message.is_fix else _ILINK_WRITING
    if _HEX.fullmatch(text):
        return bytes.fromhex(text), [f"The signature is written in hex. {how}"] if message.is_fix else []
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None, []
    wrong = []
    if text.endswith("="):
        wrong.append(f"The signature is padded base64: it ends in =. {how}")
    if "+" in text or "/" in text:
        wrong.append(f"The signature is standard base64: it has + or /. {how}")
    return (raw if len(raw) == _SIGNATURE_LENGTH else None), wrong


def _ways_to_differ(message: LogonMessage) -> Iterator[_Mistake]:
    """The mistakes that a client makes with the right key."""
    yield _Mistake(
        "secret",
        "The secret was used without decoding it: sign with its 32 bytes, not with its 43 characters.",
        {"decoded": False},
    )
    version = "1604" if message.is_fix else "TradingSystemVersion"
    if any(tag == version for tag, _ in message.values):
        words = f"{_called(version)} was left out of the signed string."
        yield _Mistake("version", words, {"left_out": version})
    for mark, name in _MARKS.items():
        words = f"The signed string ends in {name}: nothing may follow its last value."
        yield _Mistake("ending", words, {"ending": mark})
    words = "The values were joined by SOH instead of LF in the signed string."
    yield _Mistake("joiner", words, {"joiner": "\x01"})
    yield from _other_senders(message)
    yield from _other_heartbeats(message)


def _called(name: str) -> str:
    return f"Tag {name}" if name.isdigit() else name


def _other_senders(message: LogonMessage) -> Iterator[_Mistake]:
    """The SenderCompID signed without its fault tolerance indicator, or sent without it."""
    sender = message.sender_comp_id
    if sender is None:
        return
    if len(sender) > 1:
        words = "The SenderCompID (49) was signed without its fault tolerance indicator."
        yield _Mistake("sender", words, {}, {"49": sender[:-1]})
    try:
        parse_sender_comp(sender)
    except InvalidValue:
        for indicator in "PBUN":
            words = f"The SenderCompID (49) was sent without its indicator but signed with it ({indicator})."
            yield _Mistake("sender", words, {}, {"49": sender + indicator})


def _other_heartbeats(message: LogonMessage) -> Iterator[_Mistake]:
    tag, units = ("108", (1,)) if message.is_fix else ("KeepAliveInterval", (1, 1000))
    sent = dict(message.values).get(tag)
    if sent is None:
        return
    for unit in units:
        for seconds in _HEARTBEATS:
            signed = str(seconds * unit)
            if signed != sent:
                words = f"{_called(tag)} was sent as {shorten(sent)} but signed as {signed}."
                yield _Mistake("heartbeat", words, {}, {tag: signed})


def _other_keys(
    message: LogonMessage, named: Candidate | None, candidates: Sequence[Candidate], now: datetime
) -> Iterator[_Mistake]:
    """The other keys, those of the logon's session first."""
    others = [key for key in candidates if key is not named]
    others.sort(key=lambda key: key.session_id != message.session_id)
    for key in others:
        yield _Mistake("key", _key_words(message, key, named, now), {"secret": key.secret})


def _key_words(message: LogonMessage, key: Candidate, named: Candidate | None, now: datetime) -> str:
    if key.session_id != message.session_id:
        return f"It was signed with the key of another session, {key.session_id} ({key.access_key_id})."
    return f"It was signed with the {_age(key, named)} key of the session: {_life(key, now)}."


def _age(key: Candidate, named: Candidate | None) -> str:
    if named is None or named.session_id != key.session_id:
        return "other"
    return "older" if key.created_at < named.created_at else "newer"


def _clock(message: LogonMessage, now: datetime) -> list[str]:
    """A note where the logon's own time is more than five seconds from now."""
    sent = _time_of(message)
    tag = "Tag 52 (SendingTime)" if message.is_fix else "RequestTimestamp"
    if sent is None:
        return [f"Note: {tag} is no time in UTC that can be read."]
    if abs(now - sent) <= STALE:
        return []
    side = "behind" if sent < now else "ahead of"
    rule = "" if message.is_fix else " One older than 5 seconds is stale and refused."
    return [f"Note: {tag} is {_span(abs(now - sent))} {side} the clock here.{rule}"]


def _time_of(message: LogonMessage) -> datetime | None:
    values = dict(message.values)
    try:
        if not message.is_fix:  # nanoseconds since 1970
            return _EPOCH + timedelta(microseconds=int(values["RequestTimestamp"]) // 1000)
        match = _SENDING_TIME.fullmatch(values["52"])
        if match is None:
            return None
        whole = datetime.strptime(values["52"][:17], "%Y%m%d-%H:%M:%S").replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return whole + timedelta(seconds=float(match[1] or 0))


def _span(distance: timedelta) -> str:
    seconds = int(distance.total_seconds())
    for name, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:,} {name}"
    return f"{seconds} seconds"

"""Why a logon's signature does not hold: the mistakes seen in real clients (domain section 8).

Each mistake is a change to the recipe by which the signature is made (`logon_recipes`). One that gives the signature
that was sent explains it; then two at a time are tried. What nothing explains is not guessed.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import SequenceMatcher

from dropcopy_tui.domain.dates import moment_words
from dropcopy_tui.domain.logon import LogonMessage, verify
from dropcopy_tui.domain.logon_recipes import GLYPHS, Mistake, Recipe, mistakes_of, rare_mistakes_of
from dropcopy_tui.domain.names import shorten

# Two at a time takes the square of this. One at a time, every key is tried.
_MOST_KEYS_IN_PAIRS = 100
_SIGNATURE_LENGTH = 32
_FIX_WRITING = "Send base64url without padding, 43 characters."
_ILINK_WRITING = "iLink 3 transmits its 32 raw bytes."
_HEX = re.compile("[0-9A-Fa-f]{64}")
# A key id that was typed: so much of it is right at least.
_ALIKE = 0.85


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
    where the value was left out, and None where what was signed is not known.
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
    """Why a signature does not hold, in words, and the signed string line by line: no secret is in it."""

    words: tuple[str, ...]
    lines: tuple[SignedLine, ...]


def diagnose(
    message: LogonMessage, candidates: Sequence[Candidate], now: datetime, unknown: str | None = None
) -> Diagnosis:
    """What explains that the logon's key or signature does not hold, the key first.

    Args:
        message: the logon.
        candidates: the pairs that may have signed: those of the session, and others one has.
        now: aware; for expired keys.
        unknown: what to say where the key that it names is none of the candidates.

    Returns:
        One sentence a finding; nothing for a logon signed with the living key it names.
    """
    named = next((key for key in candidates if key.access_key_id == message.access_key_id), None)
    found = _named_key(message, named, now, unknown)
    recipe: Recipe | None = None
    if message.signature is None:
        found.append("The logon has no signature.")
    elif named is not None and verify(message, named.secret):
        recipe = Recipe(b"")
    else:
        words, recipe = _signature(message, named, candidates, now)
        found.extend(words)
    return Diagnosis(tuple(found), lines_of(message, recipe))


def lines_of(message: LogonMessage, recipe: Recipe | None = None) -> tuple[SignedLine, ...]:
    """The signed string as it should be, beside what the recipe signs, where there is one."""
    expected = _marked([value for _, value in message.values], "\n", "")
    tags = [tag for tag, _ in message.values]
    signed: dict[str, str] = {}
    if recipe is not None:
        kept = [tag for tag in tags if recipe.changed.get(tag, "") is not None]
        signed = dict(zip(kept, _marked(recipe.values(message), recipe.joiner, recipe.ending), strict=True))
    return tuple(
        SignedLine(tag, text, signed.get(tag, "") if recipe is not None else None)
        for tag, text in zip(tags, expected, strict=True)
    )


def _marked(values: Sequence[str], joiner: str, ending: str) -> list[str]:
    between, after = GLYPHS.get(joiner, joiner), GLYPHS.get(ending, ending)
    return [value + between for value in values[:-1]] + [value + after for value in values[-1:]]


def _named_key(message: LogonMessage, named: Candidate | None, now: datetime, unknown: str | None) -> list[str]:
    """Findings about the key that the logon names, whatever its signature."""
    if message.access_key_id is None:
        return ["The logon has no access key id."]
    if named is None:
        return [unknown or f"The access key id {shorten(message.access_key_id)} is unknown."]
    found = []
    if not (named.living and now < named.expires_at):
        found.append(f"The key pair named in the logon, {named.access_key_id}, {_fate(named, now)}.")
    if message.session_id is not None and named.session_id != message.session_id:
        found.append(
            f"The logon is for session {shorten(message.session_id)} but names a key pair of another session, "
            f"{named.session_id}."
        )
    return found


def _fate(key: Candidate, now: datetime) -> str:
    if not key.living:
        return "was deleted"
    if now >= key.expires_at:
        return f"expired on {moment_words(key.expires_at.astimezone(UTC))}"
    return "is active"


def _signature(
    message: LogonMessage, named: Candidate | None, candidates: Sequence[Candidate], now: datetime
) -> tuple[list[str], Recipe | None]:
    """The mistakes that give the signature that was sent, and how it was made."""
    sent, writing = _read_signature(message)
    if sent is None:
        return [
            "The signature is not 32 bytes in base64url: it was truncated, or created with another algorithm."
        ], None
    keys = list(_other_keys(message, named, candidates, now))
    start = Recipe(named.secret) if named is not None else Recipe(b"")
    reasons = _find(message, sent, start, keys, known=named is not None)
    if reasons is None:
        return [*writing, _unexplained(named)], None
    words = [*(mistake.words for mistake in reasons), *writing]
    stray = ["The last character of the signature is not valid base64url: it has stray bits."]
    recipe = start
    for mistake in reasons:
        recipe = mistake.applied(recipe)
    return words or stray, recipe


def _unexplained(named: Candidate | None) -> str:
    if named is None:
        return "No known key pair produces this signature, with or without a known mistake."
    return (
        f"No known mistake explains the signature for key pair {named.access_key_id}, alone or combined with another: "
        "the client signed a different text or used a different secret."
    )


def _find(
    message: LogonMessage, sent: bytes, start: Recipe, keys: Sequence[Mistake], *, known: bool
) -> tuple[Mistake, ...] | None:
    """The fewest mistakes, at most two, that make what was sent. Without a known key one must be a key."""
    ways = list(mistakes_of(message))
    for reasons in _trials(ways, list(rare_mistakes_of(message)), keys):
        if not known and all(mistake.kind != "key" for mistake in reasons):
            continue
        recipe = start
        for mistake in reasons:
            recipe = mistake.applied(recipe)
        if hmac.compare_digest(recipe.signature(message), sent):
            return reasons
    return None


def _trials(ways: Sequence[Mistake], rare: Sequence[Mistake], keys: Sequence[Mistake]) -> Iterator[tuple[Mistake, ...]]:
    """Nothing, every mistake alone, and every two that go together."""
    yield ()
    for mistake in (*ways, *keys, *rare):
        yield (mistake,)
    paired = (*ways, *keys[:_MOST_KEYS_IN_PAIRS])
    for number, first in enumerate(paired):
        for second in paired[number + 1 :]:
            if first.kind != second.kind:
                yield first, second


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
    if len(raw) == 2 * _SIGNATURE_LENGTH and _HEX.fullmatch(raw.decode("latin-1")):
        return bytes.fromhex(raw.decode()), [f"The signature is the base64 of its hex digits, not of its bytes. {how}"]
    wrong = []
    if text.endswith("="):
        wrong.append(f"The signature is padded base64: it ends in =. {how}")
    if "+" in text or "/" in text:
        wrong.append(f"The signature is standard base64: it has + or /. {how}")
    return (raw if len(raw) == _SIGNATURE_LENGTH else None), wrong


def _other_keys(
    message: LogonMessage, named: Candidate | None, candidates: Sequence[Candidate], now: datetime
) -> Iterator[Mistake]:
    """The other keys, those of the logon's session first."""
    others = [key for key in candidates if key is not named]
    others.sort(key=lambda key: key.session_id != message.session_id)
    for key in others:
        yield Mistake("key", _key_words(message, key, named, now), {"secret": key.secret})


def _key_words(message: LogonMessage, key: Candidate, named: Candidate | None, now: datetime) -> str:
    if key.session_id != message.session_id:
        return f"It was signed with the key pair of another session, {key.session_id} ({key.access_key_id})."
    if named is None and _is_alike(message.access_key_id or "", key.access_key_id):
        return f"Tag 355 is mistyped: it was signed with {key.access_key_id}, which {_fate(key, now)}."
    return (
        f"It was signed with the {_age(key, named)} key pair of the session, {key.access_key_id}, "
        f"which {_fate(key, now)}."
    )


def _is_alike(sent: str, right: str) -> bool:
    """Whether one key id is the other with a character or two mistyped, in another case, or cut."""
    if sent.lower() == right.lower():
        return True
    # Ids are 20 characters; a long text is compared no further.
    return len(sent) <= 2 * len(right) and SequenceMatcher(None, sent, right, autojunk=False).ratio() >= _ALIKE


def _age(key: Candidate, named: Candidate | None) -> str:
    if named is None or named.session_id != key.session_id:
        return "other"
    return "older" if key.created_at < named.created_at else "newer"

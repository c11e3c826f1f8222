"""Logon signatures, algorithm CME-1-SHA-256: reading, signing and checking (domain section 8).

Source: CME wiki, "CME Globex API Secure Logon" and the iLink 3 session layer; both vectors of the
specification are in the tests. What a gateway requires of the fields is in `logon_rules`, what explains a wrong
signature in `logon_mistakes`, and the verdict on both in `logon_verdict`.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NoReturn

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.sessions import SESSION_ID_LENGTH

ALGORITHM = "CME-1-SHA-256"
LARGEST_MESSAGE = 1_048_576
SECRET_LENGTH = 32
# The signed tags in the order of signing. Names are FIX's; CME puts the front end into 1603 to 1605.
FIX_SIGNED: Mapping[str, str] = MappingProxyType(
    {
        "34": "MsgSeqNum",
        "49": "SenderCompID",
        "50": "SenderSubID",
        "52": "SendingTime",
        "57": "TargetSubID",
        "108": "HeartBtInt",
        "142": "SenderLocationID",
        "369": "LastMsgSeqNumProcessed",
        "1603": "ApplicationSystemName",
        "1604": "ApplicationSystemVersion",
        "1605": "ApplicationSystemVendor",
    }
)
_FIX_WANTED = {"35": "MsgType", **FIX_SIGNED}
NEGOTIATE_SIGNED = ("RequestTimestamp", "UUID", "Session", "Firm")
_ESTABLISH_ONLY = (
    "TradingSystemName",
    "TradingSystemVersion",
    "TradingSystemVendor",
    "NextSeqNo",
    "KeepAliveInterval",
)
ESTABLISH_SIGNED = NEGOTIATE_SIGNED + _ESTABLISH_ONLY
_NUMBERS = frozenset({"RequestTimestamp", "UUID", "NextSeqNo", "KeepAliveInterval"})
_KNOWN = {name.lower(): name for name in (*ESTABLISH_SIGNED, "Signature", "AccessKeyID")}
# How the iLink 3 schema itself names the field that carries the signature.
_KNOWN["hmacsignature"] = "Signature"
_LONGEST_TAG = 9
_NAMED_FIELD = re.compile(r"\s*([A-Za-z_]{1,40})\s*=\s*(.*?)\s*")
BASE64URL_32 = re.compile(r"[A-Za-z0-9_-]{43}")
_HEX_32 = re.compile(r"[0-9A-Fa-f]{64}")


@dataclass(frozen=True, slots=True)
class LogonMessage:
    """A logon as it was read.

    Attributes:
        kind: "fix", "negotiate" or "establish".
        values: the signed fields in the order of signing: tag or field name, and value.
        access_key_id: the public key id it names (355, AccessKeyID), if any.
        signature: the signature it carries (1402, Signature), if any.
        sender_comp_id: tag 49; None for iLink 3.
        session_id: the Session ID, or None where 49 is too short to have one.
        raw: every field by tag or name. A logon may carry a password, so it is not shown.
    """

    kind: str
    values: tuple[tuple[str, str], ...]
    access_key_id: str | None
    signature: str | None
    sender_comp_id: str | None
    session_id: str | None
    raw: Mapping[str, str] = field(repr=False, compare=False)

    @property
    def is_fix(self) -> bool:
        """Whether it is a FIX logon and not one of iLink 3."""
        return self.kind == "fix"


def decode_secret(text: str) -> bytes:
    """The 32 bytes of a secret key. Raises InvalidValue, without the text, unless it is base64url."""
    if not BASE64URL_32.fullmatch(text):
        raise InvalidValue(
            f"The secret key must be 43 characters of base64url without padding; this one has "
            f"{plural(len(text), 'character')}{_base64_hint(text)}.",
            "secret",
        )
    return base64.urlsafe_b64decode(text + "=")


def _base64_hint(text: str) -> str:
    if text.endswith("="):
        return " and ends in padding"
    return " and is standard base64" if "+" in text or "/" in text else ""


def encode_secret(secret: bytes) -> str:
    """A secret key, or a signature, as people and files carry it: base64url without padding."""
    return base64.urlsafe_b64encode(secret).decode("ascii").rstrip("=")


def parse_message(text: str) -> LogonMessage:
    """A FIX logon with SOH, `|` or `^A` between fields, or the fields of a Negotiate or Establish.

    Those come as a JSON object, or as lines of name=value.

    Raises:
        InvalidValue: it is none of them, is over 1 MB, repeats a field, lacks signed fields (all are named),
            or has a value that is not printable ASCII.
    """
    if len(text) > LARGEST_MESSAGE:
        raise InvalidValue(f"The logon is larger than {LARGEST_MESSAGE:,} bytes.", "message")
    message = text.strip()
    if not message:
        raise InvalidValue("The text is empty: paste or enter a logon.", "message")
    if message.startswith("{"):
        return _parse_ilink(_json_fields(message))
    if _NAMED_FIELD.match(message.split("\n", 1)[0]):
        return _parse_ilink(_named_fields(message))
    return _parse_fix(message)


def _parse_fix(text: str) -> LogonMessage:
    separator = next((mark for mark in ("\x01", "^A") if mark in text), "|")
    fields = text.removesuffix(separator).split(separator)
    # The whole message in one check; field by field only to name the field that is wrong.
    plain = text.isascii() and "".join(fields).isprintable()
    raw = _collect(_fix_fields(fields), "Tag", plain=plain)
    if raw.get("35", "A") != "A":
        raise InvalidValue("The message is not a logon: its tag 35 (MsgType) is not A.", "message")
    _refuse_missing(raw, _FIX_WANTED)
    sender = raw["49"]
    return LogonMessage(
        kind="fix",
        values=tuple((tag, raw[tag]) for tag in FIX_SIGNED),
        access_key_id=raw.get("355"),
        signature=raw.get("1402"),
        sender_comp_id=sender,
        session_id=sender[:SESSION_ID_LENGTH] if len(sender) > SESSION_ID_LENGTH else None,
        raw=MappingProxyType(raw),
    )


def _fix_fields(fields: Iterable[str]) -> Iterable[tuple[str, str]]:
    for number, text in enumerate(fields, 1):
        tag, equals, value = text.partition("=")
        # str's own tests: ten thousand logons a second have two hundred thousand fields.
        if not (equals and tag.isdigit() and tag.isascii() and len(tag) <= _LONGEST_TAG and tag[0] != "0"):
            raise InvalidValue(f"The message is neither JSON nor FIX: its field {number} is not tag=value.", "message")
        yield tag, value


def _collect(fields: Iterable[tuple[str, str]], what: str, *, plain: bool = False) -> dict[str, str]:
    """The fields by name, each once, with a value of printable ASCII. Values are not quoted: secrets."""
    found: dict[str, str] = {}
    for name, value in fields:
        if name in found:
            raise InvalidValue(f"{what} {name} appears twice.", "message")
        if not value:
            raise InvalidValue(f"{what} {name} has no value.", "message")
        if not plain and not (value.isascii() and value.isprintable()):
            raise InvalidValue(f"{what} {name} contains a character that is not printable ASCII.", "message")
        found[name] = value
    return found


def _refuse_missing(raw: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    if raw.keys() >= wanted.keys():
        return
    missing = [f"{tag} ({name})" if name else tag for tag, name in wanted.items() if tag not in raw]
    if missing:
        raise InvalidValue(f"The logon is missing {', '.join(missing)}.", "message")


def _parse_ilink(fields: Iterable[tuple[str, str]]) -> LogonMessage:
    raw = _collect(fields, "Field")
    kind = "establish" if any(name in raw for name in _ESTABLISH_ONLY) else "negotiate"
    signed = ESTABLISH_SIGNED if kind == "establish" else NEGOTIATE_SIGNED
    _refuse_missing(raw, dict.fromkeys(signed, ""))
    for name in signed:
        if name in _NUMBERS and not re.fullmatch("[0-9]{1,20}", raw[name]):
            raise InvalidValue(f"Field {name} must be a whole number of at most 20 digits.", "message")
    return LogonMessage(
        kind=kind,
        values=tuple((name, raw[name]) for name in signed),
        access_key_id=raw.get("AccessKeyID"),
        signature=raw.get("Signature"),
        sender_comp_id=None,
        session_id=raw["Session"],
        raw=MappingProxyType(raw),
    )


def _named_fields(text: str) -> Iterable[tuple[str, str]]:
    """The known fields of lines of name=value, in whatever case; others are left aside."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        match = _NAMED_FIELD.fullmatch(line)
        if match is None:
            raise InvalidValue(f"Line {number} of the message is not name=value.", "message")
        name = _known(match[1])
        if name is not None:
            yield name, match[2]


def _known(name: str) -> str | None:
    return _KNOWN.get(name.replace("_", "").lower())


def _json_fields(text: str) -> Iterable[tuple[str, str]]:
    """The known fields in whatever case; the fields that are not signed are left aside."""
    for key, value in _json_pairs(text):
        name = _known(key)
        if name is None:
            continue
        if not isinstance(value, str):
            raise InvalidValue(f"Field {name} must be a string or a whole number.", "message")
        yield name, value


def _json_pairs(text: str) -> list[tuple[str, object]]:
    """Keys and values of the outer object, repeated ones too; whole numbers stay as they were written."""
    try:
        pairs = json.loads(text, object_pairs_hook=list, parse_int=str, parse_float=_Fraction, parse_constant=_not_json)
    except (ValueError, RecursionError):
        raise InvalidValue("The message starts like JSON but is not a valid JSON object.", "message") from None
    return list(pairs)


class _Fraction(float):
    """A number with a fraction, so that it is not taken for text."""


def _not_json(name: str) -> NoReturn:
    raise ValueError(name)


def canonical(message: LogonMessage) -> str:
    """The string that is signed: the values joined by LF, none at the end."""
    return "\n".join(value for _, value in message.values)


def canonical_lines(message: LogonMessage) -> list[tuple[str, str]]:
    """The signed values with their tags or field names, one a line of the signed string."""
    return list(message.values)


def digest(text: str, secret: bytes) -> bytes:
    """HMAC-SHA-256 of the text: 32 bytes. The secret is the decoded one."""
    return hmac.digest(secret, text.encode("ascii"), "sha256")


def sign(message: LogonMessage, secret: bytes) -> str:
    """The signature: 43 characters of base64url for FIX, 64 of lower-case hex (32 raw bytes) for iLink 3."""
    made = digest(canonical(message), secret)
    return encode_secret(made) if message.is_fix else made.hex()


def complete(message: LogonMessage, access_key_id: str, secret: bytes) -> str:
    """The logon with its key and signature, ready to be sent or verified.

    FIX: fields separated by `|`, without 9 and 10, which the engine computes over what it sends. iLink 3: JSON.
    """
    signature = sign(message, secret)
    if not message.is_fix:
        return json.dumps({**message.raw, "AccessKeyID": access_key_id, "Signature": signature})
    added = {
        "354": str(len(access_key_id)),
        "355": access_key_id,
        "1400": ALGORITHM,
        "1401": str(len(signature)),
        "1402": signature,
    }
    kept = {tag: text for tag, text in message.raw.items() if tag not in added and tag not in ("9", "10")}
    return "|".join(f"{tag}={text}" for tag, text in {**kept, **added}.items()) + "|"


def verify(message: LogonMessage, secret: bytes) -> bool:
    """Whether the message carries the signature that this secret makes; compared in constant time."""
    if message.signature is None:
        return False
    if message.is_fix:
        return hmac.compare_digest(message.signature.encode(), sign(message, secret).encode())
    sent = raw_signature(message.signature)
    return sent is not None and hmac.compare_digest(sent, digest(canonical(message), secret))


def raw_signature(text: str) -> bytes | None:
    """The bytes of an iLink 3 signature, which JSON carries in hex or base64url."""
    if _HEX_32.fullmatch(text):
        return bytes.fromhex(text)
    return base64.urlsafe_b64decode(text + "=") if BASE64URL_32.fullmatch(text) else None

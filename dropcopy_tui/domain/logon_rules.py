"""What a Drop Copy gateway requires of a logon, apart from its key and its signature.

Source: CME wiki, drop copy session layer (logon), CME Globex API Secure Logon, iLink 3 Negotiate and Establish. Every
rule here follows from the message alone, or from the message and the clock; those about the session are in
`logon_verdict`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.logon import ALGORITHM, BASE64URL_32, LogonMessage, canonical, raw_signature
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.domain.sessions import DROP_COPY_FTI, SESSION_ID_LENGTH, parse_sender_comp

EXCHANGE = "CME"
BEGIN_STRING = "FIX.4.2"
HEARTBEAT_SECONDS = range(5, 61)
# How a CGW session is addressed in tag 57; an MSGW session names its market segment.
CGW_TARGET = "G"
SEGMENT = re.compile(r"[0-9]{2}")
# iLink 3 refuses an older RequestTimestamp; a clock of a FIX client that is further off is worth a note.
STALE = timedelta(seconds=5)
# What the gateway says of an in-session logon (141=Y) that does not begin at 1.
RESET_NUMBER = "In session logon message must have 34=1. Logout forced."
_MUST_NOT_BE_SENT = {
    "98": "EncryptMethod",
    "95": "RawDataLength",
    "96": "RawData",
    "122": "OrigSendingTime",
}
_LONGEST_NUMBER = 9
_SENDER_SUB = re.compile(r"[A-Za-z0-9]{2,}")
_FIRM = re.compile(r"[A-Z0-9]{3,5}")
_SENDING_TIME = re.compile(r"[0-9]{8}-[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}")
# The first signed values, one a line: 34, 49, 50, 52 (its day apart), 57, 108.
_RIGHT_VALUES = re.compile(
    r"[1-9][0-9]{0,8}\n[A-Z0-9]{6,8}N\n[A-Za-z0-9]{2,}\n[0-9]{8}-(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}\.[0-9]{3}\n"
    r"(?:G|[0-9]{2})\n(?:[5-9]|[1-5][0-9]|60)\n"
)
# What needs a closer look.
_SELDOM_SENT = frozenset({*_MUST_NOT_BE_SENT, "9", "10", "141"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def problems(message: LogonMessage) -> tuple[str, ...]:
    """Why the gateway refuses the logon whatever its key and signature: what is wrong with its fields."""
    found = _fix_problems(message) if message.is_fix else _ilink_problems(message)
    return tuple(problem for problem in found if problem)


def plainly_right(message: LogonMessage) -> bool:
    """Whether a FIX logon has no problem, found at a glance: ten thousand logons a second are judged.

    True says that `problems` finds nothing; False says nothing.
    """
    raw = message.raw
    return (
        message.is_fix
        and _RIGHT_VALUES.match(canonical(message)) is not None
        and _is_day(raw["52"][:8])
        and raw.get("56") == EXCHANGE
        and raw.keys().isdisjoint(_SELDOM_SENT)
        and raw.get("8", BEGIN_STRING) == BEGIN_STRING
        and raw.get("1400") == ALGORITHM
        and raw.get("354") == str(len(raw.get("355", "")))
        and raw.get("1401") == "43"
        and BASE64URL_32.fullmatch(raw.get("1402", "")) is not None
    )


@lru_cache(maxsize=64)
def _is_day(text: str) -> bool:
    try:
        datetime(int(text[:4]), int(text[4:6]), int(text[6:]), tzinfo=UTC)
    except ValueError:
        return False
    return True


def stale(message: LogonMessage, now: datetime) -> str:
    """Why the logon's time alone makes the gateway refuse it, or nothing (iLink 3: older than five seconds)."""
    sent = None if message.is_fix else sent_at(message)
    if sent is None or now - sent <= STALE:
        return ""
    return (
        f"RequestTimestamp is {_span(now - sent)} behind this machine's clock: a request older than "
        f"{STALE.seconds} seconds is stale and rejected."
    )


def clock_note(message: LogonMessage, now: datetime) -> str:
    """That the logon's time is more than five seconds off the clock here, where that alone refuses nothing."""
    sent = sent_at(message)
    if sent is None or abs(now - sent) <= STALE or (not message.is_fix and sent < now):
        return ""
    side = "behind" if sent < now else "ahead of"
    tag = "Tag 52 (SendingTime)" if message.is_fix else "RequestTimestamp"
    return f"{tag} is {_span(abs(now - sent))} {side} this machine's clock."


def sent_at(message: LogonMessage) -> datetime | None:
    """The logon's own time, in UTC; None where it is not a valid time."""
    values = dict(message.values)
    try:
        if not message.is_fix:  # nanoseconds since 1970
            return _EPOCH + timedelta(microseconds=int(values["RequestTimestamp"]) // 1000)
        return _sending_time(values["52"])
    except (ValueError, OverflowError):
        return None


def _sending_time(text: str) -> datetime | None:
    if not _SENDING_TIME.fullmatch(text):
        return None
    day, hour, minute = datetime(int(text[:4]), int(text[4:6]), int(text[6:8]), tzinfo=UTC), text[9:11], text[12:14]
    return day.replace(hour=int(hour), minute=int(minute), second=int(text[15:17]), microsecond=int(text[18:]) * 1000)


def _span(distance: timedelta) -> str:
    seconds = int(distance.total_seconds())
    for name, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:,} {name}"
    return plural(seconds, "second")


# -- a FIX logon


def _fix_problems(message: LogonMessage) -> Iterable[str]:
    raw = message.raw
    yield from _frame_problems(raw)
    yield from (
        f"Tag {tag} ({name}) must not be sent with a logon." for tag, name in _MUST_NOT_BE_SENT.items() if tag in raw
    )
    yield _number_problem(raw)
    yield _sender_problem(raw["49"])
    yield _sender_sub_problem(raw["50"])
    yield _time_problem(raw["52"])
    yield _target_problem(raw.get("56"))
    yield _target_sub_problem(raw["57"])
    yield _heartbeat_problem(raw["108"], "Tag 108 (HeartBtInt)", 1)
    yield _length_problem(raw, "354", "355", "the access key id")
    yield _algorithm_problem(raw.get("1400"))
    yield _length_problem(raw, "1401", "1402", "the signature")
    yield _signature_problem(raw.get("1402"))


def _frame_problems(raw: Mapping[str, str]) -> Iterable[str]:
    """What is wrong with the fields around the message, where it has them: a text may come without."""
    if raw.get("8", BEGIN_STRING) != BEGIN_STRING:
        yield f"Tag 8 (BeginString) is {shorten(raw['8'])}; it must be {BEGIN_STRING}."
    if "9" in raw and [tag for tag in list(raw)[:3] if tag != "8"][:2] != ["9", "35"]:
        yield "The logon must begin with tags 8, 9 and 35, in this order."
    elif "10" in raw and list(raw)[-1] != "10":
        yield "Tag 10 (CheckSum) must be the last field."
    elif "9" in raw:
        yield _body_problem(raw)
        yield _sum_problem(raw)


def _body_problem(raw: Mapping[str, str]) -> str:
    right = sum(len(tag) + len(value) + 2 for tag, value in raw.items() if tag not in ("8", "9", "10"))
    said = raw["9"]
    if said.isdigit() and len(said) <= _LONGEST_NUMBER and int(said) == right:
        return ""
    return f"Tag 9 (BodyLength) is {shorten(said)}, but the body has {plural(right, 'byte')}."


def _sum_problem(raw: Mapping[str, str]) -> str:
    if "10" not in raw or "8" not in raw:
        return ""
    whole = "".join(f"{tag}={value}\x01" for tag, value in raw.items() if tag != "10")
    right = f"{sum(whole.encode('ascii')) % 256:03d}"
    return "" if raw["10"] == right else f"Tag 10 (CheckSum) is {shorten(raw['10'])}; it should be {right}."


def _number_problem(raw: Mapping[str, str]) -> str:
    number, reset = raw["34"], raw.get("141", "N")
    if not (number.isdigit() and len(number) <= _LONGEST_NUMBER and int(number) > 0):
        return f"Tag 34 (MsgSeqNum) must be a whole number from 1, of at most {_LONGEST_NUMBER} digits."
    if reset not in ("Y", "N"):
        return "Tag 141 (ResetSeqNumFlag) must be Y or N."
    return RESET_NUMBER if reset == "Y" and int(number) != 1 else ""


def _sender_problem(sender: str) -> str:
    try:
        parts = parse_sender_comp(sender)
    except InvalidValue as refusal:
        return f"Tag 49: {refusal.message}"
    if parts.fti == DROP_COPY_FTI:
        return ""
    return (
        f"Tag 49 (SenderCompID) ends in {parts.fti}: the fault tolerance indicator of a drop copy session is "
        f"{DROP_COPY_FTI}."
    )


def _sender_sub_problem(text: str) -> str:
    if _SENDER_SUB.fullmatch(text):
        return ""
    return "Tag 50 (SenderSubID) must have at least 2 characters, letters and digits only."


def _time_problem(text: str) -> str:
    try:
        if _sending_time(text) is not None:
            return ""
    except ValueError:
        pass  # such as month 13: the refusal is the same
    return "Tag 52 (SendingTime) is not a valid UTC time written as YYYYMMDD-HH:MM:SS.sss."


def _target_problem(target: str | None) -> str:
    if target is None:
        return f"Tag 56 (TargetCompID) is missing; it must be {EXCHANGE}."
    return "" if target == EXCHANGE else f"Tag 56 (TargetCompID) is {shorten(target)}; it must be {EXCHANGE}."


def _target_sub_problem(text: str) -> str:
    if text == CGW_TARGET or SEGMENT.fullmatch(text):
        return ""
    return (
        f"Tag 57 (TargetSubID) must be {CGW_TARGET} for a CGW session, or the two digits of a market segment "
        "for an MSGW session."
    )


def _length_problem(raw: Mapping[str, str], length: str, data: str, what: str) -> str:
    if data not in raw:
        return f"Tag {data} ({what}) is missing."
    right = len(raw[data])
    if length not in raw:
        return f"Tag {length} (length of {what}) is missing; it must be {right}."
    if raw[length] != str(right):
        return f"Tag {length} is {raw[length][:12]} but {what} in {data} has {plural(right, 'character')}."
    return ""


def _algorithm_problem(algorithm: str | None) -> str:
    if algorithm is None:
        return f"Tag 1400 is missing; it must be {ALGORITHM}."
    return "" if algorithm == ALGORITHM else f"Tag 1400 must be {ALGORITHM}."


def _signature_problem(signature: str | None) -> str:
    if signature is None or BASE64URL_32.fullmatch(signature):
        return ""
    return "Tag 1402 must be 43 characters of base64url without padding."


def _heartbeat_problem(value: str, what: str, per_second: int) -> str:
    low, high = HEARTBEAT_SECONDS[0] * per_second, HEARTBEAT_SECONDS[-1] * per_second
    unit = "seconds" if per_second == 1 else "milliseconds"
    if value.isdigit() and len(value) <= len(str(high)) and low <= int(value) <= high:
        return ""
    return f"{what} must be {low} to {high} {unit}."


# -- a Negotiate or an Establish


def _ilink_problems(message: LogonMessage) -> Iterable[str]:
    raw = message.raw
    if "AccessKeyID" not in raw:
        yield "AccessKeyID is missing."
    if message.signature is None:
        yield "Signature is missing."
    elif raw_signature(message.signature) is None:
        yield "Signature must be 32 bytes, here as 64 hex digits or 43 characters of base64url."
    if len(raw["Session"]) != SESSION_ID_LENGTH:
        yield f"Session must have {SESSION_ID_LENGTH} characters."
    if not _FIRM.fullmatch(raw["Firm"]):
        yield "Firm must be a GFID: 3 to 5 of A-Z and 0-9."
    if message.kind == "establish":
        # iLink 3 counts this one in milliseconds (CME wiki: iLink 3 Establish, KeepAliveInterval).
        yield _heartbeat_problem(raw["KeepAliveInterval"], "KeepAliveInterval", 1000)

"""FIX messages of a rehearsal's gateway: built and read with simplefix, whatever they contain."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from dropcopy_tui.domain.logon_rules import BEGIN_STRING
from dropcopy_tui.domain.names import shorten

_LONGEST_ECHO = 40


def encode(pairs: Iterable[tuple[int, Any]]) -> bytes:
    """A whole message with its length and checksum; the first pair is its type."""
    from simplefix import FixMessage

    message = FixMessage()
    message.append_pair(8, BEGIN_STRING)
    for tag, value in pairs:
        message.append_pair(tag, value if isinstance(value, bytes) else str(value).encode("ascii", "replace"))
    encoded: bytes = message.encode()
    return encoded


def fields_of(raw: bytes) -> dict[int, bytes] | None:
    """The first value of each tag, or None where a tag is not a number."""
    from simplefix import FixParser
    from simplefix.errors import ParsingError

    parser = FixParser(allow_empty_values=True)
    # 354 and 1401 count what follows them in a logon; a wrong count must not swallow the rest of the message.
    parser.raw_len_tags, parser.raw_data_tags = [], []
    parser.append_buffer(raw)
    try:
        message = parser.get_message()
    except (ParsingError, ValueError):
        return None
    pairs = [] if message is None else message.pairs
    return {int(tag): value for tag, value in reversed(pairs)}


def sending_time(now: datetime) -> str:
    """Tag 52: milliseconds, UTC."""
    return f"{now:%Y%m%d-%H:%M:%S}.{now.microsecond // 1000:03d}"


def whole(text: bytes | None) -> int | None:
    """A number of at most nine digits, or None."""
    return int(text) if text and text.isdigit() and len(text) <= 9 else None


def comp_of(text: bytes) -> str:
    """A name that may be sent back; "" for anything else."""
    name = text_of(text)
    return name if len(name) <= 9 and name.isalnum() else ""


def echo_of(text: bytes | None) -> str:
    """A value of the client's that is sent back to it; "" where it has characters that may not be sent."""
    value = text_of(text or b"")
    return value if len(value) <= _LONGEST_ECHO and value.isprintable() and "\\" not in value else ""


def text_of(value: bytes) -> str:
    """The value as text, with what is not ASCII escaped."""
    return value.decode("ascii", "backslashreplace")


def shown(value: bytes | None) -> str:
    """The value for the operator's eyes."""
    return shorten(text_of(value or b"")) or "-"

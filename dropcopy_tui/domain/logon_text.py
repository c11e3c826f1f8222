"""A logon as people paste it: out of a log, wrapped by a terminal, or one field a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from dropcopy_tui.domain.fix_log import FixLog
from dropcopy_tui.domain.logon_rules import EXCHANGE

# A terminal wraps anywhere.
_START = re.compile(r"(?<![0-9])8\n?=\n?F\n?I\n?X")
_FIX = re.compile(r"[1-9][0-9]{0,8}\n?=")
_CHECKSUM = re.compile(r"(\x01|\^A|\|)(10=[0-9]{3})(?![0-9])")
_SEPARATORS = ("\x01", "^A", "|")


def tidy(text: str) -> str:
    """The logon alone, its line breaks gone where they are none of its own.

    What a log writes before 8=FIX and after the CheckSum is cut off. Where SOH, ^A or | separate the fields, a line
    break is the terminal's; where nothing else does, line breaks are the separators. JSON and lines of names and
    values stay as they are.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\ufeff \t\n")
    start = _START.search(text)
    if start is not None and not text.startswith("{"):
        text = text[start.start() :]
    if not _FIX.match(text):
        return text
    if not any(mark in text for mark in _SEPARATORS):
        return "|".join(line.strip() for line in text.split("\n") if line.strip())
    text = text.replace("\n", "")
    end = _CHECKSUM.search(text)
    return text if end is None else text[: end.end()] + end[1]


class LoggedLogon(NamedTuple):
    """A client's logon in a log: its line, from 1, and its text."""

    line: int
    text: str


def logons_in(raw: bytes) -> Iterator[LoggedLogon]:
    """The whole logons (35=A) of clients in an engine's log, wherever they stand; those of the exchange are not."""
    for message in FixLog([raw]):
        header = message.header
        if header.msg_type != "A" or header.sender == EXCHANGE:
            continue
        text = raw[message.offset : message.offset + message.size].decode("latin-1")
        # What was cut, or lost its end, is read as people paste it.
        if _CHECKSUM.search(text):
            yield LoggedLogon(message.line, tidy(text))


def shown(text: str) -> str:
    """The text with its SOH written as | (as ^A where a value has a |), for a place that cannot show them."""
    return text.replace("\x01", "^A" if "|" in text else "|")

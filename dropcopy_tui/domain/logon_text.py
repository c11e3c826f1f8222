"""A logon as people paste it: out of a log, wrapped by a terminal, or one field a line."""

from __future__ import annotations

import re

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


def shown(text: str) -> str:
    """The text with its SOH written as | (as ^A where a value has a |), for a place that cannot show them."""
    return text.replace("\x01", "^A" if "|" in text else "|")

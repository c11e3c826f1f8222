"""Lines of a log that hold no message: which are the log's own, and what looks like FIX and is not.

Engines write lines of their own between the messages: QuickFIX and QuickFIX/J (FileLog, ScreenLog, SLF4J), FIX
Antenna and Fix8 begin them with the time, in brackets or not, behind a number or a level or not. The ScreenLogs of
QuickFIX put the text of an event on a line of its own, in parentheses.
"""

from __future__ import annotations

import re

# How much of a line is looked at.
LOOKED_AT = 512
# What a log may write in front of a message on its line: time, level, direction.
LONGEST_PREFIX = 300
_TIME = (
    rb"(?:[0-9]{4}[-/.]?[0-9]{2}[-/.]?[0-9]{2}[-T ,_]{0,2}[0-9]{2}:[0-9]{2}"
    rb"|[0-9]{2}[-/.](?:[0-9]{2}|[A-Z][a-z]{2})[-/.][0-9]{2,4}[-T ,]{1,2}[0-9]{2}:[0-9]{2}"
    rb"|(?:[A-Z][a-z]{2} ){1,2} ?[0-9]{1,2} [0-9]{2}:[0-9]{2}:[0-9]{2}"
    rb"|[0-9]{1,2}:[0-9]{2}:[0-9]{2})"
)
_OWN = re.compile(
    rb"\s*(?:[0-9]{1,12}[ :]+)?[\[(<{\"']{0,2}(?:[A-Z]{4,8}[\])>]?[ :|]+)?[\[(<]?" + _TIME,
)
_EVENT_TEXT = re.compile(rb"\s+\([^\r\n]*\)?\s*\Z")
# What may close a message that a log has in brackets or quotes, and what it adds then.
_CLOSING = re.compile(rb"\s*[\])}>\"';,]")
_BEGINNING = b"8=FIX"
_OF_A_MESSAGE = re.compile(rb"(?:^|[^0-9])(?:35|49|56|10)=[0-9A-Za-z]")
_HEX = re.compile(rb"38 ?3[dD] ?46 ?49 ?58|\A\s*(?:0x)?[0-9a-fA-F]{4,8}:?\s+(?:[0-9a-fA-F]{2,4} +){4}", re.MULTILINE)
_WORDS = re.compile(rb"BeginString|\bMsgType\b")


def is_own(line: bytes, after_own: bool) -> bool:
    """Whether it is a line of the log itself, and no part of a message that was lost."""
    if _BEGINNING in line or _OF_A_MESSAGE.search(line):
        return False
    return bool(_OWN.match(line)) or (after_own and bool(_EVENT_TEXT.match(line)))


def closes(text: bytes) -> bool:
    """Whether text behind a message on its line is the log's: a bracket or a quote, and what follows it."""
    return bool(_CLOSING.match(text)) and _BEGINNING not in text


def near_miss(line: bytes) -> str:
    """Why a line that looks like FIX holds no message; "" where it does not look like it."""
    if _BEGINNING in line:
        return "looks like a FIX message, but no separator was recognised between BeginString (8) and BodyLength (9)."
    if _HEX.search(line):
        return "is part of a hex dump. Convert it to the bytes themselves (xxd -r, tcpdump -w), then route those."
    if _WORDS.search(line):
        return "has fields by name (BeginString, MsgType). Route a log with tag=value fields."
    if _OF_A_MESSAGE.search(line):
        return "has fields of a FIX message whose beginning (8=FIX) is missing."
    return ""

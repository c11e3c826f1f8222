"""Sessions and SenderComps: their ids and how to parse them (domain section 1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.names import shorten

SESSION_ID_LENGTH = 3
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# A drop copy session has no fault tolerance partner, so that its indicator is always N (CME wiki: SenderCompID).
DROP_COPY_FTI = "N"
_SENDER_COMP = re.compile(r"([A-Z0-9]{3})([A-Z0-9]{3,5})([PBUN])")
_SESSION = re.compile(r"[A-Z0-9]{3}")
_GFID = re.compile(r"[A-Z0-9]{3,5}")


class SessionKind(StrEnum):
    """The kind of a session: the module of the Request Center that manages it."""

    DROP_COPY = "drop_copy"
    ORDER_ENTRY = "order_entry"
    MARKET_DATA = "market_data"


class SessionStatus(StrEnum):
    """Active while in use; released when its group is deleted (rule G9); retired by GAM only."""

    ACTIVE = "active"
    RELEASED = "released"
    RETIRED = "retired"


class SenderCompStatus(StrEnum):
    """Only an active SenderComp can be copied (rule Q4)."""

    ACTIVE = "active"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class SenderCompId:
    """Session ID (3) + Globex Firm ID (3 to 5) + fault tolerance indicator: 7 to 9 characters."""

    session_id: str
    gfid: str
    fti: str

    def __str__(self) -> str:
        return f"{self.session_id}{self.gfid}{self.fti}"


def parse_sender_comp(text: str) -> SenderCompId:
    """Split a SenderCompID into its parts. Raises InvalidValue with the reason why it is invalid."""
    match = _SENDER_COMP.fullmatch(text)
    if match is None:
        raise InvalidValue(f"SenderCompID {shorten(text)!r} {_complaint(text)}", "sender_comp_id")
    return SenderCompId(*match.groups())


def _complaint(text: str) -> str:
    if text != text.upper():
        return "contains lower-case letters. SenderCompIDs are in upper case."
    if not 7 <= len(text) <= 9:
        return "must have 7 to 9 characters: Session ID (3), GFID (3 to 5), indicator (1)."
    if text[-1] not in "PBUN":
        return "must end with a fault tolerance indicator: P, B, U or N."
    return "may contain only letters A to Z and digits."


def make_sender_comp(session_id: str, gfid: str, fti: str) -> SenderCompId:
    """Build a SenderCompID from its parts. Raises InvalidValue for the part that is invalid."""
    check_session_id(session_id)
    if not _GFID.fullmatch(gfid):
        raise InvalidValue(f"GFID {shorten(gfid)!r} must be 3 to 5 of A-Z and 0-9.", "gfid")
    if fti not in ("P", "B", "U", "N"):
        raise InvalidValue(f"Fault tolerance indicator {shorten(fti)!r} must be P, B, U or N.", "fti")
    return SenderCompId(session_id, gfid, fti)


def check_session_id(text: str) -> str:
    """Return the Session ID. Raises InvalidValue unless it is three of A-Z and 0-9."""
    if not _SESSION.fullmatch(text):
        raise InvalidValue(f"Session ID {shorten(text)!r} must be three of A-Z and 0-9.", "session_id")
    return text


def session_ids(start: int = 0) -> Iterator[str]:
    """Yield every Session ID once, from the given position in alphabetical order, wrapping around at the end."""
    every = ["".join(letters) for letters in product(ALPHABET, repeat=SESSION_ID_LENGTH)]
    yield from every[start:]
    yield from every[:start]

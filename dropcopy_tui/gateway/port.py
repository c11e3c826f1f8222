"""What a rehearsal's connections share, and what one needs of its surroundings."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dropcopy_tui.domain.logon import LogonMessage
from dropcopy_tui.domain.logon_verdict import Verdict
from dropcopy_tui.services.logons.rehearsals import Outcome

# Five invalid logons within so many seconds close the port (CME wiki: drop copy session layer, logon).
MOST_INVALID, INVALID_SECONDS = 5, 60.0
# What the client is told whose logon closes the port.
CLOSURE = "(1000) CME Administered Port Closure Due to Invalid Number of Login Attempts Being Exceeded"

# What a client counts at most of a refused logon: the logon, its answer to the Logout, and (QuickFIX does) a logon
# that it could no longer send.
_COUNTED_IF_REFUSED = 3


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """Something that happened, for the operator: a word for scripts, a line for people, and its facts."""

    event: str
    words: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Numbers:
    """The next sequence numbers of a SenderCompID; they outlive a connection, as in the gateway's week.

    A refused logon, its Logout, and the client's answer to that open no session. Some engines count them,
    others do not: until the next logon is accepted both kinds of client are in step. `refused` is how many
    logons were refused since the last one that was accepted.
    """

    inward: int = 1
    outward: int = 1
    connected: bool = False
    refused: int = 0

    def fits(self, number: int) -> bool:
        """Whether a logon may have this number: the next one, or that of a client that counts what was refused."""
        return self.inward <= number <= self.inward + _COUNTED_IF_REFUSED * self.refused

    def refuse(self, number: int | None) -> int:
        """A logon with this number is refused: the number of the Logout that says so."""
        if number is None or not self.fits(number):
            return self.outward
        counted = self.refused if number > self.inward else 0
        self.refused = counted + 1
        return self.outward + counted

    def accept(self, number: int) -> bool:
        """A logon with this number is accepted; whether the client had counted refused ones."""
        counts = number > self.inward
        self.outward += self.refused if counts else 0
        self.inward, self.refused, self.connected = number + 1, 0, True
        return counts

    def restart(self) -> None:
        """Both sides begin at 1 again."""
        self.inward = self.outward = 1
        self.refused = 0


class Door:
    """What the connections of one port share: sequence numbers, and invalid logons that close it."""

    def __init__(self) -> None:
        self.numbers: dict[str, Numbers] = {}
        self._invalid: deque[float] = deque(maxlen=MOST_INVALID)
        self.closed = False

    def of(self, sender: str) -> Numbers:
        """The numbers of a SenderCompID; new ones for one that logs on for the first time."""
        return self.numbers.setdefault(sender, Numbers()) if sender else Numbers()

    def taken(self, sender: str, session_id: str | None) -> str:
        """Why a SenderCompID cannot log on now, or nothing: a session is connected once."""
        for other, numbers in self.numbers.items():
            if not numbers.connected or (other != sender and other[: len(session_id or other)] != session_id):
                continue
            if other == sender:
                return "This SenderCompID is already logged on."
            return f"Session {session_id} is already logged on as {other}."
        return ""

    def count_invalid(self, at: float) -> None:
        """One more invalid logon; the fifth within 60 seconds closes the port."""
        self._invalid.append(at)
        if len(self._invalid) == MOST_INVALID and at - self._invalid[0] < INVALID_SECONDS:
            self.closed = True

    def reopen(self) -> None:
        """The operator opened the port again; sequence numbers continue."""
        self._invalid.clear()
        self.closed = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What a connection needs of its surroundings.

    Attributes:
        judge: what the gateway says to a logon.
        note: keeps the outcome of a logon.
        tell: tells the operator.
        now: the time of day, aware, for tag 52.
    """

    judge: Callable[[LogonMessage], Verdict]
    note: Callable[[Outcome], None]
    tell: Callable[[GatewayEvent], None]
    now: Callable[[], datetime]

"""What a rehearsal's connections share, and what one needs of its surroundings."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dropcopy_tui.domain.logon import LogonMessage
from dropcopy_tui.services.logons.key_ring import Verdict
from dropcopy_tui.services.logons.rehearsals import Outcome

# Five invalid logons within so many seconds close the port (CME wiki: drop copy session layer, logon).
MOST_INVALID, INVALID_SECONDS = 5, 60.0


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """Something that happened, for the operator: a word for scripts, a line for people, and its facts."""

    event: str
    words: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Numbers:
    """The next sequence numbers of a SenderCompID; they outlive a connection, as in the gateway's week."""

    inward: int = 1
    outward: int = 1
    connected: bool = False


class Door:
    """What the connections of one port share: sequence numbers, and invalid logons that close it."""

    def __init__(self) -> None:
        self.numbers: dict[str, Numbers] = {}
        self._invalid: deque[float] = deque(maxlen=MOST_INVALID)
        self.closed = False

    def count_invalid(self, at: float) -> None:
        """One more invalid logon; the fifth within 60 seconds closes the port."""
        self._invalid.append(at)
        if len(self._invalid) == MOST_INVALID and at - self._invalid[0] < INVALID_SECONDS:
            self.closed = True

    def reopen(self) -> None:
        """The operator opened the port again; sequence numbers go on."""
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

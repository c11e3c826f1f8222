"""Email: the server it is handed to, a letter, and when a letter that was not taken is tried again (rule Q6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from dropcopy_tui.domain.errors import InvalidValue

# A letter that was tried so often is given up: a dead letter, which a person may put back.
MOST_ATTEMPTS = 8
_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))


class Security(StrEnum):
    """How the line to a mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"

    @property
    def usual_port(self) -> int:
        """The port of RFC 8314 and RFC 5321."""
        return {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}[self]


class MessageState(StrEnum):
    """Where a message of the outbox is."""

    HELD = "held"
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes the desk's email.

    Attributes:
        host: its name; the certificate must be made out to it.
        port: where it listens.
        security: NONE is for a server on this machine only.
        sender: the address the desk writes from.
        user: whom to sign in as; "" signs in as nobody.
        password_file: holds that user's password; 0600 and the account's own.
        ca_file: certificates to trust instead of the system's, where a firm has an authority of its own.
        timeout: how long to wait for one answer, in seconds.
    """

    host: str
    port: int
    security: Security
    sender: str
    user: str = ""
    password_file: Path | None = None
    ca_file: Path | None = None
    timeout: float = 20.0

    def __post_init__(self) -> None:
        """Raises InvalidValue for half a configuration."""
        if bool(self.user) != bool(self.password_file):
            raise InvalidValue("user and password_file go together: set both or none")
        if self.security is Security.NONE and not is_loopback(self.host):
            raise InvalidValue('security "none" is for a server on this machine only; use "starttls" or "tls"')


@dataclass(frozen=True, slots=True)
class Letter:
    """An email to one person. `secret`: the body carries a code, which no answer of a server may repeat."""

    message_id: str
    to: str
    subject: str
    at: datetime
    body: str = field(repr=False)
    secret: bool = False


def is_loopback(host: str) -> bool:
    """Whether the name means this machine, whatever a name service says."""
    if host.casefold() == "localhost":
        return True
    # Known to few: the first screen does not wait for it.
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When a letter that was tried so often is tried again: after 1, 5, 15, 60, 240 minutes; None gives it up."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return now + _PAUSES[min(attempts, len(_PAUSES)) - 1]

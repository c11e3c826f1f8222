"""Email: the server that delivers it, one email as data, and the retry schedule (rule Q6)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from dropcopy_tui.domain.errors import InvalidValue

# After this many attempts an email is marked as failed; a person may queue it again.
MOST_ATTEMPTS = 8
# RFC 5321, 4.5.3.1.
ADDRESS_LENGTH = 254
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))


class Security(StrEnum):
    """How the connection to a mail server is secured."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"

    @property
    def usual_port(self) -> int:
        """The port of RFC 8314 and RFC 5321."""
        return {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}[self]


class MessageState(StrEnum):
    """The delivery state of a message in the outbox."""

    HELD = "held"
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that delivers the desk's email.

    Attributes:
        host: the host name; the server's certificate must match it.
        port: the port it listens on.
        security: NONE is for a server on this machine only.
        sender: the address that emails are sent from.
        user: the user name for the login; without one, no login is attempted.
        password_file: contains that user's password; mode 0600, owned by this account.
        ca_file: certificates to trust instead of the system's, for a private certificate authority.
        timeout: how long to wait for one reply, in seconds.
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
        """Raises InvalidValue for an incomplete or insecure configuration."""
        if bool(self.user) != bool(self.password_file):
            raise InvalidValue("user and password_file require each other: set both or neither")
        if self.security is Security.NONE and not is_loopback(self.host):
            raise InvalidValue('security "none" is for a server on this machine only; use "starttls" or "tls"')


@dataclass(frozen=True, slots=True)
class Letter:
    """An email to one person. `secret`: the body contains a code, so that a server's reply must not be shown."""

    message_id: str
    to: str
    subject: str
    at: datetime
    body: str = field(repr=False)
    secret: bool = False


def is_address(text: str) -> bool:
    """Whether an email can be sent to this address as it stands: in ASCII, without quotes and encoded words.

    An encoded word (RFC 2047) consists of characters that an address may contain, and a receiver might decode it.
    """
    return len(text) <= ADDRESS_LENGTH and _ADDRESS.fullmatch(text) is not None and "=?" not in text


def is_loopback(host: str) -> bool:
    """Whether the name denotes this machine, without asking a name service."""
    if host.casefold() == "localhost":
        return True
    # Imported late for start-up speed: few configurations need it.
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def next_try(attempts: int, now: datetime) -> datetime | None:
    """When an email is retried after this many attempts: 1, 5, 15, 60, 240 minutes later; None means never."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return now + _PAUSES[min(attempts, len(_PAUSES)) - 1]

"""The clock and the source of randomness: the only ones, so that tests can hold both still."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


class Clock:
    """Tells the time."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)


class Entropy:
    """Makes what no one may guess."""

    def secret(self) -> bytes:
        """A key pair's secret: 32 random bytes."""
        return secrets.token_bytes(32)

    def access_key_id(self) -> str:
        """A public key id: 20 characters of A-Z, a-z, 0-9 (CME wiki: access key id)."""
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return "".join(secrets.choice(letters) for _ in range(20))

    def code(self, digits: int = 6) -> str:
        """A one-time code, every digit equally likely."""
        return f"{secrets.randbelow(10**digits):0{digits}d}"

    def token(self) -> str:
        """A name for something short-lived, such as a challenge."""
        return secrets.token_hex(8)

    def below(self, limit: int) -> int:
        """A number from 0 to limit - 1."""
        return secrets.randbelow(limit)

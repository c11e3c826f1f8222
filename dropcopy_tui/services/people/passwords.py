"""Password hashes: scrypt with its parameters beside the hash, so that they can be raised later."""

from __future__ import annotations

import hmac
import secrets

from dropcopy_tui.domain.errors import InvalidValue

SHORTEST = 10
_N, _R, _P = 2**15, 8, 1
_MEMORY = 64 * 1024 * 1024


def hash_password(password: str) -> str:
    """The hash to store. Raises InvalidValue for a password that is too short or too long."""
    if not SHORTEST <= len(password) <= 1000:
        raise InvalidValue(f"A password must have {SHORTEST} to 1,000 characters.", "password")
    salt = secrets.token_bytes(16)
    return f"scrypt${_N}${_R}${_P}${salt.hex()}${_scrypt(password, salt, _N, _R, _P).hex()}"


def password_holds(password: str, stored: str | None) -> bool:
    """Whether the password is the one. Takes as long for a person without one: timing tells nothing."""
    known = stored or f"scrypt${_N}${_R}${_P}${'00' * 16}${'00' * 32}"
    _, n, r, p, salt, digest = known.split("$")
    given = _scrypt(password, bytes.fromhex(salt), int(n), int(r), int(p))
    return hmac.compare_digest(given, bytes.fromhex(digest)) and stored is not None


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    import hashlib

    # Terminals and pipes can deliver bytes that are no UTF-8, which Python keeps as surrogates.
    encoded = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(encoded, salt=salt, n=n, r=r, p=p, maxmem=_MEMORY, dklen=32)

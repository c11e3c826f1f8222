"""Password hashes: Argon2id in the PHC string form, whose parameters stand beside the hash so that they can be raised.

Earlier releases stored scrypt hashes. They are still accepted, and sign-in replaces them (`is_outdated`).
"""

from __future__ import annotations

import hmac
import secrets

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.passwords import LONGEST, SHORTEST, is_common

# OWASP's password storage advice names 46 MiB, one pass and one lane as enough. Two passes take about as long as the
# scrypt hashes of earlier releases, so that the time of a refusal does not tell which accounts have such a hash still.
_MEMORY_KIB, _PASSES, _LANES = 46 * 1024, 2, 1
_SALT_BYTES, _HASH_BYTES = 16, 32
_SCRYPT_MEMORY = 64 * 1024 * 1024


def hash_password(password: str) -> str:
    """The hash to store. Raises InvalidValue for a password that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidValue(f"A password must have {SHORTEST} to {LONGEST:,} characters.", "password")
    if is_common(password):
        raise InvalidValue("This password is too easy to guess. Choose another one.", "password")
    return renewed_hash(password)


def renewed_hash(password: str) -> str:
    """The hash of a password that holds already, of whatever length earlier rules allowed."""
    # Late: the first screen and most commands hash nothing.
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    kdf = Argon2id(
        salt=secrets.token_bytes(_SALT_BYTES),
        length=_HASH_BYTES,
        iterations=_PASSES,
        lanes=_LANES,
        memory_cost=_MEMORY_KIB,
    )
    return kdf.derive_phc_encoded(_encoded(password))


def is_outdated(stored: str) -> bool:
    """Whether the hash was made by another algorithm or with other parameters than today's."""
    return not stored.startswith(_parameters())


def password_holds(password: str, stored: str | None) -> bool:
    """Whether the password is the one. Takes as long for a person without one: timing tells nothing."""
    known = stored or _nobodys_hash()
    check = _scrypt_holds if known.startswith("scrypt$") else _argon2id_holds
    return check(_encoded(password), known) and stored is not None


def _parameters() -> str:
    return f"$argon2id$v=19$m={_MEMORY_KIB},t={_PASSES},p={_LANES}$"


def _nobodys_hash() -> str:
    """A hash that costs what a real one costs: salt and digest are zeros in unpadded base64."""
    salt, digest = ("A" * -(-size * 8 // 6) for size in (_SALT_BYTES, _HASH_BYTES))
    return f"{_parameters()}{salt}${digest}"


def _encoded(password: str) -> bytes:
    # Terminals and pipes can deliver bytes that are not UTF-8, which Python keeps as surrogates.
    return password.encode("utf-8", "surrogatepass")


def _argon2id_holds(password: bytes, stored: str) -> bool:
    from cryptography.exceptions import InvalidKey
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        Argon2id.verify_phc_encoded(password, stored)
    except InvalidKey:
        return False
    return True


def _scrypt_holds(password: bytes, stored: str) -> bool:
    import hashlib

    _, n, r, p, salt, digest = stored.split("$")
    given = hashlib.scrypt(
        password, salt=bytes.fromhex(salt), n=int(n), r=int(r), p=int(p), maxmem=_SCRYPT_MEMORY, dklen=32
    )
    return hmac.compare_digest(given, bytes.fromhex(digest))

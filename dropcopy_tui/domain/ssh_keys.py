"""SSH public keys, with which people sign in to a desk over SSH: read, judged and named by their fingerprint.

The formats are those of RFC 4253 (section 6.6), RFC 5656, RFC 8709 and OpenSSH's PROTOCOL.u2f.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.names import shorten

LABEL_LENGTH = 40
# NIST SP 800-57: shorter keys protect less than 128 bits, and end by 2030; OpenSSH itself still takes 1,024.
_LEAST_RSA_BITS = 3072
_LONGEST_LINE = 8_192
_CURVES = {b"nistp256": 65, b"nistp384": 97, b"nistp521": 133}
_KINDS = (
    "ssh-ed25519",
    "sk-ssh-ed25519@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "ssh-rsa",
)
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_NOT_READ = "Paste the whole line of the .pub file; it begins with a word such as ssh-ed25519. Nothing was added."


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An SSH public key: its type, its base64 text, and the comment of its line."""

    kind: str
    blob: str
    comment: str = ""

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` and sshd's log write it: SHA256 in base64 without padding."""
        return fingerprint_of(base64.b64decode(self.blob))

    @property
    def line(self) -> str:
        """What sshd takes for this key: the type and the base64 text."""
        return f"{self.kind} {self.blob}"


def fingerprint_of(blob: bytes) -> str:
    """The fingerprint of a key's bytes."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def is_fingerprint(text: str) -> bool:
    """Whether the text can be one."""
    return _FINGERPRINT.fullmatch(text) is not None


def read_public_key(text: str) -> PublicKey:
    """The key of one line of a .pub file. Raises InvalidValue with what to do instead."""
    line = text.strip()
    if "PRIVATE KEY" in line:
        raise InvalidValue(
            "This is a private key, which must never leave your machine. Paste the line of the .pub file beside it. "
            "Nothing was added.",
            "key",
        )
    if len(line) > _LONGEST_LINE or "\n" in line or not line.isprintable():
        raise InvalidValue(f"This is not one line of a public key file. {_NOT_READ}", "key")
    kind, _, rest = line.partition(" ")
    blob, _, comment = rest.strip().partition(" ")
    _refuse_kind(kind)
    try:
        raw = base64.b64decode(blob, validate=True)
    except binascii.Error:
        raise InvalidValue(f"The key is not whole. {_NOT_READ}", "key") from None
    _check(kind, raw)
    return PublicKey(kind, base64.b64encode(raw).decode(), comment.strip())


def _refuse_kind(kind: str) -> None:
    if kind in _KINDS:
        return
    if kind == "ssh-dss":
        raise InvalidValue("DSA keys are no longer safe. Use an Ed25519 key: ssh-keygen -t ed25519", "key")
    if kind.endswith("-cert-v01@openssh.com"):
        raise InvalidValue("This is a certificate. Paste the public key itself. Nothing was added.", "key")
    if any(name in kind for name in ("=", "restrict", "no-")):
        raise InvalidValue(f"The line begins with options. Remove them. {_NOT_READ}", "key")
    raise InvalidValue(f"{shorten(kind)!r} is not a type of SSH key. {_NOT_READ}", "key")


def _check(kind: str, raw: bytes) -> None:
    """Whether the bytes are a key of this type and long enough. Raises InvalidValue."""
    try:
        parts = _Parts(raw)
        named = parts.text()
        if named != kind.encode():
            raise _Broken
        if kind == "ssh-rsa":
            _check_rsa(parts)
        elif "ed25519" in kind:
            _require(len(parts.text()) == 32)
        else:
            curve = parts.text()
            _require(curve.decode("ascii", "replace") in kind and curve in _CURVES)
            _require(len(parts.text()) == _CURVES[curve])
        if kind.startswith("sk-"):
            _require(0 < len(parts.text()) <= 255)
        _require(parts.at_end)
    except _Broken:
        raise InvalidValue(f"The key is damaged or not whole. {_NOT_READ}", "key") from None


def _check_rsa(parts: _Parts) -> None:
    exponent, modulus = (int.from_bytes(parts.text(), "big") for _ in range(2))
    _require(exponent > 2 and modulus > 0)
    if modulus.bit_length() < _LEAST_RSA_BITS:
        raise InvalidValue(
            f"This RSA key has {modulus.bit_length():,} bits. At least {_LEAST_RSA_BITS:,} are required. "
            "Use an Ed25519 key: ssh-keygen -t ed25519",
            "key",
        )


class _Broken(Exception):
    """The bytes are not a key."""


def _require(holds: bool) -> None:
    if not holds:
        raise _Broken


class _Parts:
    """Reads the strings of a key's bytes, each with its length before it (RFC 4251, section 5)."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = raw, 0

    def text(self) -> bytes:
        head = self._raw[self._at : self._at + 4]
        end = self._at + 4 + int.from_bytes(head, "big")
        _require(len(head) == 4 and end <= len(self._raw))
        part, self._at = self._raw[self._at + 4 : end], end
        return part

    @property
    def at_end(self) -> bool:
        return self._at == len(self._raw)

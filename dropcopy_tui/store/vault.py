"""Secrets at rest: AES-256-GCM under keys derived from the master key, each value bound to its place."""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from pathlib import Path

from dropcopy_tui.domain.errors import MasterKeyLoose, MasterKeyMissing, StoreUnusable, WrongMasterKey

MASTER_KEY_BYTES = 32
_NONCE_BYTES = 12
_CHECKED = b"drop copy vault"


class Vault:
    """Seals and opens secrets of one store. Without a master key every use raises MasterKeyMissing."""

    def __init__(self, master: bytes | None, store_id: str, path: Path | None = None) -> None:
        self._store_id = store_id
        self._path = path
        self._seal_key = _derived(master, store_id, b"seal") if master else None
        self._mac_key = _derived(master, store_id, b"mac") if master else None

    def __repr__(self) -> str:
        return f"Vault({self._store_id}, {'open' if self.is_open else 'no master key'})"

    @property
    def is_open(self) -> bool:
        """Whether there is a master key."""
        return self._seal_key is not None

    def seal(self, plain: bytes, *place: str) -> bytes:
        """The value encrypted and bound to its place (table, row, session, access key id)."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._key(self._seal_key)).encrypt(nonce, plain, self._bound(place))

    def open(self, sealed: bytes, *place: str) -> bytes:
        """The value itself. Raises WrongMasterKey when key, place or bytes do not fit."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key, nonce, body = self._key(self._seal_key), sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, body, self._bound(place))
        except (InvalidTag, ValueError):  # ValueError: what is stored was cut so short that it has no nonce
            raise WrongMasterKey("A stored secret does not belong to its row or to this master key.") from None

    def mac(self, text: str, *place: str) -> bytes:
        """A keyed digest of a short code, bound to its place: what is stored instead of the code."""
        key = self._key(self._mac_key)
        return hmac.digest(key, b"\x1f".join((self._bound(place), text.encode("utf-8", "surrogatepass"))), "sha256")

    def check_value(self) -> str:
        """What the store keeps to know its own master key again."""
        return hmac.digest(self._key(self._mac_key), _CHECKED, "sha256").hex()

    def _key(self, key: bytes | None) -> bytes:
        if key is None:
            where = f" at {self._path}" if self._path else ""
            raise MasterKeyMissing(
                f"The master key file is not there{where}: secrets cannot be read or made. "
                "Put it back; everything else works, and nothing was changed."
            )
        return key

    def _bound(self, place: tuple[str, ...]) -> bytes:
        return "\x1f".join((self._store_id, *place)).encode()


def _derived(master: bytes, store_id: str, use: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt=store_id.encode(), info=b"dropcopy/" + use).derive(master)


def make_master_key(path: Path) -> bytes:
    """Write a new master key file (0600). Raises StoreUnusable when there is a file already."""
    master = secrets.token_bytes(MASTER_KEY_BYTES)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise StoreUnusable(f"There is a master key at {path} already: it was left as it is.") from None
    except OSError as error:
        raise StoreUnusable(f"The master key cannot be written to {path}: {error.strerror}.") from None
    with os.fdopen(handle, "wb") as file:
        file.write(master)
        file.flush()
        os.fsync(file.fileno())
    return master


def read_master_key(path: Path) -> bytes | None:
    """The master key, or None where there is no file.

    Raises:
        MasterKeyLoose: others may read the file.
        WrongMasterKey: it is not 32 bytes long.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreUnusable(f"The master key {path} cannot be read: {error.strerror}.") from None
    with os.fdopen(handle, "rb") as file:
        if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise MasterKeyLoose(f"Others may read the master key. Run: chmod 600 {path}")
        master = file.read(MASTER_KEY_BYTES + 1)
    if len(master) != MASTER_KEY_BYTES:
        raise WrongMasterKey(f"{path} is no master key (it must have {MASTER_KEY_BYTES} bytes). Nothing was changed.")
    return master

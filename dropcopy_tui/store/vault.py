"""Secrets at rest: AES-256-GCM under keys derived from the master key, each value bound to its place."""

from __future__ import annotations

import errno
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from dropcopy_tui.domain.errors import MasterKeyLoose, MasterKeyMissing, StoreUnusable, WrongMasterKey

MASTER_KEY_BYTES = 32
_NONCE_BYTES = 12
_PROOF_BYTES = 16
# Where the settings of a store say by what it recognizes its master key.
CHECK_KEY = "vault_check"
# What a store says of itself, and where its settings have the proof of it.
FACTS = ("store_id", "sandbox", "environment")
FACTS_PROOF = "facts_proof"
# What the store knows its master key by: since its audit trail was sealed, and before that.
_CHECKED = b"drop copy vault, sealed"
_CHECKED_EARLY = b"drop copy vault"


class Vault:
    """Encrypts and decrypts the secrets of one store. Without a master key, every use raises MasterKeyMissing."""

    def __init__(self, master: bytes | None, store_id: str, path: Path | None = None) -> None:
        self._store_id = store_id
        self._path = path
        self._seal_key = _derived(master, store_id, b"seal") if master else None
        self._mac_key = _derived(master, store_id, b"mac") if master else None
        self._chain_key = _derived(master, store_id, b"chain") if master else None
        self._row_key = _derived(master, store_id, b"row") if master else None

    def __repr__(self) -> str:
        return f"Vault({self._store_id}, {'open' if self.is_open else 'no master key'})"

    @property
    def store_id(self) -> str:
        """The id of the store whose secrets these are."""
        return self._store_id

    @property
    def is_open(self) -> bool:
        """Whether the vault has a master key."""
        return self._seal_key is not None

    def require_open(self) -> None:
        """Continue only with a master key: without one, nothing can be proven or recorded. Raises MasterKeyMissing."""
        self._key(self._seal_key)

    def seal(self, plain: bytes, *place: str) -> bytes:
        """Encrypt a value and bind it to its place (table, row, session, access key id).

        A sealed value that is copied to another row cannot be opened there.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._key(self._seal_key)).encrypt(nonce, plain, self._bound(place))

    def open(self, sealed: bytes, *place: str) -> bytes:
        """Decrypt a value. Raises WrongMasterKey if the key, the place or the bytes do not match."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key, nonce, body = self._key(self._seal_key), sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, body, self._bound(place))
        except (InvalidTag, ValueError):  # ValueError: the stored value is too short to have a nonce
            raise WrongMasterKey("A stored secret does not match its row or this master key.") from None

    def mac(self, text: str, *place: str) -> bytes:
        """A keyed digest of a short code, bound to its place: it is stored instead of the code."""
        key = self._key(self._mac_key)
        return hmac.digest(key, b"\x1f".join((self._bound(place), text.encode("utf-8", "surrogatepass"))), "sha256")

    def row_proof(self, said: str) -> bytes:
        """The proof of a row: a keyed digest over what it says, of 16 bytes."""
        return hmac.digest(self._key(self._row_key), said.encode("utf-8", "surrogatepass"), "sha256")[:_PROOF_BYTES]

    def facts_proof(self, facts: Mapping[str, str]) -> str:
        """The same over what the store says of itself."""
        said = ["setting", *(facts.get(name, "") for name in FACTS)]
        return self.row_proof("\x1f".join(said)).hex()

    def believes(self, facts: Mapping[str, str]) -> bool:
        """Whether what the store says of itself is what the desk wrote; of an earlier version, it is taken as it is."""
        return not self.says_sealed(facts[CHECK_KEY]) or facts.get(FACTS_PROOF) == self.facts_proof(facts)

    def chain_root(self, number: int) -> bytes:
        """The root of the keys that seal a stretch of the audit trail."""
        return hmac.digest(self._key(self._chain_key), f"chain {number}".encode(), "sha256")

    def check_value(self) -> str:
        """The value by which the store recognizes its master key, and says that its audit trail is sealed."""
        return hmac.digest(self._key(self._mac_key), _CHECKED, "sha256").hex()

    def early_check_value(self) -> str:
        """The same of a store whose audit trail was never sealed; without the key, no one turns one into the other."""
        return hmac.digest(self._key(self._mac_key), _CHECKED_EARLY, "sha256").hex()

    def recognizes(self, check: str) -> bool:
        """Whether a store with this check value belongs to the master key. Raises MasterKeyMissing."""
        return check in (self.check_value(), self.early_check_value())

    def says_sealed(self, check: str) -> bool:
        """Whether a store with this check value has a sealed audit trail. Raises MasterKeyMissing."""
        return check == self.check_value()

    def _key(self, key: bytes | None) -> bytes:
        if key is None:
            where = f" at {self._path}" if self._path else ""
            raise MasterKeyMissing(
                f"The master key file is missing{where}: without it, no right can be proven, no "
                "change recorded and no secret read. Restore the file, or name where it is: master_key in the "
                "configuration. Nothing was changed."
            )
        return key

    def _bound(self, place: tuple[str, ...]) -> bytes:
        return "\x1f".join((self._store_id, *place)).encode()


def _derived(master: bytes, store_id: str, use: bytes) -> bytes:
    """HKDF with SHA-256 (RFC 5869) for a key of one block.

    By the standard library: the first screen and sshd check proofs before anything else is loaded.
    """
    return hmac.digest(hmac.digest(store_id.encode(), master, "sha256"), b"dropcopy/" + use + b"\x01", "sha256")


def make_master_key(path: Path) -> bytes:
    """Write a new master key file (mode 0600). Raises StoreUnusable if the file exists."""
    master = secrets.token_bytes(MASTER_KEY_BYTES)
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise StoreUnusable(f"A master key already exists at {path}. Nothing was changed.") from None
    except OSError as error:
        raise StoreUnusable(f"The master key cannot be written to {path}: {error.strerror}.") from None
    with os.fdopen(handle, "wb") as file:
        file.write(master)
        file.flush()
        os.fsync(file.fileno())
    return master


def read_master_key(path: Path) -> bytes | None:
    """Read the master key; None if the file does not exist.

    Raises:
        MasterKeyLoose: other accounts can read, replace or own the file.
        StoreUnusable: it is a link or a folder, or not a regular file for another reason.
        WrongMasterKey: it is not 32 bytes long.
    """
    # Without O_NONBLOCK, a FIFO in its place would wait for a writer without end.
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        handle = os.open(path, flags)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise StoreUnusable(f"The master key {path} is a symbolic link. Put the file itself there.") from None
        raise StoreUnusable(f"The master key {path} cannot be read: {error.strerror}.") from None
    try:
        _must_be_ours(path, os.fstat(handle))
        master = os.read(handle, MASTER_KEY_BYTES + 1)
    finally:
        os.close(handle)
    if len(master) != MASTER_KEY_BYTES:
        raise WrongMasterKey(f"{path} is not a master key (expected {MASTER_KEY_BYTES} bytes). Nothing was changed.")
    return master


def _must_be_ours(path: Path, facts: os.stat_result) -> None:
    """Refuse what is not a regular file, what another account owns, and what others can read or replace."""
    if not stat.S_ISREG(facts.st_mode):
        raise StoreUnusable(f"The master key {path} is not a regular file. Restore the file.")
    if facts.st_uid != os.geteuid():
        raise MasterKeyLoose(f"The master key {path} is owned by another account. Restore it as a file of your own.")
    if facts.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise MasterKeyLoose(f"Other accounts can read the master key. Run: chmod 600 {path}")
    folder = path.parent.stat().st_mode
    if folder & (stat.S_IWGRP | stat.S_IWOTH) and not folder & stat.S_ISVTX:
        raise MasterKeyLoose(f"Other accounts can replace the master key. Run: chmod 700 {path.parent}")


def fingerprint_of(master: bytes) -> str:
    """By what people tell a master key from another: 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(master).hexdigest()[:16]


def beside_key(path: Path) -> Path:
    """Where a new master key is until the store has been sealed under it."""
    return path.with_name(path.name + ".new")


def put_new_key(path: Path, keep: Path | None = None) -> None:
    """Give the new master key its name, on the disk when this returns; the old one is kept as `keep`.

    Whoever opens the store may have been quicker: then there is nothing left to do. Raises OSError.
    """
    with suppress(FileNotFoundError, FileExistsError):
        if keep is not None:
            os.link(path, keep)
    with suppress(FileNotFoundError):
        os.replace(beside_key(path), path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _finished(path: Path, facts: Mapping[str, str]) -> Vault | None:
    """The vault of a new key that the store knows, if a process was killed before the key had its name."""
    master = read_master_key(beside_key(path))
    vault = Vault(master, facts["store_id"], path)
    if master is not None and vault.recognizes(facts[CHECK_KEY]):
        put_new_key(path)
        return vault
    # It may have got its name since the old one was read.
    vault = Vault(read_master_key(path), facts["store_id"], path)
    return vault if vault.is_open and vault.recognizes(facts[CHECK_KEY]) else None


def vault_of(path: Path, facts: Mapping[str, str]) -> Vault:
    """The vault of the store with these facts; closed if there is no key file. Raises WrongMasterKey."""
    vault = Vault(read_master_key(path), facts["store_id"], path)
    if not vault.is_open or not vault.recognizes(facts[CHECK_KEY]):
        vault = _finished(path, facts) or vault
    if vault.is_open and not vault.recognizes(facts[CHECK_KEY]):
        raise WrongMasterKey(
            f"{path} is the master key of another store, or was replaced by a new one. "
            "Restore the right one. Nothing was changed."
        )
    if vault.is_open and not vault.believes(facts):
        raise StoreUnusable(
            "What the store says of itself (sandbox, environment) was changed from outside the desk. "
            "Nothing was changed. Keep the store as evidence and restore a backup: see incidents.md."
        )
    return vault

"""Where a secret leaves the vault: one function, one file (architecture, decision 7)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TextIO

from dropcopy_tui.domain.errors import FileRefused, WrongMasterKey
from dropcopy_tui.domain.key_file import KeyRow, render
from dropcopy_tui.domain.logon import encode_secret
from dropcopy_tui.domain.market_close import local_day
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.sessions.key_rows import market_hours
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import KeyPairRow, SessionRow

# A path for a new file (0600), or an open stream such as standard output.
Delivery = Path | TextIO
# Pairs whose stored secret cannot be opened, by primary key: why.
Unreadable = dict[int, str]


class KeyFile(Protocol):
    """The file that is being delivered to."""

    path: Path | None

    def write(self, uow: UnitOfWork, pairs: Sequence[KeyPairRow]) -> Unreadable:
        """Write the pairs with their secrets, once. Those that cannot be opened are returned, each with the reason.

        Raises FileRefused, MasterKeyMissing, and WrongMasterKey where no pair can be opened.
        """


@contextmanager
def deliver(out: Delivery | None) -> Iterator[KeyFile]:
    """Reserve the file before anything else happens, and take it away again if anything fails.

    Raises FileRefused: the file exists, its folder is not there, or it cannot be written.
    """
    if not isinstance(out, Path):
        yield _Stream(out)
        return
    handle = _reserve(out)
    try:
        yield _NewFile(out, handle)
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)


class _Stream:
    path: Path | None = None

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def write(self, uow: UnitOfWork, pairs: Sequence[KeyPairRow]) -> Unreadable:
        if self._stream is None:
            return {}
        text, unreadable = _reveal(uow, pairs)
        self._stream.write(text)
        self._stream.flush()
        return unreadable


class _NewFile:
    def __init__(self, path: Path, handle: int) -> None:
        self.path: Path | None = path
        self._handle = handle

    def write(self, uow: UnitOfWork, pairs: Sequence[KeyPairRow]) -> Unreadable:
        text, unreadable = _reveal(uow, pairs)
        rest = memoryview(text.encode("ascii"))
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
            # On the disk before the transaction commits: pairs are never made whose file was lost.
            os.fsync(self._handle)
        except OSError as error:
            raise FileRefused(
                f"{self.path} cannot be written ({error.strerror}): nothing was changed and no file was left. "
                "Choose another folder."
            ) from None
        return unreadable


def _reserve(path: Path) -> int:
    # O_EXCL and O_NOFOLLOW: neither an existing file nor a link that somebody laid there is written through.
    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags, 0o600)
    except FileExistsError:
        raise FileRefused(f"{path} exists already and was left as it is. Choose another name.") from None
    except FileNotFoundError:
        raise FileRefused(f"The folder {path.parent} is not there. Make it, or choose another.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise FileRefused(f"{path} cannot be written: {why}. Choose another name.") from None


def _reveal(uow: UnitOfWork, pairs: Sequence[KeyPairRow]) -> tuple[str, Unreadable]:
    """The key file's text: the only place where a stored secret becomes readable."""
    rows, unreadable = [], Unreadable()
    for pair in pairs:
        owner = uow.tx.get_one(SessionRow, pair.session_pk)
        hours = market_hours(owner.market, uow.settings)
        place = ("key_pair", str(pair.id), owner.session_id, pair.access_key_id)
        try:
            secret = uow.resources.vault.open(pair.sealed_secret or b"", *place)
        except WrongMasterKey as damage:
            unreadable[key_of(pair.id)] = damage.message
            continue
        rows.append(
            KeyRow(
                session_id=owner.session_id,
                access_key_id=pair.access_key_id,
                secret=encode_secret(secret),
                created=local_day(hours, pair.created_at),
                expires=local_day(hours, pair.expires_at),
                environment=uow.resources.environment,
            )
        )
    if not rows and unreadable:
        raise WrongMasterKey(next(iter(unreadable.values())))
    return render(rows), unreadable

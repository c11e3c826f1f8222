"""Where a secret leaves the vault: one function, one file (architecture, decision 7)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TextIO

from dropcopy_tui.domain.errors import FileRefused, WrongMasterKey
from dropcopy_tui.domain.key_file import KeyRow, render
from dropcopy_tui.domain.logon import encode_secret
from dropcopy_tui.domain.market_close import local_day
from dropcopy_tui.new_file import NewFile
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.people.parcels import Ticket, send
from dropcopy_tui.services.sessions.key_rows import market_hours
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.store.tables import KeyPairRow, SessionRow


@dataclass(frozen=True, slots=True)
class ForTicket:
    """A file that waits in the store until its person fetches it over SSH, under this name."""

    name: str


# A path for a new file (0600), an open stream such as standard output, or a ticket.
Delivery = Path | TextIO | ForTicket
# Pairs whose stored secret cannot be opened, by primary key: why.
Unreadable = dict[int, str]
# What is true of a file that failed after the commit.
_RECORDED = (
    "No key file was written, but the key pairs are recorded as downloaded and the code has been used: "
    "download them again with a new code."
)


class KeyFile(Protocol):
    """The file that is being delivered to."""

    path: Path | None
    ticket: Ticket | None

    def write(self, uow: UnitOfWork, pairs: Sequence[KeyPairRow]) -> Unreadable:
        """Take the pairs with their secrets, once; those that cannot be opened are left out and told.

        Raises FileRefused, MasterKeyMissing, and WrongMasterKey where no pair can be opened.
        """


@contextmanager
def deliver(out: Delivery | None, store: Path) -> Iterator[KeyFile]:
    """Reserve the file before anything else happens; let it out when the block ends, which includes the commit.

    No secret leaves the store before the record that it does: a process that is killed in between leaves an event
    without a file, and never a file without an event. If anything fails, nothing is left.

    Raises FileRefused: the file exists, its folder does not exist, or it cannot be written.
    """
    if out is None:
        yield _Stream(None)
    elif isinstance(out, Path):
        file = NewFile(out, store)
        try:
            key_file = _Held(file)
            yield key_file
            key_file.publish()
        finally:
            file.close()
    elif isinstance(out, ForTicket):
        yield _Parcelled(out.name)
    else:
        stream = _Stream(out)
        yield stream
        stream.publish()


class _Parcelled:
    """Sealed in the store by the transaction that records the download: the one is never there without the other."""

    path: Path | None = None

    def __init__(self, name: str) -> None:
        self._name = name
        self.ticket: Ticket | None = None

    def write(self, uow: UnitOfWork, pairs: Sequence[KeyPairRow]) -> Unreadable:
        text, unreadable = _reveal(uow, pairs)
        self.ticket = send(uow, self._name, text.encode("ascii"))
        return unreadable


class _Stream:
    path: Path | None = None
    ticket: Ticket | None = None

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._text = ""

    def write(self, uow: UnitOfWork, pairs: Sequence[KeyPairRow]) -> Unreadable:
        if self._stream is None:
            return {}
        self._text, unreadable = _reveal(uow, pairs)
        return unreadable

    def publish(self) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(self._text)
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise FileRefused(f"Standard output cannot be written ({error.strerror}). {_RECORDED}") from None


class _Held:
    """A new file: its text is in it before the commit, its name is given afterwards."""

    ticket: Ticket | None = None

    def __init__(self, file: NewFile) -> None:
        self.path: Path | None = file.path
        self._file = file
        self._text = b""

    def write(self, uow: UnitOfWork, pairs: Sequence[KeyPairRow]) -> Unreadable:
        text, unreadable = _reveal(uow, pairs)
        self._text = text.encode("ascii")
        try:
            if self._file.nameless:
                self._fill()
            else:
                # It has a name that others see: only the space is taken, so that a full disk is found in time.
                _reserve(self._file.handle, len(self._text))
        except OSError as error:
            raise FileRefused(
                f"{self.path} cannot be written ({error.strerror}): nothing was changed and no file was created. "
                "Use another folder."
            ) from None
        return unreadable

    def publish(self) -> None:
        try:
            if not self._file.nameless:
                self._fill()
            self._file.publish()
        except FileExistsError:
            raise FileRefused(
                f"{self.path} was created by another program in the meantime and was not changed. {_RECORDED}"
            ) from None
        except OSError as error:
            raise FileRefused(f"{self.path} cannot be written ({error.strerror}). {_RECORDED}") from None

    def _fill(self) -> None:
        rest, at = memoryview(self._text), 0
        while rest:
            done = os.pwrite(self._file.handle, rest, at)
            rest, at = rest[done:], at + done
        os.fsync(self._file.handle)


def _reserve(handle: int, length: int) -> None:
    if length and hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, length)


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

"""Parcels: files on their way between a person's own machine and a desk that is reached over SSH.

Over SSH no file of the host can be named. What an application would write, a key file above all, waits
sealed in the store under a ticket, and `ssh desk get TICKET` delivers it once; what `ssh desk put NAME` brings can be
read by its name for a day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlmodel import col

from dropcopy_tui.domain.accounts import CODE_LETTERS, grouped_code
from dropcopy_tui.domain.errors import InvalidValue, LimitReached, NotFound
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork, last_event, was_later
from dropcopy_tui.store.tables import ParcelRow

OUT, IN = "out", "in"
TICKET_LIFE = timedelta(minutes=10)
UPLOAD_LIFE = timedelta(days=1)
LARGEST = 32 * 1024 * 1024
# Uploads of one person at a time, together: the store is not a file server.
_MOST_BYTES = 4 * LARGEST
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TICKET_LETTERS = 16
_NO_TICKET = "No file waits for you under this ticket: it is wrong, used, or more than ten minutes old."


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a file is fetched with, once, by the person it is for."""

    ticket: str
    name: str
    expires_at: datetime

    @property
    def command(self) -> str:
        """What fetches the file, typed on the person's own machine."""
        # In a shell of its own, whose files no other account can read.
        return f"(umask 077; ssh desk get {grouped_code(self.ticket)} > {self.name})"

    def __repr__(self) -> str:
        return f"Ticket({self.name})"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was put. `size` is in bytes."""

    name: str
    size: int
    expires_at: datetime


class Parcels(Service):
    """The parcels of the person who acts."""

    def take(self, actor: Actor, ticket: str) -> tuple[str, bytes]:
        """The name and the bytes of a file that waits; it is destroyed with that. Raises NotFound."""
        with self._writing(actor) as uow:
            row = _waiting(uow, ticket)
            found = _open(uow, row)
            row.sealed, row.taken_at = None, uow.now
            uow.record("parcel:taken", row.name, after={"bytes": row.size})
            return row.name, found

    def send(self, actor: Actor, name: str, content: bytes) -> Ticket:
        """Keep a file for the person to fetch, such as a list that was exported. Raises LimitReached."""
        with self._writing(actor) as uow:
            return send(uow, name, content)

    def put(self, actor: Actor, name: str, content: bytes) -> Upload:
        """Keep a file for a day; a newer one of the same name takes its place. Raises InvalidValue, LimitReached."""
        check_name(name)
        if len(content) > LARGEST:
            raise LimitReached(f"The file is larger than {LARGEST // 1_048_576} MB. Nothing was kept.")
        with self._writing(actor) as uow:
            mine = (col(ParcelRow.person_id) == actor.person_id) & (col(ParcelRow.direction) == IN)
            uow.tx.execute(delete(ParcelRow).where(mine, col(ParcelRow.name) == name))
            held = uow.tx.execute(select(func.coalesce(func.sum(ParcelRow.size), 0)).where(mine)).scalar_one()
            if held + len(content) > _MOST_BYTES:
                raise LimitReached(
                    "Your files here take too much room. They are removed after a day. Nothing was kept."
                )
            row = _keep(uow, IN, name, content, UPLOAD_LIFE, uow.resources.entropy.token())
            uow.record("parcel:put", name, after={"bytes": len(content)})
            return Upload(name, row.size, row.expires_at)

    def read(self, actor: Actor, name: str) -> bytes:
        """A file that was put. Raises NotFound."""
        with self._reading(actor) as uow:
            named = (col(ParcelRow.direction) == IN) & (col(ParcelRow.name) == name)
            rows = select(ParcelRow).where(named, col(ParcelRow.person_id) == actor.person_id)
            row = uow.tx.execute(rows).scalar_one_or_none()
            if row is None or _is_over(uow, row):
                raise NotFound(f"You have put no file {shorten(name)!r} here. Send it: ssh desk put NAME < FILE")
            return _open(uow, row)

    def uploads(self, actor: Actor) -> tuple[Upload, ...]:
        """The files that were put, by name."""
        with self._reading(actor) as uow:
            mine = (col(ParcelRow.person_id) == actor.person_id) & (col(ParcelRow.direction) == IN)
            rows = select(ParcelRow).where(mine).order_by(col(ParcelRow.name))
            found = uow.tx.execute(rows).scalars().all()
            return tuple(Upload(row.name, row.size, row.expires_at) for row in found if not _is_over(uow, row))


def send(uow: UnitOfWork, name: str, content: bytes) -> Ticket:
    """Keep a file for the person who acts, inside the caller's transaction. Raises MasterKeyMissing, LimitReached."""
    check_size(len(content))
    ticket = "".join(CODE_LETTERS[uow.resources.entropy.below(len(CODE_LETTERS))] for _ in range(_TICKET_LETTERS))
    row = _keep(uow, OUT, name, content, TICKET_LIFE, ticket)
    uow.record("parcel:sent", name, after={"bytes": len(content)})
    return Ticket(ticket, name, row.expires_at)


def check_size(size: int) -> None:
    """Refuse a file to be fetched that is larger than a parcel may be, in bytes. Raises LimitReached."""
    if size > LARGEST:
        raise LimitReached(
            f"The file is larger than {LARGEST // 1_048_576} MB. Use the command instead, such as: "
            "ssh desk groups list --json > groups.json"
        )


def clear_expired(uow: UnitOfWork) -> int:
    """Destroy what was not taken in time; how many."""
    over = (col(ParcelRow.expires_at) < uow.now) & col(ParcelRow.sealed).is_not(None)
    gone: Any = uow.tx.execute(update(ParcelRow).where(over, col(ParcelRow.direction) == OUT).values(sealed=None))
    old: Any = uow.tx.execute(delete(ParcelRow).where(col(ParcelRow.expires_at) < uow.now - UPLOAD_LIFE))
    return int(gone.rowcount) + int(old.rowcount)


def check_name(name: str) -> None:
    """Refuse what could be a path. Raises InvalidValue."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise InvalidValue(
            "The name of a file may have letters, digits, dots, hyphens and underscores, 64 at most. Nothing was kept.",
            "name",
        )


def _keep(uow: UnitOfWork, direction: str, name: str, content: bytes, life: timedelta, ticket: str) -> ParcelRow:
    row = ParcelRow(
        person_id=uow.actor.person_id,
        direction=direction,
        name=name,
        ticket_mac=_mac(uow, ticket),
        size=len(content),
        created_at=uow.now,
        expires_at=uow.now + life,
        after_event=last_event(uow),
    )
    uow.tx.add(row)
    uow.tx.flush()
    row.sealed = uow.resources.vault.seal(content, *_place(row))
    return row


def _waiting(uow: UnitOfWork, ticket: str) -> ParcelRow:
    text = ticket.strip().upper().replace("-", "")
    rows = select(ParcelRow).where(col(ParcelRow.ticket_mac) == _mac(uow, text), col(ParcelRow.direction) == OUT)
    row: ParcelRow | None = uow.tx.execute(rows).scalar_one_or_none()
    # Of another person's ticket nothing is told.
    if row is None or row.person_id != uow.actor.person_id or row.sealed is None or _is_over(uow, row):
        raise NotFound(f"{_NO_TICKET} Ask for it again in the application.")
    return row


def _open(uow: UnitOfWork, row: ParcelRow) -> bytes:
    return uow.resources.vault.open(row.sealed or b"", *_place(row))


def _is_over(uow: UnitOfWork, row: ParcelRow) -> bool:
    return uow.now >= row.expires_at or was_later(uow.tx, row.after_event, row.expires_at)


def _mac(uow: UnitOfWork, ticket: str) -> bytes:
    return uow.resources.vault.mac(ticket, "parcel")


def _place(row: ParcelRow) -> tuple[str, ...]:
    return ("parcel", str(key_of(row.id)), str(row.person_id), row.name)

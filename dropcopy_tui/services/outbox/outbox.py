"""The outbox: what was or will be sent (rule Q6).

A sandbox never sends; its outbox is the demo's phone and mailbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlmodel import col

from dropcopy_tui.domain.mail import MessageState
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import MAY_OPERATE, Actor
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.services.messages import unsealed
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.store.paging import Dated, Listing, fetch
from dropcopy_tui.store.tables import OutboxRow

EMAIL = col(OutboxRow.channel) == "email"
# Outside a sandbox no one reads a sealed body but its recipient.
_HIDDEN = {
    "sms": "(a one-time code, shown on the phone only)",
    "email": "(a one-time code, shown in the email only)",
}


class Message(NamedTuple):
    """A message of the outbox, of which an export has many."""

    id: int
    channel: str
    to: str
    subject: str
    body: str
    state: str
    created_at: datetime
    attempts: int = 0
    next_at: datetime | None = None
    sent_at: datetime | None = None
    error: str = ""


# In the order of a message; the sealed body is last.
_COLUMNS = [
    col(getattr(OutboxRow, name))
    for name in (
        "id", "channel", "recipient", "subject", "body", "state", "created_at", "attempts", "next_at", "sent_at",
        "error", "sealed_body",
    )
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class OutboxStanding:
    """How the outbox stands; `words` says what is held and why, "" where nothing is."""

    held: int
    queued: int
    failed: int
    words: str


class Outbox(Service):
    """The messages of the desk, for the people who operate it."""

    def page(self, actor: Actor, ask: PageRequest) -> Page[Message]:
        """Messages, the newest first. Outside a sandbox this needs operations, and codes stay hidden."""
        with self._reading(actor) as uow:
            if not uow.resources.sandbox:
                uow.require(MAY_OPERATE)
            rows = Listing(
                select(*_COLUMNS),
                {
                    "id": col(OutboxRow.id),
                    "channel": col(OutboxRow.channel),
                    "to": col(OutboxRow.recipient),
                    "state": col(OutboxRow.state),
                },
                col(OutboxRow.id),
                (
                    col(OutboxRow.recipient),
                    col(OutboxRow.subject),
                    col(OutboxRow.channel),
                    col(OutboxRow.state),
                    Dated(col(OutboxRow.created_at)),
                ),
                newest_first=True,
            )
            return fetch(uow.tx, rows, ask, self._message)

    def standing(self, actor: Actor) -> OutboxStanding:
        """How many messages wait and failed. Raises NotEntitled as `page` does."""
        with self._reading(actor) as uow:
            if not uow.resources.sandbox:
                uow.require(MAY_OPERATE)
            state = col(OutboxRow.state)
            rows = uow.tx.execute(select(state, func.count()).group_by(state))
            count: dict[str, int] = {row[0]: row[1] for row in rows}
            words = held_words(uow)
            return OutboxStanding(count.get("held", 0), count.get("queued", 0), count.get("failed", 0), words)

    def _message(self, row: Any) -> Message:
        number, channel, to, subject, body, *more, sealed = row[: len(_COLUMNS)]
        return Message(number, channel, to, subject, body if sealed is None else self._opened(row), *more)

    def _opened(self, row: Any) -> str:
        """What a sealed message says, for those who may read it. Raises MasterKeyMissing, WrongMasterKey."""
        if not self._resources.sandbox or not self._resources.vault.is_open:
            return _HIDDEN[row.channel]
        return unsealed(self._resources, row.id, row.sealed_body)


def waiting_count(uow: UnitOfWork) -> int:
    """How many messages nothing was done with yet."""
    waits = col(OutboxRow.state).in_((MessageState.HELD.value, MessageState.QUEUED.value))
    return int(uow.tx.execute(select(func.count()).select_from(OutboxRow).where(waits, EMAIL)).scalar_one())


def held_words(uow: UnitOfWork) -> str:
    """Why nothing is sent from here, "" where it is."""
    if uow.resources.sandbox:
        return "A sandbox never sends messages; Phone and mailbox lists them."
    if uow.resources.mail is None:
        waiting = waiting_count(uow)
        messages = plural(waiting, "message is", "messages are")
        return f"Mail is not configured: {messages} held. Set [mail] in the configuration file."
    return ""

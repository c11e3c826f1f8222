"""The outbox: what was or will be sent. A sandbox never sends; its outbox is the demo's phone and mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from dropcopy_tui.domain.pages import Ask, Page
from dropcopy_tui.domain.people import MAY_OPERATE, Actor
from dropcopy_tui.services.base import Service, key_of
from dropcopy_tui.services.rights import require
from dropcopy_tui.services.trail import reading
from dropcopy_tui.store.paging import Listing, fetch
from dropcopy_tui.store.tables import NoticeRow, OutboxRow

_HIDDEN = "(a one-time code: only the phone shows it)"


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the outbox."""

    id: int
    channel: str
    to: str
    subject: str
    body: str
    state: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice for the person who acts."""

    id: int
    text: str
    at: datetime
    read: bool


class Outbox(Service):
    """Messages and notices."""

    def page(self, actor: Actor, ask: Ask) -> Page[Message]:
        """Messages, the newest first. Outside a sandbox this needs operations, and codes stay hidden."""
        with reading(self._means, actor) as session:
            if not self._means.sandbox:
                require(session, actor, MAY_OPERATE)
            rows = Listing(
                select(OutboxRow),
                {
                    "id": col(OutboxRow.id),
                    "channel": col(OutboxRow.channel),
                    "to": col(OutboxRow.recipient),
                    "state": col(OutboxRow.state),
                },
                col(OutboxRow.id),
                (col(OutboxRow.recipient), col(OutboxRow.subject), col(OutboxRow.channel)),
                newest_first=True,
            )
            return fetch(session, rows, ask, lambda row: self._message(row[0]))

    def notices(self, actor: Actor, ask: Ask) -> Page[Notice]:
        """The person's own notices, the newest first."""
        with self._store.read() as session:
            rows = Listing(
                select(NoticeRow).where(col(NoticeRow.person_id) == actor.person_id),
                {"id": col(NoticeRow.id), "text": col(NoticeRow.text)},
                col(NoticeRow.id),
                (col(NoticeRow.text),),
                newest_first=True,
            )
            return fetch(session, rows, ask, lambda row: _notice(row[0]))

    def _message(self, row: OutboxRow) -> Message:
        body = row.body if row.sealed_body is None else self._opened(row)
        return Message(key_of(row.id), row.channel, row.recipient, row.subject, body, row.state, row.created_at)

    def _opened(self, row: OutboxRow) -> str:
        if not self._means.sandbox or not self._vault.is_open:
            return _HIDDEN
        return self._vault.open(row.sealed_body or b"", "outbox", str(row.id)).decode()


def _notice(row: Any) -> Notice:
    return Notice(key_of(row.id), row.text, row.at, row.read_at is not None)

"""Notices: what the desk tells a person in the application (rule Q6). Everyone reads their own, and no others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, true, update
from sqlmodel import col

from dropcopy_tui.domain.pages import Page, PageRequest, Selection
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.store.paging import Dated, Listing, fetch, selected
from dropcopy_tui.store.tables import NoticeRow, RequestRow

_COLUMNS = (col(NoticeRow.id), col(NoticeRow.text), col(NoticeRow.at), col(NoticeRow.read_at))
# Compared, so that an index that begins with it serves: `unread` alone is not a condition on a column to SQLite.
_UNREAD = col(NoticeRow.unread) == true()


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice for the person who acts; `request` is the reference of the one it is about, or ""."""

    id: int
    text: str
    at: datetime
    read: bool
    request: str = ""


class Notices(Service):
    """The person's inbox."""

    def page(self, actor: Actor, ask: PageRequest) -> Page[Notice]:
        """The person's own notices: unread ones first, then the newest first."""
        with self._reading(actor) as uow:
            return fetch(uow.tx, _of(actor), ask, _notice)

    def unread(self, actor: Actor) -> int:
        """How many were not read yet."""
        rows = select(func.count()).select_from(NoticeRow).where(_mine(actor), _UNREAD)
        with self._reading(actor) as uow:
            return int(uow.tx.execute(rows).scalar_one())

    def read(self, actor: Actor, picked: Selection) -> int:
        """Mark a selection as read; how many were unread. What is not the person's own is left alone."""
        with self._writing(actor) as uow:
            return self._read(uow, picked)

    def read_all(self, actor: Actor) -> int:
        """Mark everything as read; how many were unread."""
        return self.read(actor, Selection(everything=True))

    def _read(self, uow: UnitOfWork, picked: Selection) -> int:
        pk = col(NoticeRow.id)
        chosen = selected(_of(uow.actor), picked).with_only_columns(pk)
        unread = update(NoticeRow).where(_mine(uow.actor), _UNREAD, pk.in_(chosen))
        done: Any = uow.tx.execute(
            unread.values(read_at=uow.now, unread=False).execution_options(synchronize_session=False)
        )
        count = int(done.rowcount)
        if count:
            uow.record("notice:read", uow.actor.user_id, after={"notices": count})
        return count


def _mine(actor: Actor) -> ColumnElement[bool]:
    return col(NoticeRow.person_id) == actor.person_id


def _of(actor: Actor) -> Listing:
    about = col(RequestRow.reference)
    return Listing(
        # Columns, and no objects of the mapper: an export has a million of them.
        select(*_COLUMNS, about).outerjoin(RequestRow, col(NoticeRow.request_id) == RequestRow.id).where(_mine(actor)),
        {
            "state": col(NoticeRow.unread),
            # Notices are numbered in the order in which they come, and requests in that of their references.
            "at": col(NoticeRow.id),
            "request": col(NoticeRow.about),
        },
        col(NoticeRow.id),
        (col(NoticeRow.text), func.coalesce(about, ""), Dated(col(NoticeRow.at))),
        newest_first=True,
    )


def _notice(row: Row[int, str, datetime, datetime, str]) -> Notice:
    pk, words, at, read_at, request = row[:5]
    return Notice(key_of(pk), words, at, read_at is not None, request or "")

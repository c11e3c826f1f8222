"""Finding things by what people call them: a Session ID, a request, a firm, a SenderComp, a group, a person.

Every look-up is by an index, from the beginning of the name on: it is asked while someone types.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Mapped
from sqlmodel import col

from dropcopy_tui.domain.errors import NotEntitled, NotFound
from dropcopy_tui.domain.markets import MARKETS
from dropcopy_tui.domain.names import name_key
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.domain.requests import reference
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.people.views import people_beginning_with, scope_of
from dropcopy_tui.services.requests.requests import seen_request
from dropcopy_tui.services.requests.views import request_view
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.store.tables import EntityRow, GroupRow, SenderCompRow, SessionRow

LEAST = 2
# Of each kind: whoever wants more opens the list.
MOST = 5
_LONGEST = 60
# Greater than every character that a name can have.
_LAST = "\U0010ffff"
_REFERENCE = re.compile(r"(?:DC-)?(?:(\d{4})-)?(\d{1,6})", re.IGNORECASE)
_SESSION_ID = re.compile(r"[A-Z0-9]{2,3}")
_GFID = re.compile(r"[A-Z0-9]{3,5}")
_SENDER_COMP = re.compile(r"[A-Z0-9]{7,9}")


class ThingKind(StrEnum):
    """What was found."""

    SESSION = "session"
    REQUEST = "request"
    FIRM = "firm"
    SENDER_COMP = "sender_comp"
    GROUP = "group"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that can be opened.

    Attributes:
        kind: what it is.
        key: its id for whoever opens it: a primary key, or a name.
        name: what people call it.
        detail: where it is, or what it is about.
        exact: whether it is called just what was typed.
    """

    kind: ThingKind
    key: str
    name: str
    detail: str
    exact: bool


class Finder(Service):
    """Things that a person may see, by the beginning of their names."""

    def find(self, actor: Actor, text: str) -> tuple[Thing, ...]:
        """The things that are called so, or whose name begins so; those first that are called just so.

        Nothing for fewer than two characters. At most five of each kind.
        """
        typed = " ".join(text.split())[:_LONGEST]
        if len(typed) < LEAST or not typed.isprintable():
            return ()
        with self._reading(actor) as uow:
            visible = uow.visible_ids()
            found = chain(
                _sessions(uow, typed.upper(), visible),
                _requests(uow, typed),
                _sender_comps(uow, typed.upper(), visible),
                _groups(uow, typed, visible),
                _people(uow, typed),
            )
            return tuple(sorted(found, key=lambda thing: not thing.exact))


def _sessions(uow: UnitOfWork, typed: str, visible: list[int]) -> Iterator[Thing]:
    if not _SESSION_ID.fullmatch(typed):
        return
    session_id = col(SessionRow.session_id)
    rows = (
        select(SessionRow, col(EntityRow.code))
        .join(EntityRow, col(EntityRow.id) == col(SessionRow.entity_id))
        # The index begins with the market.
        .where(col(SessionRow.market).in_(list(MARKETS)), _begins(session_id, typed))
        .where(col(SessionRow.entity_id).in_(visible))
        .limit(MOST)
    )
    for row, entity in uow.tx.execute(rows):
        kind = row.kind.replace("_", " ")
        yield Thing(
            ThingKind.SESSION,
            str(row.id),
            row.session_id,
            f"{kind} session, {MARKETS[row.market].name}, {entity}, {row.status}",
            row.session_id == typed,
        )


def _requests(uow: UnitOfWork, typed: str) -> Iterator[Thing]:
    parts = _REFERENCE.fullmatch(typed)
    if parts is None:
        return
    name = reference(int(parts[1] or uow.now.year), int(parts[2]))
    try:
        view = request_view(uow, seen_request(uow, name))
    except NotFound:
        return
    yield Thing(ThingKind.REQUEST, name, name, f"{view.type.replace('_', ' ')} {view.subject}, {view.stage}", True)


def _sender_comps(uow: UnitOfWork, typed: str, visible: list[int]) -> Iterator[Thing]:
    """A firm by its GFID, a SenderComp by its whole name: each opens who receives its messages."""
    here = and_(col(SenderCompRow.entity_id).in_(visible), col(SenderCompRow.market).in_(list(MARKETS)))
    for kind, pattern, column, detail in (
        (ThingKind.FIRM, _GFID, col(SenderCompRow.gfid), "Globex Firm: who receives its messages"),
        (ThingKind.SENDER_COMP, _SENDER_COMP, col(SenderCompRow.sender_comp_id), "SenderComp: who receives it"),
    ):
        if not pattern.fullmatch(typed):
            continue
        if uow.tx.execute(select(column).where(here, column == typed).limit(1)).first() is not None:
            yield Thing(kind, typed, typed, detail, True)


def _groups(uow: UnitOfWork, typed: str, visible: list[int]) -> Iterator[Thing]:
    key = name_key(typed)
    rows = (
        select(GroupRow, col(EntityRow.code))
        .join(EntityRow, col(EntityRow.id) == col(GroupRow.entity_id))
        .where(col(GroupRow.entity_id).in_(visible), col(GroupRow.deleted_at).is_(None))
        .where(_begins(col(GroupRow.name_key), key))
        .limit(MOST)
    )
    for row, entity in uow.tx.execute(rows):
        detail = f"group, {MARKETS[row.market].name}, {entity}"
        yield Thing(ThingKind.GROUP, str(key_of(row.id)), row.name, detail, row.name_key == key)


def _people(uow: UnitOfWork, typed: str) -> Iterator[Thing]:
    try:
        scope = scope_of(uow)
    except NotEntitled:
        return
    for row in people_beginning_with(uow, scope, typed, MOST):
        exact = typed.casefold() in (row.user_id, row.name.casefold())
        yield Thing(ThingKind.PERSON, row.user_id, row.user_id, f"person, {row.name}", exact)


def _begins(column: Mapped[str], word: str) -> ColumnElement[bool]:
    return and_(column >= word, column < word + _LAST)

"""Imports of SenderComps (domain section 1), of which a file may hold a million.

Their lines are read and checked without any lock, and wait in a table of their own; the store takes them in one
statement, in the order in which it keeps them. In any other order the same rows cost five times as much.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Integer, MetaData, Select, String, Table, and_, func, insert, or_, select
from sqlmodel import Session

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.sessions import SenderCompStatus, make_sender_comp
from dropcopy_tui.domain.work import step
from dropcopy_tui.services.imports.csv_lines import EXPLAINED, Cells, Columns, LineTally
from dropcopy_tui.services.imports.kinds import EntityCodes, gateway_of
from dropcopy_tui.store.search import index_new
from dropcopy_tui.store.tables import METADATA

SENDER_COMP = METADATA.tables["sender_comp"]
COLUMNS = Columns(("entity", "market", "session_id", "gfid", "fti", "gateway"), optional=("guarantor", "status"))
# The lines that wait, and their number in the file.
WAITING = Table(
    "import_line",
    MetaData(),
    Column("line", Integer, primary_key=True),
    Column("entity_id", Integer),
    Column("market", String),
    Column("sender_comp_id", String),
    Column("session_id", String),
    Column("gfid", String),
    Column("fti", String),
    Column("gateway", String),
    Column("guarantor_id", Integer),
    Column("status", String),
)
# Bytes of the store for each line of a file, and how often the size of the file its waiting lines take.
STORE_BYTES, WAITING_GROWTH = 300, 5
# Steps of the database for each line that is checked, inserted, and taken into the search.
CHECKING, INSERTING, SEARCHING = 60, 110, 14
W = WAITING.c
_ENTITY = METADATA.tables["entity"]
_STATUSES = frozenset(status.value for status in SenderCompStatus)
# More different values than that are not of one master list: they are looked at again.
_MOST_REMEMBERED = 100_000
_NAMES = [column.name for column in WAITING.columns if column.name != "line"]

WaitingRow = tuple[int, int, str, str, str, str, str, str, int | None, str]


class SenderCompLines:
    """The lines of a file of SenderComps. What many of them share is checked once."""

    def __init__(self, codes: EntityCodes) -> None:
        self._codes = codes
        self._known: dict[tuple[str, ...], tuple[int, str, str, int | None, str]] = {}
        self._sessions: set[str] = set()
        self._firms: set[str] = set()

    def row(self, line: int, cells: Cells) -> WaitingRow:
        """What the line says, in the columns of `WAITING`. Raises InvalidValue."""
        entity, market, session_id, gfid, fti, gateway, guarantor, status = cells
        shared = (entity, market, gateway, guarantor, status)
        known = self._known.get(shared)
        if known is None:
            self._forget_some()
            known = self._known[shared] = self._looked_up(*shared)
        if session_id not in self._sessions or gfid not in self._firms or fti not in ("P", "B", "U", "N"):
            self._forget_some()
            make_sender_comp(session_id, gfid, fti)
            self._sessions.add(session_id)
            self._firms.add(gfid)
        entity_id, code, path, guarantor_id, state = known
        return line, entity_id, code, session_id + gfid + fti, session_id, gfid, fti, path, guarantor_id, state

    def _forget_some(self) -> None:
        for known in (self._known, self._sessions, self._firms):
            if len(known) >= _MOST_REMEMBERED:
                known.clear()

    def _looked_up(
        self, entity: str, market: str, gateway: str, guarantor: str, status: str
    ) -> tuple[int, str, str, int | None, str]:
        entity_id = self._codes.entity(entity)
        place = market_named(shorten(market))
        path = gateway_of(place, gateway)
        return entity_id, place.code, path, self._codes.guarantor(guarantor), _status(status)


def _status(text: str) -> str:
    if text and text not in _STATUSES:
        raise InvalidValue(f"Status {shorten(text)!r} must be active or inactive.")
    return text or SenderCompStatus.ACTIVE.value


def check_repeats(tx: Session, tally: LineTally, *, update: bool = False) -> None:
    """Count the waiting lines that repeat another one or, without `update`, what the store has.

    With `update`, lines are refused that would move a SenderComp to another entity.
    """
    step("Checking the lines", tally.read, CHECKING)
    firsts = (
        select(W.market, W.sender_comp_id, func.min(W.line).label("first"))
        .group_by(W.market, W.sender_comp_id)
        .having(func.count() > 1)
        .subquery()
    )
    same = and_(SENDER_COMP.c.market == W.market, SENDER_COMP.c.sender_comp_id == W.sender_comp_id)
    taken = SENDER_COMP.c.entity_id != W.entity_id if update else SENDER_COMP.c.id.is_not(None)
    bad = (
        select(W.line, W.sender_comp_id, W.market, firsts.c.first, SENDER_COMP.c.id, SENDER_COMP.c.entity_id)
        .select_from(WAITING)
        .outerjoin(SENDER_COMP, same)
        .outerjoin(firsts, and_(firsts.c.market == W.market, firsts.c.sender_comp_id == W.sender_comp_id))
        .where(or_(taken, W.line > firsts.c.first))
    )
    count = tx.execute(select(func.count()).select_from(bad.subquery())).scalar_one()
    if not count:
        return
    codes = dict(iter(tx.execute(select(_ENTITY.c.id, _ENTITY.c.code))))
    for row in tx.execute(bad.order_by(W.line).limit(EXPLAINED)):
        tally.bad(row.line, _problem(row, codes, update=update))
    tally.rejected += count - min(count, EXPLAINED)
    tally.settle()


def _problem(row: Any, codes: dict[int, str], *, update: bool) -> str:
    name = f"{row.sender_comp_id} of {row.market}"
    if row.id is None or (update and row.first is not None and row.line > row.first):
        return f"{name} is also on line {row.first}."
    if update:
        owner = codes.get(row.entity_id, "another entity")
        return f"{name} belongs to {owner} in the store. An import cannot move it to another entity."
    return f"{name} is already in the store."


def insert_waiting(tx: Session, count: int, rows: Select[Any] | None = None) -> None:
    """Insert the waiting lines, or some of them, into the store. Raises IntegrityError if it has one of them."""
    step("Importing", count, INSERTING)
    chosen = select(*(W[name] for name in _NAMES)) if rows is None else rows
    tx.execute(insert(SENDER_COMP).from_select(_NAMES, chosen.order_by(W.market, W.sender_comp_id)))
    step("Preparing the search", count, SEARCHING)
    index_new(tx)

"""Sets of SenderComps: what a group copies, what a draft has, what a request adds or removes.

A set is filled by one statement inside the database, however large it is: no row passes through this process. Rows are
read in the order in which they are stored, because rows that come in any other order cost ten times as much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, insert, literal, select
from sqlalchemy.orm import Mapped
from sqlmodel import col, func

from dropcopy_tui.domain.requests import Change
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.services.views import FirmCount
from dropcopy_tui.store.tables import DraftRow, DraftSourceRow, GroupSourceRow, RequestSourceRow, SenderCompRow

SenderCompRows = Select[SenderCompRow]
SetTable = type[GroupSourceRow] | type[DraftSourceRow] | type[RequestSourceRow]
Condition = ColumnElement[bool]

_MEMBER = ("sender_comp_id", "gfid", "sender_comp_pk")


def in_group(group_id: int | None) -> Condition:
    """The set of a group."""
    return col(GroupSourceRow.group_id) == group_id


def in_draft(draft: DraftRow) -> Condition:
    """The set of a draft."""
    return col(DraftSourceRow.draft_id) == draft.id


def in_request(request_id: int | None, change: Change) -> Condition:
    """What a request adds, or what it removes."""
    mine: Condition = col(RequestSourceRow.request_id) == request_id
    return mine & (col(RequestSourceRow.change) == change.value)


def members(table: SetTable, condition: Condition) -> SenderCompRows:
    """The SenderComps of a set."""
    joined = select(SenderCompRow).join(table, col(table.sender_comp_pk) == col(SenderCompRow.id))
    return joined.where(condition)


def also_in(table: SetTable, condition: Condition, name: Mapped[str]) -> Condition:
    """Whether the set has the SenderComp of this SenderCompID, too."""
    there = select(literal(1)).where(condition, col(table.sender_comp_id) == name)
    return there.exists()


def put(uow: UnitOfWork, table: SetTable, owner: Mapping[str, Any], chosen: SenderCompRows) -> None:
    """Put the chosen rows of `sender_comp` into the set of the owner."""
    name = col(SenderCompRow.sender_comp_id)
    rows = chosen.with_only_columns(*_owner(owner), name, col(SenderCompRow.gfid), col(SenderCompRow.id))
    uow.tx.execute(insert(table).from_select([*owner, *_MEMBER], rows.order_by(None).order_by(name)))


def copy(uow: UnitOfWork, table: SetTable, owner: Mapping[str, Any], other: SetTable, *conditions: Condition) -> None:
    """Put what another set has, under these conditions, into the set of the owner."""
    member = [col(getattr(other, name)) for name in _MEMBER]
    rows = select(*_owner(owner), *member).where(*conditions).order_by(member[0])
    uow.tx.execute(insert(table).from_select([*owner, *_MEMBER], rows))


def take_out(uow: UnitOfWork, table: SetTable, *conditions: Condition) -> None:
    """Take members out of a set."""
    uow.tx.execute(delete(table).where(*conditions).execution_options(synchronize_session=False))


def size(uow: UnitOfWork, table: SetTable, condition: Condition) -> int:
    """How many SenderComps the set has."""
    return int(uow.tx.execute(select(func.count()).select_from(table).where(condition)).scalar_one())


def by_firm(table: SetTable, condition: Condition) -> Select[str, int]:
    """The Globex Firms of a set, with how many SenderComps each has."""
    gfid = col(table.gfid)
    return select(gfid.label("gfid"), func.count().label("sources")).where(condition).group_by(gfid)


def firm_counts(uow: UnitOfWork, table: SetTable, condition: Condition) -> tuple[FirmCount, ...]:
    """The same as views, by GFID."""
    rows = uow.tx.execute(by_firm(table, condition).order_by(col(table.gfid)))
    return tuple(FirmCount(name, count) for name, count in rows)


def _owner(owner: Mapping[str, Any]) -> Sequence[ColumnElement[Any]]:
    return [literal(value) for value in owner.values()]

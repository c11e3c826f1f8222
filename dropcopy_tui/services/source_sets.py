"""Sets of SenderComps: what a group copies, what a draft has, what a request adds or removes.

A set is filled by one statement inside the database, however large it is: no row passes through this process. Rows are
read in the order in which they are stored, because rows that come in any other order cost ten times as much. How many
there are is counted in the same transaction (`store/counts.py`): nothing else may write to these tables.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, delete, insert, literal, literal_column, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, func

from dropcopy_tui.domain.requests import Change
from dropcopy_tui.domain.work import part
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.services.views import FirmCount
from dropcopy_tui.store import counts
from dropcopy_tui.store.bulk import spill_early
from dropcopy_tui.store.counts import ListPart
from dropcopy_tui.store.dialect import insert_new
from dropcopy_tui.store.tables import (
    METADATA,
    DraftCountRow,
    DraftRow,
    DraftSourceRow,
    GroupCountRow,
    GroupSourceRow,
    RequestCountRow,
    RequestSourceRow,
    SenderCompRow,
)

SenderCompRows = Select[SenderCompRow]
SetTable = type[GroupSourceRow] | type[DraftSourceRow] | type[RequestSourceRow]
CountTable = type[GroupCountRow] | type[DraftCountRow] | type[RequestCountRow]
Condition = ColumnElement[bool]

# About so many steps of the database for each member that a statement adds or removes.
_ADDED, _COPIED, _REMOVED = 55, 55, 20
# So many numbers are strung together by one statement.
_STRUNG = 50_000
_MEMBER = ("sender_comp_id", "gfid", "sender_comp_pk")


@dataclass(frozen=True)
class SourceSet:
    """A set: its table, the table of its kept counts, and whose it is in both."""

    table: SetTable
    counts: CountTable
    owner: Mapping[str, Any]

    @property
    def here(self) -> Condition:
        """Whether a row of the table is in this set."""
        first, *others = (col(getattr(self.table, name)) == value for name, value in self.owner.items())
        found: Condition = first
        for other in others:
            found = found & other
        return found

    def parts(self, session: Session, kind: str) -> list[ListPart]:
        """How many there are, by the first characters of the SenderCompID or by Globex Firm."""
        return counts.kept(session, self.counts, self.owner, kind)


def of_group(group_id: int | None) -> SourceSet:
    """The set of a group."""
    return SourceSet(GroupSourceRow, GroupCountRow, {"group_id": group_id})


def of_draft(draft: DraftRow) -> SourceSet:
    """The set of a draft."""
    return SourceSet(DraftSourceRow, DraftCountRow, {"draft_id": draft.id})


def of_request(request_id: int | None, change: Change) -> SourceSet:
    """What a request adds, or what it removes."""
    return SourceSet(RequestSourceRow, RequestCountRow, {"request_id": request_id, "change": change.value})


def members(chosen: SourceSet, *conditions: Condition) -> SenderCompRows:
    """The SenderComps of a set."""
    table = chosen.table
    joined = select(SenderCompRow).join(table, col(table.sender_comp_pk) == col(SenderCompRow.id))
    return joined.where(chosen.here, *conditions)


def also_in(other: SourceSet, name: Mapped[str]) -> Condition:
    """Whether the set has the SenderComp of this SenderCompID, too."""
    there = select(literal(1)).where(other.here, col(other.table.sender_comp_id) == name)
    return there.exists()


def put(uow: UnitOfWork, into: SourceSet, chosen: SenderCompRows, most: int = 0) -> None:
    """Put the chosen rows of `sender_comp` into the set, but for those that it has. `most`: how many, where known.

    Of many, it is the table itself that leaves out what it has: a statement that looks into the table that it fills
    keeps all that it has found in memory until it has found everything.
    """
    pk, name = col(SenderCompRow.id), col(SenderCompRow.sender_comp_id)
    new = chosen.where(~also_in(into, name))
    some = new.with_only_columns(pk).order_by(None).limit(counts.FEW + 1)
    found = [key for key in uow.tx.execute(some).scalars() if key is not None]
    few = found if len(found) <= counts.FEW else None
    rows = chosen if few is None else select(SenderCompRow).where(pk.in_(few))
    if few is None:
        _begin(uow, "Adding SenderComps", most, _ADDED)
    member = rows.with_only_columns(*_owner(into), name, col(SenderCompRow.gfid), pk)
    uow.tx.execute(insert_new(uow.tx, into.table, [*into.owner, *_MEMBER], member.order_by(None).order_by(name)))
    _count(uow, into, few)


def copy(uow: UnitOfWork, into: SourceSet, other: SourceSet, *conditions: Condition) -> None:
    """Put what another set has, under these conditions, into the set. None of it may be in it."""
    few, these = _few(uow, other, conditions)
    if few is None:
        _begin(uow, "Copying SenderComps", size(uow, other), _COPIED)
    member = [col(getattr(other.table, name)) for name in _MEMBER]
    _insert(uow, into, select(*_owner(into), *member).where(other.here, *these).order_by(member[0]))
    _count(uow, into, few)


def take_out(uow: UnitOfWork, chosen: SourceSet, *conditions: Condition) -> None:
    """Take the members that meet the conditions out of the set."""
    few, these = _few(uow, chosen, conditions)
    if few is None:
        _begin(uow, "Removing SenderComps", size(uow, chosen), _REMOVED)
    gone = delete(chosen.table).where(chosen.here, *these)
    uow.tx.execute(gone.execution_options(synchronize_session=False))
    _count(uow, chosen, few)


def empty(uow: UnitOfWork, chosen: SourceSet) -> None:
    """Take every member out of the set."""
    members = size(uow, chosen)
    if members > counts.FEW:
        _begin(uow, "Removing SenderComps", members, _REMOVED)
    uow.tx.execute(delete(chosen.table).where(chosen.here).execution_options(synchronize_session=False))
    counts.forget(uow.tx, chosen.counts, chosen.owner)


def size(uow: UnitOfWork, chosen: SourceSet) -> int:
    """How many SenderComps the set has."""
    return counts.total(uow.tx, chosen.counts, chosen.owner)


def set_digest(tx: Session, chosen: SourceSet) -> str:
    """The digest of a set: SHA-256 over the numbers of its SenderComps, in the order in which they are stored.

    The database strings them together, so that a million takes a sixth of a second; no member has a proof of its own.
    """
    name, pk = col(chosen.table.sender_comp_id), col(chosen.table.sender_comp_pk)
    digest, after = hashlib.sha256(), chosen.here
    while True:
        # A SenderCompID is in a set once, for a group and a draft are of one market. Where a part ends is asked before
        # it is strung together: the greatest of its names would take longer than all the rest.
        names = select(name).where(after).order_by(name, pk)
        end = tx.execute(names.offset(_STRUNG - 1).limit(1)).scalar_one_or_none()
        some = select(pk).where(after, *([] if end is None else [name <= end])).order_by(name, pk).subquery()
        found = tx.execute(select(func.aggregate_strings(cast(some.c.sender_comp_pk, String), ","))).scalar_one()
        if found is not None:
            digest.update(f"{found};".encode())
        if end is None:
            return digest.hexdigest()
        after = chosen.here & (name > end)


def altered_sets(tx: Session) -> Iterator[str]:
    """The groups whose SenderComps are not those that were set up, by name."""
    group = METADATA.tables["drop_copy_group"]
    rows = select(group.c.id, group.c.name, group.c.set_digest)
    for pk, name, digest in tx.execute(rows.where(group.c.deleted_at.is_(None)).order_by(group.c.id)).all():
        if digest is not None and set_digest(tx, of_group(pk)) != digest:
            yield f"SenderComps of group {name}"


def draft_digest(tx: Session, draft: DraftRow) -> str:
    """The digest of what a draft asks for: of its fields, and after a colon of its SenderComps."""
    said = [draft.person_id, draft.entity_id, draft.market, draft.name, draft.front_end_id, draft.filters,
            draft.group_id, draft.base_version]  # fmt: skip
    return f"{hashlib.sha256(json.dumps(said).encode()).hexdigest()}:{set_digest(tx, of_draft(draft))}"


def count_shared(uow: UnitOfWork, one: SourceSet, other: SourceSet) -> int:
    """How many of them another set has, too.

    Both are walked once, beside each other, in the order in which they are stored. A look into the other set for each
    member of the one takes three times as long.
    """
    mine, theirs = (select(col(chosen.table.sender_comp_id)).where(chosen.here) for chosen in (one, other))
    both = mine.intersect(theirs).order_by(literal_column("1")).subquery()
    return int(uow.tx.execute(select(func.count()).select_from(both)).scalar_one())


def firm_counts(uow: UnitOfWork, chosen: SourceSet) -> tuple[FirmCount, ...]:
    """The Globex Firms of a set, with how many SenderComps each has, by GFID."""
    return tuple(FirmCount(part.start, part.rows) for part in chosen.parts(uow.tx, counts.GFID))


def _begin(uow: UnitOfWork, what: str, most: int, steps: int) -> None:
    """Many members are about to change: say how far it is, and let the store write early what does not fit."""
    part(what, most, steps)
    spill_early(uow.tx)


def _owner(chosen: SourceSet) -> Sequence[ColumnElement[Any]]:
    return [literal(value) for value in chosen.owner.values()]


def _insert(uow: UnitOfWork, into: SourceSet, rows: Select[Any]) -> None:
    uow.tx.execute(insert(into.table).from_select([*into.owner, *_MEMBER], rows))


def _few(
    uow: UnitOfWork, chosen: SourceSet, conditions: Sequence[Condition]
) -> tuple[list[int] | None, list[Condition]]:
    """The row numbers of the members that meet the conditions, if they are few, and the shortest way to say so."""
    name, pk = col(chosen.table.sender_comp_id), col(chosen.table.sender_comp_pk)
    rows = select(name, pk).where(chosen.here, *conditions).limit(counts.FEW + 1)
    found = uow.tx.execute(rows).all()
    if len(found) > counts.FEW:
        return None, list(conditions)
    return [row[1] for row in found], [name.in_([row[0] for row in found])]


def _count(uow: UnitOfWork, chosen: SourceSet, few: Sequence[int] | None) -> None:
    counts.count_again(uow.tx, chosen.table, chosen.counts, chosen.owner, few)

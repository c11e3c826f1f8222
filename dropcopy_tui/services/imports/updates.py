"""Imports that change: status, guarantor and gateway of SenderComps that the store has (`--update`)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select, tuple_, update
from sqlmodel import Session

from dropcopy_tui.domain.sessions import SenderCompStatus
from dropcopy_tui.domain.work import step
from dropcopy_tui.services.imports.sendercomps import CHECKING, INSERTING, SENDER_COMP, WAITING, W, insert_waiting
from dropcopy_tui.store.tables import METADATA

_GROUP = METADATA.tables["drop_copy_group"]
_GROUP_SOURCE = METADATA.tables["group_source"]
_S = SENDER_COMP.c
_SAME = and_(_S.market == W.market, _S.sender_comp_id == W.sender_comp_id)
# So many SenderComps and groups are named in a summary; all are counted.
NAMED = 100
# The columns that an import may change, with the column of the file that each comes from.
_CHANGEABLE = {"gateway": "gateway", "guarantor_id": "guarantor", "status": "status"}


@dataclass(frozen=True, slots=True)
class UpdateSummary:
    """What a file changes: how many of its SenderComps are new, changed and unchanged.

    `gone` are those that the store has at the file's entities and markets and the file does not name: they stay as
    they are. `deactivated` become inactive while a group copies them; `groups` are the names of such groups. At most
    a hundred of each are named.
    """

    new: int
    changed: int
    unchanged: int
    gone: int
    gone_ids: tuple[str, ...] = ()
    deactivated: int = 0
    groups: tuple[str, ...] = ()

    @property
    def changes(self) -> int:
        """How many SenderComps an update inserts or changes."""
        return self.new + self.changed


def summary_of(tx: Session, header: Collection[str], count: int) -> UpdateSummary:
    """Compare the waiting lines with the store. `header` are the columns that the file has."""
    step("Comparing with the store", count, CHECKING)
    differs = _differs(header)
    total, known, changed = tx.execute(
        select(
            func.count(),
            func.count(_S.id),
            func.coalesce(func.sum(case((and_(_S.id.is_not(None), differs), 1), else_=0)), 0),
        )
        .select_from(WAITING)
        .outerjoin(SENDER_COMP, _SAME)
    ).one()
    places = [tuple(row) for row in tx.execute(select(W.entity_id, W.market).distinct())]
    here = tuple_(_S.entity_id, _S.market).in_(places) if places else false()
    held = tx.execute(select(func.count()).select_from(SENDER_COMP).where(here)).scalar_one()
    gone = held - known
    named: tuple[str, ...] = ()
    if gone:
        absent = select(_S.sender_comp_id).where(here, ~exists().where(_SAME)).order_by(_S.market, _S.sender_comp_id)
        named = tuple(tx.execute(absent.limit(NAMED)).scalars())
    deactivated, groups = _deactivated(tx, header)
    return UpdateSummary(total - known, changed, known - changed, gone, named, deactivated, groups)


def apply_update(tx: Session, header: Collection[str], summary: UpdateSummary) -> None:
    """Change the SenderComps that differ, and insert the new ones."""
    if summary.changed:
        step("Updating", summary.changed, INSERTING)
        values = {name: W[name] for name, column in _CHANGEABLE.items() if column in header}
        tx.execute(
            update(SENDER_COMP).values(values).where(_SAME, _differs(header)),
            execution_options={"synchronize_session": False},
        )
    if summary.new:
        names = [column.name for column in WAITING.columns if column.name != "line"]
        fresh = select(*(W[name] for name in names)).where(~exists().where(_SAME).correlate(WAITING))
        insert_waiting(tx, summary.new, fresh)


def _differs(header: Collection[str]) -> ColumnElement[bool]:
    """Whether the file says something else than the store; columns that it does not have say nothing."""
    return or_(
        *(_S[name].is_distinct_from(W[name]) for name, column in _CHANGEABLE.items() if column in header), false()
    )


def _deactivated(tx: Session, header: Collection[str]) -> tuple[int, tuple[str, ...]]:
    """How many SenderComps of existing groups become inactive, and those groups."""
    if "status" not in header:
        return 0, ()
    inactive = SenderCompStatus.INACTIVE.value
    pairs: Any = (
        select(_GROUP_SOURCE.c.sender_comp_pk, _GROUP.c.name, _GROUP.c.id)
        .select_from(WAITING)
        .join(SENDER_COMP, _SAME)
        .join(_GROUP_SOURCE, _GROUP_SOURCE.c.sender_comp_pk == _S.id)
        .join(_GROUP, _GROUP.c.id == _GROUP_SOURCE.c.group_id)
        .where(W.status == inactive, _S.status != inactive, _GROUP.c.deleted_at.is_(None))
    )
    found = pairs.subquery()
    count = tx.execute(select(func.count(found.c.sender_comp_pk.distinct()))).scalar_one()
    if not count:
        return 0, ()
    names = tx.execute(select(found.c.name).distinct().order_by(found.c.name).limit(NAMED)).scalars()
    return count, tuple(names)

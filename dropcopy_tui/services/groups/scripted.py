"""Groups asked for, or changed, in one step: what the wizard does, for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import literal, select
from sqlmodel import col

from dropcopy_tui.domain.errors import ChangedMeanwhile, InvalidValue
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.people import MAY_CHANGE_GROUPS
from dropcopy_tui.domain.plurals import some
from dropcopy_tui.domain.requests import Approvals
from dropcopy_tui.domain.sessions import parse_sender_comp
from dropcopy_tui.services.groups import changes
from dropcopy_tui.services.groups.drafts import start_draft
from dropcopy_tui.services.groups.edits import begin_edit
from dropcopy_tui.services.groups.front_ends import front_end_view
from dropcopy_tui.services.groups.submission import submit_draft
from dropcopy_tui.services.sendercomp_lists import usable_by
from dropcopy_tui.services.source_sets import SenderCompRows, empty, of_draft, put, take_out
from dropcopy_tui.services.spare import place_of
from dropcopy_tui.services.unit_of_work import UnitOfWork
from dropcopy_tui.services.views import RequestView
from dropcopy_tui.store.tables import (
    DraftRow,
    DraftSourceRow,
    EntityRow,
    FrontEndMappingRow,
    FrontEndRow,
    GroupRow,
    SenderCompRow,
)

# So many names go into one IN: SQLite before 3.32 binds 999 values at most.
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group to ask for in one step. Sources are SenderCompIDs, or all of the entity (of some GFIDs)."""

    entity: str
    market: str
    name: str
    front_end: str
    filters: tuple[Filter, ...]
    sources: tuple[str, ...] = ()
    all_sources: bool = False
    gfids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupEdit:
    """What to change in a group; None leaves a field as it is. `version` refuses any other state of the group.

    `add_all` adds every active SenderComp of the entity (of the `add_gfids`, if any); `remove_gfids` removes the
    sources of these Globex Firms.
    """

    name: str | None = None
    front_end: str | None = None
    filters: tuple[Filter, ...] | None = None
    sources: tuple[str, ...] | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    add_all: bool = False
    add_gfids: tuple[str, ...] = ()
    remove_gfids: tuple[str, ...] = ()
    version: int | None = None


def ask_for_group(uow: UnitOfWork, new: NewGroup) -> RequestView:
    """A draft, its sources and the request, inside the caller's transaction."""
    return submit_draft(uow, draft_of_group(uow, new), kept=False)


def draft_of_group(uow: UnitOfWork, new: NewGroup) -> DraftRow:
    """A draft of the new group with its sources, inside the caller's transaction."""
    draft = start_draft(uow, new.market, new.entity)
    entity = uow.tx.get_one(EntityRow, draft.entity_id)
    draft.name = new.name
    draft.filters = [kind.value for kind in new.filters]
    draft.front_end_id = _front_end_named(uow, entity, new.front_end)
    uow.tx.flush()
    _add_sources(uow, draft, new)
    return draft


def ask_for_edit(uow: UnitOfWork, group: GroupRow, edit: GroupEdit) -> RequestView:
    """A draft of the group, what changes in it, and the request, inside the caller's transaction."""
    return submit_draft(uow, draft_of_edit(uow, group, edit), kept=False)


def draft_of_edit(uow: UnitOfWork, group: GroupRow, edit: GroupEdit) -> DraftRow:
    """A draft of the group with what changes in it, inside the caller's transaction."""
    entity = uow.tx.get_one(EntityRow, group.entity_id)
    uow.require(MAY_CHANGE_GROUPS, entity)
    changes.refuse_second_change(uow, group, uow.actor)
    draft = begin_edit(uow, group)
    if edit.version is not None and edit.version != group.version:
        raise ChangedMeanwhile(_other_version(uow, draft, group, edit.version))
    draft.name = draft.name if edit.name is None else edit.name
    if edit.front_end is not None:
        draft.front_end_id = _front_end_named(uow, entity, edit.front_end)
    if edit.filters is not None:
        draft.filters = [kind.value for kind in edit.filters]
    _change_sources(uow, draft, edit)
    return draft


def _other_version(uow: UnitOfWork, draft: DraftRow, group: GroupRow, version: int) -> str:
    numbers = f"at version {group.version}, not {version}. Nothing was submitted."
    if version > group.version:
        return f"{group.name} is {numbers}"
    # The draft is thrown away with this transaction; it is set back to tell what happened since that version.
    draft.base_version = version
    return f"{changes.stale_words(uow, draft, group)} It is {numbers}"


def deletion_approval(uow: UnitOfWork, group: GroupRow) -> tuple[str, ...]:
    """Whose approval deleting the group needs: the entity's own, where its policy says so (rule Q3)."""
    entity = uow.tx.get_one(EntityRow, group.entity_id)
    return (entity.code,) if entity.approvals == Approvals.ALWAYS.value else ()


def _change_sources(uow: UnitOfWork, draft: DraftRow, edit: GroupEdit) -> None:
    if edit.sources is not None:
        empty(uow, of_draft(draft))
        _add_each(uow, draft, edit.sources)
    _take_out(uow, draft, edit.remove)
    _take_firms_out(uow, draft, edit.remove_gfids)
    _add_each(uow, draft, edit.add)
    if edit.add_all:
        _add_all(uow, draft, edit.add_gfids)


def _take_out(uow: UnitOfWork, draft: DraftRow, names: Sequence[str]) -> None:
    wanted = [str(parse_sender_comp(name)) for name in names]
    name = col(DraftSourceRow.sender_comp_id)
    for start in range(0, len(wanted), _CHUNK):
        part = wanted[start : start + _CHUNK]
        found = set(uow.tx.execute(select(name).where(of_draft(draft).here, name.in_(part))).scalars())
        missing = [sender_comp for sender_comp in part if sender_comp not in found]
        if missing:
            raise InvalidValue(f"Not a source of this group: {some(missing)}. Nothing was submitted.", "sources")
        take_out(uow, of_draft(draft), name.in_(part))


def _take_firms_out(uow: UnitOfWork, draft: DraftRow, gfids: Sequence[str]) -> None:
    for gfid in dict.fromkeys(gfids):
        firm = col(DraftSourceRow.gfid) == gfid
        if uow.tx.execute(select(literal(1)).where(of_draft(draft).here, firm).limit(1)).first() is None:
            raise InvalidValue(
                f"No source of this group is of Globex Firm {shorten(gfid)}. Nothing was submitted.", "gfids"
            )
        take_out(uow, of_draft(draft), firm)


def _front_end_named(uow: UnitOfWork, entity: EntityRow, name: str) -> int:
    """The entity's front end with this name, or this name and version. Raises InvalidValue."""
    rows = uow.tx.execute(
        select(FrontEndRow)
        .join(FrontEndMappingRow, col(FrontEndMappingRow.front_end_id) == col(FrontEndRow.id))
        .where(col(FrontEndMappingRow.entity_id) == entity.id)
    ).scalars()
    wanted = name.casefold()
    mapped = [front_end_view(row) for row in rows]
    found = [row for row in mapped if wanted in (row.name.casefold(), row.title.casefold())]
    if len(found) == 1:
        return found[0].id
    if found:
        titles = ", ".join(row.title for row in found)
        raise InvalidValue(
            f"{shorten(name)!r} matches several systems: {titles}. Specify the version too.", "front_end"
        )
    titles = ", ".join(sorted(row.title for row in mapped)[:10]) or "none"
    raise InvalidValue(
        f"No front end system {shorten(name)!r} is mapped to {entity.code}. Mapped: {titles}.", "front_end"
    )


def _add_sources(uow: UnitOfWork, draft: DraftRow, new: NewGroup) -> None:
    """Put the named SenderComps, or all of them, into the draft. Raises InvalidValue for unknown ones."""
    if new.all_sources:
        _add_all(uow, draft, new.gfids)
    else:
        _add_each(uow, draft, new.sources)


def _add_all(uow: UnitOfWork, draft: DraftRow, gfids: Sequence[str]) -> None:
    """Put every usable SenderComp into the draft, or those of some firms. Raises InvalidValue for an unknown firm."""
    usable = usable_by(draft)
    for gfid in gfids:
        if uow.tx.execute(usable.where(col(SenderCompRow.gfid) == gfid).limit(1)).first() is None:
            raise InvalidValue(
                f"No active SenderComp of this entity and market is of Globex Firm {shorten(gfid)}. "
                "Nothing was submitted.",
                "gfids",
            )
    if gfids:
        usable = usable.where(col(SenderCompRow.gfid).in_(gfids))
    _add_new(uow, draft, usable)


def _add_each(uow: UnitOfWork, draft: DraftRow, names: Sequence[str]) -> None:
    wanted = list(dict.fromkeys(str(parse_sender_comp(name)) for name in names))
    for start in range(0, len(wanted), _CHUNK):
        _add_named(uow, draft, wanted[start : start + _CHUNK])


def _add_named(uow: UnitOfWork, draft: DraftRow, wanted: Sequence[str]) -> None:
    name = col(SenderCompRow.sender_comp_id)
    rows = usable_by(draft).where(name.in_(wanted))
    found = set(uow.tx.execute(rows.with_only_columns(name)).scalars())
    missing = [sender_comp for sender_comp in wanted if sender_comp not in found]
    if missing:
        raise InvalidValue(
            f"Not an active SenderComp of this entity and market: {some(missing)}. Nothing was submitted.", "sources"
        )
    _add_new(uow, draft, rows)


def _add_new(uow: UnitOfWork, draft: DraftRow, rows: SenderCompRows) -> None:
    """Add the rows that the draft does not hold yet."""
    put(uow, of_draft(draft), rows, place_of(draft).size(uow.tx))

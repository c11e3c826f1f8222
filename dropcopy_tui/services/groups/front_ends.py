"""Front End Mapping: which front end systems an entity may use (rule G8)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, Select, case, exists, func, select
from sqlmodel import col

from dropcopy_tui.domain.errors import InvalidValue, NotFound
from dropcopy_tui.domain.groups import FrontEnd
from dropcopy_tui.domain.names import (
    FRONT_END_NAME_LENGTH,
    FRONT_END_VENDOR_LENGTH,
    FRONT_END_VERSION_LENGTH,
    clean_name,
)
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.people import MAY_MAP, Actor
from dropcopy_tui.services.base import key_of
from dropcopy_tui.services.unit_of_work import Service, UnitOfWork
from dropcopy_tui.services.views import EntityView
from dropcopy_tui.store.paging import Listing, fetch
from dropcopy_tui.store.tables import EntityRow, FrontEndMappingRow, FrontEndRow, GroupRow


@dataclass(frozen=True, slots=True)
class MappingLine:
    """A front end system as one entity sees it; `groups` are the entity's living groups that use it."""

    front_end: FrontEnd
    mapped: bool
    groups: int


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A mapping was taken away. The groups keep working as they are until they are edited."""

    front_end: FrontEnd
    groups: tuple[str, ...]


class FrontEnds(Service):
    """The front end systems of the desk, and who may use them."""

    def page(self, actor: Actor, entity: str, ask: PageRequest) -> Page[MappingLine]:
        """Every known front end system, and whether the entity may use it. Raises NotFound."""
        with self._reading(actor) as uow:
            place = uow.entity(entity)
            return fetch(uow.tx, _listing(key_of(place.id)), ask, _line)

    def entities(self, actor: Actor) -> tuple[EntityView, ...]:
        """The entities whose mapping the person may change, by name."""
        with self._reading(actor) as uow:
            mine = uow.entities_with(MAY_MAP)
            return tuple(EntityView(row.code, row.name) for row in uow.visible_entities() if row.id in mine)

    def may_map(self, actor: Actor, entity: str) -> bool:
        """Whether the person may change the entity's mapping: a courtesy to screens. Raises NotFound."""
        with self._reading(actor) as uow:
            place = uow.entity(entity)
            return bool(uow.roles_at(place.id) & MAY_MAP)

    def users(self, actor: Actor, entity: str, front_end_id: int) -> tuple[str, ...]:
        """The names of the entity's living groups that use a front end system. Raises NotFound."""
        with self._reading(actor) as uow:
            place = uow.entity(entity)
            return _users(uow, place, _known(uow, front_end_id))

    def map(self, actor: Actor, entity: str, front_end_id: int) -> FrontEnd:
        """Let an entity use a known front end system. Raises NotEntitled, NotFound, InvalidValue: it does already."""
        with self._writing(actor) as uow:
            place = uow.entity(entity, MAY_MAP)
            return self._map(uow, place, _known(uow, front_end_id), made=False)

    def map_new(self, actor: Actor, entity: str, name: str, version: str = "", vendor: str = "") -> FrontEnd:
        """Map a front end system by name, version and vendor (domain section 1); a new one is added first.

        Raises NotEntitled, NotFound, InvalidValue.
        """
        name = clean_name(name, "Name", FRONT_END_NAME_LENGTH)
        version = _maybe(version, "Version", FRONT_END_VERSION_LENGTH)
        vendor = _maybe(vendor, "Vendor", FRONT_END_VENDOR_LENGTH)
        with self._writing(actor) as uow:
            place = uow.entity(entity, MAY_MAP)
            same = (
                col(FrontEndRow.name) == name,
                col(FrontEndRow.version) == version,
                col(FrontEndRow.vendor) == vendor,
            )
            # The same system under two keys would split its users, so name, version and vendor find it first.
            row = uow.tx.execute(select(FrontEndRow).where(*same)).scalar_one_or_none()
            made = row is None
            if row is None:
                row = FrontEndRow(name=name, version=version, vendor=vendor)
                uow.tx.add(row)
                uow.tx.flush()
            return self._map(uow, place, row, made=made)

    def unmap(self, actor: Actor, entity: str, front_end_id: int) -> Unmapped:
        """Take a mapping away, and say which groups use it. Raises NotEntitled, NotFound, InvalidValue: there is none.

        No group changes: at its next edit another front end system must be chosen.
        """
        with self._writing(actor) as uow:
            place = uow.entity(entity, MAY_MAP)
            row = _known(uow, front_end_id)
            view = front_end_view(row)
            mapping = uow.tx.get(FrontEndMappingRow, (key_of(place.id), key_of(row.id)))
            if mapping is None:
                raise InvalidValue(f"{view.title} is not mapped to {place.code}. Nothing was changed.", "front_end")
            groups = _users(uow, place, row)
            uow.tx.delete(mapping)
            self._record(uow, "front_end:unmapped", place, view, before=True, groups=len(groups))
            return Unmapped(view, groups)

    def _map(self, uow: UnitOfWork, place: EntityRow, row: FrontEndRow, *, made: bool) -> FrontEnd:
        view = front_end_view(row)
        if uow.tx.get(FrontEndMappingRow, (key_of(place.id), view.id)) is not None:
            raise InvalidValue(f"{view.title} is already mapped to {place.code}. Nothing was changed.", "front_end")
        uow.tx.add(FrontEndMappingRow(entity_id=key_of(place.id), front_end_id=view.id))
        self._record(uow, "front_end:mapped", place, view, before=False, made=made)
        return view

    def _record(
        self,
        uow: UnitOfWork,
        action: str,
        place: EntityRow,
        view: FrontEnd,
        *,
        before: bool,
        **more: int,
    ) -> None:
        """Record that a mapping was added or removed (rule P4)."""
        after = {"mapped": not before, "version": view.version, "vendor": view.vendor, **more}
        uow.record(action, view.name, entity=place.code, before={"mapped": before}, after=after)


def _known(uow: UnitOfWork, front_end_id: int) -> FrontEndRow:
    row = uow.tx.get(FrontEndRow, front_end_id)
    if row is None:
        raise NotFound(f"Front end system {front_end_id} does not exist. Nothing was changed.")
    return row


def _users(uow: UnitOfWork, place: EntityRow, row: FrontEndRow) -> tuple[str, ...]:
    rows = _living(col(GroupRow.entity_id) == place.id).where(col(GroupRow.front_end_id) == row.id)
    names = rows.with_only_columns(col(GroupRow.name)).order_by(col(GroupRow.name_key), col(GroupRow.id))
    return tuple(uow.tx.execute(names).scalars())


def _living(*conditions: ColumnElement[bool]) -> Select[GroupRow]:
    return select(GroupRow).where(col(GroupRow.deleted_at).is_(None), *conditions)


def _listing(entity_id: int) -> Listing:
    front_end_id = col(FrontEndRow.id)
    mapping = exists().where(
        col(FrontEndMappingRow.entity_id) == entity_id, col(FrontEndMappingRow.front_end_id) == front_end_id
    )
    mapped = case((mapping, 1), else_=0)
    own = _living(col(GroupRow.entity_id) == entity_id, col(GroupRow.front_end_id) == front_end_id)
    groups = own.with_only_columns(func.count()).correlate(FrontEndRow).scalar_subquery()
    name, version, vendor = col(FrontEndRow.name), col(FrontEndRow.version), col(FrontEndRow.vendor)
    return Listing(
        rows=select(FrontEndRow, mapped.label("mapped"), groups.label("groups")),
        orders={"name": name, "version": version, "vendor": vendor, "mapped": mapped, "groups": groups},
        tie=front_end_id,
        searched=(name, version, vendor),
    )


def _line(found: Row[FrontEndRow, int, int]) -> MappingLine:
    return MappingLine(front_end_view(found[0]), bool(found[1]), found[2])


def _maybe(text: str, what: str, longest: int) -> str:
    return clean_name(text, what, longest, what.lower()) if text.strip() else ""


def front_end_view(row: FrontEndRow) -> FrontEnd:
    """A front end system as the domain knows it."""
    return FrontEnd(row.id or 0, row.name, row.version, row.vendor)

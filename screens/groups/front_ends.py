"""Front End Mapping: which front end systems a Registered Entity may use (rule G8)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from dropcopy_tui.domain.names import FRONT_END_NAME_LENGTH, FRONT_END_VENDOR_LENGTH, FRONT_END_VERSION_LENGTH
from dropcopy_tui.domain.people import MAY_MAP
from dropcopy_tui.services.groups.front_ends import MappingLine
from dropcopy_tui.services.views import EntityView
from screens.entity_list import EntityListScreen
from screens.jobs import job, off_thread
from screens.modals.confirm import ConfirmModal
from screens.modals.form import Field, Question, ask_form
from screens.terminal.values import value
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.wording import plural, some

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

COLUMNS: tuple[Column[MappingLine], ...] = (
    Column("Front end system", lambda line: line.front_end.name, order="name"),
    Column("Version", lambda line: line.front_end.version, 10, order="version"),
    Column("Vendor", lambda line: line.front_end.vendor, 10, order="vendor", optional=1),
    Column("Mapped", lambda line: "yes" if line.mapped else "no", 7, order="mapped",
           tone=lambda line: "success" if line.mapped else "muted"),
    Column("Groups", lambda line: f"{line.groups:,}", 7, order="groups", right=True),
)  # fmt: skip
_FIELDS = (
    Field("name", "Name", FRONT_END_NAME_LENGTH),
    Field("version", "Version (optional)", FRONT_END_VERSION_LENGTH),
    Field("vendor", "Vendor (optional)", FRONT_END_VENDOR_LENGTH),
)
_TAGS = "As the system identifies itself in a logon: tags 1603, 1604 and 1605."
_EMPTY = "No front end system has been registered yet. Press n to map a new one."
_NAMED = 8


class MappingTable(RecordTable[MappingLine]):
    """Front end systems: here Space maps."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "screen.turn", "Map/Unmap", id="front_ends.turn",
                tooltip="Map the front end system to the entity, or unmap it."),
    ]  # fmt: skip


class FrontEndsScreen(EntityListScreen):
    """Every known front end system, and whether the entity may use it."""

    CSS_PATH = "../../styles/people.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="front_ends.map_new", tooltip="Register and map a new front end system."),
        Binding("r", "entity", "Entity", id="front_ends.entity", tooltip="Show another Registered Entity."),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._may = False

    def body(self) -> ComposeResult:
        """The entity, and the front end systems."""
        yield Static("", id="entity", markup=False)
        yield RecordList(
            COLUMNS, lambda line: line.front_end.id, empty=_EMPTY, noun="systems", table=MappingTable, pickable=False
        )

    def place(self) -> tuple[str, ...]:
        """Administration."""
        return ("Request Center", "Front End Mapping")

    async def read_entities(self, desk: Desk) -> tuple[EntityView, ...]:
        """Every entity that may be seen."""
        return await off_thread(desk.groups.entities, self.actor)

    async def show_entity(self, desk: Desk) -> None:
        """Every front end system, and which ones the entity may use."""
        code = self._entity
        self._may = await off_thread(desk.front_ends.may_map, self.actor, code)
        more = "   r another entity" if len(self._entities) > 1 else ""
        self.query_one("#entity", Static).update(value(f"Registered Entity   {code}  {self.entity_name}{more}"))
        self.refresh_bindings()
        self.query_one(RecordList).table.show_source(partial(desk.front_ends.page, self.actor, code))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A courtesy: the service enforces it anyway."""
        if action in ("new", "turn"):
            return self._may
        return super().check_action(action, parameters)

    @on(RecordTable.Opened)
    def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        if self._may:
            self.action_turn()
        else:
            self.say(f"Only a user administrator of {self._entity} can change the mapping.", "note")

    @job()
    async def action_turn(self) -> None:
        """Map or unmap the row under the cursor."""
        self.quiet()
        line = self.query_one(MappingTable).current
        if line is None:
            return
        await self.must(MAY_MAP, self._entity)
        done = await (self._unmap(line) if line.mapped else self._map(line))
        if done:
            self.query_one(RecordTable).reload()

    async def _map(self, line: MappingLine) -> bool:
        title = line.front_end.title
        text = f"Groups of {self._entity} will be able to use {title}."
        if not await self.app.push_screen_wait(ConfirmModal(f"Map {title}", text, "Map")):
            return False
        desk = await self.desk()
        await off_thread(desk.front_ends.map, self.actor, self._entity, line.front_end.id)
        self.say(f"{title} is mapped to {self._entity}.")
        return True

    async def _unmap(self, line: MappingLine) -> bool:
        desk = await self.desk()
        title = line.front_end.title
        groups = await off_thread(desk.front_ends.users, self.actor, self._entity, line.front_end.id)
        if not await self.app.push_screen_wait(ConfirmModal(f"Unmap {title}", _warning(self._entity, groups), "Unmap")):
            return False
        done = await off_thread(desk.front_ends.unmap, self.actor, self._entity, line.front_end.id)
        kept = f" {plural(len(done.groups), 'group')} keep it until edited." if done.groups else ""
        self.say(f"{title} is no longer mapped to {self._entity}.{kept}")
        return True

    @job()
    async def action_new(self) -> None:
        """Name a front end system and map it."""
        self.quiet()
        await self.must(MAY_MAP, self._entity)
        desk = await self.desk()
        mapped = await ask_form(
            self,
            Question("Map a front end system", _FIELDS, _TAGS),
            lambda form: off_thread(desk.front_ends.map_new, self.actor, self._entity, **form),
        )
        if mapped is not None:
            self.say(f"{mapped.title} is mapped to {self._entity}.")
            self.query_one(RecordTable).reload()


def _warning(entity: str, groups: tuple[str, ...]) -> str:
    """What taking the mapping away means, with the groups by name."""
    if not groups:
        return f"No group of {entity} uses it. New groups will no longer be able to use it."
    return (
        f"Used by {plural(len(groups), 'group')}: {some(groups, _NAMED)}. They keep working; at their next edit "
        "you must select another front end system. New groups will no longer be able to use it."
    )

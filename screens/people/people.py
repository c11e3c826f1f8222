"""People and entitlements: who is there, and what they may do."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from dropcopy_tui.services.people.views import PersonLine
from screens.entity_list import choose_entity
from screens.jobs import job
from screens.lists import ListScreen
from screens.modals.choose import Choice
from screens.navigation import OpenPerson
from screens.people import flow as people_flow
from screens.people.person_keys import STATUS_TONES, PersonKeys, PersonTable
from screens.terminal.values import value
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable

COLUMNS: tuple[Column[PersonLine], ...] = (
    Column("User id", lambda line: line.user_id, 16, order="user_id"),
    Column("Name", lambda line: line.name, 18, order="name", optional=1),
    Column("Email", lambda line: line.email, 28, order="email", optional=2),
    Column("Roles", lambda line: line.summary or "none"),
    Column("Status", lambda line: line.status.value, 8, order="status", tone=lambda line: STATUS_TONES[line.status]),
)
_EMPTY = "No one has a role here yet. Press n to invite someone."
_EVERYWHERE = Choice("everywhere", "All you have access to")


class PeopleScreen(PersonKeys, ListScreen):
    """The people whom the viewer may administer or look after."""

    CSS_PATH = "../../styles/people.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "invite", "Invite", id="people.invite", tooltip="Invite a new person."),
        Binding("r", "entity", "Entity", show=False, id="people.entity", tooltip="Filter by Registered Entity."),
    ]

    def body(self) -> ComposeResult:
        """Whose people, and who they are."""
        yield Static("", id="entity", markup=False)
        yield RecordList(
            COLUMNS, lambda line: line.user_id, empty=_EMPTY, noun="people", table=PersonTable, pickable=False
        )

    def place(self) -> tuple[str, ...]:
        """Administration."""
        return ("Request Center", "People and Entitlements")

    def on_mount(self) -> None:
        """Everyone at first."""
        self.query_one(RecordList).focus_list()
        self._start()

    @job()
    async def _start(self) -> None:
        await self.look_up()
        await self._show("")

    async def _show(self, code: str) -> None:
        desk = await self.desk()
        self._entity = code
        names = {entity.code: f"{entity.code}  {entity.name}" for entity in self._entities}
        if len(names) == 1:
            text = next(iter(names.values()))
        else:
            text = f"{names.get(code, 'all you have access to')}   r {'another' if code else 'filter'}"
        self.query_one("#entity", Static).update(value(f"Registered Entity   {text}"))
        self.query_one(RecordList).table.show_source(partial(desk.people.page, self.actor, entity=code))

    def person(self) -> PersonLine | None:
        """The row under the cursor."""
        return self.query_one(PersonTable).current

    def changed(self) -> None:
        """The list may differ."""
        self.query_one(RecordTable).reload()

    @job()
    async def action_entity(self) -> None:
        """Choose an entity, or all."""
        self.quiet()
        chosen = await choose_entity(self, self._entities, self._entity, _EVERYWHERE)
        if chosen is not None:
            await self._show(chosen)

    @job()
    async def action_invite(self) -> None:
        """A new person, with first roles at one place."""
        self.quiet()
        place = await self.choose_place()
        if place is not None and await people_flow.invite(self, place):
            self.changed()

    @on(RecordTable.Opened)
    @job()
    async def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        await self.go(OpenPerson(event.row.user_id))

    def on_screen_resume(self) -> None:
        """Someone's page may have changed them."""
        super().on_screen_resume()
        table: RecordTable[Any] = self.query_one(RecordTable)
        if not table.is_opening:
            table.reload()

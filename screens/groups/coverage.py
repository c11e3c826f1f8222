"""Coverage: the active order-entry SenderComps of an entity that no drop copy group copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from dropcopy_tui.domain.markets import market_named
from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.services.views import EntityView, SenderCompView
from screens.entity_list import EntityListScreen
from screens.groups.receivers import who_gets_sender_comp
from screens.jobs import job, off_thread
from screens.terminal.values import value
from screens.widgets.columns import Column
from screens.widgets.record_list import ListChanged, RecordList
from screens.widgets.record_table import RecordTable
from screens.wording import plural

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

COLUMNS: tuple[Column[SenderCompView], ...] = (
    Column("SenderComp", lambda row: row.sender_comp_id, 12, order="sender_comp_id"),
    Column("Market", lambda row: market_named(row.market).name, 16, order="market"),
    Column("Session", lambda row: row.session_id, 9, order="session_id"),
    Column("Globex Firm", lambda row: row.gfid, 12, order="gfid"),
    Column("FTI", lambda row: row.fti, 4),
    Column("Gateway", lambda row: row.gateway.upper()),
)
_EMPTY = "Every active SenderComp of this entity is copied by a drop copy group."


class CoverageScreen(EntityListScreen):
    """What no one copies."""

    CSS_PATH = "../../styles/route.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "entity", "Entity", id="coverage.entity", tooltip="Show another Registered Entity."),
    ]

    no_entity = ("You have no access to any entity. Ask a user administrator.", "note")

    def body(self) -> ComposeResult:
        """The entity, and the list."""
        yield Static("", id="entity", markup=False)
        yield RecordList(COLUMNS, lambda row: row.id, empty=_EMPTY, noun="SenderComps", pickable=False)

    def place(self) -> tuple[str, ...]:
        """The entity, then the list."""
        return ("Request Center", "Drop Copy Groups", "Coverage")

    async def read_entities(self, desk: Desk) -> tuple[EntityView, ...]:
        """Every entity that may be seen."""
        return await off_thread(desk.groups.entities, self.actor)

    async def show_entity(self, desk: Desk) -> None:
        """What no one copies of the entity."""
        actor, code = self.actor, self._entity

        def page(ask: PageRequest) -> Page[SenderCompView]:
            return desk.sendercomps.coverage(actor, code, ask)

        self.query_one(RecordTable).show_source(page)
        self._tell(-1)

    @on(RecordTable.Opened)
    @job()
    async def _opened(self, event: RecordTable.Opened) -> None:
        """Who gets the messages of this SenderComp?"""
        event.stop()
        await who_gets_sender_comp(self, event.row.sender_comp_id)

    def on_list_changed(self, event: ListChanged) -> None:
        """The count is known."""
        table = event.records.table
        if not table.query_ask.match:
            self._tell(table.total)

    def _tell(self, total: int) -> None:
        said = f": {plural(total, 'active SenderComp')} not copied by any group" if total > 0 else ""
        self.query_one("#entity", Static).update(value(f"{self._entity}  {self.entity_name}{said}"))

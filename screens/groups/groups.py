"""The drop copy groups of a Registered Entity."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from dropcopy_tui.domain.markets import Menu
from dropcopy_tui.domain.pages import PageRequest, Selection
from dropcopy_tui.domain.people import MAY_CHANGE_GROUPS, MAY_USE_KEYS, Role
from dropcopy_tui.domain.sessions import SessionKind
from dropcopy_tui.services.views import GroupLine
from screens.detailed import DetailedScreen
from screens.entity_list import EntityListScreen
from screens.groups.detail import FIRMS, group_detail
from screens.groups.new_group import new_group
from screens.groups.verbs import clone_group, delete_groups, edit_group
from screens.jobs import job, off_thread
from screens.keys.expiry_line import ExpiryLine
from screens.keys.manage import manage_keys
from screens.navigation import OpenCoverage, OpenGroup, OpenSessions
from screens.terminal.values import value
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.widgets.sheet import Draw
from screens.wording import plural

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

_EMPTY = "This entity has no drop copy group yet. Press n to request one: the first is free."


def _tone(line: GroupLine) -> str:
    return "warning" if line.keys.startswith("!") else "muted" if line.keys == "none" else "success"


COLUMNS: tuple[Column[GroupLine], ...] = (
    Column("Group", lambda line: line.name, order="name", least=16),
    Column("Market", lambda line: line.market_name, 14, order="market", optional=1),
    Column("Front end", lambda line: line.front_end, 14, order="front_end", optional=2),
    Column("Sources", lambda line: f"{line.sources:,}", 9, order="sources", right=True),
    Column("Targets", lambda line: str(line.targets), 7, right=True),
    Column("Keys", lambda line: line.keys, 11, tone=_tone),
)


class GroupTable(RecordTable[GroupLine]):
    """Groups: here `k` is for keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "screen.keys", "Keys", id="keypairs.manage",
                tooltip="Generate or download key pairs of the selected groups' target sessions."),
    ]  # fmt: skip


class GroupsScreen(DetailedScreen, EntityListScreen):
    """A list of groups."""

    CSS_PATH = "../../styles/groups.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new_group", "New", id="groups.create", tooltip="Request a new drop copy group."),
        Binding("e", "edit", "Edit", show=False, id="groups.edit", tooltip="Edit the group under the cursor."),
        Binding("d", "delete", "Delete", id="groups.delete", tooltip="Request the deletion of the selected groups."),
        Binding("p", "clone", "Copy", show=False, id="groups.clone", tooltip="Request a new group based on this one."),
        Binding(
            "c",
            "coverage",
            "Coverage",
            show=False,
            id="sendercomps.uncovered",
            tooltip="Show the entity's SenderComps that no group copies.",
        ),
        Binding("r", "entity", "Entity", show=False, id="groups.entity", tooltip="Show another Registered Entity."),
        Binding(
            "b",
            "expiring",
            "Expiring",
            show=False,
            id="groups.expiring",
            tooltip="Select the groups with a session whose last key pair expires within four weeks.",
        ),
        Binding(
            "t",
            "sessions",
            "Sessions",
            show=False,
            id="sessions.list",
            tooltip="Show all drop copy sessions of the entity, including those of deleted groups.",
        ),
    ]

    NEEDS: ClassVar[Mapping[str, Collection[Role]]] = {
        **dict.fromkeys(("new_group", "edit", "delete", "clone"), MAY_CHANGE_GROUPS),
        "screen.keys": MAY_USE_KEYS,
    }

    def __init__(self, menu: Menu) -> None:
        super().__init__()
        self._menu = menu

    def body(self) -> ComposeResult:
        """What expires, the entity, and its groups."""
        yield ExpiryLine()
        yield Static("", id="entity", markup=False)
        yield from self.with_detail(
            RecordList(COLUMNS, lambda line: line.id, empty=_EMPTY, noun="groups", table=GroupTable)
        )

    async def describe(self, desk: Desk, row: GroupLine) -> Draw:
        """The group under the cursor."""
        view = await off_thread(desk.groups.show, self.actor, row.id)
        page = await off_thread(desk.groups.by_firm, self.actor, row.id, PageRequest(limit=FIRMS))
        return partial(group_detail, view, page.rows, page.total)

    def place(self) -> tuple[str, ...]:
        """The menu, then the list."""
        return ("Request Center", self._menu.label, "Drop Copy Groups")

    async def show_entity(self, desk: Desk) -> None:
        """The entity's groups, and what expires among them."""
        more = "   r another entity" if len(self._entities) > 1 else ""
        more += "   t sessions"
        words = f"Registered Entity   {self._entity}  {self.entity_name}{more}"
        self.query_one("#entity", Static).update(value(words))
        source = partial(_page, desk.groups.page, self.actor, self._entity, self._menu)
        self.query_one(RecordList).table.show_source(source)
        self._tell()

    @job(exclusive=True, group="expiring")
    async def _tell(self) -> None:
        """Say what expires, at the top (rule K7)."""
        desk = await self.desk()
        pending = await off_thread(desk.sessions.pending, self.actor, SessionKind.DROP_COPY, self._entity, self._menu)
        # The screen may have been left meanwhile.
        for line in self.query(ExpiryLine):
            line.show([view for view in pending if view.group_id is not None])

    def action_expiring(self) -> None:
        """Select the groups whose sessions expire: `k` is the cure."""
        self.quiet()
        pending = self.query_one(ExpiryLine).pending
        if not pending:
            self.say("No key pair of these groups expires within four weeks.", "note")
            return
        groups = frozenset(view.group_id for view in pending)
        self.query_one(RecordTable).pick(Selection(groups))
        self.say(
            f"{plural(len(groups), 'group')} selected (including any not shown). Press k to manage their key pairs.",
            "note",
        )

    @job()
    async def action_new_group(self) -> None:
        """The market, the fee, the wizard."""
        await new_group(self, self._menu, self._entity)

    @job()
    async def action_sessions(self) -> None:
        """The drop copy sessions of the entity."""
        if self._entity:
            await self.go(OpenSessions(SessionKind.DROP_COPY, self._entity))

    def _current(self) -> int | None:
        row = self.query_one(RecordTable).current
        return row.id if isinstance(row, GroupLine) else None

    @job()
    async def action_edit(self) -> None:
        """Edit the group under the cursor."""
        group_id = self._current()
        if group_id is not None:
            await edit_group(self, group_id)

    @job()
    async def action_clone(self) -> None:
        """Copy the group under the cursor."""
        group_id = self._current()
        if group_id is not None:
            await clone_group(self, group_id)

    @job()
    async def action_delete(self) -> None:
        """Delete the selected groups, or the one under the cursor."""
        if not self._entity:
            return
        desk = await self.desk()
        table = self.query_one(RecordTable)
        groups = await off_thread(desk.groups.ids, self.actor, self._entity, self._menu, table.chosen())
        if await delete_groups(self, groups):
            table.pick(Selection())

    @job()
    async def action_coverage(self) -> None:
        """Which SenderComps no group copies."""
        if self._entity:
            await self.go(OpenCoverage(self._entity))

    @job()
    async def action_keys(self) -> None:
        """Manage Keys for the target sessions of the selected groups."""
        self.quiet()
        if not self._entity:
            return
        desk = await self.desk()
        table = self.query_one(RecordTable)
        groups = await off_thread(desk.groups.ids, self.actor, self._entity, self._menu, table.chosen())
        sessions = await off_thread(desk.groups.target_sessions, self.actor, groups)
        if await manage_keys(self, sessions):
            table.pick(Selection())
            table.reload()
            self._tell()

    @on(RecordTable.Opened)
    @job()
    async def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        await self.go(OpenGroup(event.row.id))

    def on_screen_resume(self) -> None:
        """A group may have come or changed."""
        super().on_screen_resume()
        if not self.query_one(RecordTable).is_opening:
            self._reread()

    def store_changed(self) -> None:
        """A request was set up: its group is in the list now."""
        if self._entity:
            self.query_one(RecordTable).follow()
            self._tell()

    def _reread(self) -> None:
        """The rows, and what expires among them."""
        if self._entity:
            self.query_one(RecordTable).reload()
            self._tell()


def _page(page: Any, actor: Any, entity: str, menu: Menu, ask: Any) -> Any:
    return page(actor, ask, entity=entity, menu=menu)

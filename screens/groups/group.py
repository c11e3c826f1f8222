"""A drop copy group: details, target sessions, source SenderComps, and those by Globex Firm (rule G7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import ContentSwitcher

from dropcopy_tui.domain.errors import NotFound
from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.people import MAY_CHANGE_GROUPS, MAY_USE_KEYS, Role
from dropcopy_tui.services.views import FirmCount, GroupView, SenderCompView, SessionView
from screens.groups.columns import FIRMS, SOURCES
from screens.groups.receivers import who_gets_firm, who_gets_sender_comp
from screens.groups.verbs import clone_group, delete_groups, edit_group
from screens.jobs import job, off_thread
from screens.keys.manage import manage_keys
from screens.keys.session_table import COLUMNS, SessionTable, session_lines, shown_keys
from screens.navigation import OpenLogonCheck, OpenRouting
from screens.tabbed import TabbedScreen
from screens.terminal.values import facts, value, wrapped
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.widgets.sheet import Sheet
from screens.widgets.tab_bar import TabBar
from screens.wording import utc

_TABS = {"details": "Details", "targets": "Target Sessions", "sources": "Source SenderComps", "firms": "By GFID"}
# Cells that a meaning needs to stand beside its name; with fewer it stands below.
_LEAST_MEANING = 24


class PartTable(RecordTable[Any]):
    """What a group copies: here, as on its other tabs, `k` is for keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "screen.keys", "Keys", id="keypairs.manage",
                tooltip="Generate, download or delete key pairs of the group's target sessions."),
    ]  # fmt: skip


class GroupScreen(TabbedScreen):
    """One group, read only."""

    CSS_PATH = "../../styles/group.tcss"
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(number), f"tab('{tab}')", title, show=False, id=f"group.tab_{tab}", tooltip=f"Tab: {title}.")
            for number, (tab, title) in enumerate(_TABS.items(), 1)
        ),
        Binding(
            "right,tab",
            "next_tab(1)",
            "Next tab",
            key_display="tab",
            id="group.next_tab",
            tooltip="Next tab.",
            priority=False,
        ),
        Binding(
            "left,shift+tab",
            "next_tab(-1)",
            "Previous tab",
            show=False,
            id="group.previous_tab",
            tooltip="Previous tab.",
        ),
        Binding(
            "k",
            "keys",
            "Keys",
            id="keypairs.manage",
            tooltip="Generate, download or delete key pairs of the group's target sessions.",
        ),
        Binding("e", "edit", "Edit", id="groups.edit", tooltip="Change the name, front end, filters or SenderComps."),
        Binding("d", "delete", "Delete", id="groups.delete", tooltip="Request the deletion of the group."),
        Binding(
            "l",
            "check_logon",
            "Check a logon",
            show=False,
            id="logons.check",
            tooltip="Check whether a gateway would accept a logon.",
        ),
        Binding(
            "y",
            "copy_name",
            "Copy",
            show=False,
            id="group.copy",
            tooltip="Copy the group's name to the terminal's clipboard.",
        ),
        Binding("p", "clone", "Copy", show=False, id="groups.clone", tooltip="Request a new group based on this one."),
        Binding(
            "w",
            "route",
            "Preview",
            show=False,
            id="groups.route",
            tooltip="FIX log preview: which messages the group receives.",
        ),
    ]

    NEEDS: ClassVar[Mapping[str, Collection[Role]]] = {
        **dict.fromkeys(("edit", "delete", "clone"), MAY_CHANGE_GROUPS),
        **dict.fromkeys(("keys", "screen.keys"), MAY_USE_KEYS),
    }

    def __init__(self, group_id: int, tab: str = "details") -> None:
        super().__init__(tab)
        self._group_id = group_id
        self._view: GroupView | None = None

    def body(self) -> ComposeResult:
        """The tabs and what they hold."""
        yield TabBar(_TABS, self._tab)
        with ContentSwitcher(initial=self._tab):
            with VerticalScroll(id="details"):
                yield Sheet(id="facts")
            yield RecordList(
                COLUMNS, lambda line: line.key, id="targets", noun="rows", table=SessionTable,
                empty="This group has no target session.",
            )  # fmt: skip
            yield RecordList(
                SOURCES, lambda row: row.id, id="sources", noun="SenderComps", table=PartTable, pickable=False
            )
            yield RecordList(FIRMS, lambda row: row.gfid, id="firms", noun="firms", table=PartTable, pickable=False)

    def place(self) -> tuple[str, ...]:
        """The group's name at the end."""
        name = self._view.line.name if self._view else ""
        return ("Request Center", "Drop Copy Groups", name)

    def called(self) -> str:
        """The group's name."""
        return self._view.line.name if self._view else ""

    def on_mount(self) -> None:
        """Read the group."""
        self._load()

    @job(exclusive=True, group="group")
    async def _load(self) -> None:
        desk = await self.desk()
        opens = self._view is None
        try:
            self._view = await off_thread(desk.groups.show, self.actor, self._group_id)
        except NotFound as error:
            if self._view is None:
                raise
            # It was deleted while someone looked at it, or their access was revoked.
            self.gone(error.message)
            return
        self.query_one("#facts", Sheet).show(partial(_facts, self._view))
        self._table("sources").show_again(partial(desk.groups.sources, self.actor, self._group_id))
        self._table("firms").show_again(partial(desk.groups.by_firm, self.actor, self._group_id))
        self._show_sessions()
        self.show_place()
        if opens or self.focused is None:
            self._focus()

    def _table(self, tab: str) -> RecordTable[Any]:
        return self.query_one(f"#{tab}", RecordList).table

    def _show_sessions(self) -> None:
        assert self._view is not None
        lines = session_lines(self._view.sessions, self.desk_app.shows_key_ids)
        self._table("targets").show_again(lambda ask: shown_keys(lines, ask))

    # -- tabs

    def _focus(self) -> None:
        if self._tab == "details":
            self.query_one("#details").focus()
        else:
            self.query_one(f"#{self._tab}", RecordList).focus_list()

    def tabs(self) -> dict[str, str]:
        """All four, of any group."""
        return _TABS

    def show_tab(self) -> None:
        """What the tab holds has been read with the group."""
        self.query_one(ContentSwitcher).current = self._tab
        self._focus()
        self.refresh_bindings()

    # -- keys

    @job()
    async def action_keys(self) -> None:
        """Manage Keys for Selected Sessions."""
        self.quiet()
        if await manage_keys(self, self._chosen()):
            self._load()

    def _chosen(self) -> list[SessionView]:
        """The selected sessions, or the one under the cursor; all of the group where no list shows them."""
        assert self._view is not None
        if self._tab != "targets":
            return list(self._view.sessions)
        table = self._table("targets")
        if table.picked_size:
            keys = {key for key in (line.key for line in self._lines()) if table.picked.holds(key)}
        else:
            keys = set(table.chosen_keys())
        chosen = {str(key).split("/")[0] for key in keys}
        return [view for view in self._view.sessions if str(view.pk) in chosen]

    def _lines(self) -> Any:
        assert self._view is not None
        return session_lines(self._view.sessions, False)

    # -- the group itself

    @job()
    async def action_edit(self) -> None:
        """Edit the group."""
        await edit_group(self, self._group_id)

    @job()
    async def action_clone(self) -> None:
        """Copy the group."""
        await clone_group(self, self._group_id)

    @job()
    async def action_delete(self) -> None:
        """Delete the group."""
        await delete_groups(self, [self._group_id])

    @job()
    async def action_check_logon(self) -> None:
        """Logon check."""
        await self.go(OpenLogonCheck())

    @on(RecordTable.Opened)
    @job()
    async def _opened(self, event: RecordTable.Opened) -> None:
        """Who gets the messages of this SenderComp, or of this firm?"""
        event.stop()
        if isinstance(event.row, SenderCompView):
            await who_gets_sender_comp(self, event.row.sender_comp_id)
        elif isinstance(event.row, FirmCount):
            await who_gets_firm(self, event.row.gfid)

    @job()
    async def action_route(self) -> None:
        """What would it receive?"""
        await self.go(OpenRouting(self._group_id))

    def on_screen_resume(self) -> None:
        """The group may have changed."""
        super().on_screen_resume()
        if self._view is not None:
            self._load()

    def store_changed(self) -> None:
        """It may have been changed just now, or be gone."""
        for table in self.query(RecordTable):
            table.expect_changes()
        self._load()

    def action_show(self) -> None:
        """Show or hide the public key ids."""
        self.desk_app.shows_key_ids = not self.desk_app.shows_key_ids
        self._show_sessions()


def _facts(view: GroupView, width: int) -> Content:
    """The Details tab."""
    line = view.line
    rows = [
        ("Group", line.name),
        ("Registered Entity", f"{line.entity}  {view.entity_name}"),
        ("Market", line.market_name),
        ("Front end system", f"{view.front_end.title}  {view.front_end.vendor}".strip()),
        ("Source SenderComps", f"{line.sources:,}"),
        ("Target sessions", ", ".join(session.session_id for session in view.sessions) or "none"),
        ("Key pairs", line.keys),
        ("Created", f"{utc(view.created_at)} by {view.created_by}"),
    ]
    if view.changed is not None:
        when, who, reference = view.changed
        rows.append(("Last changed", f"{utc(when)} by {who} ({reference})"))
    parts = [facts([(name, text, "") for name, text in rows], 20, width)]
    parts += [Content(""), value("Filters: messages copied", "$text-muted")]
    parts += [_copied(view.filters, width)]
    parts += [
        Content(""),
        value("w  FIX log preview     p  copy as a new group", "$text-muted"),
    ]
    return Content("\n").join(parts)


def _copied(kinds: Sequence[Filter], width: int) -> Content:
    """The filters beside their meaning; below each other where a narrow page has no room for both."""
    beside = max((len(kind.words) for kind in kinds), default=0) + 3
    if width - beside < _LEAST_MEANING:
        lines = [line for kind in kinds for line in (f"  {kind.words}", *_below(kind.meaning, 6, width))]
        return Content("\n").join(map(value, lines))
    lines = []
    for kind in kinds:
        first, *rest = _below(kind.meaning, beside, width)
        lines += [f"{'  ' + kind.words:<{beside}}{first[beside:]}", *rest]
    return Content("\n").join(map(value, lines))


def _below(text: str, indent: int, width: int) -> list[str]:
    return [" " * indent + part for part in wrapped(text, width - indent)]

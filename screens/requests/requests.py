"""My Requests: what the person asked for, what waits for their approval, and all of their entities (rule Q7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import ContentSwitcher

from dropcopy_tui.domain.dates import column_moment
from dropcopy_tui.domain.pages import PageSource
from dropcopy_tui.domain.people import MAY_APPROVE, MAY_VIEW
from dropcopy_tui.services.views import RequestLine, RequestView
from screens.detailed import DetailedScreen
from screens.jobs import job, off_thread
from screens.navigation import OpenRequest
from screens.requests.decide import approve, deny
from screens.requests.words import request_detail
from screens.tabbed import TabbedScreen
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.widgets.sheet import Draw
from screens.widgets.tab_bar import TabBar
from screens.wording import REQUEST_TONES, utc

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk


def _stage(row: RequestLine) -> str:
    """The stage in fewer words: whose approval, or until when, has to fit."""
    return row.stage.replace("awaiting approval by ", "awaiting ").replace("queued until ", "queued: ")


_BY: Column[RequestLine] = Column("Submitted by", lambda row: row.submitted_by, 14, order="submitted_by", optional=3)
_WHEN: Column[RequestLine] = Column(
    "Submitted",
    lambda row: column_moment(row.submitted_at, clock=False),
    11,
    order="submitted",
    optional=2,
    export=lambda row: utc(row.submitted_at),
)
_STATUS: Column[RequestLine] = Column(
    "Status", lambda row: row.status.words, 11, order="status", tone=lambda row: REQUEST_TONES[row.status]
)
COLUMNS: tuple[Column[RequestLine], ...] = (
    Column("Request", lambda row: row.id, 14, order="id"),
    Column("Type", lambda row: row.type.words, 12, order="type"),
    Column("Group or Session", lambda row: row.subject, order="subject"),
    Column("Entity", lambda row: row.entity, 9, order="entity", optional=1),
    _BY,
    _WHEN,
    _STATUS,
    Column("Stage", _stage, 21, order="stage", optional=4, export=lambda row: row.stage),
)
# Who asked, and since when, matters more here; the status of what waits is always the same, and goes first.
_TO_DO = {
    _BY: replace(_BY, width=17, optional=0),
    _WHEN: replace(_WHEN, show=lambda row: column_moment(row.submitted_at), width=17),
    _STATUS: replace(_STATUS, optional=5),
}
_TO_REVIEW = tuple(_TO_DO.get(column, column) for column in COLUMNS)
_TABS = {"status": "Request Status", "todo": "To Do", "all": "All"}
_NOTHING_ASKED = "You have not submitted any requests yet. Press n on Drop Copy Groups to request a group."
_NOTHING_TO_DO = "No requests await your approval. A request appears here as soon as your firm needs to approve it."
_NO_APPROVER = "You cannot approve requests: only administrative managers can. Ask a user administrator for the role."
_NOBODY_ASKED = "No requests have been submitted for your entities."


class ToDoTable(RecordTable[RequestLine]):
    """Requests to review: decided one at a time, each after a look."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "screen.approve", "Approve", id="requests.approve",
                tooltip="Approve the request under the cursor after a final review."),
        Binding("d", "screen.deny", "Deny", id="requests.deny",
                tooltip="Deny the request under the cursor, with a reason."),
    ]  # fmt: skip


class RequestsScreen(DetailedScreen, TabbedScreen):
    """Lists of requests, the newest first."""

    CSS_PATH = "../../styles/requests.tcss"
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(number), f"tab('{tab}')", title, show=False, id=f"requests.tab_{tab}", tooltip=f"Tab: {title}.")
            for number, (tab, title) in enumerate(_TABS.items(), 1)
        ),
        Binding("right,tab", "next_tab(1)", "Next tab", key_display="tab", id="requests.next_tab", tooltip="Next tab."),
        Binding(
            "left,shift+tab",
            "next_tab(-1)",
            "Previous tab",
            show=False,
            id="requests.previous_tab",
            tooltip="Previous tab.",
        ),
    ]

    def __init__(self, tab: str = "status") -> None:
        super().__init__(tab)

    def tabs(self) -> dict[str, str]:
        """All is for people who see entities."""
        return {tab: title for tab, title in _TABS.items() if tab != "all" or self.desk_app.may(MAY_VIEW)}

    def body(self) -> ComposeResult:
        """The tabs and their lists."""
        yield TabBar(self.tabs(), self._tab)
        yield from self.with_detail(ContentSwitcher(self._new_list(), initial=self._tab))

    async def describe(self, desk: Desk, row: RequestLine) -> Draw:
        """The request under the cursor, with its story."""
        return partial(request_detail, await off_thread(desk.requests.show, self.actor, row.id))

    def _new_list(self) -> RecordList[Any]:
        """The list of the tab at hand."""
        if self._tab != "todo":
            return _records(self._tab, _NOTHING_ASKED if self._tab == "status" else _NOBODY_ASKED)
        nothing = _NOTHING_TO_DO if self.desk_app.may(MAY_APPROVE) else _NO_APPROVER
        return _records("todo", nothing, _TO_REVIEW, ToDoTable)

    def place(self) -> tuple[str, ...]:
        """My Requests, and which."""
        return ("Request Center", "My Requests", _TABS[self._tab])

    def on_mount(self) -> None:
        """Read the list at hand."""
        self._show_tab()

    def _list(self) -> RecordList[Any]:
        return self.query_one(f"#{self._tab}", RecordList)

    # -- tabs

    def show_tab(self) -> None:
        """The list of the tab, and its name in the first line."""
        self.show_place()
        self._show_tab()

    @job(exclusive=True, group="tab")
    async def _show_tab(self) -> None:
        """Put the keys on the list at hand, and read it; again where it was read before."""
        switcher = self.query_one(ContentSwitcher)
        if not switcher.query(f"#{self._tab}"):
            # A list is made when it is first looked at: the screen opens sooner with one of them.
            await switcher.mount(self._new_list())
        switcher.current = self._tab
        records = self._list()
        records.focus_list()
        if records.table.source is None:
            records.table.show_source(self._source(await self.desk()))
        else:
            records.table.reload()

    def _source(self, desk: Desk) -> PageSource[RequestLine]:
        if self._tab == "todo":
            return partial(desk.requests.to_do, self.actor)
        return partial(desk.requests.page, self.actor, everyone=self._tab == "all")

    # -- opening and deciding

    @on(RecordTable.Opened)
    @job()
    async def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        await self.go(OpenRequest(event.row.id))

    @job()
    async def action_approve(self) -> None:
        """Approve the request under the cursor."""
        view = await self._at_cursor()
        if view is not None and await approve(self, view):
            self._list().table.reload()

    @job()
    async def action_deny(self) -> None:
        """Deny the request under the cursor."""
        view = await self._at_cursor()
        if view is not None and await deny(self, view):
            self._list().table.reload()

    async def _at_cursor(self) -> RequestView | None:
        """The request as it is now, if it can still be decided; else the list is read again, and says why not."""
        self.quiet()
        table = self._list().table
        if table.current is None:
            self.say("There are no requests.", "note")
            return None
        desk = await self.desk()
        view = await off_thread(desk.requests.show, self.actor, table.current.id)
        may, why_not = await off_thread(desk.requests.may_decide, self.actor, view.id)
        if may:
            return view
        self.say(why_not, "failed")
        table.reload()
        return None

    def on_screen_resume(self) -> None:
        """A request may have been decided."""
        super().on_screen_resume()
        for records in self.query(f"#{self._tab}").results(RecordList):
            if not records.table.is_opening:
                records.table.reload()

    def store_changed(self) -> None:
        """Statuses have changed."""
        self._list().table.follow()


def _records(
    tab: str,
    empty: str,
    columns: Sequence[Column[RequestLine]] = COLUMNS,
    table: type[RecordTable[RequestLine]] = RecordTable,
) -> RecordList[RequestLine]:
    return RecordList(
        columns, lambda row: row.id, id=tab, empty=empty, noun="requests", pickable=False, table=table
    )  # fmt: skip

"""Notices: the person's inbox. What is new stands first and bold; Enter opens the request it is about."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from dropcopy_tui.domain.dates import column_moment
from dropcopy_tui.domain.pages import PageSource, Selection
from dropcopy_tui.services.outbox.notices import Notice
from screens.jobs import job, off_thread
from screens.lists import OneListScreen
from screens.modals.base import DeskModal
from screens.navigation import OpenRequest
from screens.terminal.values import value
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.wording import plural, utc

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk


def _tone(notice: Notice) -> str:
    return "muted" if notice.read else "unread"


COLUMNS: tuple[Column[Notice], ...] = (
    Column("", lambda row: "" if row.read else "new", 4, tone=_tone),
    Column(
        "When",
        lambda row: column_moment(row.at, year=False),
        12,
        order="at",
        tone=_tone,
        export=lambda row: utc(row.at),
    ),
    # No order: by its text, a notice stands beside others of its request, as it does by the request.
    Column("Notice", lambda row: row.text, tone=_tone),
    Column("Request", lambda row: row.request, 14, order="request", optional=1, tone=_tone),
)
_EMPTY = "No notices yet. You are notified here when one of your requests is submitted or completed."


class NoticeTable(RecordTable[Notice]):
    """Notices, the unread ones bold."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"record-table--unread"}
    DEFAULT_CSS = """
    NoticeTable {
        & > .record-table--unread { color: $foreground; text-style: bold; }
    }
    """


class NoticesScreen(OneListScreen):
    """The person's notices."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "mark_read", "Mark read", id="notices.read", tooltip="Mark the selected notices as read."),
    ]

    def records(self) -> RecordList[Any]:
        """Notices, unread ones first."""
        return RecordList(COLUMNS, lambda row: row.id, empty=_EMPTY, noun="notices", table=NoticeTable)

    def place(self) -> tuple[str, ...]:
        """The inbox."""
        return ("Request Center", "Notices")

    def source(self, desk: Desk) -> PageSource[Any]:
        """What the service pages."""
        return partial(desk.notices.page, self.actor)

    @on(RecordTable.Opened)
    @job()
    async def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        notice: Notice = event.row
        self.quiet()
        if notice.request:
            await self.go(OpenRequest(notice.request))
        else:
            await self.app.push_screen(NoticeModal(notice))
        await self._read(Selection(frozenset({notice.id})))

    @job()
    async def action_mark_read(self) -> None:
        """Mark what is selected, or the notice under the cursor."""
        table = self.query_one(RecordTable)
        if table.total <= 0:
            self.say("There are no notices to mark.", "note")
            return
        count = await self._read(table.chosen())
        table.action_pick_none()
        if count:
            self.say(f"{plural(count, 'notice')} marked as read.")
        else:
            self.say("Already marked as read.", "note")

    async def _read(self, picked: Selection) -> int:
        """Mark as read, and show it: here, and in the line of place."""
        desk = await self.desk()
        count = await off_thread(desk.notices.read, self.actor, picked)
        if count:
            self.query_one(RecordTable).reload()
            await self.desk_app.refresh_home()
        return count


class NoticeModal(DeskModal[None]):
    """One notice, whole."""

    # Textual resolves the base's path from the folder of this file.
    CSS_PATH = "../styles/modals.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "cancel", "Close", id="notice.close")]

    def __init__(self, notice: Notice) -> None:
        super().__init__()
        self._notice = notice

    def compose(self) -> ComposeResult:
        """When, and the text."""
        with Vertical(classes="dialog"):
            yield Static("Notice", classes="title", markup=False)
            yield Static(utc(self._notice.at), classes="label", markup=False)
            yield Static(value(self._notice.text), classes="text")
            yield Static("Enter closes", classes="hint", markup=False)

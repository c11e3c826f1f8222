"""My Requests: what the person asked for, and where it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from dropcopy_tui.domain.pages import PageSource
from dropcopy_tui.services.views import RequestView
from screens.lists import OneListScreen
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.wording import REQUEST_TONES

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

COLUMNS: tuple[Column[RequestView], ...] = (
    Column("Request", lambda row: row.id, 14, order="id"),
    Column("Type", lambda row: row.type.words, 12, order="type"),
    Column("Group or session", lambda row: row.subject, order="subject"),
    Column("Entity", lambda row: row.entity, 10, order="entity", optional=1),
    Column("Submitted by", lambda row: row.submitted_by, 14, order="submitted_by", optional=3),
    Column("Submitted", lambda row: f"{row.submitted_at:%d %b %Y}", 11, order="submitted", optional=2),
    Column("Status", lambda row: row.status.words, 11, order="status", tone=lambda row: REQUEST_TONES[row.status]),
    Column("Stage", lambda row: row.stage, 30, optional=4),
)
_EMPTY = "You have asked for nothing yet. Press n on Drop Copy Groups to ask for a group."


class RequestsScreen(OneListScreen):
    """The person's own requests, the newest first."""

    CSS_PATH = "../styles/requests.tcss"

    def records(self) -> RecordList[Any]:
        """Requests, the newest first."""
        return RecordList(COLUMNS, lambda row: row.id, empty=_EMPTY, noun="requests", pickable=False)

    def body(self) -> ComposeResult:
        """The list; reviewing others' requests is not built yet, and says so."""
        yield Static("Request Status     To Do: comes with a later version", id="tabs", markup=False)
        yield from super().body()

    def place(self) -> tuple[str, ...]:
        """My Requests."""
        return ("Request Center", "My Requests", "Request Status")

    def source(self, desk: Desk) -> PageSource[Any]:
        """What the service pages."""
        return partial(desk.requests.page, self.actor)

    @on(RecordTable.Opened)
    def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        from screens.request import RequestScreen

        self.app.push_screen(RequestScreen(event.row.id))

    def requests_ended(self, requests: Any) -> None:
        """Statuses have changed."""
        super().requests_ended(requests)
        self.query_one(RecordTable).reload()

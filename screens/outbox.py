"""The sandbox's phone and mailbox: every message that a real desk would have sent."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from dropcopy_tui.services.outbox import Message
from screens.frame import job
from screens.lists import ListScreen
from screens.modals.base import DeskModal
from screens.terminal.values import value
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import Column, RecordTable
from screens.wording import utc

COLUMNS: tuple[Column[Message], ...] = (
    Column("When", lambda row: f"{row.created_at:%d %b %H:%M:%S}", 15),
    Column("By", lambda row: row.channel, 6, order="channel"),
    Column("To", lambda row: row.to, 24, order="to"),
    Column("Message", lambda row: row.subject or row.body),
)
_EMPTY = "No message yet. Ask for an SMS code, or submit a request: it appears here."


class OutboxScreen(ListScreen):
    """Messages, the newest first. A sandbox never sends: this is where they can be read."""

    def body(self) -> ComposeResult:
        """The list."""
        yield RecordList(COLUMNS, lambda row: row.id, empty=_EMPTY, noun="messages", pickable=False)

    def place(self) -> tuple[str, ...]:
        """The sandbox."""
        return ("Request Center", "Sandbox", "Phone and mailbox")

    def on_mount(self) -> None:
        """Read the list."""
        self.query_one(RecordList).focus_list()
        self._start()

    @job()
    async def _start(self) -> None:
        desk = await self.desk()
        self.query_one(RecordTable).show_source(partial(desk.outbox.page, self.actor))

    @on(RecordTable.Opened)
    def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        self.app.push_screen(TextModal(event.row))


class TextModal(DeskModal[None]):
    """One message, whole."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "cancel", "Close", id="text.close")]

    def __init__(self, message: Message) -> None:
        super().__init__()
        self._message = message

    def compose(self) -> ComposeResult:
        """To, when, subject, body."""
        message = self._message
        with Vertical(classes="dialog"):
            yield Static(value(message.subject or f"Text message to {message.to}"), classes="title")
            yield Static(value(f"{message.channel} to {message.to}, {utc(message.created_at)}"), classes="label")
            yield Static(value(message.body), classes="text")
            yield Static("Held here: a sandbox never sends. Enter closes.", classes="hint", markup=False)

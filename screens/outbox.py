"""The sandbox's phone and mailbox: every message that a real desk would have sent."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from dropcopy_tui.domain.pages import PageSource
from dropcopy_tui.services.outbox import Message
from screens.lists import OneListScreen
from screens.modals.base import DeskModal
from screens.terminal.values import value
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.wording import utc

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

COLUMNS: tuple[Column[Message], ...] = (
    Column("When", lambda row: f"{row.created_at:%d %b %H:%M:%S}", 15),
    Column("By", lambda row: row.channel, 6, order="channel"),
    Column("To", lambda row: row.to, 24, order="to"),
    Column("Message", lambda row: row.subject or row.body),
)
_EMPTY = "No message yet. Ask for an SMS code, or submit a request: it appears here."


class OutboxScreen(OneListScreen):
    """Messages, the newest first. A sandbox never sends: this is where they can be read."""

    def records(self) -> RecordList[Any]:
        """Messages, the newest first."""
        return RecordList(COLUMNS, lambda row: row.id, empty=_EMPTY, noun="messages", pickable=False)

    def place(self) -> tuple[str, ...]:
        """The sandbox."""
        return ("Request Center", "Sandbox", "Phone and mailbox")

    def source(self, desk: Desk) -> PageSource[Any]:
        """What the service pages."""
        return partial(desk.outbox.page, self.actor)

    @on(RecordTable.Opened)
    def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        self.app.push_screen(TextModal(event.row))


class TextModal(DeskModal[None]):
    """One message, whole."""

    # Textual resolves the base's path from the folder of this file.
    CSS_PATH = "../styles/modals.tcss"
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

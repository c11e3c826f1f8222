"""The outbox: what was or will be sent. In a sandbox it is the phone and the mailbox of everyone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from dropcopy_tui.domain.dates import column_moment
from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.domain.pages import PageSource
from dropcopy_tui.services.outbox.outbox import Message, OutboxStanding
from screens.jobs import job, off_thread
from screens.lists import OneListScreen
from screens.modals.base import DeskModal
from screens.terminal.values import paragraphs, value
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.wording import MESSAGE_TONES, message_words, plural, utc

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk


def _state(message: Message) -> str:
    """The state, and how often it was tried in vain."""
    return f"{message.state} {message.attempts}" if message.attempts and message.sent_at is None else message.state


# Nothing is sent in a sandbox: what counts there is what a message says.
SANDBOX_COLUMNS: tuple[Column[Message], ...] = (
    Column(
        "When",
        lambda row: column_moment(row.created_at, year=False, seconds=True),
        15,
        export=lambda row: utc(row.created_at),
    ),
    Column("By", lambda row: row.channel, 6, order="channel"),
    Column("To", lambda row: row.to, 24, order="to"),
    Column("Message", lambda row: row.subject or row.body),
)
COLUMNS: tuple[Column[Message], ...] = (
    Column("When", lambda row: column_moment(row.created_at, year=False), 12, export=lambda row: utc(row.created_at)),
    Column("By", lambda row: row.channel, 5, order="channel"),
    Column("To", lambda row: row.to, 22, order="to"),
    Column("State", _state, 9, order="state", tone=lambda row: MESSAGE_TONES[row.state]),
    Column("Message", lambda row: row.subject or row.body),
    Column("Reason", lambda row: row.error, 32, optional=1),
)
_EMPTY = "No messages yet. Messages appear here when you request an SMS code or submit a request."


class OutboxScreen(OneListScreen):
    """Messages, the newest first."""

    CSS_PATH = "../styles/outbox.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "try_again", "Retry", id="outbox.retry", tooltip="Queue the failed message again."),
    ]

    def body(self) -> ComposeResult:
        """How the outbox stands, and the list."""
        yield Static("", id="standing", markup=False)
        yield from super().body()

    def records(self) -> RecordList[Any]:
        """Messages, the newest first."""
        columns = SANDBOX_COLUMNS if self.desk_app.sandbox else COLUMNS
        return RecordList(columns, lambda row: row.id, empty=_EMPTY, noun="messages", pickable=False)

    def place(self) -> tuple[str, ...]:
        """The sandbox's phone, or the desk's outbox."""
        here = ("Sandbox", "Phone and mailbox") if self.desk_app.sandbox else ("Outbox",)
        return ("Request Center", *here)

    def source(self, desk: Desk) -> PageSource[Any]:
        """What the service pages."""
        return partial(desk.outbox.page, self.actor)

    def on_mount(self) -> None:
        """Read the list and how it stands."""
        super().on_mount()
        self._stand()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A sandbox never sends: nothing is tried again there."""
        return not (action == "try_again" and self.desk_app.sandbox)

    @job(exclusive=True, group="standing")
    async def _stand(self) -> None:
        desk = await self.desk()
        try:
            standing = await off_thread(desk.outbox.standing, self.actor)
        except DeskError:
            return  # The list says so already.
        line = self.query_one("#standing", Static)
        line.set_class(bool(standing.failed), "-failed")
        line.update(value(_words(standing)))

    @job()
    async def action_try_again(self) -> None:
        """Put the failed message under the cursor back into the queue."""
        message = self.query_one(RecordTable).current
        if message is None:
            self.say("There are no messages.", "note")
            return
        desk = await self.desk()
        await off_thread(desk.mailing.retry, self.actor, [message.id])
        self.say(f"Message {message.id} to {message.to} is queued: the next `dropcopy tick` sends it.")
        self.query_one(RecordTable).reload()
        self._stand()

    @on(RecordTable.Opened)
    def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        self.app.push_screen(TextModal(event.row, self.desk_app.sandbox))


def _words(standing: OutboxStanding) -> str:
    """What waits and what failed, in one line."""
    if standing.words:
        return standing.words
    if standing.failed:
        return f"! {plural(standing.failed, 'message')} failed: t retry.   {_queue(standing)}"
    return _queue(standing)


def _queue(standing: OutboxStanding) -> str:
    return f"{standing.queued:,} queued; `dropcopy tick` sends them." if standing.queued else "The queue is empty."


class TextModal(DeskModal[None]):
    """One message, whole."""

    # Textual resolves the base's path from the folder of this file.
    CSS_PATH = "../styles/modals.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "cancel", "Close", id="text.close")]

    def __init__(self, message: Message, sandbox: bool = True) -> None:
        super().__init__()
        self._message = message
        self._sandbox = sandbox

    def compose(self) -> ComposeResult:
        """To, when, subject, body."""
        message = self._message
        where = "Held: a sandbox never sends messages." if self._sandbox else message_words(message)
        with Vertical(classes="dialog"):
            yield Static(value(message.subject or f"Text message to {message.to}"), classes="title")
            yield Static(value(f"{message.channel} to {message.to}, {utc(message.created_at)}"), classes="label")
            yield Static(paragraphs(message.body.rstrip()), classes="text")
            yield Static(paragraphs(f"{where}\nEnter closes"), classes="hint", markup=False)

"""FIX log preview: a FIX log through the drop copy groups, message by message."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.pages import Page
from dropcopy_tui.domain.work import Estimate, Work, left_words
from dropcopy_tui.seat import here
from dropcopy_tui.services.routing.log_index import MISSED, RECEIVED, UNROUTED
from dropcopy_tui.services.routing.routing import LogReview, RoutedMessage
from screens.jobs import job, off_thread
from screens.lists import ListScreen
from screens.modals.choose import Choice, ChooseModal
from screens.modals.route import LogFileModal, MessageModal, TotalsModal, receiver_words
from screens.modals.work import bar_words
from screens.terminal.meant_keys import now
from screens.terminal.paste import PASTE_CHARACTERS
from screens.terminal.values import paragraphs, value
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.wording import plural

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

_EMPTY = "No log is open yet. Press f to select one, or paste one here."
_TICK = 0.25
_PURPOSE = "Which messages of a FIX log each group receives, and why others are not copied."
# What the list shows, in the order of the key that turns it.
_ALL = ""
_SHOWN = {
    _ALL: "all messages",
    RECEIVED: "messages it would receive",
    MISSED: "messages it would not receive",
    UNROUTED: "messages that no group receives",
}
# From so many cells on there is room for the group's filters above the list; `v` has them always.
_WIDE = 100


def _to(row: RoutedMessage) -> str:
    if row.groups:
        return ", ".join(receiver_words(group) for group in row.groups)
    return "no group"


COLUMNS: tuple[Column[RoutedMessage], ...] = (
    Column("Line", lambda row: f"{row.line:,}", 9, right=True),
    Column("Kind", lambda row: row.reading.kind.words, 26),
    Column("Source", lambda row: row.reading.source or "-", 10),
    Column("Filters", lambda row: ", ".join(kind.words for kind in row.reading.filters) or "-", 34, optional=1),
    Column("Copies to", _to, tone=lambda row: "" if row.groups else "muted"),
    Column("", lambda row: "!" if row.problems else "", 1, tone=lambda row: "error"),
)
_OF_GROUP: Column[RoutedMessage] = Column(
    "Copied", lambda row: "no" if row.why_not else "yes", 7, tone=lambda row: "muted" if row.why_not else "success"
)


class _Reading:
    """One log that is being read: how far, and whether anybody waits for it."""

    def __init__(self) -> None:
        self.wanted = True
        self._work, self._estimate = Work(), Estimate()

    def watch(self, done: int, size: int) -> bool:
        """Called by the reader; returns whether to continue."""
        if self._work.total != size:
            self._work.expect("Reading", size)
        self._work.tell(done)
        return self.wanted

    def words(self) -> str:
        """A bar, and how long the rest takes."""
        left = left_words(self._estimate.left(self._work, now()))
        return "  ".join(filter(None, (bar_words(self._work.part), left)))


class RouteScreen(ListScreen):
    """A log's messages, with who receives them. With a group, whether it would, and why not.

    `filters` are those of a draft: of an edit of the group, or without a group of a new one.
    """

    CSS_PATH = "../../styles/route.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "choose", "Open log", id="route.log", tooltip="Select the FIX log to read."),
        Binding(
            "t",
            "turn",
            "Show",
            id="route.show",
            tooltip="Cycle through: all messages, received, not received, received by no group.",
        ),
        Binding("v", "totals", "Totals", id="route.totals", tooltip="Totals per group and filter."),
    ]

    def __init__(self, group_id: int | None = None, filters: frozenset[Filter] | None = None) -> None:
        super().__init__()
        self._group_id, self._draft_filters = group_id, filters
        self._reviewed: LogReview | None = None
        self._reading = _Reading()
        # The log that is read, and the one that is shown.
        self._log_name = self._shown_name = ""
        self._only = _ALL
        self._ticking: Timer | None = None

    def body(self) -> ComposeResult:
        """The totals, and the messages."""
        yield Static(value(_PURPOSE), id="totals")
        about = self._group_id is not None or self._draft_filters is not None
        columns = (*COLUMNS[:3], _OF_GROUP, *COLUMNS[3:]) if about else COLUMNS
        yield RecordList(columns, lambda row: row.number, empty=_EMPTY, noun="messages", pickable=False)

    def place(self) -> tuple[str, ...]:
        """The group at hand, where the log has told its name."""
        about = self._reviewed.about if self._reviewed else None
        return ("Request Center", "Drop Copy Groups", *((about.name,) if about else ()), "FIX log preview")

    def on_mount(self) -> None:
        """Nothing is read yet: ask what to read."""
        records = self.query_one(RecordList)
        records.table.show_source(_nothing)
        records.focus_list()
        self.action_choose()

    def on_unmount(self) -> None:
        """A log is no longer wanted; the files are removed."""
        self._reading.wanted = False
        if self._reviewed is not None:
            self._reviewed.close()

    # -- which log

    @job()
    async def action_choose(self) -> None:
        """A file, the example of a sandbox, or what is pasted."""
        self.quiet()
        choices = [
            Choice("file", "A file", "that you have put here" if here() else "on this machine"),
            Choice("example", "Example log", "with SenderComps of this sandbox",
                   "" if self.desk_app.sandbox else "available in a sandbox only"),
            Choice("paste", "Paste", "close this dialog, then paste the log"),
        ]  # fmt: skip
        chosen = await self.app.push_screen_wait(ChooseModal("Which FIX log?", choices))
        if chosen == "file" and here() is not None:
            await self._choose_upload()
        elif chosen == "file":
            path = await self.app.push_screen_wait(LogFileModal())
            if path is not None:
                self._read(path, path.name)
        elif chosen == "example":
            desk = await self.desk()
            self._read(await off_thread(_example, desk, self.actor), "the example")
        elif chosen == "paste":
            self.say("Paste the log now.", "note")

    async def _choose_upload(self) -> None:
        """Over SSH, a file that the person has put: the host's own files are not theirs."""
        desk = await self.desk()
        uploads = await off_thread(desk.parcels.uploads, self.actor)
        if not uploads:
            self.say("Send a log first, on your own machine: ssh desk put orders.log < orders.log", "note")
            return
        choices = [Choice(each.name, each.name, f"{each.size:,} bytes") for each in uploads]
        name = await self.app.push_screen_wait(ChooseModal("Which of your files?", choices))
        if name is not None:
            self._read(await off_thread(desk.parcels.read, self.actor, name), name)

    def on_paste(self, event: events.Paste) -> None:
        """A log was pasted: terminals end its lines with a carriage return."""
        event.stop()
        self.quiet()
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        if len(event.text) >= PASTE_CHARACTERS:
            self.say(f"Only the first {PASTE_CHARACTERS:,} characters were pasted. Read a file instead.", "note")
        self._read(text.encode("utf-8", "replace"), "the pasted log")

    @job(exclusive=True, group="log")
    async def _read(self, log: Path | bytes, name: str) -> None:
        self._reading.wanted = False
        reading = self._reading = _Reading()
        self._log_name = name
        if self._ticking is None:
            self._ticking = self.set_interval(_TICK, self._show_progress)
        try:
            desk = await self.desk()
            reviewed = await off_thread(_review, self, desk, log, reading)
        finally:
            if reading is self._reading and self._ticking is not None:
                self._ticking.stop()
                self._ticking = None
        if reviewed is None:
            return
        before, self._reviewed = self._reviewed, reviewed
        self._only = _ALL
        self._show()
        if before is not None:
            before.close()

    def _show_progress(self) -> None:
        words = f"Reading {self._log_name}, Esc stops\n{self._reading.words()}"
        self.query_one("#totals", Static).update(paragraphs(words))

    def action_back(self) -> None:
        """Out of the reading first: what was read before stays."""
        if self._ticking is None:
            super().action_back()
            return
        self._ticking.stop()
        self._ticking = None
        self._reading.wanted = False
        self.say(f"{self._log_name} was not read to its end and is not shown.", "note")
        self._show_totals()

    # -- what is shown

    @job()
    async def _show(self) -> None:
        reviewed = self._reviewed
        if reviewed is None:
            return
        desk = await self.desk()
        self._shown_name = self._log_name
        self._show_totals()
        source = partial(desk.routing.messages, self.actor, reviewed, self._only)
        self.query_one(RecordTable).show_source(source)
        self.query_one(RecordList).focus_list()
        self.show_place()

    def _show_totals(self) -> None:
        """Of the log that is shown; before there is one, what the screen is for."""
        reviewed, name = self._reviewed, self._shown_name
        words = value(_PURPOSE) if reviewed is None else _summary(name, reviewed, self._only, self.size.width)
        self.query_one("#totals", Static).update(words)

    def action_turn(self) -> None:
        """All messages, those the group at hand receives, those it does not, those that no group receives."""
        self.quiet()
        if self._reviewed is None:
            self.say("No log is open yet. Press f to select one.", "note")
            return
        turns = list(_SHOWN) if self._reviewed.about else [_ALL, UNROUTED]
        self._only = turns[(turns.index(self._only) + 1) % len(turns)]
        self._show()

    def action_totals(self) -> None:
        """What each group receives."""
        self.quiet()
        if self._reviewed is None:
            self.say("No log is open yet. Press f to select one.", "note")
        else:
            self.app.push_screen(TotalsModal(self._reviewed.report, self._reviewed.about))

    @on(RecordTable.Opened)
    @job()
    async def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        self.quiet()
        reviewed = self._reviewed
        if reviewed is None:
            return
        desk = await self.desk()
        told = await off_thread(desk.routing.message, self.actor, reviewed, event.row.number)
        self.app.push_screen(MessageModal(told, reviewed.about))


def _nothing(_ask: Any) -> Any:
    return Page((), (), 0)


def _example(desk: Desk, actor: Any) -> bytes:
    return b"".join(desk.routing.example(actor))


def _review(screen: RouteScreen, desk: Desk, log: Path | bytes, reading: _Reading) -> LogReview | None:
    """In a thread: the log, read; None if it is no longer wanted."""
    reviewed = desk.routing.review(screen.actor, log, screen._group_id, screen._draft_filters, reading.watch)
    if reading.wanted:
        return reviewed
    reviewed.close()
    return None


def _summary(name: str, reviewed: LogReview, only: str, width: int) -> Content:
    """The totals: the log, the group at hand, and which messages are listed."""
    report = reviewed.report
    parts = [f"{plural(report.messages, 'message')} in {name}", f"{report.unrouted:,} to no group"]
    if report.unknown:
        parts.append(f"{report.unknown:,} of unknown sources")
    if report.flagged:
        parts.append(f"{report.flagged:,} malformed")
    if report.garbage:
        parts.append(f"{plural(report.garbage, 'piece')} skipped")
    lines = [value(", ".join(parts))]
    about = next((total for total in report.groups if reviewed.about and total.group.id == reviewed.about.id), None)
    if about is not None:
        said = f"{receiver_words(about.group)} would receive {about.copies:,} of them"
        by_filter = ", ".join(f"{kind.words} {count:,}" for kind, count in about.by_filter.items())
        lines.append(value(f"{said}: {by_filter}" if by_filter and width >= _WIDE else said, "$primary"))
    lines.append(value(f"Shown: {_SHOWN[only]}", "$warning" if only else "$text-muted"))
    return Content("\n").join(lines)

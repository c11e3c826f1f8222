"""The audit trail, for auditors and operations (rule P4)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from dropcopy_tui.domain.actions import action_words
from dropcopy_tui.domain.dates import column_moment
from dropcopy_tui.domain.pages import PageSource
from dropcopy_tui.services.audit import ANY, AuditFilter, Event
from screens.jobs import job, off_thread
from screens.lists import OneListScreen
from screens.modals.audit import AuditFilterModal, EventModal
from screens.terminal.values import value
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.wording import plural

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk


def _tone(row: Event) -> str:
    return "warning" if row.action.endswith(("refused", "wrong_code", "denied", "failed")) else ""


COLUMNS: tuple[Column[Event], ...] = (
    Column("When (UTC)", lambda row: column_moment(row.at, seconds=True), 20),
    Column("Who", lambda row: row.person, 17, order="person"),
    Column("What", lambda row: action_words(row.action), order="action", tone=_tone),
    Column("About", lambda row: row.subject, 16, order="subject"),
    Column("Entity", lambda row: row.entity or "", 10, optional=1),
    Column("Where from", lambda row: row.origin, 20, optional=2),
)
_EMPTY = "No event matches. Press f to change the filter, Escape to clear it."


class AuditScreen(OneListScreen):
    """Every event, the newest first."""

    CSS_PATH = "../styles/audit.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "narrow", "Filter", id="audit.narrow",
                tooltip="Filter by person, session, group, kind or time."),
        Binding("v", "verify", "Verify", id="audit.verify",
                tooltip="Verify that no event was altered."),
    ]  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._filter = ANY

    def records(self) -> RecordList[Any]:
        """Events, the newest first."""
        return RecordList(COLUMNS, lambda row: row.id, empty=_EMPTY, noun="events", pickable=False)

    def body(self) -> ComposeResult:
        """What is shown, and the list."""
        yield Static("", id="narrowed", markup=False)
        yield from super().body()

    def place(self) -> tuple[str, ...]:
        """Where it is."""
        return ("Request Center", "Audit trail")

    def source(self, desk: Desk) -> PageSource[Any]:
        """The pages of the filter at hand."""
        self.query_one("#narrowed", Static).update(value(f"Events: {_words(self._filter)}   f filter"))
        return partial(desk.audit.page, self.actor, filters=self._filter)

    def action_back(self) -> None:
        """Out of what was typed, then out of the filter, then one level back."""
        if self._filter != ANY and not self.query_one(RecordList).has_class("-filtering"):
            self._narrow(ANY)
        else:
            super().action_back()

    @job()
    async def action_narrow(self) -> None:
        """Choose which events are shown."""
        self.quiet()
        desk = await self.desk()
        kinds = await off_thread(desk.audit.kinds, self.actor)
        chosen = await self.app.push_screen_wait(AuditFilterModal(kinds, _typed(self._filter)))
        if chosen is not None:
            self._narrow(chosen)

    @job(exclusive=True, group="narrow")
    async def _narrow(self, wanted: AuditFilter) -> None:
        self.quiet()
        self._filter = wanted
        self.query_one(RecordTable).show_source(self.source(await self.desk()))

    @job(exclusive=True, group="verify")
    async def action_verify(self) -> None:
        """Recompute the chain and say what came of it."""
        self.say("Reading every event ...", "note")
        desk = await self.desk()
        found = await off_thread(desk.audit.verify, self.actor)
        if found.valid:
            self.say(f"{plural(found.events, 'event')} verified: none was altered.{_sealed(found.sealed_from)}")
        else:
            self.say(f"The audit trail was altered. {found.why} Notify operations.", "failed")

    @on(RecordTable.Opened)
    def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        self.quiet()
        self.app.push_screen(EventModal(event.row))


def _sealed(first: int | None) -> str:
    """From which event on no one can have written any without the master key, where that is not all of them."""
    return f" Sealed from event {first:,} on." if first is not None and first > 1 else ""


def _typed(wanted: AuditFilter) -> dict[str, str]:
    """The filter as the form's fields hold it."""
    times = {name: moment.isoformat(timespec="minutes").removesuffix("+00:00") if moment else ""
             for name, moment in (("since", wanted.since), ("until", wanted.until))}  # fmt: skip
    return {
        "person": wanted.person, "group": wanted.group, "session": wanted.session, "kind": wanted.kind, **times,
    }  # fmt: skip


def _words(wanted: AuditFilter) -> str:
    """The filter in a line."""
    parts = (
        (wanted.kind, action_words(wanted.kind).lower() if ":" in wanted.kind else f"kind {wanted.kind}"),
        (wanted.person, f"by {wanted.person}"),
        (wanted.session, f"about session {wanted.session.upper()}"),
        (wanted.group, f"about group {wanted.group}"),
        (wanted.since, f"from {column_moment(wanted.since).strip()}" if wanted.since else ""),
        (wanted.until, f"before {column_moment(wanted.until).strip()}" if wanted.until else ""),
    )
    return ", ".join(words for chosen, words in parts if chosen) or "all"

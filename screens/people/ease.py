"""The EASE desk: find who calls, verify them, issue a code, unlock, reset a factor with a colleague."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from dropcopy_tui.domain.accounts import PersonStatus
from dropcopy_tui.services.people.views import PersonLine
from screens.jobs import job, off_thread
from screens.lists import ListScreen
from screens.people import ease_flow
from screens.people import flow as people_flow
from screens.people.person_keys import STATUS_TONES, PersonTable
from screens.terminal.values import value
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.wording import plural

COLUMNS: tuple[Column[PersonLine], ...] = (
    Column("User id", lambda line: line.user_id, 18, order="user_id"),
    Column("Name", lambda line: line.name, 20, order="name"),
    Column("Email", lambda line: line.email, order="email"),
    Column("Status", lambda line: line.status.value, 8, order="status", tone=lambda line: STATUS_TONES[line.status]),
)


class EaseScreen(ListScreen):
    """Everyone who may call."""

    CSS_PATH = "../../styles/people.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "issue", "Issue code", id="ease.issue", tooltip="Verify the caller and issue a one-time code."),
        Binding("u", "unlock", "Unlock", id="ease.unlock", tooltip="Unlock an account locked after failed sign-ins."),
        Binding("t", "reset", "Reset", id="ease.reset", tooltip="Request the removal of a lost authenticator app."),
        Binding("r", "confirm", "Confirm", show=False, id="ease.confirm", tooltip="Confirm a colleague's reset."),
    ]

    def body(self) -> ComposeResult:
        """What waits for a second agent, and everyone."""
        yield Static("", id="entity", markup=False)
        yield RecordList(
            COLUMNS, lambda line: line.user_id, empty="No people found.", noun="people", table=PersonTable,
            pickable=False,
        )  # fmt: skip

    def place(self) -> tuple[str, ...]:
        """At the desk."""
        return ("Request Center", "EASE desk")

    def on_mount(self) -> None:
        """Everyone, with the filter one key away."""
        self.query_one(RecordList).focus_list()
        self._start()

    @job()
    async def _start(self) -> None:
        desk = await self.desk()
        self.query_one(RecordTable).show_source(lambda ask: desk.ease.find(self.actor, ask))
        await self._show_resets()

    async def _show_resets(self) -> None:
        desk = await self.desk()
        waiting = await off_thread(desk.ease.resets, self.actor)
        mine = sum(not reset.reason for reset in waiting)
        text = "Press / to find the caller, then c to issue a code. Press r to confirm a colleague's reset."
        if waiting:
            yours = f", {mine} for you to confirm (r)" if mine else ""
            text = f"{plural(len(waiting), 'reset awaits', 'resets await')} a second agent{yours}."
        self.query_one("#entity", Static).update(value(text))

    def _person(self) -> PersonLine | None:
        """The row under the cursor."""
        self.quiet()
        return self.query_one(PersonTable).current

    @on(RecordTable.Opened)
    def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        self.action_issue()

    @job()
    async def action_issue(self) -> None:
        """A code for whoever calls."""
        line = self._person()
        if line is not None:
            await ease_flow.issue_code(self, line.user_id)

    @job()
    async def action_unlock(self) -> None:
        """End a lock."""
        line = self._person()
        if line is None:
            return
        if line.status is not PersonStatus.LOCKED:
            self.say(f"{line.user_id} is not locked.", "note")
        elif await people_flow.unlock(self, line):
            table: RecordTable[Any] = self.query_one(RecordTable)
            table.reload()

    @job()
    async def action_reset(self) -> None:
        """A lost app."""
        line = self._person()
        if line is not None and await ease_flow.ask_reset(self, line.user_id):
            await self._show_resets()

    @job()
    async def action_confirm(self) -> None:
        """The second agent."""
        self.quiet()
        await ease_flow.confirm_reset(self)
        await self._show_resets()

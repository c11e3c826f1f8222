"""The sessions of a Registered Entity, of one kind: those of deleted groups stay, as released (rule G9)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from dropcopy_tui.domain.pages import Ask, Page
from dropcopy_tui.domain.people import MAY_RETIRE
from dropcopy_tui.domain.sessions import SessionKind, SessionStatus
from dropcopy_tui.services.views import SessionView
from screens.frame import job, off_thread
from screens.lists import ListScreen
from screens.modals.choose import Choice, ChooseModal
from screens.modals.confirm import ConfirmModal
from screens.terminal.values import value
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.widgets.session_list import PAGED_COLUMNS, SessionLine, SessionTable, session_line
from screens.wording import plural

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

_KINDS = {
    SessionKind.DROP_COPY: "Drop Copy Sessions",
    SessionKind.ORDER_ENTRY: "Order Entry Sessions",
    SessionKind.MARKET_DATA: "Market Data Sessions",
}
_STATUSES = {
    SessionStatus.ACTIVE: "in use",
    SessionStatus.RELEASED: "their groups were deleted; only GAM can retire them",
    SessionStatus.RETIRED: "out of use for ever",
}
_EMPTY = "No session is here. Press f to show those of another status."


class SessionsScreen(ListScreen):
    """One line a session; its second living pair is counted in the state."""

    CSS_PATH = "../styles/sessions.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "status", "Status", id="sessions.status", tooltip="Show the sessions of one status only."),
        Binding("d", "retire", "Retire", id="sessions.retire",
                tooltip="GAM: take the released session under the cursor out of use for ever."),
    ]  # fmt: skip

    def __init__(self, kind: SessionKind, entity: str) -> None:
        super().__init__()
        self._kind, self._entity = kind, entity
        self._status: SessionStatus | None = None

    def body(self) -> ComposeResult:
        """What is shown, and the list."""
        yield Static("", id="narrowed", markup=False)
        yield RecordList(PAGED_COLUMNS, lambda line: line.key, empty=_EMPTY, noun="sessions", table=SessionTable)

    def place(self) -> tuple[str, ...]:
        """The entity, then the kind."""
        return ("Request Center", self._entity, _KINDS[self._kind])

    def on_mount(self) -> None:
        """Read the list."""
        self.query_one(RecordList).focus_list()
        self._start()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Retiring is greyed for everybody but GAM: a courtesy, the service decides."""
        return None if action == "retire" and not self.desk_app.may(MAY_RETIRE) else True

    @job(exclusive=True, group="sessions")
    async def _start(self) -> None:
        self._show(await self.desk())

    def _show(self, desk: Desk) -> None:
        status = f"{self._status}: {_STATUSES[self._status]}" if self._status else "all"
        self.query_one("#narrowed", Static).update(value(f"Status   {status}   f shows another"))
        pages = partial(desk.sessions.page, self.actor, kind=self._kind, entity=self._entity, status=self._status)
        self.query_one(RecordTable).show_source(lambda ask: _lines(pages, ask, self.desk_app.shows_key_ids))

    @job()
    async def action_status(self) -> None:
        """Choose which sessions are shown."""
        self.quiet()
        choices = [Choice("all", "all"), *(Choice(status, status, words) for status, words in _STATUSES.items())]
        chosen = await self.app.push_screen_wait(ChooseModal("Status", choices, at=self._status or "all"))
        if chosen is not None:
            self._status = None if chosen == "all" else SessionStatus(chosen)
            self._show(await self.desk())

    def action_show(self) -> None:
        """Show or hide the public key ids."""
        self.desk_app.shows_key_ids = not self.desk_app.shows_key_ids
        self.query_one(RecordTable).reload()

    @job()
    async def action_keys(self) -> None:
        """Manage Keys for the selected sessions."""
        from screens.key_flow import manage_keys

        self.quiet()
        desk = await self.desk()
        table = self.query_one(RecordTable)
        if table.picked.everything:
            self.say("Select the sessions one by one: Space selects.", "note")
            return
        views = [await off_thread(desk.sessions.get, self.actor, key) for key in table.chosen_keys()]
        if await manage_keys(self, views):
            table.reload()

    @job()
    async def action_retire(self) -> None:
        """Retire the session under the cursor, once its Session ID was typed."""
        self.quiet()
        line = self.query_one(RecordTable).current
        if not isinstance(line, SessionLine):
            return
        desk = await self.desk()
        view = await off_thread(desk.sessions.get, self.actor, int(line.key))
        if view.status != SessionStatus.RELEASED:
            where = f"group {view.group} uses it" if view.status == SessionStatus.ACTIVE else "it is retired already"
            self.say(f"{view.session_id} is {view.status}: {where}. Only a released session can be retired.", "failed")
            return
        modal = ConfirmModal(f"Retire session {view.session_id}", _consequences(view), view.session_id)
        if await self.app.push_screen_wait(modal):
            await off_thread(desk.sessions.retire, self.actor, view.pk)
            self.say(f"{view.session_id} is retired: {plural(len(view.living), 'key pair')} destroyed.")
            self.query_one(RecordTable).reload()


def _consequences(view: SessionView) -> tuple[str, ...]:
    """What retiring does, and what it does not."""
    pairs = plural(len(view.living), "living key pair")
    return (
        f"{view.session_id} belonged to group {view.group or 'that is gone'} of {view.entity}, which was deleted.",
        "",
        f"It will be retired for ever, and its {pairs} destroyed at once." if view.living
        else "It will be retired for ever. It has no living key pair.",
        "Its Session ID is not given to anybody else, and its history stays.",
    )  # fmt: skip


def _lines(pages: Any, ask: Ask, shows_key_ids: bool) -> Page[SessionLine]:
    """A page of sessions as lines, a session each."""
    page: Page[SessionView] = pages(ask)
    return Page(tuple(session_line(view, shows_key_ids) for view in page.rows), page.cursors, page.total)

"""The sessions of a Registered Entity, of one kind: those of deleted groups stay, as released (rule G9)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from dropcopy_tui.domain.pages import Page, PageRequest, Selection
from dropcopy_tui.domain.people import MAY_RETIRE
from dropcopy_tui.domain.sessions import SessionKind, SessionStatus
from dropcopy_tui.services.views import SessionView
from screens.detailed import DetailedScreen
from screens.entity_list import EntityListScreen
from screens.jobs import job, off_thread
from screens.keys.detail import session_detail
from screens.keys.expiry_line import ExpiryLine
from screens.keys.manage import manage_keys
from screens.keys.session_table import SessionLine, SessionTable, paged_columns, session_line
from screens.modals.choose import Choice, ChooseModal
from screens.modals.confirm import TypedConfirmModal
from screens.terminal.values import value
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.widgets.sheet import Draw
from screens.wording import SESSION_KINDS, plural

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

_STATUSES = {
    SessionStatus.ACTIVE: "in use",
    SessionStatus.RELEASED: "group deleted; only GAM can retire them",
    SessionStatus.RETIRED: "permanently out of use",
}
_EMPTY = "No sessions with this status. Press f to show another status."
_NONE = (
    "No sessions with this status. Press f to show another status. Operations can import sessions: "
    "dropcopy import sessions."
)


class SessionsScreen(DetailedScreen, EntityListScreen):
    """One line a session; its second living pair is counted in the state."""

    CSS_PATH = "../../styles/sessions.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "status", "Status", id="sessions.status", tooltip="Filter by status."),
        Binding("d", "retire", "Retire", id="sessions.retire",
                tooltip="Permanently retire the released session under the cursor (GAM)."),
        Binding("d", "why_not", "Why not", show=False, id="sessions.why_not",
                tooltip="Explain why a session cannot be retired here."),
        Binding("r", "entity", "Entity", show=False, id="sessions.entity", tooltip="Show another Registered Entity."),
        Binding("b", "expiring", "Expiring", show=False, id="sessions.expiring",
                tooltip="Select the sessions whose last key pair expires within four weeks."),
    ]  # fmt: skip

    def __init__(self, kind: SessionKind, entity: str = "", match: str = "") -> None:
        """Without an entity, that of the person; `match` is a filter to begin with."""
        super().__init__(entity)
        self._kind, self._match = kind, match
        self._status: SessionStatus | None = None

    def body(self) -> ComposeResult:
        """What expires, what is shown, and the list."""
        drop_copy = self._kind is SessionKind.DROP_COPY
        yield ExpiryLine()
        yield Static("", id="narrowed", markup=False)
        records = RecordList(
            self._columns(), lambda line: line.key, empty=_EMPTY if drop_copy else _NONE,
            noun="sessions", table=SessionTable,
        )  # fmt: skip
        yield from self.with_detail(records)

    async def describe(self, desk: Desk, row: SessionLine) -> Draw:
        """The session under the cursor."""
        view = await off_thread(desk.sessions.get, self.actor, int(row.key))
        return partial(session_detail, view, self.desk_app.shows_key_ids)

    def _columns(self) -> tuple[Column[SessionLine], ...]:
        drop_copy = self._kind is SessionKind.DROP_COPY
        return paged_columns(drop_copy=drop_copy, key_ids=self.desk_app.shows_key_ids)

    def place(self) -> tuple[str, ...]:
        """The entity, then the kind."""
        return ("Request Center", self._entity, SESSION_KINDS[self._kind])

    def on_mount(self) -> None:
        """Read the list, with its first filter."""
        if self._match:
            self.query_one(RecordList).start_filtered(self._match)
        super().on_mount()

    def on_screen_resume(self) -> None:
        """Key pairs may have come meanwhile."""
        super().on_screen_resume()
        if self.query_one(RecordTable).total >= 0:
            self._reload()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only drop copy sessions are retired, greyed for everyone but GAM: a courtesy, the service decides."""
        if action not in ("retire", "why_not"):
            return True
        if self._kind is not SessionKind.DROP_COPY:
            return False
        return True if action == "why_not" or self.desk_app.may(MAY_RETIRE) else None

    def action_why_not(self) -> None:
        """Whoever is not GAM reads who is."""
        self.say(
            "Only GAM (Global Account Management) can retire a Session ID; operations grants that role. "
            "Nothing was changed.",
            "note",
        )

    async def show_entity(self, desk: Desk) -> None:
        """The entity's sessions, of the status at hand, and what expires among them."""
        status = f"{self._status}: {_STATUSES[self._status]}" if self._status else "all"
        more = "   r another entity" if len(self._entities) > 1 else ""
        self.query_one("#narrowed", Static).update(value(f"Status   {status}   f filter{more}"))
        self.show_place()
        pages = partial(desk.sessions.page, self.actor, kind=self._kind, entity=self._entity, status=self._status)
        self.query_one(RecordTable).show_source(lambda ask: _lines(pages, ask, self.desk_app.shows_key_ids))
        await self._tell(desk)

    async def _tell(self, desk: Desk) -> None:
        """Say what expires, at the top."""
        pending = await off_thread(desk.sessions.pending, self.actor, self._kind, self._entity)
        # The screen may have been left meanwhile.
        for line in self.query(ExpiryLine):
            line.show(pending)

    @job(exclusive=True, group="sessions")
    async def _reload(self) -> None:
        self.query_one(RecordTable).reload()
        await self._tell(await self.desk())

    @job()
    async def action_status(self) -> None:
        """Choose which sessions are shown."""
        self.quiet()
        choices = [Choice("all", "all"), *(Choice(status, status, words) for status, words in _STATUSES.items())]
        chosen = await self.app.push_screen_wait(ChooseModal("Status", choices, at=self._status or "all"))
        if chosen is not None:
            self._status = None if chosen == "all" else SessionStatus(chosen)
            await self.show_entity(await self.desk())

    def action_expiring(self) -> None:
        """Select what expires: `k` is the cure."""
        self.quiet()
        pending = self.query_one(ExpiryLine).pending
        if not pending:
            self.say("No key pair of these sessions expires within four weeks.", "note")
            return
        self.query_one(RecordTable).pick(Selection(frozenset(str(view.session_pk) for view in pending)))
        self.say(
            f"{plural(len(pending), 'session')} selected (including any not shown). Press k to manage their key pairs.",
            "note",
        )

    def action_show(self) -> None:
        """Show or hide the public key ids."""
        self.desk_app.shows_key_ids = not self.desk_app.shows_key_ids
        table = self.query_one(RecordTable)
        table.show_columns(self._columns())
        table.reload()

    @job()
    async def action_keys(self) -> None:
        """Manage Keys for the selected sessions."""
        self.quiet()
        desk = await self.desk()
        table = self.query_one(RecordTable)
        chosen = table.chosen()
        picked = Selection(frozenset(int(key) for key in chosen.keys), chosen.everything, chosen.match)
        views = await off_thread(
            desk.sessions.picked, self.actor, picked, kind=self._kind, entity=self._entity, status=self._status
        )
        if await manage_keys(self, views):
            table.pick(Selection())
            self._reload()

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
            where = (
                f"group {view.group} uses it" if view.status == SessionStatus.ACTIVE else "it has already been retired"
            )
            self.say(f"{view.session_id} is {view.status}: {where}. Only a released session can be retired.", "failed")
            return
        await self.must(MAY_RETIRE)
        modal = TypedConfirmModal(f"Retire session {view.session_id}", _consequences(view), view.session_id)
        if await self.app.push_screen_wait(modal):
            await off_thread(desk.sessions.retire, self.actor, view.pk)
            self.say(f"{view.session_id} is retired: {plural(len(view.living), 'key pair')} destroyed.")
            self._reload()


def _consequences(view: SessionView) -> tuple[str, ...]:
    """What retiring does, and what it does not."""
    pairs = plural(len(view.living), "active key pair")
    return (
        f"{view.session_id} belonged to a deleted group of {view.entity}{f': {view.group}' if view.group else ''}.",
        "",
        f"It will be permanently retired and its {pairs} destroyed immediately." if view.living
        else "It will be permanently retired. It has no active key pair.",
        "Its Session ID will never be reassigned, and its history is kept.",
    )  # fmt: skip


def _lines(pages: Any, ask: PageRequest, shows_key_ids: bool) -> Page[SessionLine]:
    """A page of sessions as lines, a session each."""
    page: Page[SessionView] = pages(ask)
    return Page(tuple(session_line(view, shows_key_ids) for view in page.rows), page.cursors, page.total)

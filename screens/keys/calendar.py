"""The key calendar: a year as lines, one a session, those first that need someone soonest."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from dropcopy_tui.domain.pages import Page, PageRequest
from dropcopy_tui.domain.sessions import SessionKind
from dropcopy_tui.services.keys.calendar import CalendarLine
from screens.entity_list import choose_entity, entities_of
from screens.export import Export
from screens.jobs import job, off_thread
from screens.keys.calendar_table import COLUMNS, CalendarTable
from screens.keys.calendar_words import CLOSED_BY_NOW, REPORT_COLUMNS, detail, is_questionable
from screens.keys.life_line import LEGEND
from screens.lists import AS_JSON, ListScreen
from screens.modals.choose import Choice, ChooseModal
from screens.navigation import OpenSession
from screens.terminal.values import value
from screens.widgets.record_list import ListChanged, RecordList
from screens.widgets.record_table import RecordTable
from screens.wording import SESSION_KINDS, plural

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.services.keys.report import KeyReportLine

_EMPTY = "No active sessions. Press f for another kind, r for another entity."
_EVERY = Choice("*", "all", "all entities you have access to")
_INK = {"success": "$success", "warning": "$warning", "muted": "$text-muted", "today": "$accent"}


class CalendarScreen(ListScreen):
    """Which session's key pairs are valid when."""

    CSS_PATH = "../../styles/calendar.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "kind", "Kind", id="calendar.kind", tooltip="Filter by session kind."),
        Binding("r", "entity", "Entity", show=False, id="calendar.entity", tooltip="Filter by Registered Entity."),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._kind: SessionKind | None = None
        self._entity = ""

    def body(self) -> ComposeResult:
        """The legend, what is shown, the lines, and the line under the cursor in words."""
        yield Static(_legend(), id="legend", markup=False)
        yield Static("", id="narrowed", markup=False)
        yield RecordList(
            COLUMNS, lambda line: line.pk, empty=_EMPTY, noun="sessions", pickable=False, table=CalendarTable
        )
        yield Static("", id="detail", markup=False)

    def place(self) -> tuple[str, ...]:
        """Where it is."""
        return ("Request Center", "Key calendar")

    def on_mount(self) -> None:
        """Read the list."""
        self.query_one(RecordList).focus_list()
        self._start()

    def on_screen_resume(self) -> None:
        """Key pairs may have come meanwhile."""
        super().on_screen_resume()
        table = self.query_one(RecordTable)
        if table.total >= 0:
            table.reload()

    @job(exclusive=True, group="calendar")
    async def _start(self) -> None:
        self._show(await self.desk())

    def _show(self, desk: Desk) -> None:
        kind = SESSION_KINDS[self._kind] if self._kind else "All sessions"
        words = f"{kind} of {self._entity or 'all entities'}   f kind  r entity  s sort  Left/Right time"
        self.query_one("#narrowed", Static).update(value(words))
        table = self.query_one(CalendarTable)
        table.show_today(desk.clock.now().date())
        table.show_source(partial(desk.calendar.page, self.actor, kind=self._kind, entity=self._entity))

    def exported(self, records: RecordList[Any], desk: Desk) -> Export:
        """The same key pairs as `dropcopy keys report` writes them."""
        source = records.table.source
        assert source is not None

        def lines(ask: PageRequest) -> Page[KeyReportLine]:
            page = source(ask)
            found = desk.key_report.of_sessions(self.actor, [line.pk for line in page.rows])
            return Page(found, page.cursors, page.total)

        text = (
            f"The key pairs of {plural(records.table.total, 'session')}: one row per key pair, "
            f"filtered and sorted as shown.{AS_JSON}"
        )
        return Export(REPORT_COLUMNS, lines, text)

    @on(ListChanged)
    def _moved(self, event: ListChanged) -> None:
        event.stop()
        line = self.query_one(RecordTable).current
        words = detail(line) if isinstance(line, CalendarLine) else ""
        self.query_one("#detail", Static).update(value(words))
        if isinstance(line, CalendarLine) and is_questionable(line):
            self._ask_calendar(line, words)

    @job(exclusive=True, group="holidays")
    async def _ask_calendar(self, line: CalendarLine, words: str) -> None:
        """Whether the last day is a holiday by now: the stored expiry stays, and the line says so."""
        desk = await self.desk()
        last = line.last
        if last and not await off_thread(desk.calendar.is_open, self.actor, line.market, last.ends):
            self.query_one("#detail", Static).update(value(f"{words}; {CLOSED_BY_NOW}"))

    @on(RecordTable.Opened)
    @job()
    async def _opened(self, event: RecordTable.Opened) -> None:
        """To the session: in its group, or in the list of its kind."""
        await self.go(OpenSession(event.row.pk))

    @job()
    async def action_kind(self) -> None:
        """Choose which kind of sessions is shown."""
        self.quiet()
        choices = [Choice("all", "All sessions"), *(Choice(kind, words) for kind, words in SESSION_KINDS.items())]
        chosen = await self.app.push_screen_wait(ChooseModal("Sessions", choices, at=self._kind or "all"))
        if chosen is not None:
            self._kind = None if chosen == "all" else SessionKind(chosen)
            self._show(await self.desk())

    @job()
    async def action_entity(self) -> None:
        """Choose whose sessions are shown."""
        self.quiet()
        desk = await self.desk()
        chosen = await choose_entity(self, await entities_of(self, desk), self._entity, _EVERY)
        if chosen is not None:
            self._entity = chosen
            self._show(desk)


def _legend() -> Content:
    """What the glyphs mean, each in its tone."""
    return Content("  ").join(Content.assemble(value(glyph, _INK[tone]), f" {word}") for glyph, word, tone in LEGEND)

"""The person's drafts: resume or discard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from dropcopy_tui.domain.pages import Anchor, Page, PageRequest
from dropcopy_tui.services.views import DraftView
from screens.jobs import job, off_thread
from screens.lists import ListScreen
from screens.modals.confirm import ConfirmModal
from screens.modals.work import with_work
from screens.navigation import OpenWizard
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.wording import plural, utc

COLUMNS: tuple[Column[DraftView], ...] = (
    Column("Group", lambda row: (row.name or "unnamed") + (" (group deleted)" if row.gone else "")),
    Column("Market", lambda row: row.market_name, 14),
    Column("Entity", lambda row: row.entity or "none yet", 10),
    Column("Step", lambda row: f"{row.step} of 6", 7),
    Column("Sources", lambda row: f"{row.sources:,}", 9, right=True),
    Column("Saved", lambda row: utc(row.updated_at), 22, optional=1),
)
_EMPTY = "You have no drafts. Press n on Home to request a group."


class DraftsScreen(ListScreen):
    """Every open draft, the last one first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "discard", "Discard", id="drafts.discard", tooltip="Discard the draft under the cursor."),
    ]

    def body(self) -> ComposeResult:
        """The list."""
        yield RecordList(COLUMNS, lambda row: row.id, empty=_EMPTY, noun="drafts", pickable=False)

    def place(self) -> tuple[str, ...]:
        """Where drafts are."""
        return ("Request Center", "Drafts")

    def on_mount(self) -> None:
        """Keys on the list."""
        self.query_one(RecordList).focus_list()

    def on_screen_resume(self) -> None:
        """A draft may have been submitted or changed."""
        super().on_screen_resume()
        self._load()

    def store_changed(self) -> None:
        """One may have been submitted or discarded in another window."""
        for table in self.query(RecordTable):
            table.expect_changes()
        self._load()

    @job(group="drafts", exclusive=True)
    async def _load(self) -> None:
        desk = await self.desk()
        drafts = await off_thread(desk.drafts.mine, self.actor)
        self.query_one(RecordTable).show_again(lambda ask: _page(drafts, ask))

    @on(RecordTable.Opened)
    @job()
    async def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        await self.go(OpenWizard(event.row.id))

    @job()
    async def action_discard(self) -> None:
        """Throw one away, once that is confirmed."""
        self.quiet()
        draft = self.query_one(RecordTable).current
        if not isinstance(draft, DraftView):
            return
        name = draft.name or "without a name"
        text = f"The draft {name} ({draft.market_name}) will be deleted with {plural(draft.sources, 'SenderComp')}."
        if await self.app.push_screen_wait(ConfirmModal("Discard draft", text, "Discard", "Keep")):
            desk = await self.desk()
            await with_work(self, "Discarding the draft", draft.sources, desk.drafts.discard, self.actor, draft.id)
            self.say(f"Draft {name} discarded.")
            self._load()


def _shown(row: DraftView) -> str:
    """Everything that a row shows, for a filter."""
    return " ".join(column.show(row) for column in COLUMNS).lower()


def _page(drafts: Sequence[DraftView], ask: PageRequest) -> Page[DraftView]:
    """A person's drafts are few: they are read immediately and paged here."""
    words = ask.match.lower().split()
    rows = [row for row in drafts if all(word in _shown(row) for word in words)]
    if ask.anchor in (Anchor.AFTER, Anchor.BEFORE):
        return Page((), (), len(rows))
    start = ask.at if ask.anchor is Anchor.AT else 0
    chosen = tuple(rows[start : start + ask.limit])
    return Page(chosen, tuple((row.id, row.id) for row in chosen), len(rows))

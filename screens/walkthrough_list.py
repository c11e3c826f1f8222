"""The walkthroughs, to be watched or practised. They run in a sandbox of their own, and come back to this one."""

from __future__ import annotations

from collections.abc import Collection

from textual import on
from textual.app import ComposeResult

from dropcopy_tui.domain.pages import Anchor, Page, PageRequest
from dropcopy_tui.walkthroughs.library import WALKTHROUGHS
from dropcopy_tui.walkthroughs.steps import Walkthrough
from screens.jobs import job
from screens.lists import ListScreen
from screens.modals.choose import Choice, ChooseModal
from screens.practised import practised
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable


def columns_for(done: Collection[str]) -> tuple[Column[Walkthrough], ...]:
    """What is shown of each; `done` are the names of those that were practised to the end."""
    return (
        Column("Walkthrough", lambda row: row.title, least=38),
        Column("Steps", lambda row: str(len(row.steps)), 5, right=True, optional=2),
        Column("Done", lambda row: "ok" if row.name in done else "", 4),
        Column("Role", lambda row: row.role, 29, narrow=18),
        # What commands call it.
        Column("Name", lambda row: row.name, 22, optional=1),
    )


_MODES = (
    Choice("step", "Step by step", "Space presses the keys of each step"),
    Choice("practice", "Practice", "you press them; a hint comes after ten seconds"),
    Choice("play", "Play", "it goes through by itself"),
)


class WalkthroughsScreen(ListScreen):
    """Every walkthrough."""

    def body(self) -> ComposeResult:
        """The list."""
        empty = "No walkthrough matches."
        columns = columns_for(practised(self.desk_app.config.paths.choices))
        yield RecordList(columns, lambda row: row.name, empty=empty, noun="walkthroughs", pickable=False)

    def place(self) -> tuple[str, ...]:
        """In the sandbox."""
        return ("Request Center", "Sandbox", "Walkthroughs")

    def on_mount(self) -> None:
        """Keys on the list."""
        self.query_one(RecordList).focus_list()
        self.query_one(RecordTable).show_source(_page)

    @on(RecordTable.Opened)
    @job()
    async def _opened(self, event: RecordTable.Opened) -> None:
        event.stop()
        text = "It runs in a sandbox of its own. Drafts are kept, and you come back here when it ends."
        mode = await self.app.push_screen_wait(ChooseModal(event.row.title, _MODES, text))
        if mode is not None:
            self.desk_app.leave_for(event.row.name, mode)


def _page(ask: PageRequest) -> Page[Walkthrough]:
    """They are few: they are paged here."""
    words = ask.match.casefold().split()
    rows = [row for row in WALKTHROUGHS.values() if all(word in _searched(row) for word in words)]
    if ask.anchor in (Anchor.AFTER, Anchor.BEFORE):
        return Page((), (), len(rows))
    start = ask.at if ask.anchor is Anchor.AT else 0
    chosen = tuple(rows[start : start + ask.limit])
    return Page(chosen, tuple((row.name,) for row in chosen), len(rows))


def _searched(row: Walkthrough) -> str:
    return f"{row.title} {row.role} {row.name}".casefold()

"""Our table over the pages of the store, and nothing else on the screen. `o` opens it, `c` closes it.

Run with the path of a store that `tests.bench.fill` has made.
"""

from __future__ import annotations

import os
import sys
from functools import partial

from screens.terminal.guard import prepare, quick_start

if __name__ == "__main__":
    # As the command line does; the garbage collector comes back when the first screen is painted.
    FACTS = prepare(os.environ)
    quick_start()

from textual.app import ComposeResult
from textual.widgets import Label

from dropcopy_tui.config import load
from dropcopy_tui.desk import open_desk
from dropcopy_tui.domain.pages import PageSource
from dropcopy_tui.services.views import SenderCompView
from screens.terminal.app import TerminalApp
from screens.widgets.columns import Column
from screens.widgets.record_table import RecordTable
from tests.bench.place import ENTITY, MARKET, PERSON

COLUMNS: tuple[Column[SenderCompView], ...] = (
    Column("SenderComp", lambda row: row.sender_comp_id, 11, order="sender_comp_id"),
    Column("Firm", lambda row: row.gfid, 6, order="gfid"),
    Column("Gateway", lambda row: row.gateway.upper(), 7),
)


class RecordsApp(TerminalApp):
    """Waits for `o`, then shows the table."""

    BINDINGS = [("o", "open", "Open"), ("c", "close", "Close")]
    source: PageSource[SenderCompView]

    def compose(self) -> ComposeResult:
        """What tells the stopwatch that keys are read."""
        yield Label("press o")

    def action_open(self) -> None:
        """Show the table."""
        table = RecordTable(COLUMNS, lambda row: row.id, source=self.source)
        self.mount(table)
        table.focus()

    async def action_close(self) -> None:
        """Take it away again."""
        await self.query(RecordTable).remove()


if __name__ == "__main__":
    desk = open_desk(load(store=sys.argv[1]))
    actor = desk.identity.act_as(PERSON, "bench")
    # As the application does while people look at Home.
    desk.rehearse(actor)
    app = RecordsApp(FACTS)
    app.source = partial(desk.sendercomps.page, actor, ENTITY, market=MARKET)
    sys.exit(app.start())

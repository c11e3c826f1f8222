"""The pane beside a list: what is under the cursor, in as many lines as there are."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from screens.widgets.sheet import Draw, Sheet


class Detail(VerticalScroll, can_focus=False):
    """Seen on a wide screen only (`-wide`). Keys stay with the list."""

    # The rules are about where it stands, too.
    SCOPED_CSS = False
    DEFAULT_CSS = """
    Detail {
        display: none;
        width: 40;
        height: 1fr;
        padding: 1 0 0 1;
        color: $foreground;
        scrollbar-size-vertical: 0;
    }
    .-wide Detail { display: block; }
    .with-detail { height: 1fr; }
    """

    def compose(self) -> ComposeResult:
        """One sheet."""
        yield Sheet()

    def show(self, draw: Draw) -> None:
        """Show the text from its start."""
        self.query_one(Sheet).show(draw)
        self.scroll_home(animate=False)

    def clear(self) -> None:
        """Nothing is under the cursor."""
        self.show(lambda _: Content(""))

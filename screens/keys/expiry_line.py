"""The line above a list that names the sessions whose key pairs expire within four weeks (rule K7)."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import Static

from dropcopy_tui.services.views import PendingView
from screens.terminal.values import clip, value
from screens.wording import plural


class ExpiryLine(Static):
    """The number of expiring key pairs and as many names as fit; hidden when nothing expires."""

    DEFAULT_CSS = """
    ExpiryLine { height: 1; padding: 0 1; display: none; color: $warning; text-style: bold; text-wrap: nowrap; }
    ExpiryLine.-shown { display: block; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.pending: tuple[PendingView, ...] = ()

    def show(self, pending: Sequence[PendingView]) -> None:
        """Show these, the soonest first."""
        self.pending = tuple(pending)
        self.set_class(bool(pending), "-shown")
        self.refresh()

    def render(self) -> Content:
        """The count, the names that fit, and the key that selects them."""
        return value(_words([view.session_id for view in self.pending], self.size.width))


def _words(names: Sequence[str], width: int) -> str:
    head = f"! {plural(len(names), 'key pair expires', 'key pairs expire')} within four weeks: "
    cure = f" (b selects {'it' if len(names) == 1 else 'all'})"
    room = width - len(head) - len(cure)
    shown: list[str] = []
    for number, name in enumerate(names):
        more = ", ..." if number + 1 < len(names) else ""
        if len(", ".join([*shown, clip(name, 8)])) + len(more) > room:
            return head.removesuffix(": ") + (f": {', '.join(shown)}, ..." if shown else "") + cure
        shown.append(clip(name, 8))
    return head + ", ".join(shown) + cure

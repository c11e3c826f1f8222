"""What is shown in a window that is too small for the screens: they could not be read there, so no key reaches them."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.leaving import LeavingScreen
from screens.terminal.guard import MIN_COLUMNS, MIN_LINES

_QUIT = "Ctrl-Q quits."
_QUIT_HOW = "Press Ctrl-Q or F10 to quit. Your drafts are kept."

# The only keys that do anything.
SERVED = frozenset({"ctrl+q", "f10", "ctrl+c", "ctrl+l", "ctrl+z"})


def is_small(size: Size) -> bool:
    """Whether a window is too small for the screens; one without a size is not known yet."""
    return bool(size.area) and (size.width < MIN_COLUMNS or size.height < MIN_LINES)


class SmallScreen(LeavingScreen[None], ModalScreen[None], inherit_bindings=False):
    """How large the window is, and how large it must be. Keys are eaten: only the ones that quit do anything."""

    CSS = """
    SmallScreen { align: center middle; overflow: hidden; background: $background; color: $foreground; }
    SmallScreen Static { width: auto; max-width: 100%; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "app.repaint", "Repaint", show=False, id="small.repaint"),
        Binding("ctrl+c", "quit_how", "How to quit", show=False, system=True, id="small.quit_how"),
        Binding("ctrl+z", "app.suspend_process", "Suspend", show=False, id="small.stop"),
        Binding("f10", "app.quit_desk", "Quit", show=False, id="small.quit", tooltip="Quit."),
    ]

    def __init__(self, taken: int = 0) -> None:
        """`taken` lines of the window are not the application's."""
        super().__init__()
        self._taken, self._quit = taken, _QUIT

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(self._text(self.app.size), markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """The size of now."""
        self.query_one(Static).update(self._text(event.size))

    def action_quit_how(self) -> None:
        """Ctrl-C means copy or habit; it never loses work."""
        self._quit = _QUIT_HOW
        self.query_one(Static).update(self._text(self.size))

    def _text(self, size: Size) -> str:
        here = f"{size.width}x{size.height + self._taken}"
        needed = f"{MIN_COLUMNS}x{MIN_LINES + self._taken}"
        sentences = (
            f"This window is {here}; the application needs {needed}.",
            "Make the window larger: everything is kept as it was.",
            self._quit,
        )
        lines = [line for sentence in sentences for line in wrap(sentence, max(1, size.width))]
        # Where even that has no room, the figures come first.
        return "\n".join(lines) if len(lines) <= size.height else f"{here}, needs {needed}. {self._quit}"

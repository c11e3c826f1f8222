"""The key tester: what the terminal sends when a key is pressed, and how [keys] names it."""

from __future__ import annotations

from collections import deque

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from dropcopy_tui.domain.visible import visible
from screens.frame import DeskScreen
from screens.terminal.key_names import name_of
from screens.terminal.values import paragraphs

_SHOWN = 12
_TEXT = (
    "Press any key. The last one is at the top: the key, how [keys] names it, and the character that it types. "
    "Terminals send Alt as Esc and then the key: that is shown and has no name. Esc alone leaves."
)


class KeyTesterScreen(DeskScreen[None]):
    """Every key is shown and does nothing else; Escape leaves."""

    CSS_PATH = "../styles/key_tester.tcss"
    # Every key is one to look at, and no text that was pasted by mistake.
    takes_letters = True

    def __init__(self) -> None:
        super().__init__()
        self._pressed: deque[events.Key] = deque(maxlen=_SHOWN)

    def body(self) -> ComposeResult:
        """What was pressed."""
        with Vertical(id="tester"):
            yield Static(_TEXT, markup=False)
            yield Static("", id="pressed", markup=False)

    def place(self) -> tuple[str, ...]:
        """Of the terminal."""
        return ("Request Center", "Key tester")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only Escape does something here, and Ctrl-Q."""
        return action == "back"

    def on_key(self, event: events.Key) -> None:
        """Show the key, and keep it from doing anything."""
        if event.key == "escape":
            return
        event.stop()
        self._pressed.appendleft(event)
        self.query_one("#pressed", Static).update(paragraphs("\n".join(map(_line, self._pressed))))


def _line(event: events.Key) -> str:
    character = visible(event.character) if event.character else ""
    return f"{name_of(event.key):<14} {event.key:<24} {character}"

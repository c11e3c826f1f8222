"""Help, made from the bindings: it cannot say anything that is not so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from screens.leaving import LeavingScreen
from screens.terminal.app import MODAL_BINDINGS
from screens.terminal.values import facts
from screens.widgets.sheet import Sheet

# What a dialog's own widgets do, which have no words of ours.
_IN_DIALOGS = {
    "enter": "Select the line, or confirm the input.",
    "up": "One line up.",
    "down": "One line down.",
    "tab": "Next field.",
    "shift+tab": "Previous field.",
}


class HelpModal(LeavingScreen[None], ModalScreen[None]):
    """What every key does on the screen that asked."""

    CSS_PATH = "../styles/modals.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *MODAL_BINDINGS,
        Binding("escape,question_mark,f1,enter,q", "close", "Close", id="help.close"),
    ]

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__()
        self._lines = list(_lines(screen.active_bindings.values(), isinstance(screen, ModalScreen)))

    def compose(self) -> ComposeResult:
        """One line a key."""
        with Vertical(classes="dialog wide tall"):
            yield Static("Keys on this screen", classes="title", markup=False)
            with VerticalScroll(classes="fill"):
                yield Sheet(lambda width: facts(self._lines, 14, width))
            yield Static("Arrows scroll · Esc closes", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Arrows scroll."""
        self.query_one(VerticalScroll).focus()

    def action_close(self) -> None:
        """Back to the screen."""
        self.dismiss(None)


def _lines(bindings: Iterable[ActiveBinding], in_dialog: bool) -> Iterable[tuple[str, str, str]]:
    """Keys of one action together, those in the footer first; of a dialog the keys of its widgets as well."""
    by_action: dict[str, tuple[list[str], Binding, str]] = {}
    for active in bindings:
        binding = active.binding
        words = (
            binding.tooltip or (in_dialog and _IN_DIALOGS.get(binding.key)) or (binding.show and binding.description)
        )
        if not words or binding.system or not active.enabled:
            continue
        keys, *_ = by_action.setdefault(binding.action, ([], binding, words))
        key = binding.key_display or _shown(binding.key)
        if key not in keys:
            keys.append(key)
    for keys, _, words in sorted(by_action.values(), key=lambda entry: not entry[1].show):
        yield " ".join(keys), words, ""


def _shown(key: str) -> str:
    if key.startswith("ctrl+"):
        return f"Ctrl-{key.removeprefix('ctrl+').upper()}"
    names = {"slash": "/", "asterisk": "*", "plus": "+", "minus": "-", "question_mark": "?", "escape": "esc"}
    return names.get(key, key)

"""House inputs: quiet cursors, capped pastes, secrets that stay."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.actions import SkipAction
from textual.widgets import Input

PASTE_LIMIT = 4096
CODE_LENGTH = 6


class DeskInput(Input):
    """An input that writes nothing while no one types, and takes no megabytes."""

    def __init__(self, *args: Any, paste_limit: int = PASTE_LIMIT, **kwargs: Any) -> None:
        # Textual selects all on focus: the next key would throw away what was typed before.
        super().__init__(*args, **{"select_on_focus": False, **kwargs})
        # A blinking cursor is two writes a second over SSH.
        self.cursor_blink = False
        self._paste_limit = paste_limit

    def _on_paste(self, event: events.Paste) -> None:
        limit = min(self._paste_limit, self.max_length or self._paste_limit)
        lines = event.text.strip("\r\n").splitlines()
        line = lines[0] if lines else ""
        if len(lines) > 1:
            # Half of a paste would look like the whole, and its second line may belong elsewhere.
            reason = f"The paste has {len(lines):,} lines; this field takes one. Nothing was pasted."
            self.app.notify(reason, severity="warning")
            line = ""
        elif len(line) > limit:
            # Textual measures the whole text at every key: 10 MB freeze it for 13 seconds.
            self.app.notify(f"Only the first {limit:,} characters were pasted", severity="warning")
        event.text = line[:limit]
        event.prevent_default()
        super()._on_paste(event)


class SecretInput(DeskInput):
    """A password: never shown, and never sent to a clipboard."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "password": True})

    def action_copy(self) -> None:
        """Not this text: the key is passed on."""
        raise SkipAction

    def action_cut(self) -> None:
        """Not this text."""
        raise SkipAction


class CodeInput(DeskInput):
    """A one-time code: digits only."""

    def __init__(self, *args: Any, max_length: int = CODE_LENGTH, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "max_length": max_length, "restrict": r"[0-9]*"})

    def _on_paste(self, event: events.Paste) -> None:
        # Codes arrive as "123 456" in messages.
        if len(event.text.strip("\r\n").splitlines()) < 2:
            event.text = "".join(character for character in event.text[:64] if character in "0123456789")
        event.prevent_default()
        super()._on_paste(event)

"""The line that reports the result of the last action."""

from __future__ import annotations

from textual.widgets import Static

from screens.terminal.values import value


class Banner(Static):
    """What just happened; it stays until the next action."""

    DEFAULT_CSS = """
    Banner {
        height: auto; max-height: 3; padding: 0 1; display: none;
        &.-shown { display: block; }
        &.-done { color: $success; }
        &.-failed { color: $error; }
        &.-note { color: $warning; }
    }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def say(self, text: str, kind: str = "done") -> None:
        """Show a line; kind is "done", "failed" or "note", and a word says it too."""
        sign = {"done": "Done: ", "failed": "Error: ", "note": ""}[kind]
        self.remove_class("-done", "-failed", "-note")
        self.add_class("-shown", f"-{kind}")
        self.update(value(sign + text))

    def clear(self) -> None:
        """Take the line away."""
        self.remove_class("-shown")

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
        self._refused = ""

    def say(self, text: str, kind: str = "done") -> None:
        """Show a line; kind is "done", "failed" or "note", and a word says it too.

        A page that reads itself again is refused as before: that is not news, and what is said meanwhile stays.
        """
        if kind == "failed":
            if text == self._refused:
                return
            self._refused = text
        sign = {"done": "Done: ", "failed": "Error: ", "note": ""}[kind]
        self.remove_class("-done", "-failed", "-note")
        self.add_class("-shown", f"-{kind}")
        self.update(value(sign + text))

    def clear(self) -> None:
        """Take the line away."""
        self._refused = ""
        self.remove_class("-shown")

"""The line of tabs: numbers to press, the one at hand marked by a sign and by weight."""

from __future__ import annotations

from collections.abc import Mapping

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from screens.terminal.values import value


class TabBar(Static):
    """Shows tabs; the screen's number keys change them."""

    DEFAULT_CSS = """
    TabBar { height: 1; padding: 0 1; margin: 0 0 1 0; text-wrap: nowrap; }
    """
    active: reactive[str] = reactive("", layout=False)

    def __init__(self, tabs: Mapping[str, str], active: str) -> None:
        super().__init__("", markup=False)
        self._tabs = dict(tabs)
        self.set_reactive(TabBar.active, active)

    def show(self, tabs: Mapping[str, str]) -> None:
        """Other names, or other tabs: what they hold is known by now."""
        self._tabs = dict(tabs)
        self.refresh()

    def render(self) -> Content:
        """Number and name of each tab."""
        shown = [
            value(f"[{number} {name}]", "bold $primary") if tab == self.active else value(f" {number} {name} ")
            for number, (tab, name) in enumerate(self._tabs.items(), 1)
        ]
        return Content(" ").join(shown)

"""Screens with tabs: number keys go to one, Tab and the arrows to the one beside."""

from __future__ import annotations

from collections.abc import Mapping

from screens.lists import ListScreen
from screens.widgets.tab_bar import TabBar


class TabbedScreen(ListScreen):
    """Subclasses say which tabs there are, show one, and bind keys to `tab`, `nth_tab` and `next_tab`."""

    def __init__(self, tab: str) -> None:
        super().__init__()
        self._tab = tab

    def tabs(self) -> Mapping[str, str]:
        """The tabs by name, each with its title."""
        raise NotImplementedError

    def show_tab(self) -> object:
        """Show what the tab at hand holds, and put the keys there."""
        raise NotImplementedError

    def action_tab(self, tab: str) -> None:
        """Go to a tab."""
        if tab in self.tabs():
            self.quiet()
            self._tab = tab
            self.query_one(TabBar).active = tab
            self.show_tab()

    def action_nth_tab(self, number: int) -> None:
        """Go to a tab by its number, from 1."""
        tabs = list(self.tabs())
        if number <= len(tabs):
            self.action_tab(tabs[number - 1])

    def action_next_tab(self, by: int) -> None:
        """Go to the tab beside."""
        tabs = list(self.tabs())
        self.action_tab(tabs[(tabs.index(self._tab) + by) % len(tabs)])

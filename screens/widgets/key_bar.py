"""The line of keys at the bottom, drawn as one text: a widget for each key costs a screen that opens 30 ms."""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from screens.terminal.values import value


class KeyBar(Static):
    """The keys that do something here, and what they do; at most seven fit at 80 columns. A click presses one."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    KeyBar {
        dock: bottom; height: 1; text-wrap: nowrap;
        color: $footer-foreground; background: $footer-background;
    }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._asked = False
        self._shown: tuple[tuple[str, str, str, bool], ...] = ()

    def on_mount(self) -> None:
        """Follow the keys of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    @property
    def needs(self) -> int:
        """How many cells the keys take."""
        return self._text().cell_length

    def _changed(self, screen: Screen[object]) -> None:
        """Look at the keys once, however often they change until then: a screen that opens says so six times."""
        if not self._asked and screen.app.app_focus and self.is_attached and screen is self.screen:
            self._asked = True
            self.call_after_refresh(self._look)

    def _look(self) -> None:
        self._asked = False
        if not self.is_attached:
            return
        keys: dict[str, tuple[str, str, str, bool]] = {}
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show and binding.action not in keys:
                keys[binding.action] = (binding.key, self._display(binding), binding.description, enabled)
        shown = tuple(keys.values())
        if shown != self._shown:
            self._shown = shown
            self.update(self._text(), layout=False)

    def _display(self, binding: Binding) -> str:
        """Where a field takes `?` for a text, its other key is left, and only that one helps."""
        return "F1" if binding.key == "f1" else self.app.get_key_display(binding)

    def _text(self) -> Content:
        return Content(" ").join(self._key(display, does, on) for _, display, does, on in self._shown)

    @staticmethod
    def _key(display: str, does: str, on: bool) -> Content:
        dim = "" if on else " dim"
        key = value(display, f"bold $footer-key-foreground on $footer-key-background{dim}")
        return Content.assemble(key, value(f" {does}", f"$footer-description-foreground{dim}"))

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        end = 0
        for key, display, does, on in self._shown:
            end += value(f"{display} {does} ").cell_length
            if event.x < end:
                self.app.simulate_key(key) if on else self.app.bell()
                return

"""The line of keys at the bottom, drawn as one text: a widget for each key costs a screen that opens 30 ms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from screens.terminal.values import value

# What is pressed, what it is called, what it does, and whether it does it now.
Key = tuple[str, str, str, bool]
# From so many cells on, the keys of lists are named as well, as far as there is room.
_ROOMY = 110
_OF_LISTS = ("list.sort", "list.columns", "list.export", "list.copy")
# The way back and help, which has all the others: never left out.
_ALWAYS = frozenset({"escape", "question_mark", "f1"})


class KeyBar(Static):
    """The keys that do something here, and what they do; at most seven fit at 80 columns. A click presses one.

    In a narrower window, those that have no room are left out whole, and Help has them.
    """

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
        self._keys: tuple[Key, ...] = ()
        self._shown: tuple[Key, ...] = ()

    def on_resize(self) -> None:
        """More room, more keys."""
        self._changed(self.screen)

    def on_mount(self) -> None:
        """Follow the keys of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    @property
    def needs(self) -> int:
        """How many cells all keys of the screen take."""
        return self._cells(self._keys)

    @property
    def takes(self) -> int:
        """How many cells the keys take that are shown."""
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
        # What a person may not do is grey, and says why when it is pressed.
        lacks: Callable[[str], bool] = getattr(self.screen, "lacks", lambda _: False)
        keys: dict[str, Key] = {}
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show and binding.action not in keys:
                may = enabled and not lacks(binding.action)
                keys[binding.action] = (binding.key, self._display(binding), binding.description, may)
        self._keys = tuple(keys.values())
        shown = (*self._fitting(self._keys), *self._more(self._keys))
        if shown != self._shown:
            self._shown = shown
            self.update(self._text(), layout=False)

    def _fitting(self, keys: Sequence[Key]) -> Iterator[Key]:
        """The keys that have room, in their order."""
        left = self.size.width - self._cells(keys)
        for index in reversed(range(len(keys))):
            if left >= 0 or not self.size.width:
                break
            if keys[index][0] not in _ALWAYS:
                left += self._cells([keys[index]]) + 1
                keys = (*keys[:index], *keys[index + 1 :])
        yield from keys

    def _more(self, shown: Sequence[Key]) -> Iterator[Key]:
        """Keys of lists that have room behind the others."""
        left = self.size.width - self._cells(shown)
        if self.size.width < _ROOMY:
            return
        found = {binding.id: (binding, on) for _, binding, on, _ in self.screen.active_bindings.values() if on}
        for binding, on in (found[each] for each in _OF_LISTS if each in found):
            key = (binding.key, self._display(binding), binding.description, on)
            left -= self._cells([key]) + 1
            if left < 0:
                return
            yield key

    def _cells(self, keys: Sequence[Key]) -> int:
        return Content(" ").join(self._key(display, does, on) for _, display, does, on in keys).cell_length

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
        for key, display, does, _ in self._shown:
            end += value(f"{display} {does} ").cell_length
            if event.x < end:
                self.app.simulate_key(key)
                return

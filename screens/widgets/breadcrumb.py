"""The first line of a screen: where one is."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from screens.terminal.values import clip, value


class Breadcrumb(Static):
    """Where the person is, and at the right who they are and what waits."""

    DEFAULT_CSS = """
    Breadcrumb { height: 1; background: $panel; color: $foreground; padding: 0 1; text-wrap: nowrap; }
    """

    def __init__(self, place: tuple[str, ...] = (), right: tuple[str, ...] = ()) -> None:
        super().__init__("", markup=False)
        self._place = place
        self._right = right

    def show(self, place: tuple[str, ...], right: tuple[str, ...]) -> None:
        """Show a place and the text at its right."""
        if (place, right) != (self._place, self._right):
            self._place, self._right = place, right
            self.refresh(layout=True)

    def render(self) -> Content:
        """The place, shortened in front where the line is narrow: the end says where one is."""
        place = " > ".join(part for part in self._place if part)
        right = "  ".join(part for part in self._right if part)
        room = max(10, self.size.width - len(right) - 2)
        parts = list(self._place)
        while len(place) > room and len(parts) > 1:
            parts = parts[1:]
            place = ".. > " + " > ".join(parts)
        left = clip(place, room)
        gap = " " * max(1, self.size.width - value(left).cell_length - len(right))
        return Content.assemble(value(left, "bold"), gap, value(right, "$text-muted"))

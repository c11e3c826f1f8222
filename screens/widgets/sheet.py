"""A text in columns that is broken for the cells it has: lines that are too long continue under their own column."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widgets import Static

Draw = Callable[[int], Content]


class Sheet(Static):
    """Draws its text again whenever it gets another width; whoever writes the text never guesses one."""

    DEFAULT_CSS = "Sheet { height: auto; }"

    def __init__(self, draw: Draw | None = None, *, id: str | None = None) -> None:
        super().__init__("", id=id, markup=False)
        self._draw = draw

    def show(self, draw: Draw) -> None:
        """Show another text from now on."""
        self._draw = draw
        self._fit()

    def on_resize(self) -> None:
        """The lines break elsewhere."""
        self._fit()

    def _fit(self) -> None:
        # Before it is seen it has no width, and it is drawn once it has.
        if self._draw is not None and self.content_size.width:
            self.update(self._draw(self.content_size.width))

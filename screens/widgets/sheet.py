"""A text in columns that is broken for the cells it has: lines that are too long continue under their own column."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

Draw = Callable[[int], Content]


class Sheet(Widget):
    """Draws its text for the width that it is given; whoever writes the text never guesses one.

    The layout asks for its height, and then it is drawn: a text that waited to be resized would be painted twice.
    """

    DEFAULT_CSS = "Sheet { height: auto; }"

    def __init__(self, draw: Draw | None = None, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._draw = draw
        self._drawn: tuple[int, Content] | None = None

    def show(self, draw: Draw) -> None:
        """Show another text from now on."""
        self._draw, self._drawn = draw, None
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the text has in this width."""
        return self._text(width).plain.count("\n") + 1

    def render(self) -> Content:
        """The text for the present width."""
        return self._text(self.content_size.width)

    def _text(self, width: int) -> Content:
        if self._draw is None or not width:
            return Content("")
        if self._drawn is None or self._drawn[0] != width:
            self._drawn = (width, self._draw(width))
        return self._drawn[1]

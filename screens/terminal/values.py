"""Stored values on the screen: always through here, never as markup."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from screens.terminal.visible import visible

ELLIPSIS = "…"


def value(text: object, style: str = "") -> Content:
    """A stored value as content: brackets stay brackets, controls become glyphs.

    Args:
        text: The value; anything else than a string is shown as `str` does.
        style: A style of our own (a theme variable), never one from the store.
    """
    content = Content(visible(str(text)))
    return content.stylize(style) if style else content


def clip(text: object, width: int) -> str:
    """The visible text in at most `width` terminal cells, with an ellipsis where it was cut."""
    shown = visible(str(text))
    if len(shown) <= width and cell_len(shown) <= width:
        return shown
    return set_cell_size(shown[: 4 * width], width - 1).rstrip() + ELLIPSIS if width > 0 else ""

"""Stored values on the screen: always through here, never as markup."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from dropcopy_tui.domain.visible import visible

ELLIPSIS = "…"


def value(text: object, style: str = "") -> Content:
    """A stored value as content: brackets stay brackets, controls become glyphs.

    Args:
        text: The value; anything else than a string is shown as `str` does.
        style: A style of our own (a theme variable), never one from the store.
    """
    content = Content(visible(str(text)))
    return content.stylize(style) if style else content


def paragraphs(text: str, style: str = "") -> Content:
    """A text of several lines as content, a line each: a line break of ours is not a hostile character."""
    return Content("\n").join(value(line, style) for line in text.split("\n"))


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """A visible text broken at spaces into lines of at most `width` cells; all but the first are indented."""
    # Names hold hyphens, and are read whole.
    return wrap(visible(text), max(10, width), subsequent_indent=indent, break_on_hyphens=False) or [""]


def facts(rows: Iterable[tuple[str, str, str]], label: int, width: int) -> Content:
    """Names and values as two columns, long values wrapped under themselves.

    Args:
        rows: name, value and style of the value.
        label: cells of the first column.
        width: cells of both.
    """
    lines = []
    for name, text, style in rows:
        # What is added and removed carries a sign, under which its second line must not stand.
        parts = wrapped(text, width - label, "  " if text[:2] in ("+ ", "- ") else "")
        for number, part in enumerate(parts):
            first = value(f"{'' if number else name:<{label}}", "$text-muted")
            lines.append(Content.assemble(first, value(part, style)))
    return Content("\n").join(lines)


def clip(text: object, width: int) -> str:
    """The visible text in at most `width` terminal cells, with an ellipsis where it was cut."""
    shown = visible(str(text))
    if len(shown) <= 4 * width + 4 and cell_len(shown) <= width:
        return shown
    return set_cell_size(shown[: 4 * width], width - 1).rstrip() + ELLIPSIS if width > 0 else ""

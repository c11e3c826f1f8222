"""Whole lists from services that answer in pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TypeVar

import click

from dropcopy_tui.cli.call import Decorator
from dropcopy_tui.domain.pages import Anchor, PageRequest, PageSource

Row = TypeVar("Row")
_PAGE = 500

limit_option: Decorator = click.option("--limit", type=click.IntRange(1), metavar="N", help="Maximum number of rows.")


def rows_of(pages: PageSource[Row], match: str = "", limit: int | None = None) -> Iterator[Row]:
    """Yield every row, page after page, or the first `limit` rows."""
    page_size = min(limit or _PAGE, _PAGE)
    ask = PageRequest(match=match, limit=page_size, count=False)
    return islice(_every(pages, ask), limit)


def _every(pages: PageSource[Row], ask: PageRequest) -> Iterator[Row]:
    while True:
        page = pages(ask)
        yield from page.rows
        if len(page.rows) < ask.limit:
            return
        ask = replace(ask, anchor=Anchor.AFTER, beside=page.cursors[-1])

"""Regions of pages: what is between two marks is made from the code, everything around them is written by hand.

    <!-- made by `make docs`: settings fee batches -->
    ...
    <!-- end -->

The first word names what makes the region, the others are what it is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

# Makes the text of a region from the words of its mark.
Maker = Callable[..., str]
_REGION = re.compile(r"^<!-- made by `make docs`: (?P<mark>[^\n]+?) -->\n(?P<body>.*?)^<!-- end -->$", re.M | re.S)
_MARK = re.compile(r"^<!-- (made by|end)", re.M)


def marks(page: str) -> list[list[str]]:
    """The words of every mark of a page. Raises ValueError for a mark without its end."""
    found = [match["mark"].split() for match in _REGION.finditer(page)]
    if len(_MARK.findall(page)) != 2 * len(found):
        raise ValueError("a region without its end, or an end without its region")
    return found


def rewritten(page: str, makers: Mapping[str, Maker], *, keep: frozenset[str] = frozenset()) -> str:
    """The page with every region made again but those of the makers in `keep`. Raises KeyError for an unknown maker."""
    marks(page)

    def region(match: re.Match[str]) -> str:
        name, *given = match["mark"].split()
        if name in keep:
            return match[0]
        return f"<!-- made by `make docs`: {match['mark']} -->\n\n{makers[name](*given).strip()}\n\n<!-- end -->"

    return _REGION.sub(region, page)


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown; a bar in a cell stays a bar."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in lines)

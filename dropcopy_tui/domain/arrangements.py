"""How a person has arranged a list: which columns it has, in which order, and what it is sorted by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from dropcopy_tui.domain.errors import InvalidValue

LONGEST_NAME = 60
MOST_COLUMNS = 30
MOST_LISTS = 100


@dataclass(frozen=True, slots=True)
class Arrangement:
    """`on` are titles of columns in their order, `off` those left out; a column in neither has its usual place.

    `order` is the column that the list is sorted by, "" for the usual order.
    """

    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    order: str = ""
    descending: bool = False

    @property
    def is_usual(self) -> bool:
        """Whether nothing was chosen."""
        return self == USUAL

    def arranged(self, titles: Sequence[str]) -> list[str]:
        """The columns to show. The first one is always there and comes first: by it, people know the row."""
        if not titles:
            return []
        known = [title for title in self.on if title in titles[1:]]
        shown = [titles[0], *dict.fromkeys(known)]
        for place, title in enumerate(titles):
            if title not in shown and title not in self.off:
                before = next((each for each in reversed(titles[:place]) if each in shown), titles[0])
                shown.insert(shown.index(before) + 1, title)
        return shown


USUAL = Arrangement()


def check_arrangement(name: str, arrangement: Arrangement) -> None:
    """Raises InvalidValue for what no list has."""
    titles = (*arrangement.on, *arrangement.off)
    words = (name, arrangement.order, *titles)
    if len(titles) > MOST_COLUMNS or any(len(word) > LONGEST_NAME or not word.isprintable() for word in words):
        raise InvalidValue(
            f"A list has at most {MOST_COLUMNS} columns, with titles of up to {LONGEST_NAME} characters."
        )


def as_text(arrangement: Arrangement) -> str:
    """For the store."""
    return json.dumps(asdict(arrangement), separators=(",", ":"))


def of_text(text: str) -> Arrangement:
    """From the store; what cannot be read is as usual."""
    try:
        found = json.loads(text)
        on, off = (tuple(map(str, found[part])) for part in ("on", "off"))
        return Arrangement(on, off, str(found["order"]), bool(found["descending"]))
    except (ValueError, KeyError, TypeError):
        return USUAL

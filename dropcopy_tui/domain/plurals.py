"""Counted nouns: the one place that decides between "1 line" and "2 lines"."""

from __future__ import annotations

from collections.abc import Sequence

_SINGULARS = {"people": "person"}


def plural(count: int, one: str, many: str = "") -> str:
    """The number and its noun, such as `1 line` and `2,000 lines`.

    Args:
        count: how many there are.
        one: the noun for exactly one, with its verb where the sentence needs one ("line was").
        many: the noun for any other number; by default `one` with an "s".
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def singular(many: str) -> str:
    """The noun for one of them: `session` for `sessions`, `SenderComp added` for `SenderComps added`."""
    noun, space, rest = many.partition(" ")
    return _SINGULARS.get(noun, noun.removesuffix("s")) + space + rest


def some(names: Sequence[str], most: int = 5) -> str:
    """The first names and how many more there are, such as `A, B and 1,998 more`."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more

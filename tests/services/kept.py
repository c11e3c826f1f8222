"""Kept counts against what is in the store: equal after whatever was done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

_OWNERS = {
    "group": ["group_id"],
    "draft": ["draft_id"],
    "request": ["request_id", "change"],
    "sender_comp": ["entity_id", "market"],
}
_KINDS = {"sender_comp_id": "substr(sender_comp_id, 1, 2)", "gfid": "gfid"}


def assert_counts_hold(read: Callable[[str], Sequence[tuple[Any, ...]]]) -> None:
    """Every table of kept counts has exactly what counting its rows gives. SenderComps must have been taken in."""
    for noun, owner in _OWNERS.items():
        rows = noun if noun == "sender_comp" else f"{noun}_source"
        names = ", ".join(owner)
        kept = read(f"SELECT {names}, kind, part, members FROM {noun}_count")
        real = [
            (*row[:-2], kind, *row[-2:])
            for kind, part in _KINDS.items()
            for row in read(f"SELECT {names}, {part}, count(*) FROM {rows} GROUP BY {names}, {part}")
        ]
        assert sorted(kept) == sorted(real), noun

"""What is kept for lists against what is in the store: equal after whatever was done."""

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
# What lists sort by, beside what it comes from.
_ORDERS = {
    "session": """SELECT id, stops_at, coalesce((SELECT max(expires_at) FROM key_pair
        WHERE session_pk = session.id AND deleted_at IS NULL), '9999-01-01 00:00:00.000000') FROM session""",
    "request": """SELECT id, entity || ' ' || submitter || ' ' || stage,
        (SELECT code FROM entity WHERE entity.id = entity_id) || ' ' ||
        (SELECT user_id FROM person WHERE person.id = submitted_by) || ' ' ||
        CASE WHEN status <> 'in_progress' THEN status ELSE 'in_progress, ' || coalesce('awaiting ' || (
            SELECT min(code) FROM approval JOIN entity ON entity.id = approval.entity_id
            WHERE request_id = request.id AND given_at IS NULL), 'queued') END FROM request""",
    "notice": "SELECT id, about, coalesce(request_id, 0) FROM notice",
    "a notice's state": "SELECT id, unread, read_at IS NULL FROM notice",
}


def assert_orders_hold(read: Callable[[str], Sequence[tuple[Any, ...]]]) -> None:
    """What lists sort by is what it was made from."""
    for noun, sql in _ORDERS.items():
        assert [row for row in read(sql) if row[1] != row[2]] == [], noun


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

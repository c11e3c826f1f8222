"""What the descriptions of tables have in common: orders, counts, allowed values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text

from dropcopy_tui.domain.people import DESK_ROLES
from dropcopy_tui.domain.requests import RequestStatus
from dropcopy_tui.domain.sessions import SenderCompStatus

DESK = ", ".join(f"'{role}'" for role in sorted(DESK_ROLES))
NO_ROWID = {"sqlite_with_rowid": False}
# Kept counts are by the first characters of the SenderCompID, and by Globex Firm.
COUNTED_BY = ("sender_comp_id", "gfid")
# As a text, and not as a parameter: an index over some rows serves only the condition that it is made with.
IS_INACTIVE = f"status = '{SenderCompStatus.INACTIVE.value}'"
OPEN_REQUEST = f"status = '{RequestStatus.IN_PROGRESS.value}'"
ZERO = text("0")
# Behind every other moment.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
OPEN_CHANGE = "status = 'in_progress' AND type IN ('edit_group', 'delete_group')"


def by_gfid(table: str, *owner: str) -> Index:
    """The order in which a set of SenderComps is narrowed by Globex Firm, and counted by it."""
    return Index(f"ix_{table}_gfid", *owner, "gfid", "sender_comp_id", "sender_comp_pk")


def orders(table: str, owner: tuple[str, ...], where: str = "", **orders: str) -> tuple[Index, ...]:
    """The orders in which lists show the rows of an owner, by the names of their indexes; row numbers break ties."""
    some: dict[str, Any] = {"sqlite_where": text(where)} if where else {}
    columns = {name: dict.fromkeys([*owner, *order.split(", "), "id"]) for name, order in orders.items()}
    return tuple(Index(f"ix_{table}_{name}", *columns[name], **some) for name in orders)


def one_of(column: str, values: Any, name: str) -> CheckConstraint:
    """The check that a column has one of these values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=name)


def kept_counts(table: str) -> tuple[Any, ...]:
    """What a table of kept counts is checked for: see `store/counts.py`."""
    return (one_of("kind", COUNTED_BY, f"ck_{table}_kind"), CheckConstraint("members > 0", name=f"ck_{table}_members"))

"""Requests: their types, status and stage (rules Q1 to Q5)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class RequestType(StrEnum):
    """The type of a request."""

    CREATE_GROUP = "create_group"
    EDIT_GROUP = "edit_group"
    DELETE_GROUP = "delete_group"
    GENERATE_KEY = "generate_key"
    DELETE_KEY = "delete_key"

    @property
    def words(self) -> str:
        """The type in words."""
        return _TYPES[self]

    @property
    def outcome(self) -> str:
        """What the request does to its group when it is carried out, as a clause that takes a time."""
        return _OUTCOMES[self]


_TYPES = {
    RequestType.CREATE_GROUP: "Create group",
    RequestType.EDIT_GROUP: "Edit group",
    RequestType.DELETE_GROUP: "Delete group",
    RequestType.GENERATE_KEY: "Generate key",
    RequestType.DELETE_KEY: "Delete key",
}
_OUTCOMES = {
    RequestType.CREATE_GROUP: "the group is set up",
    RequestType.EDIT_GROUP: "the changes take effect",
    RequestType.DELETE_GROUP: "the group is deleted",
}


class RequestStatus(StrEnum):
    """The status of a request (rule Q2)."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    DENIED = "denied"
    CANCELLED = "cancelled"

    @property
    def words(self) -> str:
        """The status in words."""
        return _STATUSES[self]


# Looked up, as an export of a million requests asks for each.
_STATUSES = {status: status.value.replace("_", " ").title() for status in RequestStatus}


class Change(StrEnum):
    """Whether a request adds a SenderComp to a group or removes it."""

    ADDED = "added"
    REMOVED = "removed"


class Approvals(StrEnum):
    """An entity's policy for approving its own requests (rule Q3)."""

    NEVER = "never"
    ALWAYS = "always"


def reference(year: int, number: int) -> str:
    """The id that people see, such as DC-2026-000123."""
    return f"DC-{year}-{number:06d}"


# A group has at most one open request of these types (rule G10).
CHANGES_A_GROUP = frozenset({RequestType.EDIT_GROUP, RequestType.DELETE_GROUP})
OF_GROUPS = CHANGES_A_GROUP | {RequestType.CREATE_GROUP}


def stage(status: RequestStatus, waiting_for: tuple[str, ...] = (), due: str = "") -> str:
    """The stage of a request in words. `waiting_for` are the entities whose approval is missing."""
    if status is not RequestStatus.IN_PROGRESS:
        return status.words
    if waiting_for:
        return "awaiting approval by " + ", ".join(waiting_for)
    return f"queued until {due}" if due else "queued"


def stage_order(status: RequestStatus, waiting_for: tuple[str, ...] = ()) -> str:
    """What lists sort the status and the stage by; what is in progress, by whose approval is missing."""
    if status is not RequestStatus.IN_PROGRESS:
        return status.value
    return f"{status.value}, awaiting {waiting_for[0]}" if waiting_for else f"{status.value}, queued"


def needs_of(entities: Iterable[int]) -> str:
    """How a request keeps whose approval it needs: the numbers of the entities."""
    return " ".join(map(str, sorted(entities)))

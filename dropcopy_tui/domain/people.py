"""Roles and what they allow (rule P3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A role of a person at an entity, or on the whole desk."""

    READ_ONLY = "read_only"
    FULL_ACCESS = "full_access"
    KEY_MANAGEMENT = "key_management"
    ADMINISTRATIVE_MANAGER = "administrative_manager"
    USER_ADMINISTRATOR = "user_administrator"
    EASE_AGENT = "ease_agent"
    GAM = "gam"
    OPERATIONS = "operations"
    AUDITOR = "auditor"

    @property
    def words(self) -> str:
        """The role in words."""
        return _TITLES.get(self, self.value.replace("_", " "))

    @property
    def desk_wide(self) -> bool:
        """Whether the role is held on the desk instead of at an entity."""
        return self in DESK_ROLES


_TITLES = {Role.EASE_AGENT: "EASE agent", Role.GAM: "GAM"}
DESK_ROLES = frozenset({Role.EASE_AGENT, Role.GAM, Role.OPERATIONS, Role.AUDITOR})
ENTITY_ROLES = frozenset(Role) - DESK_ROLES
# Whoever may do anything at an entity may see it; the desk's own people see every entity.
MAY_VIEW = frozenset(Role) - {Role.EASE_AGENT}
MAY_CHANGE_GROUPS = frozenset({Role.FULL_ACCESS})
MAY_USE_KEYS = frozenset({Role.KEY_MANAGEMENT})
MAY_OPERATE = frozenset({Role.OPERATIONS})
MAY_AUDIT = frozenset({Role.AUDITOR, Role.OPERATIONS})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as every service method is told first. It proves nothing: services look the rights up."""

    person_id: int
    user_id: str
    name: str
    origin: str = "local"


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A role, and the entity it is held at (None: on the desk)."""

    role: Role
    entity: str | None

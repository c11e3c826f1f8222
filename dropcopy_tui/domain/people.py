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
MAY_APPROVE = frozenset({Role.ADMINISTRATIVE_MANAGER})
MAY_USE_KEYS = frozenset({Role.KEY_MANAGEMENT})
# Rule K7: the registered administrators of an entity are told that a key pair ends.
MAY_RECEIVE_EXPIRY = frozenset({Role.ADMINISTRATIVE_MANAGER})
# Rule G9: a Session ID is taken out of use by the people who run sessions, and by nobody else.
MAY_RETIRE = frozenset({Role.GAM})
MAY_OPERATE = frozenset({Role.OPERATIONS})
MAY_AUDIT = frozenset({Role.AUDITOR, Role.OPERATIONS})
# Rule G8: which front end systems an entity may use.
MAY_MAP = frozenset({Role.USER_ADMINISTRATOR})
# Rule P1: a lock ends by itself, or by EASE.
MAY_UNLOCK = frozenset({Role.EASE_AGENT})
# Rule P2: who verifies callers, issues one-time codes and resets factors.
MAY_EASE = frozenset({Role.EASE_AGENT})
# The desk's own people who see everybody; a user administrator sees the people of their entities (rule P3).
MAY_SEE_EVERYBODY = frozenset({Role.OPERATIONS, Role.AUDITOR, Role.EASE_AGENT})
MAY_ADMINISTER = frozenset({Role.USER_ADMINISTRATOR})


def givers_of(role: Role) -> frozenset[Role]:
    """The roles that give and take this role, at its place (rule P3; a local choice).

    A user administrator gives what is held at the entity. Operations gives desk-wide roles, and makes the first
    user administrator of an entity. Nobody gives or takes a role of their own: that needs to know who they are,
    and is the services' to refuse.
    """
    if role.desk_wide:
        return MAY_OPERATE
    return MAY_ADMINISTER | MAY_OPERATE if role is Role.USER_ADMINISTRATOR else MAY_ADMINISTER


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

    @property
    def words(self) -> str:
        """The role and its place in words: `full access at ACME`."""
        return f"{self.role.words} at {self.entity}" if self.entity else self.role.words

    @property
    def code(self) -> str:
        """As imports and the command line write it: `full_access@ACME`."""
        return f"{self.role}@{self.entity}" if self.entity else self.role.value

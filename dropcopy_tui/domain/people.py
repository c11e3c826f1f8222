"""Roles and what they allow (rule P3)."""

from __future__ import annotations

from collections.abc import Collection
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
        """Whether the role applies to the whole desk instead of one entity."""
        return self in DESK_ROLES


_TITLES = {Role.EASE_AGENT: "EASE agent", Role.GAM: "GAM"}
DESK_ROLES = frozenset({Role.EASE_AGENT, Role.GAM, Role.OPERATIONS, Role.AUDITOR})
ENTITY_ROLES = frozenset(Role) - DESK_ROLES
# Every role at an entity includes reading it; desk-wide roles read every entity.
MAY_VIEW = frozenset(Role) - {Role.EASE_AGENT}
MAY_CHANGE_GROUPS = frozenset({Role.FULL_ACCESS})
MAY_APPROVE = frozenset({Role.ADMINISTRATIVE_MANAGER})
MAY_USE_KEYS = frozenset({Role.KEY_MANAGEMENT})
# Rule K7: the registered administrators of an entity are notified that a key pair expires.
MAY_RECEIVE_EXPIRY = frozenset({Role.ADMINISTRATIVE_MANAGER})
# Rule G9: only the people who run sessions may retire a Session ID.
MAY_RETIRE = frozenset({Role.GAM})
MAY_OPERATE = frozenset({Role.OPERATIONS})
MAY_AUDIT = frozenset({Role.AUDITOR, Role.OPERATIONS})
# Rule G8: which front end systems an entity may use.
MAY_MAP = frozenset({Role.USER_ADMINISTRATOR})
# Rule P1: a lock expires, or EASE lifts it.
MAY_UNLOCK = frozenset({Role.EASE_AGENT})
# Rule P2: EASE agents verify callers, issue verification codes and reset factors.
MAY_EASE = frozenset({Role.EASE_AGENT})
# Desk-wide roles that see all people; a user administrator sees the people of their entities (rule P3).
MAY_SEE_EVERYBODY = frozenset({Role.OPERATIONS, Role.AUDITOR, Role.EASE_AGENT})
MAY_ADMINISTER = frozenset({Role.USER_ADMINISTRATOR})


def givers_of(role: Role) -> frozenset[Role]:
    """The roles whose holders grant and revoke this role at the same entity (rule P3; a local choice).

    A user administrator grants the roles of an entity. Operations grants desk-wide roles and appoints the first
    user administrator of an entity. Nobody may change their own roles; the services check that, because the domain
    does not know who acts.
    """
    if role.desk_wide:
        return MAY_OPERATE
    return MAY_ADMINISTER | MAY_OPERATE if role is Role.USER_ADMINISTRATOR else MAY_ADMINISTER


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who acts: the first argument of every service method. It proves nothing; services check the rights."""

    person_id: int
    user_id: str
    name: str
    origin: str = "local"
    # The number of the seat that they act from; 0 for a single command, and for the desk.
    seat: int = 0


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A role and its entity (None for a desk-wide role)."""

    role: Role
    entity: str | None

    @property
    def words(self) -> str:
        """The role and its entity in words: `full access at ACME`."""
        return f"{self.role.words} at {self.entity}" if self.entity else self.role.words

    @property
    def code(self) -> str:
        """The form in imports and on the command line: `full_access@ACME`."""
        return f"{self.role}@{self.entity}" if self.entity else self.role.value


def change_words(before: Collection[Entitlement], after: Collection[Entitlement]) -> str:
    """What was granted and revoked between two looks at a person's roles; "" where nothing was."""
    named = {"Granted": set(after) - set(before), "Revoked": set(before) - set(after)}
    lists = {how: ", ".join(sorted(each.words for each in roles)) for how, roles in named.items()}
    said = [f"{how}: {roles}." for how, roles in lists.items() if roles]
    return f"Your roles were changed. {' '.join(said)} Notices say by whom." if said else ""

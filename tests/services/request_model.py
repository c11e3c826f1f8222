"""What rules Q1 to Q5 and G3, G7, G9, G10 say of requests, with no store, no service and no code of theirs.

The state machine does the same things to this model and to a real store, and looks whether they differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

MANDATORY = frozenset({"heartbeat", "reject"})
ACME, OTHER = "ACME", "OTHER"
FULL, MANAGER, READER = "full_access", "administrative_manager", "read_only"
Refusal = Literal["not_found", "not_entitled", "invalid_value", "changed_meanwhile"]
_CHICAGO = ZoneInfo("America/Chicago")
_OPEN_CHANGE = ("edit_group", "delete_group")


@dataclass
class Group:
    """A group as its page shows it."""

    name: str
    filters: frozenset[str]
    sources: frozenset[str]
    version: int = 1
    living: bool = True


@dataclass
class Request:
    """A request, and the firms whose approval it needs, with who gave it."""

    kind: str
    by: str
    group: int | None
    content: Group
    needed: set[str]
    ready: datetime
    given: dict[str, str] = field(default_factory=dict)
    status: str = "in_progress"
    version: int = 1

    @property
    def waits_for(self) -> set[str]:
        return self.needed - set(self.given)


@dataclass
class Draft:
    """An edit that somebody has begun."""

    by: str
    group: int
    base: int


@dataclass
class Model:
    """Everything that decides what may happen."""

    humans: dict[str, str]
    roles: set[tuple[str, str, str]]
    now: datetime
    batch: bool
    policy: bool = False
    disabled: set[str] = field(default_factory=set)
    inactive: set[str] = field(default_factory=set)
    guaranteed: set[str] = field(default_factory=set)
    groups: dict[int, Group] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)

    # -- what a person may

    def holds(self, person: str, role: str, entity: str) -> bool:
        return person not in self.disabled and (person, role, entity) in self.roles

    def sees(self, person: str, entity: str = ACME) -> bool:
        return any(self.holds(person, role, entity) for role in (FULL, MANAGER, READER))

    def sees_request(self, person: str, request: Request) -> bool:
        asked = any(self.holds(person, MANAGER, firm) for firm in request.needed)
        return request.by == person or self.sees(person) or asked

    # -- asking

    def approvals_of(self, content: Group) -> set[str]:
        guarantors = {OTHER} if content.sources & self.guaranteed else set()
        return guarantors | ({ACME} if self.policy else set())

    def taken(self, name: str, besides: int | None) -> bool:
        living = {key: group for key, group in self.groups.items() if group.living and key != besides}
        return name.casefold() in {group.name.casefold() for group in living.values()}

    def open_change(self, key: int) -> Request | None:
        found = [it for it in self.requests if it.group == key and it.status == "in_progress"]
        return next((it for it in found if it.kind in _OPEN_CHANGE), None)

    def wrong(self, content: Group, besides: int | None) -> bool:
        return self.taken(content.name, besides) or bool(content.sources & self.inactive) or not content.sources

    def ask(self, kind: str, person: str, content: Group, key: int | None, needed: set[str]) -> None:
        self.requests.append(Request(kind, person, key, content, needed, self.now))

    def create(self, person: str, content: Group) -> Refusal | None:
        if not self.holds(person, FULL, ACME):
            return "not_entitled"
        if self.wrong(content, None):
            return "invalid_value"
        self.ask("create_group", person, content, None, self.approvals_of(content))
        return None

    def edit(self, person: str, key: int, content: Group) -> Refusal | None:
        if refusal := self._may_change(person, key):
            return refusal
        present = self.groups[key]
        same = (present.name, present.filters, present.sources) == (content.name, content.filters, content.sources)
        if same or self.wrong(content, key):
            return "invalid_value"
        self.ask("edit_group", person, content, key, self.approvals_of(content))
        return None

    def delete(self, person: str, key: int) -> Refusal | None:
        if refusal := self._may_change(person, key):
            return refusal
        self.ask("delete_group", person, self.groups[key], key, {ACME} if self.policy else set())
        return None

    def begin(self, person: str, key: int) -> Refusal | None:
        if refusal := self._may_change(person, key):
            return refusal
        if not any(draft.by == person and draft.group == key for draft in self.drafts):
            self.drafts.append(Draft(person, key, self.groups[key].version))
        return None

    def submit(self, draft: Draft, content: Group) -> Refusal | None:
        """Rule G10: only what is as it was when the edit was begun is changed."""
        if not self.holds(draft.by, FULL, ACME):
            return "not_entitled"
        group = self.groups[draft.group]
        if not group.living or self.open_change(draft.group) or group.version != draft.base:
            return "changed_meanwhile"
        refusal = self.edit(draft.by, draft.group, content)
        if refusal is None:
            self.drafts.remove(draft)
        return refusal

    def _may_change(self, person: str, key: int) -> Refusal | None:
        if person in self.disabled:
            return "not_entitled"
        if not self.sees(person) or not self.groups[key].living:
            return "not_found"
        if not self.holds(person, FULL, ACME):
            return "not_entitled"
        return "changed_meanwhile" if self.open_change(key) else None

    # -- deciding

    def decide(self, person: str, request: Request, version: int) -> Refusal | set[str]:
        """The firms for which the person's word counts now."""
        if person in self.disabled:
            return "not_entitled"
        if not self.sees_request(person, request):
            return "not_found"
        if self.humans[person] == self.humans[request.by]:
            return "not_entitled"
        if request.status != "in_progress":
            return "changed_meanwhile"
        asked = {firm for firm in request.needed if self.holds(person, MANAGER, firm)}
        if not asked:
            return "not_entitled"
        if not asked & request.waits_for or version != request.version:
            return "changed_meanwhile"
        return asked & request.waits_for

    def approve(self, person: str, request: Request, version: int) -> Refusal | None:
        firms = self.decide(person, request, version)
        if isinstance(firms, str):
            return firms
        request.given |= dict.fromkeys(firms, person)
        request.ready = self.now
        request.version += 1
        return None

    def deny(self, person: str, request: Request, version: int) -> Refusal | None:
        firms = self.decide(person, request, version)
        if isinstance(firms, str):
            return firms
        self._end(request, "denied")
        return None

    def cancel(self, person: str, request: Request) -> Refusal | None:
        if person in self.disabled:
            return "not_entitled"
        if not self.sees_request(person, request):
            return "not_found"
        if request.by != person:
            return "not_entitled"
        if request.status != "in_progress":
            return "changed_meanwhile"
        self._end(request, "cancelled")
        return None

    # -- set-up

    def process(self, new_ids: Iterable[int]) -> None:
        """Everything that is due, in the order in which it was asked for."""
        ids = iter(new_ids)
        for request in [it for it in self.requests if it.status == "in_progress"]:
            if not request.waits_for and (not self.batch or _next_batch(request.ready) <= self.now):
                self._set_up(request, ids)

    def _set_up(self, request: Request, ids: Iterable[int]) -> None:
        deletes = request.kind == "delete_group"
        broken = not deletes and self.wrong(request.content, request.group)
        if broken or not self.holds(request.by, FULL, ACME):
            self._end(request, "failed")
            return
        if not deletes and (more := self.approvals_of(request.content) - request.needed):
            request.needed |= more
            request.version += 1
            return
        self._carry_out(request, ids)
        self._end(request, "completed")

    def _carry_out(self, request: Request, ids: Iterable[int]) -> None:
        content = request.content
        if request.group is None:
            request.group = next(iter(ids))
            self.groups[request.group] = Group(content.name, content.filters, content.sources)
            return
        group = self.groups[request.group]
        group.version += 1
        if request.kind == "delete_group":
            group.living = False
        else:
            group.name, group.filters, group.sources = content.name, content.filters, content.sources

    @staticmethod
    def _end(request: Request, status: str) -> None:
        request.status = status
        request.version += 1


def _next_batch(ready: datetime) -> datetime:
    """16:00 in Chicago on the first working day after that; the machine's days have no holiday."""
    day = ready.astimezone(_CHICAGO).date()
    while True:
        when = datetime.combine(day, time(16), _CHICAGO).astimezone(UTC)
        if day.weekday() < 5 and when > ready:
            return when
        day += timedelta(days=1)

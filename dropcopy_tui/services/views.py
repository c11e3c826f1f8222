"""What services answer with: frozen, free of the store, safe to hand to a screen or to JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.groups import FrontEnd
from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.domain.markets import Gateway
from dropcopy_tui.domain.requests import RequestStatus, RequestType
from dropcopy_tui.domain.sessions import SessionKind

# What JSON holds: of a request, of an audit event.
Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class EntityView:
    """A Registered Entity as pickers show it."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class SenderCompView:
    """A SenderComp that is or may become a source."""

    id: int
    sender_comp_id: str
    session_id: str
    gfid: str
    fti: str
    gateway: str
    status: str
    guarantor: str = ""
    market: str = ""


@dataclass(frozen=True, slots=True)
class FirmCount:
    """How many SenderComps one Globex Firm has in a list."""

    gfid: str
    count: int


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key pair without its secret.

    Attributes:
        when: its expiry in the market's own time.
        days: the market's days until its last day, 0 on that day, negative after it.
        left: the same in words, "deleted" for a deleted pair.
    """

    access_key_id: str
    session_id: str
    state: KeyState
    created_at: datetime
    expires_at: datetime
    when: str
    days: int
    left: str
    deleted_at: datetime | None = None
    deleted_by: str = ""


@dataclass(frozen=True, slots=True)
class SessionView:
    """A session with its key pairs, newest last; `expires` is when its last living pair ends, in words."""

    pk: int
    session_id: str
    kind: SessionKind
    market: str
    market_name: str
    gateway: Gateway
    segments: tuple[str, ...]
    status: str
    entity: str
    group: str
    group_id: int | None
    keys: tuple[KeyView, ...]

    @property
    def living(self) -> tuple[KeyView, ...]:
        """The pairs that a gateway accepts now."""
        return tuple(key for key in self.keys if key.state in (KeyState.ACTIVE, KeyState.PENDING_EXPIRATION))


@dataclass(frozen=True, slots=True)
class PendingView:
    """A session whose last living pair ends within four weeks (rule K7); times as in `KeyView`."""

    session_pk: int
    session_id: str
    group_id: int | None
    when: str
    left: str


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group in a list. `keys` sums up the key pairs of its target sessions in a word or two."""

    id: int
    name: str
    entity: str
    market: str
    market_name: str
    front_end: str
    sources: int
    targets: int
    keys: str
    version: int
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group with everything but its lists, which are pages. `changed`: when last, by whom, with which request."""

    line: GroupLine
    entity_name: str
    front_end: FrontEnd
    filters: tuple[Filter, ...]
    created_at: datetime
    created_by: str
    sessions: tuple[SessionView, ...]
    changed: tuple[datetime, str, str] | None = None


@dataclass(frozen=True, slots=True)
class DraftView:
    """What the wizard holds. `entity` is "" until one is chosen, `group` is the name of the group that is edited.

    `gone` says who deleted that group, "" while it exists.
    """

    id: int
    version: int
    market: str
    market_name: str
    entity: str
    entity_name: str
    name: str
    front_end: FrontEnd | None
    filters: tuple[Filter, ...]
    step: int
    sources: int
    updated_at: datetime
    group_id: int | None = None
    base_version: int | None = None
    group: str = ""
    gone: str = ""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a group, before and after, in words."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What an edit would change (rule G7). `stale` says what happened to the group meanwhile (rule G10).

    Attributes:
        filters_added, filters_removed: the types in which the filters differ, mandatory ones included.
        added_names, removed_names: the SenderComps that are added and removed, if they are few; else empty.
    """

    group: str
    fields: tuple[FieldChange, ...]
    added: int
    removed: int
    stale: str = ""
    filters_added: tuple[Filter, ...] = ()
    filters_removed: tuple[Filter, ...] = ()
    added_names: tuple[str, ...] = ()
    removed_names: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything would change."""
        return bool(self.fields or self.added or self.removed)


@dataclass(frozen=True, slots=True)
class Review:
    """What submitting a draft would do: the last step of the wizard, and what a dry run prints.

    Attributes:
        new_targets: the target sessions that set-up allocates; each needs a key pair.
        effective: when it takes effect, approvals included, in words.
        effective_at: the batch that would set it up; None without one, or as long as an approval is missing.
    """

    draft: DraftView
    filters: tuple[Filter, ...]
    firms: tuple[FirmCount, ...]
    gateways: tuple[Gateway, ...]
    approval_of: tuple[str, ...]
    fee: str
    problems: tuple[str, ...]
    changes: Changes | None = None
    new_targets: tuple[Gateway, ...] = ()
    effective: str = ""
    effective_at: datetime | None = None

    @property
    def refusals(self) -> tuple[str, ...]:
        """Every reason for which it would be refused if it were submitted now."""
        if self.changes is None:
            return self.problems
        stale = (self.changes.stale,) if self.changes.stale else ()
        idle = () if self.changes else (f"The request contains no changes to {self.changes.group}.",)
        return (*self.problems, *stale, *idle)


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a request's story."""

    at: datetime
    text: str


class RequestLine(NamedTuple):
    """A request in a list: what a `RequestView` says of it, but for what was asked and how it came about."""

    id: str
    type: RequestType
    status: RequestStatus
    stage: str
    entity: str
    subject: str
    submitted_by: str
    submitted_at: datetime
    ended_at: datetime | None
    reasons: tuple[str, ...]
    version: int
    waiting_for: tuple[str, ...] = ()
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request. `id` is the reference people see; `subject` the group or the sessions it is about.

    `targets` are the Session IDs of the group that came of it. `version` is what a decision is bound to,
    `waiting_for` whose approval is missing, `due` when the next batch takes it (None: immediately).
    """

    id: str
    type: RequestType
    status: RequestStatus
    stage: str
    entity: str
    subject: str
    submitted_by: str
    submitted_at: datetime
    ended_at: datetime | None = None
    reasons: tuple[str, ...] = ()
    asked: Facts = field(default_factory=dict)
    story: tuple[Moment, ...] = ()
    group_id: int | None = None
    targets: tuple[str, ...] = ()
    version: int = 1
    waiting_for: tuple[str, ...] = ()
    due: datetime | None = None

    @property
    def changes(self) -> tuple[FieldChange, ...]:
        """The fields that an edit changes."""
        return tuple(FieldChange(name, *values) for name, values in self.asked.get("changes", {}).items())

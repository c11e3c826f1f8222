"""Where one can go, as data: a screen names a route and knows nothing of the screen that it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dropcopy_tui.domain.filters import Filter
    from dropcopy_tui.domain.markets import Menu
    from dropcopy_tui.domain.requests import Change
    from dropcopy_tui.domain.sessions import SessionKind


class Route:
    """A screen to open, with what it is to show."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class OpenGroups(Route):
    """The drop copy groups of the person's entity."""

    menu: Menu


@dataclass(frozen=True, slots=True)
class OpenGroup(Route):
    """One group, at one of its tabs."""

    group_id: int
    tab: str = "details"


@dataclass(frozen=True, slots=True)
class OpenCoverage(Route):
    """The SenderComps that no group copies; without an entity, those of the person's first one."""

    entity: str = ""


@dataclass(frozen=True, slots=True)
class OpenFrontEnds(Route):
    """Front End Mapping."""


@dataclass(frozen=True, slots=True)
class OpenDrafts(Route):
    """The person's drafts."""


@dataclass(frozen=True, slots=True)
class OpenWizard(Route):
    """The wizard on a draft; `fee_shown` says that the fee was told already (rule G1)."""

    draft_id: int
    fee_shown: bool = True


@dataclass(frozen=True, slots=True)
class OpenChangedSources(Route):
    """The SenderComps that an edit adds to its group, or takes out of it."""

    draft_id: int
    group: str
    change: Change


@dataclass(frozen=True, slots=True)
class OpenSessions(Route):
    """The sessions of one kind; without an entity, those of the person's first one. `match` is a first filter."""

    kind: SessionKind
    entity: str = ""
    match: str = ""


@dataclass(frozen=True, slots=True)
class OpenSession(Route):
    """One session, wherever it is shown: in its group, or in the list of its kind."""

    session_pk: int


@dataclass(frozen=True, slots=True)
class OpenCalendar(Route):
    """The key calendar."""


@dataclass(frozen=True, slots=True)
class OpenRequests(Route):
    """My Requests, at one of its tabs."""

    tab: str = "status"


@dataclass(frozen=True, slots=True)
class OpenRequest(Route):
    """One request, by its reference."""

    reference: str


@dataclass(frozen=True, slots=True)
class OpenPeople(Route):
    """People and entitlements."""


@dataclass(frozen=True, slots=True)
class OpenPerson(Route):
    """One person."""

    user_id: str


@dataclass(frozen=True, slots=True)
class OpenEase(Route):
    """The EASE desk."""


@dataclass(frozen=True, slots=True)
class OpenRouting(Route):
    """What would it receive? Of one group, or of a draft's filters, or of every group."""

    group_id: int | None = None
    filters: frozenset[Filter] | None = None


@dataclass(frozen=True, slots=True)
class OpenLogonCheck(Route):
    """The logon check."""


@dataclass(frozen=True, slots=True)
class OpenNotices(Route):
    """The person's notices."""


@dataclass(frozen=True, slots=True)
class OpenAudit(Route):
    """The audit trail."""


@dataclass(frozen=True, slots=True)
class OpenOutbox(Route):
    """The outbox; in a sandbox, everybody's phone and mailbox."""

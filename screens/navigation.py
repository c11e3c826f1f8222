"""Where one can go, as data: a screen names a route and knows nothing of the screen that it leads to.

A route with details is a named tuple, one without is a bare class: this is imported before the first paint, and
twenty dataclasses would take 8 ms of it, of which these take 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from dropcopy_tui.domain.filters import Filter
    from dropcopy_tui.domain.markets import Menu
    from dropcopy_tui.domain.requests import Change
    from dropcopy_tui.domain.sessions import SessionKind


class OpenGroups(NamedTuple):
    """The drop copy groups of the person's entity."""

    menu: Menu


class OpenGroup(NamedTuple):
    """One group, at one of its tabs."""

    group_id: int
    tab: str = "details"


class OpenCoverage(NamedTuple):
    """The SenderComps that no group copies; without an entity, those of the person's first one."""

    entity: str = ""


class OpenFrontEnds:
    """Front End Mapping."""


class OpenDrafts:
    """The person's drafts."""


class OpenWizard(NamedTuple):
    """The wizard on a draft; `fee_shown` says that the fee was told already (rule G1), `begun` that it is new."""

    draft_id: int
    fee_shown: bool = True
    begun: bool = False


class OpenChangedSources(NamedTuple):
    """The SenderComps that an edit adds to its group, or takes out of it."""

    draft_id: int
    group: str
    change: Change


class OpenSessions(NamedTuple):
    """The sessions of one kind; without an entity, those of the person's first one. `match` is a first filter.

    `kind` is the value of a SessionKind: the first paint, which needs nothing else of sessions, does without them.
    """

    kind: SessionKind | Literal["order_entry", "market_data"]
    entity: str = ""
    match: str = ""


class OpenSession(NamedTuple):
    """One session, wherever it is shown: in its group, or in the list of its kind."""

    session_pk: int


class OpenCalendar:
    """The key calendar."""


class OpenRequests(NamedTuple):
    """My Requests, at one of its tabs."""

    tab: str = "status"


class OpenRequest(NamedTuple):
    """One request, by its reference."""

    reference: str


class OpenFinished(NamedTuple):
    """What came of a request that was submitted just now, and what comes next."""

    reference: str


class OpenPeople:
    """People and entitlements."""


class OpenPerson(NamedTuple):
    """One person."""

    user_id: str


class OpenEase:
    """The EASE desk."""


class OpenRouting(NamedTuple):
    """What would it receive? Of one group, or of a draft's filters, or of every group."""

    group_id: int | None = None
    filters: frozenset[Filter] | None = None


class OpenLogonCheck:
    """The logon check."""


class OpenAccess(NamedTuple):
    """SSH keys: the person's own, or those of a person they administer."""

    user_id: str = ""


class OpenSeats(NamedTuple):
    """Where people are signed in: the person, or everyone."""

    everyone: bool = False


class OpenNotices:
    """The person's notices."""


class OpenAudit:
    """The audit trail."""


class OpenOutbox:
    """The outbox; in a sandbox, everyone's phone and mailbox."""


class OpenWalkthroughs:
    """The jobs of the desk, key by key."""


class OpenKeyTester:
    """What the terminal sends when a key is pressed."""


# A screen to open, with what it is to show.
Route: TypeAlias = (
    "OpenGroups | OpenGroup | OpenCoverage | OpenFrontEnds | OpenDrafts | OpenWizard | "
    "OpenChangedSources | OpenSessions | OpenSession | OpenCalendar | OpenRequests | OpenRequest | "
    "OpenFinished | "
    "OpenPeople | OpenPerson | OpenEase | OpenRouting | OpenLogonCheck | OpenAccess | OpenSeats | OpenNotices | "
    "OpenAudit | OpenOutbox | OpenWalkthroughs | OpenKeyTester"
)

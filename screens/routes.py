"""The one map from routes to screens, and the places that Home and the command palette offer by name.

A screen's modules are imported when it is opened first: opening the application must not import all of them, and Home
has to be painted before any. Functions say what each screen is given, so that the type checker reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import singledispatch
from typing import TYPE_CHECKING, Any, NamedTuple

from dropcopy_tui.domain.markets import Menu
from dropcopy_tui.domain.people import MAY_ADMINISTER, MAY_AUDIT, MAY_EASE, MAY_SEE_EVERYBODY, MAY_USE_KEYS, MAY_VIEW
from screens import navigation as to
from screens.jobs import off_thread

if TYPE_CHECKING:
    from dropcopy_tui.domain.people import Role
    from dropcopy_tui.services.home import HomeView
    from screens.desk_app import DeskApp
    from screens.frame import DeskScreen


class Destination(NamedTuple):
    """A place with a name. `roles`: who is offered it, anybody where there are none; services decide (rule P3).

    `heading` is the part of Home's menu it appears in ("" for the palette alone), `entry` its name there, and `size`
    how much is in it. `sandbox`: whether only a sandbox has it, or only a desk that is none.
    """

    route: to.Route
    title: str
    help: str
    roles: Collection[Role] = ()
    heading: str = ""
    entry: str = ""
    size: Callable[[HomeView], int] | None = None
    sandbox: bool | None = None

    def is_offered(self, roles: Collection[Role], sandbox: bool) -> bool:
        """Whether it is offered to someone with these roles."""
        may = not self.roles or any(role in self.roles for role in roles)
        return may and self.sandbox in (None, sandbox)


# In the order of Home's menu; the palette sorts by title.
DESTINATIONS = (
    Destination(
        to.OpenGroups(Menu.BROKERTEC),
        "Drop Copy Groups",
        "BrokerTec groups of a Registered Entity",
        heading="BrokerTec Requests",
        entry="Drop Copy Groups",
        size=lambda view: view.groups[Menu.BROKERTEC],
    ),
    Destination(
        to.OpenSessions("order_entry"),
        "Order Entry Sessions",
        "Order entry sessions of an entity",
        heading="BrokerTec Requests",
        entry="Order Entry Sessions",
        size=lambda view: view.order_entry,
    ),
    Destination(
        to.OpenSessions("market_data"),
        "Market Data Sessions",
        "Market data sessions of an entity",
        heading="BrokerTec Requests",
        entry="Market Data Sessions",
        size=lambda view: view.market_data,
    ),
    Destination(
        to.OpenGroups(Menu.GLOBEX),
        "Globex Drop Copy Groups",
        "Globex groups of a Registered Entity",
        heading="Globex Requests",
        entry="Drop Copy Groups",
        size=lambda view: view.groups[Menu.GLOBEX],
    ),
    Destination(
        to.OpenRequests(),
        "My Requests",
        "Your requests and their status",
        heading="My Requests",
        entry="Request Status",
        size=lambda view: view.requests,
    ),
    Destination(
        to.OpenRequests("todo"),
        "To Do",
        "Requests awaiting your approval",
        heading="My Requests",
        entry="To Do",
        size=lambda view: view.to_review,
    ),
    Destination(
        to.OpenNotices(),
        "Notices",
        "Your notices",
        heading="My Requests",
        entry="Notices",
        size=lambda view: view.notices,
    ),
    Destination(
        to.OpenAudit(),
        "Audit trail",
        "Who did what, from where and when",
        MAY_AUDIT,
        heading="Desk",
        entry="Audit trail",
    ),
    Destination(
        to.OpenEase(),
        "EASE desk",
        "Verify a caller, issue a one-time code, unlock, reset",
        MAY_EASE,
        heading="Desk",
        entry="EASE desk",
    ),
    Destination(
        to.OpenOutbox(),
        "Phone and mailbox",
        "Messages the sandbox would have sent",
        heading="Sandbox",
        entry="Phone and mailbox",
        sandbox=True,
    ),
    Destination(
        to.OpenWalkthroughs(),
        "Walkthroughs",
        "The jobs of the desk, key by key",
        heading="Sandbox",
        entry="Walkthroughs",
        sandbox=True,
    ),
    Destination(to.OpenOutbox(), "Outbox", "Sent, queued and failed messages (operations)", sandbox=False),
    Destination(to.OpenCalendar(), "Key calendar", "Key pair validity by session"),
    Destination(to.OpenCoverage(), "Coverage", "SenderComps that no drop copy group copies"),
    Destination(to.OpenRouting(), "FIX log preview", "Which messages of a FIX log each group receives"),
    Destination(
        to.OpenLogonCheck(),
        "Logon check",
        "Whether a gateway would accept a logon, and if not, why",
        MAY_USE_KEYS,
    ),
    Destination(
        to.OpenPeople(),
        "People and entitlements",
        "People and their roles",
        MAY_SEE_EVERYBODY | MAY_ADMINISTER,
    ),
    Destination(to.OpenAccess(), "My access", "Your SSH keys, seats and recovery codes"),
    Destination(
        to.OpenSeats(everyone=True), "Seats", "Who is signed in, from where and since when", MAY_AUDIT, sandbox=False
    ),
    Destination(to.OpenKeyTester(), "Key tester", "What the terminal sends when a key is pressed"),
    Destination(to.OpenFrontEnds(), "Front End Mapping", "Front end systems that an entity can use", MAY_VIEW),
)


async def screen_for(app: DeskApp, route: to.Route) -> DeskScreen[Any]:
    """The screen of a route, made again. Raises NotFound for a session that the person may not see."""
    if isinstance(route, to.OpenSession):
        route = await _where_it_is(app, route)
    return screen_of(route)


async def _where_it_is(app: DeskApp, route: to.OpenSession) -> to.Route:
    """A target session is shown by its group, any other session in the list of its kind."""
    # Late for the sake of start-up: the first paint needs no session's kinds.
    from dropcopy_tui.domain.sessions import SessionStatus

    desk = await app.desk()
    view = await off_thread(desk.sessions.get, app.actor, route.session_pk)
    if view.group_id is not None and view.status == SessionStatus.ACTIVE:
        return to.OpenGroup(view.group_id, tab="targets")
    return to.OpenSessions(view.kind, view.entity, match=view.session_id)


@singledispatch
def screen_of(route: to.Route) -> DeskScreen[Any]:
    """The screen of a route: a row below for each kind."""
    raise NotImplementedError(f"No screen for {route!r}: add a row to screens.routes.")


@screen_of.register(to.OpenGroups)
def _groups(route: to.OpenGroups) -> DeskScreen[Any]:
    from screens.groups.groups import GroupsScreen

    return GroupsScreen(route.menu)


@screen_of.register(to.OpenGroup)
def _group(route: to.OpenGroup) -> DeskScreen[Any]:
    from screens.groups.group import GroupScreen

    return GroupScreen(route.group_id, route.tab)


@screen_of.register(to.OpenCoverage)
def _coverage(route: to.OpenCoverage) -> DeskScreen[Any]:
    from screens.groups.coverage import CoverageScreen

    return CoverageScreen(route.entity)


@screen_of.register(to.OpenFrontEnds)
def _front_ends(_: to.OpenFrontEnds) -> DeskScreen[Any]:
    from screens.groups.front_ends import FrontEndsScreen

    return FrontEndsScreen()


@screen_of.register(to.OpenDrafts)
def _drafts(_: to.OpenDrafts) -> DeskScreen[Any]:
    from screens.groups.drafts import DraftsScreen

    return DraftsScreen()


@screen_of.register(to.OpenWizard)
def _wizard(route: to.OpenWizard) -> DeskScreen[Any]:
    from screens.wizard.screen import WizardScreen

    return WizardScreen(route.draft_id, route.fee_shown, begun=route.begun)


@screen_of.register(to.OpenChangedSources)
def _changed_sources(route: to.OpenChangedSources) -> DeskScreen[Any]:
    from screens.wizard.changed_sources import ChangedSourcesScreen

    return ChangedSourcesScreen(route.draft_id, route.group, route.change)


@screen_of.register(to.OpenSessions)
def _sessions(route: to.OpenSessions) -> DeskScreen[Any]:
    from dropcopy_tui.domain.sessions import SessionKind
    from screens.keys.sessions import SessionsScreen

    return SessionsScreen(SessionKind(route.kind), route.entity, route.match)


@screen_of.register(to.OpenCalendar)
def _calendar(_: to.OpenCalendar) -> DeskScreen[Any]:
    from screens.keys.calendar import CalendarScreen

    return CalendarScreen()


@screen_of.register(to.OpenRequests)
def _requests(route: to.OpenRequests) -> DeskScreen[Any]:
    from screens.requests.requests import RequestsScreen

    return RequestsScreen(route.tab)


@screen_of.register(to.OpenRequest)
def _request(route: to.OpenRequest) -> DeskScreen[Any]:
    from screens.requests.request import RequestScreen

    return RequestScreen(route.reference)


@screen_of.register(to.OpenFinished)
def _finished(route: to.OpenFinished) -> DeskScreen[Any]:
    from screens.requests.finished import FinishedScreen

    return FinishedScreen(route.reference)


@screen_of.register(to.OpenPeople)
def _people(_: to.OpenPeople) -> DeskScreen[Any]:
    from screens.people.people import PeopleScreen

    return PeopleScreen()


@screen_of.register(to.OpenPerson)
def _person(route: to.OpenPerson) -> DeskScreen[Any]:
    from screens.people.person import PersonScreen

    return PersonScreen(route.user_id)


@screen_of.register(to.OpenAccess)
def _access(route: to.OpenAccess) -> DeskScreen[Any]:
    from screens.people.access import AccessScreen

    return AccessScreen(route.user_id)


@screen_of.register(to.OpenSeats)
def _seats(route: to.OpenSeats) -> DeskScreen[Any]:
    from screens.people.seats import SeatsScreen

    return SeatsScreen(everyone=route.everyone)


@screen_of.register(to.OpenEase)
def _ease(_: to.OpenEase) -> DeskScreen[Any]:
    from screens.people.ease import EaseScreen

    return EaseScreen()


@screen_of.register(to.OpenRouting)
def _routing(route: to.OpenRouting) -> DeskScreen[Any]:
    from screens.checks.route import RouteScreen

    return RouteScreen(route.group_id, route.filters)


@screen_of.register(to.OpenLogonCheck)
def _logon_check(_: to.OpenLogonCheck) -> DeskScreen[Any]:
    from screens.checks.logon_check import LogonCheckScreen

    return LogonCheckScreen()


@screen_of.register(to.OpenNotices)
def _notices(_: to.OpenNotices) -> DeskScreen[Any]:
    from screens.notices import NoticesScreen

    return NoticesScreen()


@screen_of.register(to.OpenAudit)
def _audit(_: to.OpenAudit) -> DeskScreen[Any]:
    from screens.audit import AuditScreen

    return AuditScreen()


@screen_of.register(to.OpenOutbox)
def _outbox(_: to.OpenOutbox) -> DeskScreen[Any]:
    from screens.outbox import OutboxScreen

    return OutboxScreen()


@screen_of.register(to.OpenWalkthroughs)
def _walkthroughs(_: to.OpenWalkthroughs) -> DeskScreen[Any]:
    from screens.walkthrough_list import WalkthroughsScreen

    return WalkthroughsScreen()


@screen_of.register(to.OpenKeyTester)
def _key_tester(_: to.OpenKeyTester) -> DeskScreen[Any]:
    from screens.key_tester import KeyTesterScreen

    return KeyTesterScreen()

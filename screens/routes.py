"""Where one can go from Home and from the command palette, by name: `groups-globex`, `draft-7`.

A screen's modules are imported when it is opened first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dropcopy_tui.domain.markets import Menu
from dropcopy_tui.domain.sessions import SessionKind
from screens.frame import DeskScreen


async def open_place(screen: DeskScreen[Any], name: str) -> None:
    """Open the place above this screen."""
    kind, _, detail = name.partition("-")
    if kind == "session":
        from screens.groups.groups import open_session

        await open_session(screen, int(detail))
    else:
        await screen.app.push_screen(_PLACES[kind](detail))


def _groups(menu: str) -> DeskScreen[Any]:
    from screens.groups.groups import GroupsScreen

    return GroupsScreen(Menu(menu))


def _sessions(kind: str) -> DeskScreen[Any]:
    from screens.keys.sessions import SessionsScreen

    return SessionsScreen(SessionKind(kind))


def _calendar(_: str) -> DeskScreen[Any]:
    from screens.keys.calendar import CalendarScreen

    return CalendarScreen()


def _requests(tab: str) -> DeskScreen[Any]:
    from screens.requests.requests import RequestsScreen

    return RequestsScreen(tab or "status")


def _notices(_: str) -> DeskScreen[Any]:
    from screens.notices import NoticesScreen

    return NoticesScreen()


def _draft(number: str) -> DeskScreen[Any]:
    from screens.wizard.screen import WizardScreen

    return WizardScreen(int(number))


def _drafts(_: str) -> DeskScreen[Any]:
    from screens.groups.drafts import DraftsScreen

    return DraftsScreen()


def _coverage(_: str) -> DeskScreen[Any]:
    from screens.groups.coverage import CoverageScreen

    return CoverageScreen()


def _route(_: str) -> DeskScreen[Any]:
    from screens.checks.route import RouteScreen

    return RouteScreen()


def _logon(_: str) -> DeskScreen[Any]:
    from screens.checks.logon_check import LogonCheckScreen

    return LogonCheckScreen()


def _people(_: str) -> DeskScreen[Any]:
    from screens.people.people import PeopleScreen

    return PeopleScreen()


def _front_ends(_: str) -> DeskScreen[Any]:
    from screens.groups.front_ends import FrontEndsScreen

    return FrontEndsScreen()


def _ease(_: str) -> DeskScreen[Any]:
    from screens.people.ease import EaseScreen

    return EaseScreen()


def _audit(_: str) -> DeskScreen[Any]:
    from screens.audit import AuditScreen

    return AuditScreen()


def _outbox(_: str) -> DeskScreen[Any]:
    from screens.outbox import OutboxScreen

    return OutboxScreen()


_PLACES: dict[str, Callable[[str], DeskScreen[Any]]] = {
    "groups": _groups,
    "sessions": _sessions,
    "calendar": _calendar,
    "requests": _requests,
    "notices": _notices,
    "draft": _draft,
    "drafts": _drafts,
    "coverage": _coverage,
    "route": _route,
    "logon": _logon,
    "people": _people,
    "front_ends": _front_ends,
    "ease": _ease,
    "audit": _audit,
    "outbox": _outbox,
}

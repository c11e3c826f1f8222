"""The command palette: our own commands, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand
from textual.screen import Screen

from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.domain.markets import Menu
from dropcopy_tui.domain.people import MAY_ADMINISTER, MAY_AUDIT, MAY_EASE, MAY_SEE_EVERYBODY, MAY_USE_KEYS, MAY_VIEW
from dropcopy_tui.domain.sessions import SessionKind
from screens.frame import DeskScreen, off_thread, show_refusal
from screens.modals.choose import Choice, ChooseModal
from screens.terminal.values import clip

if TYPE_CHECKING:
    from screens.app import DropCopyApp


def commands(app: DropCopyApp, screen: Screen[Any]) -> Iterable[SystemCommand]:
    """What can be done from anywhere."""
    yield SystemCommand("Quit", "Leave the application; drafts are kept", app.action_quit_desk)
    yield SystemCommand("Theme", "Change between the dark and the light theme", lambda: _turn_theme(app))
    yield SystemCommand("Mouse", "Turn mouse reports on or off, so that text can be selected", app.action_toggle_mouse)
    if isinstance(screen, DeskScreen):
        yield SystemCommand("Help", "What the keys do on this screen", screen.action_help)
    if not app.signed_in:
        return
    yield SystemCommand("Home", "The first screen", app.go_home)
    yield SystemCommand("New group", "Ask for a new drop copy group", _run(app, _new_group))
    yield SystemCommand("Drop Copy Groups", "BrokerTec: the groups of a Registered Entity", _run(app, _groups))
    yield SystemCommand("Globex Drop Copy Groups", "Globex: the groups of a Registered Entity", _run(app, _globex))
    yield SystemCommand("Order Entry Sessions", "The sessions that orders come from", _run(app, _order_entry))
    yield SystemCommand("Market Data Sessions", "The sessions that prices come by", _run(app, _market_data))
    yield SystemCommand("Key calendar", "Which session's key pairs live when", _run(app, _calendar))
    yield SystemCommand("Coverage", "SenderComps that no drop copy group copies", _run(app, _coverage))
    yield SystemCommand("What would it receive?", "A FIX log through the drop copy groups", _run(app, _route))
    if app.may(MAY_USE_KEYS):
        yield SystemCommand("Logon check", "Would a gateway accept it, and if not, why?", _run(app, _logon_check))
    yield SystemCommand("My Requests", "What was asked for, and where it is", _run(app, _requests))
    if app.may(MAY_SEE_EVERYBODY | MAY_ADMINISTER):
        yield SystemCommand("People and entitlements", "Who is there, and what they may do", _run(app, _people))
    if app.may(MAY_VIEW):
        yield SystemCommand("Front End Mapping", "Which front end systems an entity may use", _run(app, _front_ends))
    if app.may(MAY_EASE):
        yield SystemCommand("EASE desk", "Verify who calls, issue a one-time code, unlock, reset", _run(app, _ease))
    yield SystemCommand("To Do", "Requests that wait for your approval", _run(app, _to_do))
    yield SystemCommand("Authenticator app", "Enrol an app as second factor", _run(app, _enrol))
    if app.may(MAY_AUDIT):
        yield SystemCommand("Audit trail", "Who did what, from where and when", _run(app, _audit))
    yield SystemCommand("Notices", "What the desk told you", _run(app, _notices))
    if not app.sandbox:
        yield SystemCommand("Outbox", "Messages that were sent, wait, or failed (operations)", _run(app, _outbox))
    if app.sandbox:
        yield SystemCommand("Act as another person", "Sandbox only: no proof is needed", _run(app, _act_as))
        yield SystemCommand("Phone and mailbox", "What the sandbox would have sent", _run(app, _outbox))


def _run(app: DropCopyApp, job: Callable[[DropCopyApp, DeskScreen[Any]], Any]) -> Callable[[], None]:
    """A command as a worker, its refusals in the banner."""

    async def guarded() -> None:
        screen = app.screen
        assert isinstance(screen, DeskScreen)
        try:
            await job(app, screen)
        except DeskError as error:
            show_refusal(screen, error)

    def start() -> None:
        app.start_job(guarded)

    return start


def _turn_theme(app: DropCopyApp) -> None:
    if app.facts.tier in ("truecolor", "256"):
        app.theme = "desk-light" if app.theme == "desk-dark" else "desk-dark"
    else:
        app.notify("This terminal has too few colours for another theme.")


async def _new_group(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.new_group import new_group

    await new_group(screen)


async def _groups(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.groups import GroupsScreen

    await app.push_screen(GroupsScreen(Menu.BROKERTEC))


async def _globex(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.groups import GroupsScreen

    await app.push_screen(GroupsScreen(Menu.GLOBEX))


async def _order_entry(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.sessions import SessionsScreen

    await app.push_screen(SessionsScreen(SessionKind.ORDER_ENTRY))


async def _market_data(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.sessions import SessionsScreen

    await app.push_screen(SessionsScreen(SessionKind.MARKET_DATA))


async def _calendar(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.calendar import CalendarScreen

    await app.push_screen(CalendarScreen())


async def _audit(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.audit import AuditScreen

    await app.push_screen(AuditScreen())


async def _people(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.people import PeopleScreen

    await app.push_screen(PeopleScreen())


async def _front_ends(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.front_ends import FrontEndsScreen

    await app.push_screen(FrontEndsScreen())


async def _ease(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.ease import EaseScreen

    await app.push_screen(EaseScreen())


async def _coverage(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.coverage import CoverageScreen

    await app.push_screen(CoverageScreen())


async def _route(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.route import RouteScreen

    await app.push_screen(RouteScreen())


async def _logon_check(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.logon_check import LogonCheckScreen

    await app.push_screen(LogonCheckScreen())


async def _requests(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.requests import RequestsScreen

    await app.push_screen(RequestsScreen())


async def _to_do(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.requests import RequestsScreen

    await app.push_screen(RequestsScreen("todo"))


async def _notices(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.notices import NoticesScreen

    await app.push_screen(NoticesScreen())


async def _outbox(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.outbox import OutboxScreen

    await app.push_screen(OutboxScreen())


async def _act_as(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    """Choose a person of the sandbox, and be them from Home on."""
    from screens.app import origin

    desk = await app.desk()
    people = await off_thread(desk.identity.everyone)
    choices = [Choice(person.user_id, f"{person.user_id:<18}", clip(person.summary, 44)) for person in people]
    chosen = await app.push_screen_wait(ChooseModal("Act as another person", choices, at=app.actor.user_id))
    if chosen is None:
        return
    await app.save_work()
    app.become(await off_thread(desk.identity.act_as, chosen, origin()))
    app.go_home()
    await app.refresh_home()
    app.tell(f"You act as {chosen} now.")


async def _enrol(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    """Show the QR code, take the first code, and count the app as a factor."""
    from dropcopy_tui.domain.errors import SecondFactorFailed
    from screens.modals.enrol import EnrolModal

    desk = await app.desk()
    enrolment = await off_thread(desk.factors.enrol, app.actor)
    error = ""
    while True:
        code = await app.push_screen_wait(EnrolModal(enrolment, error))
        if code is None:
            screen.say("No authenticator app was enrolled.", "note")
            return
        try:
            await off_thread(desk.factors.confirm, app.actor, code)
        except SecondFactorFailed as failed:
            error = failed.message
            continue
        screen.say("The authenticator app is enrolled: it is a second factor from now on.")
        return

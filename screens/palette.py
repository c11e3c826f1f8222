"""The command palette: our own commands, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand
from textual.screen import Screen

from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.domain.people import MAY_ADMINISTER, MAY_AUDIT, MAY_EASE, MAY_SEE_EVERYBODY, MAY_USE_KEYS, MAY_VIEW
from dropcopy_tui.origin import origin
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
    yield SystemCommand(
        "Drop Copy Groups", "BrokerTec: the groups of a Registered Entity", _go(app, "groups-brokertec")
    )
    yield SystemCommand(
        "Globex Drop Copy Groups", "Globex: the groups of a Registered Entity", _go(app, "groups-globex")
    )
    yield SystemCommand("Order Entry Sessions", "The sessions that orders come from", _go(app, "sessions-order_entry"))
    yield SystemCommand("Market Data Sessions", "The sessions that prices come by", _go(app, "sessions-market_data"))
    yield SystemCommand("Key calendar", "Which session's key pairs live when", _go(app, "calendar"))
    yield SystemCommand("Coverage", "SenderComps that no drop copy group copies", _go(app, "coverage"))
    yield SystemCommand("What would it receive?", "A FIX log through the drop copy groups", _go(app, "route"))
    if app.may(MAY_USE_KEYS):
        yield SystemCommand("Logon check", "Would a gateway accept it, and if not, why?", _go(app, "logon"))
    yield SystemCommand("My Requests", "What was asked for, and where it is", _go(app, "requests"))
    if app.may(MAY_SEE_EVERYBODY | MAY_ADMINISTER):
        yield SystemCommand("People and entitlements", "Who is there, and what they may do", _go(app, "people"))
    if app.may(MAY_VIEW):
        yield SystemCommand("Front End Mapping", "Which front end systems an entity may use", _go(app, "front_ends"))
    if app.may(MAY_EASE):
        yield SystemCommand("EASE desk", "Verify who calls, issue a one-time code, unlock, reset", _go(app, "ease"))
    yield SystemCommand("To Do", "Requests that wait for your approval", _go(app, "requests-todo"))
    yield SystemCommand("Authenticator app", "Enrol an app as second factor", _run(app, _enrol))
    if app.may(MAY_AUDIT):
        yield SystemCommand("Audit trail", "Who did what, from where and when", _go(app, "audit"))
    yield SystemCommand("Notices", "What the desk told you", _go(app, "notices"))
    if not app.sandbox:
        yield SystemCommand("Outbox", "Messages that were sent, wait, or failed (operations)", _go(app, "outbox"))
    if app.sandbox:
        yield SystemCommand("Act as another person", "Sandbox only: no proof is needed", _run(app, _act_as))
        yield SystemCommand("Phone and mailbox", "What the sandbox would have sent", _go(app, "outbox"))


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


def _go(app: DropCopyApp, place: str) -> Callable[[], None]:
    """A command that opens a screen."""

    async def there(_: DropCopyApp, screen: DeskScreen[Any]) -> None:
        from screens.routes import open_place

        await open_place(screen, place)

    return _run(app, there)


def _turn_theme(app: DropCopyApp) -> None:
    if app.facts.tier in ("truecolor", "256"):
        app.theme = "desk-light" if app.theme == "desk-dark" else "desk-dark"
    else:
        app.notify("This terminal has too few colours for another theme.")


async def _new_group(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    from screens.groups.new_group import new_group

    await new_group(screen)


async def _act_as(app: DropCopyApp, screen: DeskScreen[Any]) -> None:
    """Choose a person of the sandbox, and be them from Home on."""
    desk = await app.desk()
    people = await off_thread(desk.identity.everyone)
    choices = [Choice(person.user_id, f"{person.user_id:<18}", clip(person.summary, 44)) for person in people]
    chosen = await app.push_screen_wait(ChooseModal("Act as another person", choices, at=app.actor.user_id))
    if chosen is None:
        return
    await app.save_work()
    app.become(await off_thread(desk.identity.act_as, chosen, origin("screen")))
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

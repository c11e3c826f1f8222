"""The command palette: our own commands, by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand

from dropcopy_tui.domain.errors import DeskError, SecondFactorFailed
from dropcopy_tui.origin import origin
from dropcopy_tui.services.factors.table import Purpose
from screens.dress import choose_theme, themes_to_choose
from screens.groups.new_group import new_group
from screens.jobs import off_thread, show_refusal
from screens.modals.choose import Choice, ChooseModal
from screens.modals.enrol import EnrolModal
from screens.modals.form import until_accepted
from screens.routes import DESTINATIONS
from screens.terminal.values import clip

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk
    from screens.desk_app import CommandedApp
    from screens.frame import DeskScreen
    from screens.navigation import Route

_AS_CONFIGURED = "automatic"
# What a command does on the screen it was chosen on.
Command = Callable[["DeskScreen[Any]"], Awaitable[object]]


def commands(app: CommandedApp, screen: DeskScreen[Any]) -> Iterable[SystemCommand]:
    """What can be done from anywhere."""
    yield SystemCommand("Quit", "Quit the application; drafts are kept", app.action_quit_desk)
    yield SystemCommand("Theme", "Choose another theme; it is remembered", _run(app, screen, partial(_theme, app)))
    yield SystemCommand("Mouse", "Toggle mouse support (off lets you select text)", app.action_toggle_mouse)
    yield SystemCommand("Help", "Show the keys of this screen", screen.action_help)
    if not app.signed_in:
        return
    yield SystemCommand("Home", "Go to the Home screen", app.go_home)
    yield SystemCommand("New group", "Request a new drop copy group", _run(app, screen, new_group))
    yield SystemCommand(
        "Who gets this?", "The groups that receive a SenderComp or a Globex Firm", _run(app, screen, _ask_who_gets)
    )
    yield SystemCommand("Authenticator app", "Enrol an app as a second factor", _run(app, screen, _enrol))
    if app.sandbox:
        yield SystemCommand(
            "Act as another person", "Sandbox only: no password required", _run(app, screen, partial(_act_as, app))
        )
    roles = app.home_view.roles if app.home_view is not None else ()
    for place in DESTINATIONS:
        if place.is_offered(roles, app.sandbox):
            yield SystemCommand(place.title, place.help, _run(app, screen, partial(_go, route=place.route)))


def _run(app: CommandedApp, screen: DeskScreen[Any], command: Command) -> Callable[[], None]:
    """A command as a worker on the screen it was chosen on, its refusals in the banner."""

    async def guarded() -> None:
        try:
            await command(screen)
        except DeskError as error:
            show_refusal(screen, error)

    def start() -> None:
        app.start_job(guarded)

    return start


async def _go(screen: DeskScreen[Any], route: Route) -> None:
    """Open the screen of a place."""
    await screen.go(route)


async def _theme(app: CommandedApp, screen: DeskScreen[Any]) -> None:
    """Choose a theme, and find it again the next time."""
    worn = str(screen.app.theme).removeprefix("desk-")
    lines = [Choice(name or _AS_CONFIGURED, name or "automatic", *more) for name, *more in themes_to_choose(app.facts)]
    chosen = await screen.app.push_screen_wait(ChooseModal("Theme", lines, at=worn))
    if chosen is not None:
        choose_theme(app, "" if chosen == _AS_CONFIGURED else chosen, app.config.paths.choices)


async def _act_as(app: CommandedApp, screen: DeskScreen[Any]) -> None:
    """Choose a person of the sandbox, and be them from Home on."""
    desk = await app.desk()
    people = await off_thread(desk.identity.everyone)
    choices = [Choice(person.user_id, f"{person.user_id:<18}", clip(person.summary, 44)) for person in people]
    chosen = await screen.app.push_screen_wait(ChooseModal("Act as another person", choices, at=app.actor.user_id))
    if chosen is None:
        return
    await app.save_work()
    app.become(await off_thread(desk.identity.act_as, chosen, origin("screen")))
    app.go_home()
    await app.refresh_home()
    app.tell(f"You are now acting as {chosen}.")


async def _ask_who_gets(screen: DeskScreen[Any]) -> None:
    """Ask for a SenderComp, then show who receives its messages."""
    # Late for the sake of start-up: most people never ask.
    from screens.groups.receivers import ask_who_gets

    await ask_who_gets(screen)


async def _enrol(screen: DeskScreen[Any]) -> None:
    """Confirm who it is, show the QR code, take the first code, and count the app as a factor."""
    # Late for the sake of start-up: few enrol an app.
    from screens.keys.identify import confirmed

    desk = await screen.desk()
    await off_thread(desk.authenticators.may_enrol, screen.actor)
    enrolment = await confirmed(
        screen,
        desk,
        "Required to enrol an authenticator app.",
        lambda proof: off_thread(desk.authenticators.enrol, screen.actor, proof),
        Purpose.ENROL,
    )
    if enrolment is None:
        return

    async def confirm(code: str) -> bool:
        await off_thread(desk.authenticators.confirm, screen.actor, code)
        return True

    enrolled = await until_accepted(
        lambda error, _: screen.app.push_screen_wait(EnrolModal(enrolment, error)), confirm, SecondFactorFailed
    )
    if enrolled:
        screen.say(f"The authenticator app is enrolled. {await _since_when(screen, desk)} An email was written.")
    else:
        screen.say("No authenticator app was enrolled.", "note")


async def _since_when(screen: DeskScreen[Any], desk: Desk) -> str:
    """From when on the new app is a second factor."""
    choices = await off_thread(desk.factors.choices, screen.actor)
    reason = next((choice.reason for choice in choices if choice.factor.name == "totp"), "")
    return f"{reason[:1].upper()}{reason[1:]}." if reason else "It can now be used as a second factor."

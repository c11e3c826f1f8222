"""After Submit: what happened, and what comes next. Enter, which may be pressed once too often, does nothing here."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from dropcopy_tui.domain.requests import RequestStatus, RequestType
from dropcopy_tui.domain.sessions import SessionStatus
from dropcopy_tui.services.views import RequestView, SessionView
from screens.frame import DeskScreen
from screens.jobs import job, off_thread
from screens.keys.manage import manage_keys
from screens.navigation import OpenGroup, OpenRequest
from screens.requests.again import ask_again
from screens.requests.words import came
from screens.terminal.values import facts, value
from screens.wording import REQUEST_TONES

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk

_LABEL = 12
_TOLD = "You will be notified here and by email."


class FinishedScreen(DeskScreen[None]):
    """One request that was submitted here."""

    CSS_PATH = "../../styles/requests.tcss"
    AUTO_FOCUS = "#finished"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "view", "Request", id="finished.view", tooltip="Open the request."),
        Binding("o", "open_group", "Group", id="finished.group", tooltip="Open the group."),
        Binding("k", "keys", "Keys", id="keypairs.manage", tooltip="Generate the key pair of its target session."),
        Binding("n", "again", "Ask again", id="requests.again", tooltip="Start a draft with the same content."),
        Binding("h", "home", "Home", id="finished.home", tooltip="Go to the Home screen."),
    ]

    def __init__(self, reference: str) -> None:
        super().__init__()
        self._reference = reference
        self._view: RequestView | None = None
        self._keyless: list[SessionView] = []
        self._opens = self._may_ask_again = False

    def body(self) -> ComposeResult:
        """The result; it scrolls where it is longer than the screen."""
        with VerticalScroll(id="finished"):
            yield Static("", id="result", markup=False)

    def place(self) -> tuple[str, ...]:
        """The reference at the end."""
        return ("Request Center", "My Requests", self._reference)

    def on_mount(self) -> None:
        """Read what came of it so far."""
        self._load()

    def on_resize(self, event: events.Resize) -> None:
        """The lines break elsewhere."""
        self._tell()

    @job(exclusive=True, group="request")
    async def _load(self) -> None:
        desk = await self.desk()
        view = await off_thread(desk.requests.show, self.actor, self._reference)
        if view.ended_at is None:
            self.desk_app.expect(view.id)
        self._may_ask_again = (await off_thread(desk.edits.may_ask_again, self.actor, self._reference))[0]
        self._keyless = await _keyless(self, desk, view)
        self._opens = view.group_id is not None
        self._view = view
        self._tell()
        self.refresh_bindings()

    def _tell(self) -> None:
        if self._view is not None:
            page = finished_page(self._view, self._keyless, self._may_ask_again, self.size.width - 6)
            self.query_one("#result", Static).update(page)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done next has its key."""
        if action == "open_group":
            return self._opens
        if action == "keys":
            return bool(self._keyless)
        return self._may_ask_again if action == "again" else True

    # -- what comes next

    @job()
    async def action_view(self) -> None:
        """Open the request."""
        await self.go(OpenRequest(self._reference))

    @job()
    async def action_open_group(self) -> None:
        """Open the group."""
        if self._view is not None and self._view.group_id is not None:
            await self.go(OpenGroup(self._view.group_id, tab="targets"))

    @job()
    async def action_keys(self) -> None:
        """Generate the key pairs that are missing."""
        self.quiet()
        if await manage_keys(self, self._keyless):
            self._load()

    @job()
    async def action_again(self) -> None:
        """Ask for the same again."""
        if self._view is not None:
            await ask_again(self, self._view)

    def action_home(self) -> None:
        """Home."""
        self.desk_app.go_home()

    def on_screen_resume(self) -> None:
        """A key pair may have been generated, or the request decided."""
        super().on_screen_resume()
        if self._view is not None:
            self._load()

    def store_changed(self) -> None:
        """It may have ended."""
        self._load()


async def _keyless(screen: DeskScreen[None], desk: Desk, view: RequestView) -> list[SessionView]:
    """The active target sessions that came of it and have no key pair yet."""
    if view.status is not RequestStatus.COMPLETED or view.group_id is None:
        return []
    found = await off_thread(desk.groups.target_sessions, screen.actor, [view.group_id])
    return [session for session in found if session.status == SessionStatus.ACTIVE and not session.living]


def finished_page(view: RequestView, keyless: list[SessionView], may_ask_again: bool, width: int) -> Content:
    """What happened as a heading, the request in a few rows, and what comes next."""
    tone = REQUEST_TONES[view.status]
    rows = [
        ("Request", f"{view.id}  {view.type.words.lower()} {view.subject}", ""),
        ("Entity", view.entity, ""),
        ("Status", view.status.words, "$text-muted" if tone == "muted" else f"${tone}"),
        *(("Reason", reason, "$error") for reason in view.reasons),
    ]
    if view.status is RequestStatus.IN_PROGRESS:
        rows.append(("Stage", view.stage, ""))
    rows.append(("Next", next_words(view, keyless, may_ask_again), "bold"))
    return Content("\n").join([value(_heading(view), "bold"), Content(""), facts(rows, _LABEL, width)])


def _heading(view: RequestView) -> str:
    if view.status is RequestStatus.IN_PROGRESS:
        return f"Request {view.id} submitted"
    if view.status is RequestStatus.COMPLETED:
        return f"{view.subject}: {came(view)}"
    return f"Request {view.id}: {view.status.words.lower()}. Nothing was set up."


def next_words(view: RequestView, keyless: list[SessionView], may_ask_again: bool) -> str:
    """Who has to do what now."""
    if view.waiting_for:
        firms = ", ".join(view.waiting_for)
        return f"An administrative manager of {firms} must approve it. {_TOLD}"
    if view.status is RequestStatus.IN_PROGRESS:
        # A batch is named in the stage; without one, set-up is a matter of seconds.
        return f"It is set up then. {_TOLD}" if view.due else f"It is being set up. {_TOLD}"
    if keyless:
        names = ", ".join(session.session_id for session in keyless)
        if len(keyless) == 1:
            return f"{names} has no key pair, so its client cannot log on yet: press k to generate one."
        return f"{names} have no key pair, so their clients cannot log on yet: press k to generate them."
    if view.status is RequestStatus.COMPLETED:
        return "No further steps." if view.type is RequestType.DELETE_GROUP else "Press o to open the group."
    return "Press n to request the same again from a draft." if may_ask_again else "No further steps."

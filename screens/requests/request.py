"""A request: its story, what was asked, the SenderComps it adds and removes, and what can be decided about it."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import ContentSwitcher, Static

from dropcopy_tui.domain.requests import Change, RequestStatus, RequestType
from dropcopy_tui.services.views import RequestView
from screens.groups.columns import SOURCES
from screens.jobs import job, off_thread
from screens.navigation import OpenGroup
from screens.requests.again import ask_again
from screens.requests.decide import approve, cancel, deny
from screens.requests.words import source_counts, story
from screens.tabbed import TabbedScreen
from screens.widgets.record_list import RecordList
from screens.widgets.tab_bar import TabBar

_STORY = "story"
_TABS = ("timeline", "SenderComps; for an edit, those added", "SenderComps that an edit removes")
_EMPTY = "This request has no SenderComps {}."


class RequestScreen(TabbedScreen):
    """One request. A decision is bound to what is shown here (rule Q3)."""

    CSS_PATH = "../../styles/requests.tcss"
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(number), f"nth_tab({number})", f"Tab {number}", show=False, id=f"request.tab_{number}",
                    tooltip=f"Tab {number}: {what}.")
            for number, what in enumerate(_TABS, 1)
        ),
        Binding("right,tab", "next_tab(1)", "Next tab", key_display="tab", id="request.next_tab", tooltip="Next tab."),
        Binding("left,shift+tab", "next_tab(-1)", "Previous tab", show=False, id="request.previous_tab",
                tooltip="Previous tab."),
        Binding("a", "approve", "Approve", id="requests.approve", tooltip="Approve the request after a final review."),
        Binding("d", "deny", "Deny", id="requests.deny", tooltip="Deny the request, with a reason."),
        Binding("c", "cancel", "Cancel", id="requests.cancel", tooltip="Cancel your own request."),
        Binding("n", "again", "Ask again", id="requests.again", tooltip="Start a draft with the same content."),
        Binding("a,d,c", "why_not", "Why not", show=False, id="requests.why_not",
                tooltip="Explain why you cannot approve, deny or cancel it."),
        Binding("y", "copy_name", "Copy", show=False, id="request.copy",
                tooltip="Copy the request's reference to the terminal's clipboard."),
        Binding("ctrl+r", "reload", "Refresh", show=False, id="request.reload", tooltip="Refresh the request."),
    ]  # fmt: skip

    def __init__(self, reference: str) -> None:
        super().__init__(_STORY)
        self._reference = reference
        self._view: RequestView | None = None
        self._may_decide, self._why_not = False, ""
        self._may_ask_again = False

    def body(self) -> ComposeResult:
        """The tabs and what they hold."""
        yield TabBar({_STORY: "Timeline"}, _STORY)
        with ContentSwitcher(initial=_STORY):
            with VerticalScroll(id=_STORY):
                yield Static("", id="facts", markup=False)
            for change in Change:
                yield RecordList(
                    SOURCES, lambda row: row.id, id=change.value, noun="SenderComps", pickable=False,
                    empty=_EMPTY.format(change.value),
                )  # fmt: skip

    def place(self) -> tuple[str, ...]:
        """The reference at the end."""
        return ("Request Center", "My Requests", self._reference)

    def called(self) -> str:
        """The reference."""
        return self._reference

    def on_mount(self) -> None:
        """Arrows scroll; read the request."""
        self.query_one(f"#{_STORY}").focus()
        self._load()

    def on_resize(self, event: events.Resize) -> None:
        """The lines break elsewhere."""
        self._tell()

    @job(exclusive=True, group="request")
    async def _load(self) -> None:
        desk = await self.desk()
        view = await off_thread(desk.requests.show, self.actor, self._reference)
        self._may_decide, self._why_not = await off_thread(desk.requests.may_decide, self.actor, self._reference)
        self._may_ask_again = (await off_thread(desk.edits.may_ask_again, self.actor, self._reference))[0]
        seen = {entity.code for entity in await off_thread(desk.groups.entities, self.actor)}
        self._view = view
        there = view.entity in seen and view.type is not RequestType.DELETE_GROUP
        self._news = OpenGroup(view.group_id, tab="targets") if there and view.group_id is not None else None
        if self._mine_open():
            # Whoever sets it up, this screen is told.
            self.desk_app.expect(view.id)
        self.query_one(TabBar).show(self.tabs())
        self._tell()
        self.refresh_bindings()

    def _mine_open(self) -> bool:
        """Whether it is the person's own and in progress."""
        view = self._view
        mine = view is not None and view.submitted_by == self.actor.user_id
        return mine and view is not None and view.status is RequestStatus.IN_PROGRESS

    def _tell(self) -> None:
        if self._view is not None:
            why = self._why_not if self._view.waiting_for and not self._may_decide else ""
            page = story(self._view, self.size.width - 6, why)
            self.query_one("#facts", Static).update(page)

    # -- tabs

    def tabs(self) -> dict[str, str]:
        """Story, and the lists that a request of this type has, each with its length."""
        counts = source_counts(self._view) if self._view else {}
        return {_STORY: "Timeline"} | {
            # Only an edit does both, so that its lists need the name of the change.
            change.value: f"{change.value.capitalize() if len(counts) > 1 else 'SenderComps'} {count:,}"
            for change, count in counts.items()
        }

    @job(exclusive=True, group="tab")
    async def show_tab(self) -> None:
        """What happened, or a list, which is read when it is looked at first."""
        tab = self._tab
        self.query_one(ContentSwitcher).current = tab
        if tab == _STORY:
            self.query_one(f"#{_STORY}").focus()
            return
        records = self.query_one(f"#{tab}", RecordList)
        records.focus_list()
        if records.table.source is None:
            desk = await self.desk()
            records.table.show_source(partial(desk.requests.sources, self.actor, self._reference, Change(tab)))

    # -- decisions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what the service would allow has its key: a courtesy, the service decides."""
        if action in ("approve", "deny"):
            return self._may_decide
        if action == "cancel":
            return self._mine_open()
        if action == "again":
            return self._may_ask_again
        return True

    def action_why_not(self) -> None:
        """Nothing can be decided here by this person: say why."""
        view = self._view
        if view is None:
            return
        if view.status is not RequestStatus.IN_PROGRESS:
            self.say(f"{view.id} is already {view.status.words.lower()}.", "note")
        elif self._may_decide:
            self.say(
                f"Only {view.submitted_by}, who submitted it, can cancel it. You can approve (a) or deny (d) it.",
                "note",
            )
        else:
            self.say(self._why_not, "failed")

    @job()
    async def action_approve(self) -> None:
        """Approve what is shown."""
        self.quiet()
        if self._view is not None and await approve(self, self._view):
            self._load()

    @job()
    async def action_deny(self) -> None:
        """Deny what is shown."""
        self.quiet()
        if self._view is not None and await deny(self, self._view):
            self._load()

    @job()
    async def action_cancel(self) -> None:
        """Cancel one's own."""
        self.quiet()
        if self._view is not None and await cancel(self, self._view):
            self._load()

    @job()
    async def action_again(self) -> None:
        """Ask for the same again."""
        if self._view is not None:
            await ask_again(self, self._view)

    def action_reload(self) -> None:
        """Refresh the request."""
        self.quiet()
        self._load()

    def store_changed(self) -> None:
        """It may be this one."""
        self._load()

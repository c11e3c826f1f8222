"""A person: the account, the entitlements, and what was recorded about them."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from dropcopy_tui.services.people.views import PersonLine, PersonView
from screens.jobs import job, off_thread
from screens.people.person_keys import STATUS_TONES, PersonKeys
from screens.terminal.values import facts, value
from screens.widgets.sheet import Sheet
from screens.wording import utc

_LABEL = 24


class PersonScreen(PersonKeys):
    """One person."""

    CSS_PATH = "../../styles/people.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy_name", "Copy", show=False, id="person.copy",
                tooltip="Copy the user ID to the terminal's clipboard."),
        Binding("i", "invite_again", "Invite again", id="people.invite_again",
                tooltip="Email the person a new code to set a password."),
    ]  # fmt: skip

    def __init__(self, user_id: str) -> None:
        super().__init__()
        self._user_id = user_id
        self._view: PersonView | None = None

    def body(self) -> ComposeResult:
        """One page of text."""
        with VerticalScroll(id="page"):
            yield Sheet(id="facts")

    def place(self) -> tuple[str, ...]:
        """The person at the end."""
        return ("Request Center", "People and Entitlements", self._user_id)

    def called(self) -> str:
        """The user ID."""
        return self._user_id

    def on_mount(self) -> None:
        """Arrows scroll; read the person."""
        self.query_one("#page").focus()
        self._start()

    @job(exclusive=True, group="person")
    async def _start(self) -> None:
        await self.look_up()
        desk = await self.desk()
        self._view = await off_thread(desk.people.show, self.actor, self._user_id)
        self.query_one("#facts", Sheet).show(partial(_page, self._view))

    def person(self) -> PersonLine | None:
        """The one who is shown."""
        return self._view.line if self._view is not None else None

    def changed(self) -> None:
        """Read the person again."""
        self._start()

    def store_changed(self) -> None:
        """It may be this person who was changed."""
        self._start()


def _page(view: PersonView, width: int) -> Content:
    """The account, then the entitlements by place, then what happened."""
    parts = [facts(_account(view), _LABEL, width)]
    held = [(each.entity or "The desk", each.role.words, "") for each in view.line.entitlements]
    sections = [("Entitlements", held or [("none", "", "")])]
    if view.events:
        sections.append(("Recent events", [(utc(moment.at), moment.text, "") for moment in view.events]))
    for title, rows in sections:
        parts += [Content(""), value(title, "bold"), facts(rows, _LABEL, width)]
    return Content("\n").join(parts)


def _account(view: PersonView) -> list[tuple[str, str, str]]:
    line = view.line
    tone = STATUS_TONES[line.status]
    rows = [
        ("User id", line.user_id, ""),
        ("Name", line.name, ""),
        ("Email", line.email, ""),
        ("Mobile", view.mobile or "none", ""),
        ("Status", line.status.value, "$text-muted" if tone == "muted" else f"${tone}"),
        ("Password", "set" if view.has_password else "not set", ""),
    ]
    if view.locked_until is not None:
        rows.append(("Locked until", utc(view.locked_until), "$error"))
    if view.invited_until is not None:
        rows.append(("Invitation expires", utc(view.invited_until), "$warning"))
    return rows

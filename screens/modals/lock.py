"""The lock: nothing but who is asked, and for what. What is below stays as it is, and is not shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from dropcopy_tui.domain.errors import DeskError, SeatEnded
from dropcopy_tui.domain.seats import length_words
from screens.modals.base import DeskModal
from screens.terminal.values import paragraphs, value
from screens.widgets.inputs import CodeInput, SecretInput
from screens.wording import utc

if TYPE_CHECKING:
    from dropcopy_tui.services.factors.table import Challenge
    from dropcopy_tui.services.people.seat_locks import LockWay

_LONGEST_PASSWORD = 1_000
_NOT_NOW = "The store cannot be asked now. Try again, or press Ctrl-Q to leave; your drafts are kept."


class LockKeeper(Protocol):
    """Whoever knows what resumes the seat."""

    async def ways(self) -> tuple[LockWay, ...]:
        """With what the seat is resumed, the first one foremost."""

    async def send(self, way: LockWay) -> Challenge:
        """A new code, on its way to the person."""

    async def resume(self, way: LockWay, answer: str, challenge: Challenge | None) -> None:
        """Lift the lock."""

    async def look(self) -> bool:
        """Leave, if the seat has ended."""


class LockModal(DeskModal[None], inherit_bindings=False):
    """One field. It is left by the right answer, or with the application."""

    CSS_PATH = "../../styles/modals.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+l", "app.repaint", "Repaint", show=False, id="lock.repaint"),
        Binding("ctrl+c", "quit_how", "How to quit", show=False, system=True, id="lock.quit_how"),
        Binding("ctrl+o", "other_way", "Other way", id="lock.other", tooltip="Resume in another way."),
        Binding("enter", "again", show=False, id="lock.again"),
        Binding("ctrl+n", "new_code", "New code", id="lock.new_code", tooltip="Send a code, or another one."),
    ]

    def __init__(self, keeper: LockKeeper, user: str, after: timedelta, until: datetime) -> None:
        super().__init__()
        self._keeper, self._user, self._after, self._until = keeper, user, after, until
        self._ways: tuple[LockWay, ...] = ()
        self._at = 0
        self._challenge: Challenge | None = None

    def compose(self) -> ComposeResult:
        """Who, until when, and the field for the answer."""
        with Vertical(classes="dialog"):
            yield Static("Locked", classes="title", markup=False)
            yield Static(paragraphs(self._text()), classes="text")
            yield Static("", id="way", classes="source", markup=False)
            yield SecretInput(id="password", compact=True, max_length=_LONGEST_PASSWORD)
            yield CodeInput(id="code", compact=True, max_length=12)
            yield Static("", id="phone", classes="phone", markup=False)
            yield Static("", classes="error", markup=False)
            yield Static("", classes="hint", markup=False)

    def _text(self) -> str:
        return (
            f"{self._user}: no key was pressed for {length_words(self._after)}.\nEverything is kept as it was.\n"
            f"You are signed out at {utc(self._until)}."
        )

    def on_mount(self) -> None:
        """Ask what resumes the seat; until that is known, nothing can be entered."""
        self._show_way()
        self._find_ways()

    @property
    def _way(self) -> LockWay | None:
        return self._ways[self._at] if self._ways else None

    # -- what is asked for

    def _show_way(self) -> None:
        way, sent = self._way, self._challenge
        secret, code, phone = self.query_one(SecretInput), self.query_one(CodeInput), self.query_one("#phone", Static)
        secret.display = way is not None and not way.digits[1]
        code.display = way is not None and bool(way.digits[1])
        phone.display = bool(sent and sent.sandbox_message)
        phone.update(value(sent.sandbox_message if sent else ""))
        source = sent.source if sent else f"{way.label}: {way.hint}" if way and way.hint else way.label if way else ""
        self.query_one("#way", Static).update(value(source))
        self.query_one(".hint", Static).update(value(self._hint()))
        if way is not None:
            (code if way.digits[1] else secret).focus()

    def _hint(self) -> str:
        way = self._way
        waits = way is not None and way.sent and self._challenge is None
        parts = (
            "" if way is None else "Enter sends a code" if waits else "Enter resumes",
            "Ctrl-N new code" if way is not None and way.sent and not waits else "",
            "Ctrl-O other way" if len(self._ways) > 1 else "",
            "Ctrl-Q signs out",
        )
        return " · ".join(filter(None, parts))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what there is can be chosen."""
        way = self._way
        if action == "new_code":
            return way is not None and way.sent
        return len(self._ways) > 1 if action == "other_way" else True

    @work(exclusive=True, group="lock")
    async def _find_ways(self) -> None:
        try:
            self._ways = await self._keeper.ways()
        except (DeskError, OSError) as error:
            await self._refused(error)
            return
        self.show_error("")
        self._show_way()

    # -- answers

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        way, answer = self._way, event.value
        if way is None:
            self._find_ways()
        elif way.sent and self._challenge is None:
            self.action_new_code()
        elif answer or (self._challenge is not None and self._challenge.push):
            event.input.value = ""
            self._resume(way, answer)

    @work(exclusive=True, group="lock")
    async def _resume(self, way: LockWay, answer: str) -> None:
        try:
            await self._keeper.resume(way, answer, self._challenge)
        except (DeskError, OSError) as error:
            await self._refused(error)

    @work(exclusive=True, group="lock")
    async def action_new_code(self) -> None:
        """Send a code, or another one."""
        way = self._way
        if way is None or not way.sent:
            return
        try:
            self._challenge = await self._keeper.send(way)
        except (DeskError, OSError) as error:
            await self._refused(error)
            return
        self.show_error("")
        self._show_way()

    def action_other_way(self) -> None:
        """The next way, and the first one after the last."""
        self._at, self._challenge = (self._at + 1) % len(self._ways), None
        self.show_error("")
        self._show_way()

    def action_quit_how(self) -> None:
        """Ctrl-C means copy or habit; it never loses work."""
        self.show_error("Press Ctrl-Q to sign out. Your drafts are kept.")

    def action_again(self) -> None:
        """Ask again what resumes the seat, where the store did not answer."""
        if self._way is None:
            self._find_ways()

    async def _refused(self, error: DeskError | OSError) -> None:
        self.show_error(error.message if isinstance(error, DeskError) else _NOT_NOW)
        if isinstance(error, SeatEnded):
            await self._keeper.look()

"""Seats: where a person is signed in; for operations and auditors, who is in at all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType

from dropcopy_tui.domain.dates import column_moment
from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.pages import PageSource
from dropcopy_tui.domain.people import MAY_OPERATE
from dropcopy_tui.domain.seats import REASON_LENGTH, SeatState
from screens.jobs import job, off_thread
from screens.lists import OneListScreen
from screens.modals.choose import Choice, ChooseModal
from screens.modals.form import Field, Form, Question, ask_form
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.wording import plural, utc

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.services.people.seat_views import SeatView


def _tone(row: SeatView) -> str:
    return "muted" if row.state is SeatState.LOST else ""


def _state(row: SeatView) -> str:
    return f"{row.state} (this one)" if row.is_own else str(row.state)


_PERSON: Column[SeatView] = Column("Person", lambda row: row.person, 20, order="person", tone=_tone)
COLUMNS: tuple[Column[SeatView], ...] = (
    Column("From", lambda row: row.where, tone=_tone),
    Column("Host", lambda row: row.host, 14, optional=1, tone=_tone),
    Column("By", lambda row: row.way.words, 8, optional=2, tone=_tone),
    Column("Since", lambda row: column_moment(row.opened_at, year=False), 12, order="opened", tone=_tone,
           export=lambda row: utc(row.opened_at)),
    Column("Idle", lambda row: row.idle, 11, order="used", tone=_tone),
    Column("State", _state, 15, tone=_tone),
)  # fmt: skip
_EMPTY = "No one is signed in at a seat. A sandbox keeps seats only if its configuration sets a limit for them."


class SeatsScreen(OneListScreen):
    """Open seats, the newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "end", "End", id="seats.end", tooltip="End the seat: its application leaves within seconds."),
        Binding("a", "end_others", "End all others", id="seats.end_others",
                tooltip="Sign out everywhere but here."),
    ]  # fmt: skip

    def __init__(self, *, everyone: bool = False) -> None:
        super().__init__()
        self._everyone = everyone

    def records(self) -> RecordList[Any]:
        """With whose they are, where they are of several people."""
        columns = (_PERSON, *COLUMNS) if self._everyone else COLUMNS
        return RecordList(columns, lambda row: row.id, pickable=False, empty=_EMPTY, noun="seats")

    def place(self) -> tuple[str, ...]:
        """Whose."""
        return ("Request Center", "Seats") if self._everyone else ("Request Center", "My access", "My seats")

    def source(self, desk: Desk) -> PageSource[Any]:
        """What the service pages."""
        return partial(desk.seats.page, self.actor, everyone=self._everyone)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Signing out everywhere is about one's own seats; those of others are ended one by one, by operations."""
        if action == "end_others":
            return not self._everyone
        return not self._everyone or self.desk_app.may(MAY_OPERATE) if action == "end" else True

    @job()
    async def action_end(self) -> None:
        """End the seat under the cursor, with a word for its person."""
        self.quiet()
        seat: SeatView | None = self.query_one(RecordTable).current
        if seat is None:
            self.say("There is no seat to end.", "note")
            return
        desk = await self.desk()
        if seat.person == self.actor.user_id:
            ended = await self._end_own(desk, seat)
        else:
            ended = await self._end_of_another(desk, seat)
        if ended is not None:
            self.query_one(RecordTable).reload()
            self.say(f"The seat of {ended.person} at {ended.where} was ended.")

    async def _end_own(self, desk: Desk, seat: SeatView) -> SeatView | None:
        what = "This is the seat at which you are now: the application closes." if seat.is_own else "Drafts are kept."
        if not await self._agreed("End this seat", f"{seat.where}, since {utc(seat.opened_at)}. {what}", "End"):
            return None
        return await off_thread(desk.seats.end, self.actor, seat.id)

    async def _end_of_another(self, desk: Desk, seat: SeatView) -> SeatView | None:
        fields = (Field("reason", "Reason, shown to the person (optional)", REASON_LENGTH),)
        text = (
            f"{seat.where}, since {utc(seat.opened_at)}, idle {seat.idle}. Drafts are kept; {seat.person} is notified."
        )

        async def call(form: Form) -> SeatView:
            return await off_thread(desk.seats.end, self.actor, seat.id, form["reason"])

        return await ask_form(self, Question(f"End the seat of {seat.person}", fields, text), call, InvalidValue)

    @job()
    async def action_end_others(self) -> None:
        """Sign out everywhere but here."""
        self.quiet()
        desk = await self.desk()
        text = "Every other application in which you are signed in closes within seconds. Drafts are kept."
        if await self._agreed("Sign out everywhere", text, "Sign out"):
            count = await off_thread(desk.seats.end_others, self.actor)
            self.query_one(RecordTable).reload()
            self.say(f"{plural(count, 'other seat')} ended." if count else "You have no other seats.")

    async def _agreed(self, title: str, text: str, verb: str) -> bool:
        choices = (Choice("no", "Cancel"), Choice("yes", verb))
        return await self.app.push_screen_wait(ChooseModal(title, choices, text, acts=True)) == "yes"

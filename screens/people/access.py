"""My access: SSH keys, seats and recovery codes; the keys of another person for whoever administers them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from dropcopy_tui.domain.dates import column_moment
from dropcopy_tui.domain.errors import InvalidValue, LimitReached
from dropcopy_tui.domain.pages import PageRequest, PageSource
from dropcopy_tui.domain.ssh_keys import LABEL_LENGTH, read_public_key
from dropcopy_tui.services.factors.recovery import grouped
from dropcopy_tui.services.factors.table import Purpose, access_scope
from screens.jobs import job, off_thread
from screens.keys.identify import confirmed
from screens.lists import OneListScreen
from screens.modals.choose import Choice, ChooseModal
from screens.modals.confirm import TypedConfirmModal
from screens.modals.form import Field, Form, Question, ask_form
from screens.modals.recovery import RecoveryCodesModal
from screens.navigation import OpenSeats
from screens.terminal.values import value
from screens.widgets.columns import Column
from screens.widgets.record_list import RecordList
from screens.widgets.record_table import RecordTable
from screens.wording import plural, utc

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.services.people.ssh_keys import SshKeyView

_LONGEST_LINE = 8_192
_PUBLIC = "Paste the line of a .pub file, such as ~/.ssh/id_ed25519.pub. To make a key: ssh-keygen -t ed25519"
_FIELDS = (
    Field("key", "Public key", _LONGEST_LINE, placeholder="ssh-ed25519 AAAA... you@laptop"),
    Field("label", "Label (optional: which machine it is on)", LABEL_LENGTH),
)


def _tone(key: SshKeyView) -> str:
    return "muted" if key.revoked_at else ""


def _used(key: SshKeyView) -> str:
    return column_moment(key.last_used_at, year=False) if key.last_used_at else "never"


COLUMNS: tuple[Column[SshKeyView], ...] = (
    Column("Label", lambda row: row.label, 24, order="label", tone=_tone),
    Column("Fingerprint", lambda row: row.fingerprint, order="fingerprint", tone=_tone),
    Column("Type", lambda row: row.kind, 14, optional=2, tone=_tone),
    Column("Added", lambda row: column_moment(row.added_at, year=False), 12, order="added", optional=1, tone=_tone,
           export=lambda row: utc(row.added_at)),
    Column("Last used", _used, 12, tone=_tone),
    Column("State", lambda row: "revoked" if row.revoked_at else "in use", 7, order="state", tone=_tone),
)  # fmt: skip


class AccessScreen(OneListScreen):
    """The SSH keys of a person, and the way to their seats and recovery codes."""

    CSS_PATH = "../../styles/access.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "add", "Add key", id="access.add", tooltip="Add an SSH key."),
        Binding("d", "revoke", "Revoke", id="access.revoke", tooltip="Revoke the SSH key for good."),
        Binding("t", "seats", "Seats", id="access.seats", tooltip="Where you are signed in, and ending that."),
        Binding("c", "codes", "Recovery codes", id="access.codes",
                tooltip="Make ten codes that replace a lost authenticator app."),
    ]  # fmt: skip

    def __init__(self, user_id: str = "") -> None:
        super().__init__()
        self._user_id = user_id

    def body(self) -> ComposeResult:
        """How one's own access stands, and the keys."""
        if not self._user_id:
            yield Static("", id="standing", markup=False)
        yield from super().body()

    def records(self) -> RecordList[Any]:
        """Keys in use first."""
        empty = "No SSH keys. With one, you sign in over SSH and fetch key files: press n."
        return RecordList(COLUMNS, lambda row: row.fingerprint, pickable=False, empty=empty, noun="SSH keys")

    def place(self) -> tuple[str, ...]:
        """Whose."""
        return ("Request Center", f"SSH keys of {self._user_id}" if self._user_id else "My access")

    def source(self, desk: Desk) -> PageSource[Any]:
        """What the service pages."""
        return partial(desk.ssh_keys.page, self.actor, user_id=self._user_id)

    def on_screen_resume(self) -> None:
        """Seats may have ended, and codes been made, above this screen."""
        super().on_screen_resume()
        self._stand()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Seats and codes are a person's own."""
        return not self._user_id if action in ("seats", "codes") else True

    @job(exclusive=True, group="standing")
    async def _stand(self) -> None:
        """How many seats are open and how many codes are left, in one line."""
        if self._user_id:
            return
        desk = await self.desk()
        seats = await off_thread(desk.seats.page, self.actor, PageRequest(limit=0))
        codes = await off_thread(desk.recovery_codes.show, self.actor)
        for line in self.query("#standing").results(Static):
            line.update(value(f"{plural(seats.total, 'seat')} open · {plural(codes.left, 'recovery code')} left"))

    @job()
    async def action_seats(self) -> None:
        """Where the person is signed in."""
        await self.go(OpenSeats())

    @job()
    async def action_codes(self) -> None:
        """Ask, a second factor, and the codes, once."""
        self.quiet()
        desk = await self.desk()
        state = await off_thread(desk.recovery_codes.show, self.actor)
        text = "Each of ten codes replaces a lost authenticator app once. They are shown only now."
        if state.left:
            text += f" Your {plural(state.left, 'earlier code')} become invalid."
        choices = (Choice("no", "Cancel"), Choice("yes", "Make ten codes"))
        chosen = await self.app.push_screen_wait(ChooseModal("Make recovery codes", choices, text, acts=True))
        if chosen != "yes":
            return
        made = await confirmed(
            self,
            desk,
            "Required to make recovery codes.",
            lambda proof: off_thread(desk.recovery_codes.make, self.actor, proof),
            Purpose.RECOVERY,
        )
        if made is not None:
            shown = [grouped(code) for code in made.codes]
            await self.app.push_screen_wait(RecoveryCodesModal(shown, utc(made.usable_at)))
            self.say("Ten recovery codes were made. A confirmation was emailed.")
            self._stand()

    @job()
    async def action_add(self) -> None:
        """The line of a key, a second factor, the key."""
        self.quiet()
        desk = await self.desk()

        async def call(form: Form) -> SshKeyView | None:
            key = await off_thread(desk.ssh_keys.check, self.actor, form["key"], self._user_id)
            add = partial(desk.ssh_keys.add, self.actor, form["key"], form["label"], user_id=self._user_id)
            return await confirmed(
                self,
                desk,
                f"Required to add {key.fingerprint}.",
                lambda proof: off_thread(add, proof=proof),
                Purpose.ACCESS,
                access_scope("add", self._user_id or self.actor.user_id, key.fingerprint),
            )

        question = Question("Add an SSH key", _FIELDS, _PUBLIC, _problem)
        made = await ask_form(self, question, call, InvalidValue, LimitReached)
        if made is not None:
            self.query_one(RecordTable).reload()
            self.say(f"{made.label} was added: it can sign in over SSH from now on. A confirmation was emailed.")

    @job()
    async def action_revoke(self) -> None:
        """What it means, the word, a second factor."""
        self.quiet()
        key: SshKeyView | None = self.query_one(RecordTable).current
        if key is None or key.revoked_at is not None:
            self.say("Select a key that is in use." if key is None else f"{key.label} is revoked already.", "note")
            return
        lines = (
            f"{key.label}  {key.fingerprint}",
            "It can no longer sign in, and can never be added again.",
            "A screen that was opened with it closes within seconds; drafts are kept.",
        )
        if not await self.app.push_screen_wait(TypedConfirmModal("Revoke an SSH key", lines, "revoke")):
            return
        desk = await self.desk()
        done = await confirmed(
            self,
            desk,
            f"Required to revoke {key.label}.",
            lambda proof: off_thread(desk.ssh_keys.revoke, self.actor, key.fingerprint, proof, self._user_id),
            Purpose.ACCESS,
            access_scope("revoke", self._user_id or self.actor.user_id, key.fingerprint),
        )
        if done is not None:
            self.query_one(RecordTable).reload()
            self.say(f"{done.label} was revoked. A confirmation was emailed.")


def _problem(form: Form) -> str:
    """Why the form cannot be sent, before anything is asked."""
    try:
        read_public_key(form["key"])
    except InvalidValue as refusal:
        return refusal.message
    return ""

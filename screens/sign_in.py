"""Sign in with a user id or email and a password (rule P1)."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from dropcopy_tui.domain.errors import DeskError, InvalidValue, NotSignedIn
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.origin import origin, seat_place
from screens.frame import DeskScreen
from screens.jobs import job, off_thread
from screens.modals.form import Field, Form, Question, ask_form
from screens.terminal.values import value
from screens.widgets.inputs import DeskInput, SecretInput
from screens.wording import utc

_INVITED = (
    Field("login", "User id or email", 200),
    Field("code", "Invitation code", 40, placeholder="ABCD-EFGH-2345-WXYZ"),
    Field("password", "New password, at least ten characters", 1000, secret=True),
    Field("again", "Repeat new password", 1000, secret=True),
)
_FROM_MAIL = "The code is in your invitation email. It can be used once, to set your password."


class SignInScreen(DeskScreen[Actor]):
    """Two fields; Escape leaves the application."""

    CSS_PATH = "../styles/sign_in.tcss"
    AUTO_FOCUS = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "use_invitation", "Use invitation code", id="sign_in.invitation",
                tooltip="Set your password with an invitation code."),
    ]  # fmt: skip

    def __init__(self, login: str, refusal: str = "") -> None:
        super().__init__()
        self._login, self._refusal = login, refusal

    def body(self) -> ComposeResult:
        """Who, and the proof."""
        with Vertical(id="fields"):
            yield Static("Sign in", classes="title", markup=False)
            yield Static("User id or email", classes="label", markup=False)
            yield DeskInput(self._login, id="login", compact=True, max_length=200)
            yield Static("Password", classes="label", markup=False)
            yield SecretInput(id="password", compact=True, max_length=1000)
            yield Static(value(self._refusal), id="error")
            yield Static("Enter signs in · Tab changes field · Esc quits", classes="label", markup=False)
            yield Static("F2 to use an invitation code", classes="label", markup=False)

    def place(self) -> tuple[str, ...]:
        """Before everything."""
        return ("Request Center", "Sign in")

    def on_mount(self) -> None:
        """Start where something is missing."""
        self.query_one("#password" if self._login else "#login").focus()

    @on(Input.Submitted, "#login")
    def _login_entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one("#password").focus()

    @on(Input.Submitted, "#password")
    def _password_entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._try(self.query_one("#login", DeskInput).value, event.value)

    @work(exclusive=True, group="sign-in")
    async def _try(self, login: str, password: str) -> None:
        desk = await self.desk()
        field = self.query_one("#password", SecretInput)
        try:
            actor = await off_thread(desk.identity.sign_in, login, password, origin("screen"), seat_place())
        except NotSignedIn as error:
            field.value = ""
            self._show(error)
            return
        self.dismiss(actor)

    def _show(self, error: DeskError) -> None:
        self.query_one("#error", Static).update(value(error.message))
        self.query_one("#password").focus()

    @job()
    async def action_use_invitation(self) -> None:
        """Set a password with a code; signing in comes after."""
        desk = await self.desk()
        accepted = await ask_form(
            self,
            Question("Use invitation code", _INVITED, _FROM_MAIL, _differs),
            lambda form: off_thread(
                desk.people.accept, form["login"], form["code"], form["password"], origin("screen")
            ),
            InvalidValue,
            NotSignedIn,
            filled={"login": self.query_one("#login", DeskInput).value},
            blamed="code",
        )
        if accepted is None:
            return
        locked = accepted.locked_until
        self.query_one("#error", Static).update("")
        self.query_one("#login", DeskInput).value = accepted.user_id
        self.query_one("#password").focus()
        wait = f" The account is locked until {utc(locked)}; EASE can unlock it." if locked else ""
        self.say(f"Your password was set: sign in with it now.{wait}")

    def action_back(self) -> None:
        """Leave without signing in."""
        self.dismiss(None)


def _differs(form: Form) -> str:
    """Why the form cannot be sent, before it costs a try."""
    return "" if form["password"] == form["again"] else "The passwords do not match."

"""Sign in with a user id or email and a password (rule P1)."""

from __future__ import annotations

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from dropcopy_tui.domain.errors import DeskError, NotSignedIn
from dropcopy_tui.domain.people import Actor
from screens.frame import DeskScreen, off_thread
from screens.terminal.values import value
from screens.widgets.inputs import DeskInput, SecretInput


class SignInScreen(DeskScreen[Actor]):
    """Two fields; Escape leaves the application."""

    CSS_PATH = "../styles/sign_in.tcss"
    AUTO_FOCUS = None

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
            yield Static("Enter signs in, Tab changes the field, Escape leaves.", classes="label", markup=False)

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
        from screens.app import origin

        desk = await self.desk()
        field = self.query_one("#password", SecretInput)
        try:
            actor = await off_thread(desk.identity.sign_in, login, password, origin())
        except NotSignedIn as error:
            field.value = ""
            self._show(error)
            return
        self.dismiss(actor)

    def _show(self, error: DeskError) -> None:
        self.query_one("#error", Static).update(value(error.message))
        self.query_one("#password").focus()

    def action_back(self) -> None:
        """Leave without signing in."""
        self.dismiss(None)

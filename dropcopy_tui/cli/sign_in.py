"""Signs in the person who acts (rule P1). Secrets come from a prompt or a file, never from an argument."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

from dropcopy_tui.cli.files import read_line
from dropcopy_tui.domain.errors import NotSignedIn
from dropcopy_tui.origin import machine_account, origin
from dropcopy_tui.seat import here

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.people import Actor

_SUGGESTED = 5


class SignInOptions(Protocol):
    """The options of a call that say who acts, and whether anybody may be asked."""

    as_user: str | None
    password_file: str | None
    no_input: bool


def who_acts(desk: Desk, call: SignInOptions) -> Actor:
    """The person who acts. Raises NotSignedIn, AccountLocked."""
    seat = here()
    if seat is not None:
        return desk.identity.sign_in_key(seat.fingerprint, origin("cli"))
    if desk.sandbox:
        return _in_sandbox(desk, call)
    account = machine_account()
    if call.as_user is None or desk.identity.is_peer(account, call.as_user):
        return desk.identity.sign_in_peer(account, origin("cli"))
    password = secret(call, call.password_file, f"Password of {call.as_user}", "--password-file")
    return desk.identity.sign_in(call.as_user, password, origin("cli"))


def _in_sandbox(desk: Desk, call: SignInOptions) -> Actor:
    if call.as_user is not None:
        return desk.identity.act_as(call.as_user, origin("cli"))
    try:
        return desk.identity.sign_in_peer(machine_account(), origin("cli"))
    except NotSignedIn:
        known = ", ".join(person.user_id for person in desk.identity.everyone()[:_SUGGESTED])
        raise NotSignedIn(f"This is a sandbox. Use --as USER to act as someone, such as {known}.") from None


def secret(call: SignInOptions, file: str | None, what: str, option: str) -> str:
    """A password or a code, from the file or a prompt. Raises NotSignedIn if prompting is impossible."""
    if file is not None:
        return read_line(file, what)
    if not may_ask(call):
        raise NotSignedIn(f"{what} is required. Use {option} FILE (- for stdin) or run the command in a terminal.")
    return ask(what)


def may_ask(call: SignInOptions) -> bool:
    """Whether prompts are allowed and a person is at a terminal."""
    return not call.no_input and all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def ask(what: str) -> str:
    """Prompt at the terminal without echo. Raises NotSignedIn at the end of input."""
    import getpass

    try:
        return getpass.getpass(f"{what}: ")
    except EOFError:
        raise NotSignedIn(f"{what} was not entered.") from None

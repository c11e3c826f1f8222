"""dropcopy password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, verb
from dropcopy_tui.cli.files import read_line
from dropcopy_tui.cli.output import say, show
from dropcopy_tui.cli.sign_in import ask, may_ask, secret, who_acts
from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.origin import machine_account, origin

if TYPE_CHECKING:
    from dropcopy_tui.desk import Desk
    from dropcopy_tui.domain.people import Actor


@click.command("password")
@click.option("--present-file", metavar="FILE", help="File containing the current password (- for stdin).")
@click.option("--new-file", metavar="FILE", help="File containing the new password (- for stdin, next line).")
@verb
def password(call: Call, present_file: str | None, new_file: str | None) -> None:
    """Change your own password.

    \b
    Examples:
      dropcopy password
      dropcopy password --present-file old.txt --new-file new.txt
    """
    with call.desk() as desk:
        present = _present(call, present_file)
        new = _new(call, new_file)
        actor = _who(desk, call, present)
        desk.identity.set_password(actor, present, new)
    say("The password was changed.")
    show(call, {"changed": True, "user_id": actor.user_id}, ())


def _present(call: Call, file: str | None) -> str:
    """The current password, or "" for a person who has none yet."""
    if file is not None:
        return read_line(file, "The current password")
    return ask("Current password (leave empty if you have none)") if may_ask(call) else ""


def _new(call: Call, file: str | None) -> str:
    if file is not None:
        return read_line(file, "The new password")
    new = secret(call, None, "New password", "--new-file")
    if ask("Repeat the new password") != new:
        raise InvalidValue("The two new passwords do not match. Nothing was changed.", "password")
    return new


def _who(desk: Desk, call: Call, present: str) -> Actor:
    """The person who acts. The current password also proves who they are, so that it is asked for only once."""
    proven = desk.sandbox or call.as_user is None or desk.identity.is_peer(machine_account(), call.as_user)
    if proven or not present:
        return who_acts(desk, call)
    return desk.identity.sign_in(call.as_user or "", present, origin("cli"))

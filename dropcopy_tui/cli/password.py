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
@click.option("--present-file", metavar="FILE", help="Where the present password is read from; - is standard input.")
@click.option("--new-file", metavar="FILE", help="Where the new one is read from; - is standard input (the next line).")
@verb
def password(call: Call, present_file: str | None, new_file: str | None) -> None:
    """Change your own password."""
    with call.desk() as desk:
        present = _present(call, present_file)
        new = _new(call, new_file)
        actor = _who(desk, call, present)
        desk.identity.set_password(actor, present, new)
    say("The password was changed.")
    show(call, {"changed": True, "user_id": actor.user_id}, ())


def _present(call: Call, file: str | None) -> str:
    """The present password; nothing for a person who has none yet."""
    if file is not None:
        return read_line(file, "The present password")
    return ask("Present password (nothing if you have none)") if may_ask(call) else ""


def _new(call: Call, file: str | None) -> str:
    if file is not None:
        return read_line(file, "The new password")
    new = secret(call, None, "New password", "--new-file")
    if ask("New password again") != new:
        raise InvalidValue("The two new passwords differ. Nothing was changed.", "password")
    return new


def _who(desk: Desk, call: Call, present: str) -> Actor:
    """Who acts: the present password is the proof where one is needed, so that it is asked for once."""
    proven = desk.sandbox or call.as_user is None or desk.identity.is_peer(machine_account(), call.as_user)
    if proven or not present:
        return who_acts(desk, call)
    return desk.identity.sign_in(call.as_user or "", present, origin("cli"))

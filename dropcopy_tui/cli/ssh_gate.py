"""What sshd runs: the question whose key this is, and the forced command with the seat that it leads to."""

from __future__ import annotations

import base64
import binascii
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from dropcopy_tui.cli.call import Call, only_on_host, verb
from dropcopy_tui.cli.output import write
from dropcopy_tui.domain.errors import InvalidValue, NotSignedIn
from dropcopy_tui.domain.ssh_keys import fingerprint_of
from dropcopy_tui.gate import LONGEST_COMMAND

# sshd writes one line for each method that was used; keys are short.
_LARGEST_AUTH = 65_536


@click.command("authorized-keys")
@click.argument("fingerprint")
@click.argument("kind")
@click.argument("blob")
@only_on_host
@verb
def authorized_keys(call: Call, fingerprint: str, kind: str, blob: str) -> None:
    """Answer sshd's AuthorizedKeysCommand (%f %t %k): the key, if it is in use here, or nothing.

    What `ssh config` prints asks without this command, which saves most of the time that it takes.
    """
    from dropcopy_tui.key_answer import answer

    write(answer(call.config(), fingerprint, kind, blob))


@click.command("gate")
@only_on_host
@verb
def gate(call: Call) -> None:
    """Run as sshd's forced command: open the application, or run the command that was asked for.

    What `ssh config` prints starts it without this command, which saves a start of Python.
    """
    from dropcopy_tui.gate import main

    given = (("--store", call.store), ("--config", call.config_file))
    main([part for name, value in given if value for part in (name, value)])


@click.command("seat", hidden=True)
@only_on_host
@verb
def seat(call: Call) -> int:
    """Serve whoever the gate let in."""
    from dropcopy_tui.key_answer import key_in_use
    from dropcopy_tui.seat import Seat, take

    fingerprint = key_used(os.environ.get("SSH_USER_AUTH", ""))
    holder = key_in_use(call.config(), fingerprint)
    if holder is None:
        raise NotSignedIn("This SSH key is not in use at this desk. Ask a user administrator.")
    words = split(os.environ.get("SSH_ORIGINAL_COMMAND", ""))
    address = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    take(Seat(fingerprint, address))
    fixed = Call(store=call.store, config_file=call.config_file)
    if words:
        from dropcopy_tui.cli.exit import run

        return run(words, fixed)
    from dropcopy_tui.cli.application import open_application

    fixed.as_user = holder.user_id
    return open_application(fixed)


@click.command("forker")
@click.option("--folder", required=True, metavar="FOLDER", type=click.Path(path_type=Path), help="Where it listens.")
@only_on_host
@verb
def forker(_call: Call, folder: Path) -> None:
    """Start seats from one process that has imported the desk: they start faster and share memory.

    Optional. `dropcopy ssh config --unit` prints the systemd unit that runs it; without it, every connection starts a
    process of its own.

    \b
    Example:
      dropcopy ssh forker --folder /run/dropcopy-desk
    """
    from dropcopy_tui.forker import run

    run(folder)


def key_used(path: str) -> str:
    """The fingerprint of the key that sshd accepted (ExposeAuthInfo). Raises NotSignedIn."""
    try:
        with open(path, "rb") as file:
            lines = file.read(_LARGEST_AUTH).decode("ascii", "replace").splitlines()
        parts = [line.split() for line in lines if line.startswith("publickey ")]
        return fingerprint_of(base64.b64decode(parts[-1][2], validate=True))
    except (OSError, ValueError, IndexError, binascii.Error):
        raise NotSignedIn(
            "sshd did not say which key was used. The administrator of this host can find out why: dropcopy ssh doctor"
        ) from None


def split(command: str) -> Sequence[str]:
    """The words of the command that was asked for, quoted as in a shell; none starts one. Raises InvalidValue."""
    if len(command) > LONGEST_COMMAND:
        raise InvalidValue(f"The command is longer than {LONGEST_COMMAND:,} characters. Nothing was run.")
    if not command.isprintable():
        raise InvalidValue("The command contains a line break or another control character. Nothing was run.")
    try:
        words = shlex.split(command)
    except ValueError:
        raise InvalidValue("A quote in the command is opened but not closed. Nothing was run.") from None
    return words[1:] if words[:1] == ["dropcopy"] else words

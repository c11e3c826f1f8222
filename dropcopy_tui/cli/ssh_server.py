"""dropcopy ssh config and doctor: what sshd needs, printed to paste, and checked on a host that runs it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, only_on_host, verb
from dropcopy_tui.cli.output import show, table, write
from dropcopy_tui.domain.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dropcopy_tui.ssh_server import Finding

_account = click.option("--account", default="desk", show_default=True, metavar="NAME", help="The desk's account.")


@click.command("config")
@_account
@click.option("--unit", "for_systemd", is_flag=True, help="Print the systemd unit of the forker instead.")
@click.option("--forker", metavar="FOLDER", help="Where the forker listens.  [default: /run/dropcopy-ACCOUNT]")
@click.option("--no-forker", is_flag=True, help="Start every seat as a process of its own.")
@only_on_host
@verb
def config(call: Call, account: str, for_systemd: bool, forker: str | None, no_forker: bool) -> None:
    """Print the part of sshd's configuration that makes an account the SSH desk.

    Paste it at the end of /etc/ssh/sshd_config, and check it with `dropcopy ssh doctor`. The forker that seats start
    from is optional: where it does not run, every seat is a process of its own.

    \b
    Examples:
      dropcopy --store /home/desk/dropcopy.db ssh config > desk.conf
      dropcopy ssh config --unit > /etc/systemd/system/dropcopy-desk.service
    """
    from dropcopy_tui.ssh_server import forker_folder, server_config, unit

    if for_systemd:
        write(unit(account, _program()))
        return
    folder = "" if no_forker else forker or forker_folder(account)
    write(server_config(account, _program(), _options(call), folder))


@click.command("doctor")
@_account
@only_on_host
@verb
def doctor(call: Call, account: str) -> int:
    """Check this host as an SSH desk: sshd's effective configuration, the program's files, the account, the store.

    Exit code 1 if anything is wrong; each finding says what to do. Run it as root, which sshd asks for.
    """
    from dropcopy_tui.ssh_server import examine

    found = examine(account, call.config().paths.store)
    document = [{"check": each.check, "ok": not each.cure, "cure": each.cure or None} for each in found]
    show(call, document, _lines(found) if not call.as_json else ())
    return 1 if any(each.cure for each in found) else 0


def _lines(found: Sequence[Finding]) -> list[str]:
    rows = [("FIX" if each.cure else "ok", each.check, each.cure) for each in found]
    return table(("", "CHECK", "WHAT TO DO"), rows, "Nothing was checked.")


def _program() -> Path:
    """The Python of this installation: sshd runs it without a shell script in between."""
    return Path(sys.executable)


def _options(call: Call) -> list[str]:
    """The store of this call. A URL has characters that sshd's configuration cannot take, so that a file names it."""
    store = call.config().paths.store
    given = ["--config", str(Path(call.config_file).absolute())] if call.config_file else []
    if isinstance(store, Path):
        return ["--store", str(store), *given]
    if not given or call.store:
        raise InvalidValue("Name the store's URL in a configuration file, and use --config FILE without --store.")
    return given

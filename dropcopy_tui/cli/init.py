"""dropcopy init."""

from __future__ import annotations

import click

from dropcopy_tui.cli.call import Call, only_on_host, verb
from dropcopy_tui.cli.files import read_line
from dropcopy_tui.cli.output import fields, show
from dropcopy_tui.cli.sign_in import ask, may_ask
from dropcopy_tui.domain.accounts import clean_user_id
from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.passwords import LONGEST, SHORTEST
from dropcopy_tui.origin import machine_account


@click.command("init")
@click.option("--sandbox", is_flag=True, help="Create a sandbox: nothing is sent, and anyone may act as anyone.")
@click.option("--admin", metavar="USER", help="User id of the first administrator (default: your account name).")
@click.option("--email", metavar="ADDRESS", help="Email of the first administrator (default: USER@localhost).")
@click.option("--app-role", metavar="ROLE", help="PostgreSQL role that uses the store without owning it.")
@only_on_host
@verb
def init(call: Call, sandbox: bool, admin: str | None, email: str | None, app_role: str | None) -> None:
    """Create a store, its master key and its first administrator.

    The administrator signs in with your account on this machine, and also with the password in --password-file if one
    is given.

    \b
    Examples:
      dropcopy init
      dropcopy init --admin desk-admin --email desk@firm.example --password-file -
      dropcopy init --store postgresql://owner@db/dropcopy --app-role dropcopy
    """
    account = machine_account()
    try:
        user_id = clean_user_id(admin or account)
    except InvalidValue as error:
        raise InvalidValue(f"{error.message} Specify another one with --admin.", "admin") from None
    config = call.config()
    password = _password(call, user_id)
    from dropcopy_tui.new_store import administrator, make_store

    fill = administrator(user_id, email or f"{user_id}@localhost", account, password)
    make_store(config, sandbox=sandbox, fill=fill, app_role=app_role)
    following = [
        f"Back up the master key {config.paths.master_key} separately: without it, no secret can be decrypted.",
        "dropcopy import entities FILE.csv, then people, front-ends and sendercomps",
        "dropcopy",
    ]
    document = {
        "store": str(config.paths.store),
        "master_key": str(config.paths.master_key),
        "administrator": user_id,
        "os_account": account,
        "password": password is not None,
        "sandbox": sandbox,
        "next": following,
    }
    pairs = [(name.replace("_", " "), document[name]) for name in ("store", "master_key", "administrator")]
    show(call, document, fields([*pairs, ("signs in with", f"account {account} on this machine"), ("next", following)]))


def _password(call: Call, user_id: str) -> str | None:
    """The administrator's own, if they get one; who types it at a terminal types it twice. Raises InvalidValue."""
    file = call.password_file
    if file is None:
        return None
    if file != "-" or not may_ask(call):
        return read_line(file, "The password")
    password = ask(f"Password for {user_id} ({SHORTEST} to {LONGEST:,} characters)")
    if ask("Repeat the password") != password:
        raise InvalidValue("The two passwords do not match. Nothing was created.", "password")
    return password

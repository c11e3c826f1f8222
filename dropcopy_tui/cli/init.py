"""dropcopy init."""

from __future__ import annotations

import click

from dropcopy_tui.cli.call import Call, verb
from dropcopy_tui.cli.files import read_line
from dropcopy_tui.cli.output import fields, show
from dropcopy_tui.domain.accounts import clean_user_id
from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.origin import machine_account


@click.command("init")
@click.option("--sandbox", is_flag=True, help="A store that never sends anything and lets anybody act as anybody.")
@click.option("--admin", metavar="USER", help="The first administrator's user id. Default: your account's name.")
@click.option("--email", metavar="ADDRESS", help="The first administrator's email. Default: USER@localhost.")
@verb
def init(call: Call, sandbox: bool, admin: str | None, email: str | None) -> None:
    """Make a store, its master key and its first administrator.

    The administrator is known by your account on this machine, and by the password of --password-file if one is given.
    """
    account = machine_account()
    try:
        user_id = clean_user_id(admin or account)
    except InvalidValue as error:
        raise InvalidValue(f"{error.message} Name another one with --admin.", "admin") from None
    config = call.config()
    password = read_line(call.password_file, "The password") if call.password_file is not None else None
    from dropcopy_tui.new_store import administrator, make_store

    fill = administrator(user_id, email or f"{user_id}@localhost", account, password)
    make_store(config, sandbox=sandbox, fill=fill)
    following = [
        f"Keep a copy of the master key {config.paths.master_key} apart from the store: without it no secret opens.",
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
    show(call, document, fields([*pairs, ("known by", f"the account {account} of this machine"), ("next", following)]))

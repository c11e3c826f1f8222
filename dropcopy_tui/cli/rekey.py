"""dropcopy rekey."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dropcopy_tui.cli.call import Call, only_on_host, verb
from dropcopy_tui.cli.long_work import long_work
from dropcopy_tui.cli.output import fields, say, show
from dropcopy_tui.cli.sign_in import may_ask
from dropcopy_tui.domain.plurals import plural
from dropcopy_tui.origin import origin

if TYPE_CHECKING:
    from dropcopy_tui.rekeying import Rekeyed


@click.command("rekey")
@click.option("--fingerprint", metavar="F", help="Fingerprint of the present key, instead of typing it; needs --yes.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@only_on_host
@verb
def rekey(call: Call, fingerprint: str | None, yes: bool) -> None:
    """Replace the master key by a new one, and seal everything under it.

    Without --yes, it shows the fingerprint of the present key and asks for it. One transaction does all of it, and the
    key file is exchanged afterwards; at every moment the old or the new key opens the store. The old key is kept beside
    the new one: backups that were made with it need it. One-time codes, invitations and recovery codes end.

    \b
    Examples:
      dropcopy rekey
      dropcopy rekey --fingerprint 0123456789abcdef --yes
    """
    if yes != (fingerprint is not None):
        raise click.UsageError("Use --fingerprint and --yes together.")
    from dropcopy_tui import rekeying

    config = call.config()
    if fingerprint is None:
        present = rekeying.present_fingerprint(config)
        if not may_ask(call):
            raise click.UsageError(f"Confirm it: --fingerprint {present} --yes")
        say(f"The master key {config.paths.master_key} has the fingerprint {present}.")
        say("Open applications must be started again, and other hosts need a copy of the new key.")
        fingerprint = click.prompt("Type the fingerprint to replace the key", default="", show_default=False, err=True)
    with long_work("Nothing was changed.", "Replacing the master key"):
        done = rekeying.rekey(config, fingerprint, origin("cli"))
    show(call, _shape(done), _lines(done))
    for user_id in done.invitations:
        say(f"The invitation of {user_id} ended. Invite again: dropcopy people invite-again {user_id}")


def _shape(done: Rekeyed) -> dict[str, object]:
    return {
        "old": done.old,
        "new": done.new,
        "kept": str(done.kept),
        "sealed": sum(done.sealed.values()),
        "rows": done.rows,
        "invitations": list(done.invitations),
        "recovery_codes_ended": done.recovery,
        "seconds": round(done.seconds, 1),
    }


def _lines(done: Rekeyed) -> list[str]:
    return fields(
        (
            ("new key", done.new),
            ("old key", f"{done.old}, kept as {done.kept}"),
            ("sealed again", f"{plural(sum(done.sealed.values()), 'value')}, {plural(done.rows, 'row')} proven"),
            ("recovery codes", f"ended for {plural(done.recovery, 'person', 'people')}" if done.recovery else "none"),
            ("time", f"{done.seconds:.1f} s"),
        )
    )

"""dropcopy config."""

from __future__ import annotations

from pathlib import Path

import click

from dropcopy_tui.cli.call import Call, noun, only_on_host, verb
from dropcopy_tui.cli.output import fields, show, table


@noun("config")
def config() -> None:
    """The configuration of this account."""


@config.command("show")
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@only_on_host
@verb
def show_config(call: Call, origin: bool) -> None:
    """Show every setting as it applies; secrets are in files of their own and are not shown.

    \b
    Examples:
      dropcopy config show
      dropcopy config show --origin --json
    """
    from dropcopy_tui.config.origins import explain

    found = explain(store=call.store, config=call.config_file)
    document = [
        {"setting": each.name, "value": each.value, **({"origin": each.origin, "line": each.line} if origin else {})}
        for each in found
    ]
    if origin:
        rows = [(each.name, each.value, each.origin + (f", line {each.line}" if each.line else "")) for each in found]
        show(call, document, table(("SETTING", "VALUE", "ORIGIN"), rows, "Nothing is set."))
        return
    show(call, document, fields((each.name, each.value) for each in found))


@config.command("validate")
@click.argument("file", metavar="FILE", required=False)
@only_on_host
@verb
def validate(call: Call, file: str | None) -> None:
    """Check a configuration file without using it; exit code 2 and one line if it is not valid.

    Without FILE, checks the account's own.

    \b
    Example:
      dropcopy config validate new-config.toml
    """
    from dropcopy_tui.config import load

    checked = load(store=call.store, config=file or call.config_file)
    if checked.looks.keys:
        # Late for the sake of start-up: every screen is imported to know what can be bound.
        from dropcopy_tui.cli.application import check_keys

        check_keys(checked)
    found = {"file": str(checked.paths.config), "exists": Path(checked.paths.config).exists(), "valid": True}
    words = "valid" if found["exists"] else "does not exist: every setting has its default"
    show(call, found, fields((("file", found["file"]), ("result", words))))

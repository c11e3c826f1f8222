"""dropcopy completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from dropcopy_tui.cli.call import Call, only_on_host, verb
from dropcopy_tui.cli.output import write


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@only_on_host
@verb
def completion(call: Call, shell: str) -> None:
    """Print a shell completion script.

    \b
    Example:
      dropcopy completion zsh > ~/.zfunc/_dropcopy
    """
    from dropcopy_tui.cli.root import root

    script = get_completion_class(shell)
    assert script is not None
    write(script(root, {}, "dropcopy", "_DROPCOPY_COMPLETE").source() + "\n")

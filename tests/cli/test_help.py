"""The help of every command fits a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from dropcopy_tui.cli.root import root


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """The command and all below it, each with what a person types for it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path, **root.context_settings)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, f"{path} {name}")


@pytest.mark.parametrize(("path", "command"), [pytest.param(*each, id=each[0]) for each in commands(root, "dropcopy")])
def test_help_fits_80_columns(path: str, command: click.Command) -> None:
    # click keeps a command's help option once it is made: it is made with the names that `dropcopy` gives it.
    context = click.Context(command, info_name=path, terminal_width=80, **root.context_settings)
    text = command.get_help(context)
    assert command.help, "every command says what it does"
    assert [line for line in text.splitlines() if len(line) > 80] == []

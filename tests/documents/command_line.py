"""Every command as click knows it, for the reference and for the man pages."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

import click

from dropcopy_tui.cli.paths import paths
from dropcopy_tui.cli.root import _VERBS, root
from tests.documents.regions import table

# What every command takes: `paths` has no options of its own.
_SHARED = frozenset(name for option in paths.params for name in option.opts)


@dataclass(frozen=True)
class Block:
    """A piece of a help text: a paragraph, or lines that are shown as they are, below their title."""

    text: str
    title: str = ""
    is_verbatim: bool = False


@dataclass(frozen=True)
class CommandHelp:
    """What click says of one command.

    Attributes:
        path: its words, beginning with `dropcopy`.
        brief: one line about it.
        usage: its words and what follows them.
        blocks: its help text.
        options: those of its own, each with what it is for.
        is_group: whether other commands are below it.
    """

    path: str
    brief: str
    usage: str
    blocks: tuple[Block, ...]
    options: tuple[tuple[str, str], ...]
    is_group: bool


def all_commands() -> Iterator[CommandHelp]:
    """Every command that is not hidden, each before those below it."""
    yield from _below(root, "dropcopy", "")


def shared_options() -> list[tuple[str, str]]:
    """The options that every command takes."""
    context = _context(paths, "dropcopy")
    return [record for option in paths.params if (record := option.get_help_record(context)) is not None]


def commands_region() -> str:
    """Each command with its usage, its options and its examples."""
    return "\n\n".join(_section(each) for each in all_commands() if not each.is_group or each.path == "dropcopy")


def shared_options_region() -> str:
    """The options of every command as a table."""
    return table(("option", "meaning"), [(f"`{name}`", plain(words)) for name, words in shared_options()])


def plain(words: str) -> str:
    """A help text that Markdown shows as it is."""
    return words.replace("<", "&lt;").replace("*", "\\*")


def _below(command: click.Command, path: str, brief: str) -> Iterator[CommandHelp]:
    yield _help(command, path, brief)
    if not isinstance(command, click.Group):
        return
    context = _context(command, path)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        if not below.hidden:
            words = _VERBS[name].words if command is root else below.get_short_help_str(limit=200)
            yield from _below(below, f"{path} {name}", words)


def _help(command: click.Command, path: str, brief: str) -> CommandHelp:
    context = _context(command, path)
    own = (option for option in command.params if not set(option.opts) & _SHARED)
    records = (option.get_help_record(context) for option in own)
    return CommandHelp(
        path,
        brief,
        " ".join([path, *command.collect_usage_pieces(context)]),
        tuple(_blocks(command.help or "")),
        # What an argument is called is in the usage.
        tuple(record for record in records if record is not None and record[1]),
        isinstance(command, click.Group),
    )


def _context(command: click.Command, path: str) -> click.Context:
    return click.Context(command, info_name=path, terminal_width=80, **root.context_settings)


def _blocks(text: str) -> Iterator[Block]:
    r"""Paragraphs, and what follows a \b: examples, or lines of a table."""
    for part in inspect.cleandoc(text.partition("\f")[0]).split("\n\n"):
        if part.startswith("\b\n"):
            lines = part.removeprefix("\b\n").split("\n")
            title = lines.pop(0).rstrip(":") if lines[0].endswith(":") else ""
            yield Block("\n".join(line.removeprefix("  ") if title else line for line in lines), title, True)
        elif part.strip():
            yield Block(" ".join(part.split()))


def _section(command: CommandHelp) -> str:
    lines = [f"### {command.path}", "", f"`{command.usage}`"]
    for block in command.blocks:
        if block.is_verbatim:
            lines += ["", *([f"{block.title}:", ""] if block.title else []), "```", block.text, "```"]
        else:
            lines += ["", plain(block.text)]
    if command.options:
        rows = [(f"`{name}`", plain(words)) for name, words in command.options]
        lines += ["", table(("option", "meaning"), rows)]
    return "\n".join(lines)

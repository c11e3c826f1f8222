"""Man pages: one for `dropcopy`, and one for each of its commands with those below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dropcopy_tui import __version__
from tests.documents.command_line import Block, CommandHelp, all_commands, shared_options

_EXIT = (
    ("0", "Done."),
    ("1", "Refused or failed: one line on standard error says why."),
    ("2", "A usage or configuration error, or a store that cannot be used."),
    ("3", "Not signed in, or not entitled."),
    ("4", "The second factor failed."),
    ("128+n", "Ended by signal n."),
)
_ENVIRONMENT = (
    ("DROPCOPY_STORE", "The store: a file, or the URL of a PostgreSQL database. --store takes precedence."),
    ("NO_COLOR", "If set, the application has no colours."),
)


def man_pages() -> Iterator[tuple[str, str]]:
    """The name and the text of each page."""
    found = list(all_commands())
    yield "dropcopy.1", _main_page(found)
    for command in found:
        words = command.path.split()
        if len(words) == 2:
            below = [each for each in found if each.path.startswith(f"{command.path} ")]
            yield f"{'-'.join(words)}.1", _page(command, below)


def _main_page(commands: Sequence[CommandHelp]) -> str:
    main = commands[0]
    firsts = [(each.path, each.brief) for each in commands if len(each.path.split()) == 2]
    lines = [
        *_head("dropcopy", "manage drop copy groups and the key pairs of their sessions", main.usage),
        *_description(main.blocks),
        ".SH COMMANDS",
        *_terms(firsts),
        ".SH OPTIONS",
        *_terms([*main.options, *shared_options()]),
        ".SH ENVIRONMENT",
        *_terms(_ENVIRONMENT),
        ".SH EXIT STATUS",
        *_terms(_EXIT),
        ".SH SEE ALSO",
        *_also(path.replace(" ", "-") for path, _ in firsts),
    ]
    return _joined(lines)


def _page(command: CommandHelp, below: Sequence[CommandHelp]) -> str:
    lines = [*_head(command.path.replace(" ", "-"), command.brief, command.usage), *_description(command.blocks)]
    leaves = [each for each in below if not each.is_group]
    if leaves:
        lines.append(".SH COMMANDS")
    for each in leaves:
        lines += [f".SS {_text(each.usage)}", *_blocks(each.blocks), *_terms(each.options)]
    if command.options:
        lines += [".SH OPTIONS", *_terms(command.options)]
    lines += [".SH OPTIONS OF EVERY COMMAND", *_terms(shared_options()), ".SH EXIT STATUS", *_terms(_EXIT)]
    return _joined([*lines, ".SH SEE ALSO", *_also(["dropcopy"])])


def _head(name: str, brief: str, usage: str) -> list[str]:
    title = f'.TH {name.upper()} 1 "" "dropcopy-tui {__version__}" "User Commands"'.replace("-", "\\-")
    brief = brief[:1].lower() + brief[1:].rstrip(".") if brief[1:2].islower() else brief.rstrip(".")
    # Examples have words that are wider than a line: it is not stretched to the margin.
    return [title, ".ad l", ".SH NAME", f"{_text(name)} \\- {_text(brief)}", ".SH SYNOPSIS", f".B {_text(usage)}"]


def _description(blocks: Sequence[Block]) -> list[str]:
    return [".SH DESCRIPTION", *_blocks(blocks)] if blocks else []


def _blocks(blocks: Sequence[Block]) -> Iterator[str]:
    for number, block in enumerate(blocks):
        if number:
            yield ".PP"
        if block.title:
            yield f"{_text(block.title)}:"
        if block.is_verbatim:
            yield from (".RS 4", ".nf", *(_text(line) for line in block.text.split("\n")), ".fi", ".RE")
        else:
            yield _text(block.text)


def _terms(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, words in rows:
        yield from (".TP", f".B {_text(name)}", _text(words) if words else "\\&")


def _also(names: Iterator[str] | Sequence[str]) -> Iterator[str]:
    listed = list(names)
    for number, name in enumerate(listed, 1):
        yield f".BR {_text(name)} (1){',' if number < len(listed) else ''}"


def _text(words: str) -> str:
    """Text that roff takes as it is: its own signs are escaped, and no line begins like a request."""
    escaped = words.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(['.\\" Made by `make docs` from the help of the commands.', *lines]) + "\n"

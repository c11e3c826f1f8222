"""A name that was mistyped is answered with the nearest one, and -h and -V mean what they mean everywhere."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from dropcopy_tui import __version__
from dropcopy_tui.cli.root import root
from tests.cli.conftest import Cli


def commands(command: click.Command, *words: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below this one, with the words that call it."""
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, *words, name)


COMMANDS = dict(commands(root))


def slip(name: str) -> str:
    """The name without a letter in its middle."""
    middle = max(3, len(name) // 2) if name.startswith("--") else len(name) // 2
    return name[:middle] + name[middle + 1 :]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_h_is_help(cli: Cli, words: tuple[str, ...]) -> None:
    short, long = cli(*words, "-h"), cli(*words, "--help")
    assert short == long
    assert (short.code, short.err) == (0, "")
    assert "-h, --help" in short.out


def test_v_is_the_version(cli: Cli) -> None:
    assert cli("-V") == cli("--version")
    assert cli("-V").out == f"dropcopy {__version__}\n"


@pytest.mark.parametrize("words", [words for words in COMMANDS if words], ids=" ".join)
def test_the_nearest_command_is_named(cli: Cli, words: tuple[str, ...]) -> None:
    *before, last = words
    ran = cli(*before, slip(last), "--json")
    assert (ran.code, ran.error) == (2, "usage")
    assert "Did you mean" in ran.err
    assert f"'{last}'" in ran.err


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_nearest_option_is_named(cli: Cli, words: tuple[str, ...]) -> None:
    command = COMMANDS[words]
    names = [name for param in command.params for name in param.opts if name.startswith("--")]
    assert names
    for name in names:
        if slip(name) not in names:
            ran = cli(*words, slip(name))
            assert (ran.code, f"'{name}'" in ran.err) == (2, True), ran


def test_what_resembles_nothing_gets_no_advice(cli: Cli) -> None:
    assert cli("xyzzy").err == "dropcopy: No such command 'xyzzy'. See: dropcopy --help\n"


def test_a_usage_error_is_sentences_without_words_of_the_parser(cli: Cli) -> None:
    ran = cli("front-ends", "map", "Ladder One", "--entity", "ACME")
    assert "Invalid value for '[ID]': 'Ladder One' is not a whole number. See:" in ran.err
    assert "'x' is not a whole number. See:" in cli("drafts", "show", "x").err
    assert "'--limit': 0 is less than 1. See:" in cli("groups", "list", "--limit", "0").err
    assert "'--limit': 0 is not between 1 and 100000. See:" in cli("sendercomps", "list", "--limit", "0").err
    ran = cli("groups", "create", "--market", "globex", "--name", "A", "--front-end", "B")
    assert ran.err.endswith(", trade_bust. See: dropcopy groups create --help\n")


@pytest.mark.parametrize("verb", [("keys", "generate"), ("keys", "download"), ("authenticator", "enrol")], ids=" ".join)
def test_who_has_no_challenge_is_told_what_prints_one(cli: Cli, verb: tuple[str, str]) -> None:
    ran = cli(*verb, *(["AB1"] if verb[0] == "keys" else []), "--code", "123456")
    assert ran.code == 2
    assert f"`dropcopy {verb[0]} challenge` prints one." in ran.err

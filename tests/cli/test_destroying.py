"""A verb that destroys needs --yes or a typed yes; without either it is refused, exit 2, and nothing is changed."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import click
import pytest

from dropcopy_tui import cli as package
from tests.cli.conftest import Cli
from tests.cli.test_keys_life import TWO_PAIRS

GROUP = "EU-RISK"
# Verbs of services that cannot be taken back.
PERMANENT = frozenset({"delete", "discard", "retire"})


def commands() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that changes something, with the words that call it."""
    from dropcopy_tui.cli.root import root

    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    context = click.Context(root)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        if isinstance(command, click.Group):
            for verb in command.list_commands(context):
                found = command.get_command(context, verb)
                assert found is not None
                yield (name, verb), found
        elif command is not None:
            yield (name,), command


def is_permanent(command: click.Command) -> bool:
    """Whether its function calls a verb of the desk that cannot be taken back."""
    function = inspect.unwrap(command.callback) if command.callback else None
    if function is None:
        return False
    tree = ast.parse(inspect.cleandoc("\n" + inspect.getsource(function)))
    verbs = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _of_the_desk(node.value)}
    return bool(verbs & PERMANENT)


def _of_the_desk(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "desk"


DESTROYING = [(words, command) for words, command in commands() if is_permanent(command)]


def made_up(command: click.Command) -> list[str]:
    """An argument for each that is required."""
    return ["1" for each in command.params if isinstance(each, click.Argument) and each.required]


def test_the_search_finds_them() -> None:
    found = {" ".join(words) for words, _ in DESTROYING}
    assert found >= {"groups delete", "keys delete", "sessions retire", "drafts discard"}


@pytest.mark.parametrize(("words", "command"), DESTROYING, ids=[" ".join(words) for words, _ in DESTROYING])
@pytest.mark.parametrize("more", [(), ("--no-input",)], ids=["no terminal", "no input"])
def test_it_is_refused_without_a_yes(
    words: tuple[str, ...], command: click.Command, more: tuple[str, ...], operator: Cli
) -> None:
    with patch("sys.stdin"), patch("dropcopy_tui.cli.sign_in.may_ask", return_value=False):
        ran = operator(*words, *made_up(command), *more, "--json")
    assert (ran.code, ran.error) == (2, "usage")
    assert "--yes" in ran.json["error"]["message"]
    assert "Nothing was changed." in ran.json["error"]["message"]


@pytest.mark.parametrize("answer", ["n\n", "\n", "no\n", "maybe\n"])
def test_any_answer_but_yes_changes_nothing(answer: str, operator: Cli) -> None:
    before = operator.json("requests", "list")
    with patch("dropcopy_tui.cli.sign_in.may_ask", return_value=True):
        ran = operator("groups", "delete", GROUP, stdin=answer)
    assert ran.code == 1
    assert ran.err.strip().endswith("dropcopy: Nothing was changed.")
    assert GROUP in {group["name"] for group in operator.json("groups", "list")}
    assert operator.json("requests", "list") == before


def test_a_typed_yes_does_it(operator: Cli) -> None:
    with patch("dropcopy_tui.cli.sign_in.may_ask", return_value=True):
        ran = operator("groups", "delete", GROUP, stdin="yes\n")
    assert ran.code == 0, ran
    assert "Delete EU-RISK of ACME?" in ran.err


def test_a_pair_that_would_expire_sooner_is_asked_about(operator: Cli, tmp_path: Path) -> None:
    """5.6: outside the pending window the other pair ends sooner; no code is used up by the refusal."""
    from tests.cli.conftest import proof

    with_code = proof(operator)
    older = operator.json("sessions", "show", TWO_PAIRS)["keys"][0]["access_key_id"]
    command = ("keys", "generate", TWO_PAIRS, "--drop", older, *with_code)
    ran = operator(*command, "--json")
    assert (ran.code, ran.error) == (2, "usage")
    assert operator(*command, "--yes", "--json").code == 0

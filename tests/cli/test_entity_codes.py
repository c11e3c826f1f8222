"""An entity is named in any case, in every verb, and left out where a person has only one."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from dropcopy_tui.cli.codes import CODE
from dropcopy_tui.cli.root import root
from tests.cli.conftest import Cli
from tests.cli.test_help import commands


def options(name: str) -> Iterator[tuple[str, click.Parameter]]:
    """Every option of this name, with its verb."""
    for path, command in commands(root, "dropcopy"):
        for each in command.params:
            if f"--{name}" in each.opts:
                yield path, each


@pytest.mark.parametrize("name", ["entity", "gfid"])
def test_codes_have_one_type_and_are_never_required(name: str) -> None:
    found = dict(options(name))
    assert len(found) >= 4
    assert [path for path, option in found.items() if option.type is not CODE or option.required] == []


@pytest.mark.parametrize(
    "verb",
    [
        ("groups", "list"),
        ("groups", "show", "US-BACKUP"),
        ("groups", "sources", "US-BACKUP"),
        ("sessions", "list"),
        ("sendercomps", "list"),
        ("front-ends", "list"),
        ("keys", "report"),
    ],
    ids=" ".join,
)
def test_an_entity_in_any_case_or_left_out(verb: tuple[str, ...], operator: Cli) -> None:
    written = operator.json(*verb, "--entity", "ACME")
    assert written
    for code in ("acme", " Acme "):
        assert operator.json(*verb, "--entity", code) == written
    assert operator.json(*verb) == written


def as_user(user: Cli, user_id: str) -> Cli:
    """The same store as another person."""
    return Cli(user.home, tuple(user_id if each == "acme-operator" else each for each in user.options), user.environ)


def test_the_only_entity_of_an_administrator_is_taken(operator: Cli) -> None:
    admin = as_user(operator, "acme-admin")
    invited = admin.json(
        "people", "invite", "new-one", "--name", "New One", "--email", "new@acme.example", "--role", "read_only"
    )
    assert invited["roles"] == ["read_only@ACME"]
    assert admin.json("people", "entitle", "new-one", "full_access")["roles"] == ["read_only@ACME", "full_access@ACME"]
    assert admin.json("people", "remove", "new-one", "full_access")["roles"] == ["read_only@ACME"]
    mapped = admin.json("front-ends", "map", "--name", "Brand New")
    assert (mapped["entity"], mapped["mapped"]) == ("ACME", True)
    assert admin.json("front-ends", "unmap", mapped["id"])["entity"] == "ACME"


def test_several_entities_are_listed(operator: Cli) -> None:
    several = as_user(operator, "multi-operator")
    known = {"ACME", "PLACEHLD"}
    for verb in (("sendercomps", "list"), ("front-ends", "list")):
        ran = several(*verb, "--json")
        assert (ran.code, ran.error) == (1, "invalid_value")
        message = ran.json["error"]["message"]
        assert message.startswith("Specify --entity. You have access to: ")
        assert known <= set(message.partition(": ")[2].rstrip(".").split(", "))
    desk_wide = as_user(operator, "operations")("people", "entitle", "acme-viewer", "user_administrator", "--json")
    assert desk_wide.json["error"]["message"].startswith("Specify --entity. You can administer people of: ")
    new = ("--market", "brokertec_us", "--name", "N", "--front-end", "F", "--filter", "reject", "--all-sources")
    nowhere = as_user(operator, "acme-admin")("groups", "create", *new, "--json")
    assert nowhere.json["error"]["message"] == "You cannot create groups for any entity. Ask a user administrator."

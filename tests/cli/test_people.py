"""dropcopy people and dropcopy front-ends: what the screens do, for scripts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli

PASSWORD = "right horse battery"
OTHER_CODE = "AAAA-BBBB-CCCC-DDDD"


@pytest.fixture
def admin(cli: Cli, sandbox: Path) -> Cli:
    return cli.on(sandbox, "acme-admin")


@pytest.fixture
def operations(cli: Cli, sandbox: Path) -> Cli:
    return cli.on(sandbox, "operations")


def invite(user: Cli, *more: str, user_id: str = "newcomer") -> Any:
    return user.json(
        "people", "invite", user_id, "--name", "A newcomer", "--email", f"{user_id}@acme.example",
        "--entity", "ACME", "--role", "read_only", *more,
    )  # fmt: skip


def mailed_code(user: Cli) -> str:
    """The code in the sandbox's mailbox."""
    found = next(
        filter(None, (re.search(r"invitation code is (\S+?)\. ", row["body"]) for row in user.json("outbox", "list")))
    )
    return found[1]


def test_the_list_and_a_persons_page(admin: Cli, operations: Cli) -> None:
    found = admin.json("people", "list")
    assert [row["user_id"] for row in found] == [
        "acme-admin", "acme-approver", "acme-operator", "acme-viewer", "multi-operator",
    ]  # fmt: skip
    assert found[3] == {
        "user_id": "acme-viewer", "name": "ACME viewer", "email": "acme-viewer@acme.example", "status": "active",
        "roles": ["read_only@ACME"],
    }  # fmt: skip
    assert len(operations.json("people", "list", "--entity", "TINYDESK")) == 1
    assert [row["user_id"] for row in operations.json("people", "list", "--match", "ease", "--limit", "1")] == [
        "ease-agent"
    ]
    page = operations.json("people", "show", "acme-viewer")
    assert page["mobile"].startswith("···· ")
    assert (page["has_password"], page["locked_until"], page["invited_until"]) == (False, None, None)
    assert re.search("^user +acme-viewer$", admin("people", "show", "acme-viewer").out, re.M)


def test_roles_are_given_and_taken(admin: Cli, operations: Cli) -> None:
    assert admin.json("people", "entitle", "acme-viewer", "full_access", "--entity", "ACME")["roles"] == [
        "read_only@ACME", "full_access@ACME",
    ]  # fmt: skip
    assert admin.json("people", "remove", "acme-viewer", "full_access", "--entity", "ACME")["roles"] == [
        "read_only@ACME"
    ]
    assert operations.json("people", "entitle", "acme-viewer", "auditor")["roles"] == ["auditor", "read_only@ACME"]


@pytest.mark.parametrize(
    ("args", "code", "error"),
    [
        (("entitle", "acme-admin", "full_access", "--entity", "ACME"), 3, "not_entitled"),
        (("entitle", "acme-viewer", "operations"), 3, "not_entitled"),
        (("entitle", "acme-viewer", "read_only", "--entity", "EXRATES"), 3, "not_entitled"),
        (("entitle", "acme-viewer", "read_only", "--entity", "ACME"), 1, "invalid_value"),
        (("entitle", "acme-viewer", "read_only"), 1, "invalid_value"),
        (("entitle", "acme-viewer", "boss", "--entity", "ACME"), 2, "usage"),
        (("remove", "acme-viewer", "full_access", "--entity", "ACME"), 1, "invalid_value"),
        (("show", "ease-agent"), 1, "not_found"),
        (("disable", "acme-admin"), 3, "not_entitled"),
        (("disable", "multi-operator"), 3, "not_entitled"),
        (("enable", "acme-viewer"), 1, "invalid_value"),
        (("unlock", "acme-viewer"), 3, "not_entitled"),
        (("invite-again", "nobody"), 1, "not_found"),
    ],
)
def test_each_refusal_has_its_exit_code(admin: Cli, args: tuple[str, ...], code: int, error: str) -> None:
    ran = admin("people", *args, "--json")
    assert (ran.code, ran.error) == (code, error)


def test_an_invitation_from_end_to_end(admin: Cli, cli: Cli, sandbox: Path) -> None:
    invited = invite(admin, "--role", "full_access")
    code = mailed_code(admin)
    assert (invited["status"], invited["sent_to"]) == ("invited", "newcomer@acme.example")
    assert invited["roles"] == ["read_only@ACME", "full_access@ACME"]
    assert code not in str(invited)
    anybody = cli.on(sandbox)
    wrong = anybody("people", "accept", "newcomer", "--code-file", "-", "--password-file", "-", "--json",
                    stdin=f"{OTHER_CODE}\n{PASSWORD}\n")  # fmt: skip
    assert (wrong.code, wrong.error) == (3, "not_signed_in")
    right = ("people", "accept", "newcomer", "--code-file", "-", "--password-file", "-")
    assert anybody.json(*right, stdin=f"{code}\n{PASSWORD}\n") == {"accepted": True, "user_id": "newcomer"}
    again = anybody(*right, stdin=f"{code}\n{PASSWORD}\n")
    assert again.code == 3
    assert "Nothing was changed" in again.err
    assert admin.json("people", "show", "newcomer")["has_password"] is True


def test_a_new_code_voids_the_first(admin: Cli, cli: Cli, sandbox: Path) -> None:
    invite(admin)
    first = mailed_code(admin)
    admin.json("people", "invite-again", "newcomer")
    assert mailed_code(admin) != first
    accept = ("people", "accept", "newcomer", "--code-file", "-", "--password-file", "-")
    assert cli.on(sandbox)(*accept, stdin=f"{first}\n{PASSWORD}\n").code == 3


def test_accept_asks_nobody_where_nobody_sits(cli: Cli, sandbox: Path) -> None:
    ran = cli.on(sandbox)("people", "accept", "newcomer", "--no-input")
    assert ran.code == 3
    assert "--code-file" in ran.err


def test_neither_code_nor_password_is_an_argument(cli: Cli, sandbox: Path) -> None:
    for option in ("--code", "--password"):
        assert cli.on(sandbox)("people", "accept", "newcomer", option, "x").code == 2


def test_an_account_is_disabled_and_enabled(admin: Cli, cli: Cli, sandbox: Path) -> None:
    done = admin.json("people", "disable", "acme-viewer")
    assert (done["status"], done["open_requests"]) == ("disabled", 0)
    viewer = cli.on(sandbox, "acme-viewer")
    assert viewer("groups", "list", "--json").error == "not_entitled"
    assert admin.json("people", "enable", "acme-viewer")["status"] == "active"
    assert viewer.json("groups", "list")


def test_ease_unlocks_only_what_is_locked(cli: Cli, sandbox: Path) -> None:
    agent = cli.on(sandbox, "ease-agent")
    ran = agent("people", "unlock", "acme-viewer", "--json")
    assert (ran.code, ran.error) == (1, "invalid_value")
    assert "is not locked" in ran.err


def test_front_ends_are_listed_mapped_and_unmapped(admin: Cli) -> None:
    found = admin.json("front-ends", "list", "--entity", "ACME")
    assert len(found) == 30
    used = next(row for row in found if row["groups"])
    assert set(used) == {"id", "name", "version", "vendor", "mapped", "groups"}
    done = admin.json("front-ends", "unmap", used["id"], "--entity", "ACME")
    assert len(done["groups"]) == used["groups"]
    assert done["mapped"] is False
    assert admin.json("front-ends", "map", used["id"], "--entity", "ACME")["mapped"] is True
    made = admin.json(
        "front-ends", "map", "--entity", "ACME", "--name", "Wall Board", "--version", "1", "--vendor", "In-house"
    )
    assert (made["name"], made["version"], made["vendor"]) == ("Wall Board", "1", "In-house")
    shown = admin("front-ends", "list", "--entity", "ACME", "--match", "wall").out
    assert re.search(r"Wall Board +1 +In-house +yes +0$", shown, re.M)


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("map", "--entity", "ACME"), 2),
        (("map", "1", "--entity", "ACME", "--name", "X"), 2),
        (("map", "1", "--entity", "ACME", "--version", "2"), 2),
        (("map", "1", "--entity", "ACME"), 1),
        (("map", "1", "--entity", "EXRATES"), 3),
        (("unmap", "999", "--entity", "ACME"), 1),
        (("list", "--entity", "EXRATES"), 1),
        (("map", "--entity", "ACME", "--name", "x" * 31), 1),
    ],
)
def test_each_refusal_of_a_mapping_has_its_exit_code(admin: Cli, args: tuple[str, ...], code: int) -> None:
    assert admin("front-ends", *args).code == code

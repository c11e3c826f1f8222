"""Granting roles on the command line, where the site asks for a second factor."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli, read_code

INVITE = (
    "people", "invite", "newcomer", "--name", "A newcomer", "--email", "newcomer@acme.example", "--role", "read_only",
)  # fmt: skip


@pytest.fixture
def strict(cli: Cli, sandbox: Path, tmp_path: Path) -> Cli:
    path = tmp_path / "strict.toml"
    path.write_text("role_grant_factor = true\n")
    admin = cli.on(sandbox, "acme-admin")
    return Cli(admin.home, (*admin.options, "--config", str(path)), admin.environ)


def bound(user: Cli, *what: str) -> tuple[str, ...]:
    challenge = user.json("people", "challenge", *what, "--factor", "sms")["challenge"]
    return ("--challenge", challenge, "--code", read_code(user))


def test_granting_a_role_takes_a_factor_where_the_site_says_so(strict: Cli) -> None:
    entitle = ("people", "entitle", "acme-viewer")
    ran = strict(*entitle, "full_access", "--json")
    assert (ran.code, ran.error) == (4, "second_factor_needed")
    proof = bound(strict, "ACME-Viewer", "--role", "key_management")
    other = strict(*entitle, "full_access", *proof, "--json")
    assert (other.code, other.error) == (4, "second_factor_failed")
    assert "key_management@ACME" in strict.json(*entitle, "key_management", *proof)["roles"]
    # Revoking waits for no code.
    assert strict("people", "remove", "acme-viewer", "key_management").code == 0


def test_inviting_someone_takes_a_factor_where_the_site_says_so(strict: Cli) -> None:
    ran = strict(*INVITE, "--json")
    assert (ran.code, ran.error) == (4, "second_factor_needed")
    elsewhere = bound(strict, "newcomer", "--role", "read_only", "--email", "elsewhere@acme.example")
    other = strict(*INVITE, *elsewhere, "--json")
    assert (other.code, other.error) == (4, "second_factor_failed")
    proof = bound(strict, "newcomer", "--role", "read_only", "--email", "newcomer@acme.example")
    assert strict.json(*INVITE, *proof)["roles"] == ["read_only@ACME"]


def test_a_code_without_its_challenge_is_a_usage_error(strict: Cli) -> None:
    ran = strict("people", "entitle", "acme-viewer", "full_access", "--code", "123456", "--json")
    assert (ran.code, ran.error) == (2, "usage")


def test_scripts_of_other_sites_need_no_factor(cli: Cli, sandbox: Path) -> None:
    """The contract of the command line stays: the rule is a site's choice."""
    assert cli.on(sandbox, "acme-admin").json(*INVITE)["roles"] == ["read_only@ACME"]

"""A half-filled wizard over SSH, and what takes the screen away from it: the lock, the sign-out, a right that goes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pyotp
import pytest

from tests.e2e.clocked_desk import PATIENCE, ClockedDesk, clocked_desk, leaves_soon, open_draft, resume_by_sms
from tests.e2e.pty import Terminal
from tests.e2e.ssh_server import WHY_NOT
from tests.e2e.test_main_job import begin_group, finish_group

pytestmark = [pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT), pytest.mark.xdist_group("sshd")]
ME, ADMIN = "acme-operator", "acme-admin"
NAME_STEP = "Enter a name"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClockedDesk]:
    with clocked_desk(tmp_path_factory.mktemp("wizard"), ME, ADMIN) as desk:
        yield desk


@pytest.fixture
def desk(made: ClockedDesk) -> Iterator[ClockedDesk]:
    """Nobody is in before, and nobody afterwards."""
    yield made
    made.says(ME, "seats", "end", "--all", "--yes")


def left_and_found_again(desk: ClockedDesk, name: str) -> None:
    """Whoever signs in again has the wizard where it was, with what was typed; the draft is gone afterwards."""
    with desk.sit_down(ME) as terminal:
        open_draft(terminal, name[:6])
        terminal.wait_for(NAME_STEP, PATIENCE)
        terminal.wait_for(rf"  {name}$", PATIENCE)
        terminal.press("ctrl+q")
        assert terminal.wait_exit(PATIENCE) == 0


def is_locked(desk: ClockedDesk, terminal: Terminal, typed: str) -> None:
    """After a quarter of an hour nothing of what was typed is shown."""
    desk.forward(15)
    terminal.wait_for("Locked", PATIENCE)
    assert typed not in terminal.text()


def roles_are_changed(desk: ClockedDesk, how: str, *roles: str) -> None:
    for role in roles:
        desk.says(ADMIN, "people", how, ME, role, "--entity", "ACME")


def test_after_the_lock_it_is_as_it_was(desk: ClockedDesk) -> None:
    with desk.sit_down(ME) as terminal:
        begin_group(terminal, "LOCKED-HALF-", PATIENCE)
        terminal.wait_quiet(1, PATIENCE)
        before = terminal.text()
        is_locked(desk, terminal, "LOCKED-HALF-")
        resume_by_sms(terminal)
        terminal.wait_for("LOCKED-HALF-", PATIENCE)
        terminal.wait_quiet(1, PATIENCE)
        # But for the notices, which are counted in the first line.
        assert terminal.text().split("\n")[1:] == before.split("\n")[1:]
        terminal.type("NAME")
        terminal.wait_for(r"  LOCKED-HALF-NAME$", PATIENCE)
        finish_group(terminal, PATIENCE)
        terminal.press("ctrl+q")
        assert terminal.wait_exit(PATIENCE) == 0


def test_after_the_sign_out_the_draft_is_there(desk: ClockedDesk) -> None:
    with desk.sit_down(ME) as terminal:
        begin_group(terminal, "NIGHT-HALF-A-NAME", PATIENCE)
        is_locked(desk, terminal, "NIGHT-")
        desk.forward(15)
        leaves_soon(terminal, "signed out after 30 minutes without a key press. Your drafts are kept.")
    left_and_found_again(desk, "NIGHT-HALF-A-NAME")


def test_after_the_key_is_revoked_the_draft_is_there_with_another_key(desk: ClockedDesk) -> None:
    kept, spare = desk.keys[ME], desk.desk.key("spare")
    desk.add(ME, spare)
    desk.keys[ME] = spare
    try:
        with desk.sit_down(ME) as terminal:
            begin_group(terminal, "STOLEN-LAPTOP", PATIENCE)
            desk.keys[ME] = kept
            which = "spare on a laptop"
            proof = desk.answer(ME, "ssh", "keys", "challenge", "--revoke", which)
            desk.says(ME, "ssh", "keys", "revoke", which, *proof, "--yes")
            leaves_soon(terminal, "You revoked the SSH key of this seat. Your drafts are kept.")
    finally:
        desk.keys[ME] = kept
    left_and_found_again(desk, "STOLEN-LAPTOP")


def test_after_the_last_role_is_revoked_and_given_back_the_draft_is_there(desk: ClockedDesk) -> None:
    with desk.sit_down(ME) as terminal:
        begin_group(terminal, "ROLELESS-DRAFT", PATIENCE)
        roles_are_changed(desk, "remove", "key_management", "full_access")
        try:
            leaves_soon(terminal, f"{ADMIN} revoked your last role. Your drafts are kept.")
        finally:
            roles_are_changed(desk, "entitle", "full_access", "key_management")
    left_and_found_again(desk, "ROLELESS-DRAFT")


def test_with_one_role_of_several_gone_the_screen_stays_and_says_so(desk: ClockedDesk) -> None:
    with desk.sit_down(ME) as terminal:
        begin_group(terminal, "ONE-ROLE-LESS", PATIENCE)
        (seat,) = desk.seats()
        roles_are_changed(desk, "remove", "full_access")
        try:
            terminal.wait_for(r"Revoked: full access at ACME\.", PATIENCE)
            terminal.wait_for(NAME_STEP, PATIENCE)
            assert list(desk.seats()) == [seat]
        finally:
            roles_are_changed(desk, "entitle", "full_access")
        terminal.wait_for(r"Granted: full access at ACME\.", PATIENCE)
        finish_group(terminal, PATIENCE)
        terminal.press("ctrl+q")
        assert terminal.wait_exit(PATIENCE) == 0


def test_with_a_recovery_code_in_place_of_a_lost_app_a_person_resumes_and_acts(desk: ClockedDesk) -> None:
    app = pyotp.parse_uri(
        desk.says(ME, "authenticator", "enrol", *desk.answer(ME, "authenticator", "challenge"), "--out", "-").strip()
    )
    assert isinstance(app, pyotp.TOTP)
    desk.says(ME, "authenticator", "confirm", "--code", app.at(int(time.time() + float(desk.clock.read_text()))))
    proof = desk.answer(ME, "authenticator", "challenge", "--recovery")
    codes = desk.says(ME, "authenticator", "recovery-codes", *proof, "--out", "-").splitlines()
    with desk.sit_down(ME) as terminal:
        begin_group(terminal, "LOST-APP", PATIENCE)
        is_locked(desk, terminal, "LOST-APP")
        terminal.wait_for("Authenticator app", PATIENCE)
        for _ in range(2):
            terminal.press("ctrl+o")
            terminal.wait_quiet()
        terminal.wait_for("10 codes left of your list", PATIENCE)
        terminal.type(codes[0].replace(" ", ""))
        terminal.press("enter")
        terminal.wait_for(r"  LOST-APP$", PATIENCE)
        finish_group(terminal, PATIENCE)
        terminal.press("k")
        terminal.wait_for("Manage Keys for Selected Sessions", PATIENCE)
        terminal.press("enter")
        terminal.wait_for("ticket", PATIENCE)
        terminal.press("enter")
        terminal.wait_for("Confirm your identity", PATIENCE)
        # A key that follows the one before sooner than a person types counts as held.
        terminal.wait_quiet()
        terminal.type("recovery")
        terminal.press("enter")
        terminal.wait_for("Recovery code", PATIENCE)
        terminal.wait_quiet()
        terminal.type(codes[1].replace(" ", ""))
        terminal.press("enter")
        ticket = terminal.wait_for(r"ssh desk get ([A-Z2-7-]{19}) > ", PATIENCE)[1]
        assert "Secret Key" in desk.says(ME, "get", ticket)
        terminal.press("escape", "ctrl+q")
        assert terminal.wait_exit(PATIENCE) == 0
    assert json.loads(desk.says(ME, "authenticator", "recovery-codes", "--json"))["left"] == 8

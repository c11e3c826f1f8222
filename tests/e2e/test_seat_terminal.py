"""The lock and the sign-out on a real terminal, with the clock moved: what is on it, and what is left of it."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.pty import ROOT, Terminal
from tests.e2e.test_main_job import begin_group, dropcopy
from tests.e2e.test_terminal_contract import assert_restored

OPERATOR = "acme-operator"
HOME = r"Drop Copy Groups +\d"
_PATIENCE = 40


class Desk:
    """A sandbox that keeps seats, and a clock that can be put forward."""

    def __init__(self, home: Path) -> None:
        self.home, self.clock, self.config = home, home / "clock", home / "seats.toml"
        self.clock.write_text("0")
        self.config.write_text("seats_per_person = 3\n")
        self.config.chmod(0o600)
        assert dropcopy(home, "demo", "--headless").returncode == 0
        self.store = next(home.rglob("dropcopy.db"))

    def sit_down(self, user: str = OPERATOR) -> Terminal:
        program = [sys.executable, str(ROOT / "tests/e2e/seat_app.py")]
        terminal = Terminal([*program, str(self.store), str(self.config), str(self.clock), user],
                            env={"PYTHONPATH": str(ROOT), "HOME": str(self.home)})  # fmt: skip
        terminal.wait_for(HOME, _PATIENCE)
        self.until(lambda: self.seats())
        # The application counts from when it knows of its seat.
        terminal.wait_quiet(1.5, _PATIENCE)
        return terminal

    def forward(self, minutes: float) -> None:
        """Put the clock forward, at one moment for all who look."""
        ahead = self.home / "ahead"
        ahead.write_text(str(float(self.clock.read_text()) + minutes * 60))
        ahead.replace(self.clock)

    def host(self, user: str, *args: str) -> str:
        done = dropcopy(self.home, "--store", str(self.store), "--config", str(self.config), "--as", user, *args)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.store)
        found = connection.execute(sql).fetchall()
        connection.close()
        return found

    def seats(self) -> list[tuple[object, ...]]:
        return self.ask("SELECT id FROM seat WHERE ended_at IS NULL")

    def until(self, holds: Callable[[], object]) -> None:
        end = time.monotonic() + _PATIENCE
        while not holds():
            assert time.monotonic() < end, "never came true"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    home = tmp_path_factory.mktemp("seats")
    home.chmod(0o700)
    return Desk(home)


@pytest.fixture
def desk(made: Desk) -> Iterator[Desk]:
    yield made
    made.host(OPERATOR, "seats", "end", "--all", "--yes")


def said(terminal: Terminal) -> str:
    """What is on the terminal, wherever its lines break."""
    return terminal.text().replace("\n", "")


def resume(terminal: Terminal) -> None:
    terminal.wait_for("Enter sends a code", _PATIENCE)
    terminal.press("enter")
    code = terminal.wait_for(r"Your code is (\d{6})", _PATIENCE)[1]
    terminal.type(code)
    terminal.press("enter")


def test_a_half_filled_wizard_is_blank_while_it_is_locked_and_there_afterwards(desk: Desk) -> None:
    with desk.sit_down() as terminal:
        begin_group(terminal, "HALF-A-", _PATIENCE)
        began = time.monotonic()
        desk.forward(15)
        terminal.wait_for("Locked", _PATIENCE)
        assert time.monotonic() - began < 8
        text = terminal.text()
        assert "no key was pressed for 15 minutes" in text
        for word in ("HALF", "Request Center", "BrokerTec", "Entity", "SANDBOX"):
            assert word not in text
        # Nothing of a person is written while nobody does anything.
        terminal.wait_quiet()
        written = len(terminal.raw)
        time.sleep(4)
        terminal.text()
        assert len(terminal.raw) == written
        resume(terminal)
        terminal.wait_for("HALF-A-", _PATIENCE)
        terminal.type("NAME")
        terminal.wait_for("HALF-A-NAME", _PATIENCE)
        terminal.press("ctrl+q")
        assert terminal.wait_exit(_PATIENCE) == 0
        assert_restored(terminal)
    assert desk.ask("SELECT how FROM seat ORDER BY id DESC LIMIT 1") == [("left",)]
    found = json.loads(desk.host(OPERATOR, "drafts", "list", "--json"))
    assert "HALF-A-NAME" in [draft["name"] for draft in found]


def test_the_sign_out_keeps_the_draft_and_restores_the_terminal(desk: Desk) -> None:
    with desk.sit_down() as terminal:
        begin_group(terminal, "KEPT-OVERNIGHT", _PATIENCE)
        desk.forward(15)
        terminal.wait_for("Locked", _PATIENCE)
        desk.forward(15)
        assert terminal.wait_exit(_PATIENCE) == 3
        assert_restored(terminal)
        assert "signed out after 30 minutes without a key press. Your drafts are kept." in said(terminal)
    found = json.loads(desk.host(OPERATOR, "drafts", "list", "--json"))
    assert "KEPT-OVERNIGHT" in [draft["name"] for draft in found]


def test_a_disabled_person_is_out_within_five_seconds_and_reads_who_did_it(desk: Desk) -> None:
    with desk.sit_down("multi-operator") as terminal:
        desk.host("operations", "people", "disable", "multi-operator")
        began = time.monotonic()
        assert terminal.wait_exit(_PATIENCE) == 3
        assert time.monotonic() - began < 5
        assert "operations disabled your account. Your drafts are kept." in said(terminal)
        assert_restored(terminal)
    desk.host("operations", "people", "enable", "multi-operator")


def test_a_process_that_is_killed_leaves_a_seat_that_does_not_count(desk: Desk) -> None:
    with desk.sit_down() as terminal:
        number = desk.seats()[-1][0]
        pid = desk.ask(f"SELECT pid FROM seat WHERE id = {number}")[0][0]
        os.kill(int(str(pid)), signal.SIGKILL)
        terminal.wait_exit(_PATIENCE)
    listed = json.loads(desk.host(OPERATOR, "seats", "list", "--json"))
    assert [(row["id"], row["state"]) for row in listed] == [(number, "lost")]
    with desk.sit_down() as terminal:
        desk.until(lambda: desk.ask(f"SELECT how FROM seat WHERE id = {number}") == [("lost",)])
        terminal.press("ctrl+q")
        assert terminal.wait_exit(_PATIENCE) == 0


def test_a_recovery_code_opens_the_lock(desk: Desk) -> None:
    challenge = json.loads(
        desk.host(OPERATOR, "authenticator", "challenge", "--factor", "sms", "--recovery", "--json")
    )["challenge"]
    message = json.loads(desk.host("operations", "outbox", "list", "--limit", "1", "--json"))[0]["body"]
    found = re.search(r"code is (\d{6})", message)
    assert found
    codes = desk.host(
        OPERATOR, "authenticator", "recovery-codes", "--challenge", challenge, "--code", found[1], "--out", "-"
    ).splitlines()
    with desk.sit_down() as terminal:
        desk.forward(15)
        terminal.wait_for("Locked", _PATIENCE)
        terminal.wait_for("Ctrl-O other way", _PATIENCE)
        terminal.press("ctrl+o")
        terminal.wait_for("10 codes left of your list", _PATIENCE)
        terminal.type(codes[0].replace(" ", ""))
        terminal.press("enter")
        terminal.wait_for(HOME, _PATIENCE)
        terminal.press("ctrl+q")
        assert terminal.wait_exit(_PATIENCE) == 0
    assert json.loads(desk.host(OPERATOR, "authenticator", "recovery-codes", "--json"))["left"] == 9

"""Seats behind a real sshd: three a person, ended by others, by a revoked key and by a line that breaks; the lock."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.pty import Terminal
from tests.e2e.ssh_server import WHY_NOT, ssh_desk
from tests.e2e.test_main_job import dropcopy
from tests.e2e.test_ssh_desk import People

pytestmark = [pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT), pytest.mark.xdist_group("sshd")]
ME, OTHER = "acme-operator", "multi-operator"
HOME = r"Drop Copy Groups +\d"
_PATIENCE = 90


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """The desk of a site that locks after a minute: a clock of the host is not to be moved."""
    folder = tmp_path_factory.mktemp("ssh")
    folder.chmod(0o700)
    home = folder / "home"
    home.mkdir()
    assert dropcopy(home, "demo", "--headless").returncode == 0
    store = next(home.rglob("dropcopy.db"))
    config = store.parent / "config.toml"
    config.write_text(f'store = "{store}"\nseat_lock_minutes = 1\nseats_per_person = 3\n')
    config.chmod(0o600)
    with ssh_desk(folder / "sshd", store, "--config", str(config)) as desk:
        yield People(desk, home, (ME, OTHER))


@pytest.fixture
def empty(people: People) -> Iterator[People]:
    """Nobody is in before, and nobody afterwards."""
    yield people
    for name in people.keys:
        assert people.run(name, "seats", "end", "--all", "--yes").returncode == 0


def listed(people: People, name: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(people.run(name, "seats", "list", "--json").stdout)
    return found


def sit_down(people: People, name: str) -> Terminal:
    terminal = people.desk.sit_down(people.keys[name])
    terminal.wait_for(HOME, _PATIENCE)
    return terminal


def until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def said(terminal: Terminal) -> str:
    return terminal.text().replace("\n", "")


def test_an_application_is_a_seat_and_a_command_is_none(empty: People) -> None:
    assert listed(empty, ME) == []
    with sit_down(empty, ME) as terminal:
        until(lambda: listed(empty, ME), "the seat")
        (seat,) = listed(empty, ME)
        fingerprint = json.loads(empty.run(ME, "ssh", "keys", "list", "--json").stdout)[0]["fingerprint"]
        assert (seat["by"], seat["address"], seat["state"]) == ("ssh_key", "127.0.0.1", "open")
        assert seat["fingerprint"] == fingerprint
        terminal.press("ctrl+q")
        assert terminal.wait_exit(_PATIENCE) == 0
    assert listed(empty, ME) == []


def test_a_fourth_is_refused_and_one_that_was_ended_makes_room(empty: People) -> None:
    with sit_down(empty, ME) as first, sit_down(empty, ME) as second, sit_down(empty, ME) as third:
        until(lambda: len(listed(empty, ME)) == 3, "three seats")
        with empty.desk.sit_down(empty.keys[ME]) as fourth:
            assert fourth.wait_exit(_PATIENCE) == 3
            assert "already has 3 open seats" in said(fourth)
            assert "dropcopy seats end" in said(fourth)
        oldest = min(int(str(seat["id"])) for seat in listed(empty, ME))
        assert empty.run(ME, "seats", "end", str(oldest), "--yes").returncode == 0
        # Once the store has it.
        began = time.monotonic()
        assert first.wait_exit(_PATIENCE) == 3
        assert time.monotonic() - began < 5
        assert "You ended this seat from elsewhere. Your drafts are kept." in said(first)
        with sit_down(empty, ME) as again:
            for terminal in (second, third, again):
                terminal.press("ctrl+q")
                assert terminal.wait_exit(_PATIENCE) == 0


def test_an_operator_ends_it_with_a_word(empty: People) -> None:
    with sit_down(empty, OTHER) as terminal:
        until(lambda: listed(empty, OTHER), "the seat")
        number = str(listed(empty, OTHER)[0]["id"])
        # Not by another person of the firm.
        refused = empty.run(ME, "seats", "end", number, "--yes")
        assert (refused.returncode, b"does not exist" in refused.stderr) == (1, True)
        done = empty.host("operations", "seats", "end", number, "--reason", "Maintenance tonight", "--yes")
        assert done.returncode == 0, done.stderr
        assert terminal.wait_exit(_PATIENCE) == 3
        assert "operations ended your seat: Maintenance tonight. Your drafts are kept." in said(terminal)


def test_a_line_that_breaks_leaves_no_seat_that_counts(empty: People) -> None:
    with sit_down(empty, ME) as terminal:
        until(lambda: listed(empty, ME), "the seat")
        terminal.signal(signal.SIGKILL)
    until(lambda: all(seat["state"] != "open" for seat in listed(empty, ME)), "the seat is over")


def test_a_revoked_key_ends_what_it_opened(empty: People, tmp_path: Path) -> None:
    key = empty.desk.key("spare")
    empty.add(ME, key)
    with empty.desk.sit_down(key) as terminal:
        terminal.wait_for(HOME, _PATIENCE)
        until(lambda: listed(empty, ME), "the seat")
        asked = empty.host(ME, "ssh", "keys", "challenge", "--factor", "sms", "--revoke", "spare on a laptop", "--json")
        challenge = json.loads(asked.stdout)["challenge"]
        args = ("spare on a laptop", "--challenge", challenge, "--code", empty.code(), "--yes")
        assert empty.host(ME, "ssh", "keys", "revoke", *args).returncode == 0
        assert terminal.wait_exit(_PATIENCE) == 3
        assert "You revoked the SSH key of this seat. Your drafts are kept." in said(terminal)


def test_a_seat_of_an_ssh_key_is_locked_and_takes_a_second_factor(empty: People) -> None:
    with sit_down(empty, ME) as terminal:
        terminal.press("enter")
        terminal.wait_for("US-RATES-RISK", _PATIENCE)
        terminal.wait_for("Locked", 75 + _PATIENCE)
        assert "US-RATES" not in terminal.text()
        assert listed(empty, ME)[0]["state"] == "locked"
        terminal.wait_for("Enter sends a code", _PATIENCE)
        terminal.press("enter")
        terminal.type(terminal.wait_for(r"Your code is (\d{6})", _PATIENCE)[1])
        terminal.press("enter")
        terminal.wait_for("US-RATES-RISK", _PATIENCE)
        terminal.press("ctrl+q")
        assert terminal.wait_exit(_PATIENCE) == 0
    actions = [action for action, _, _ in _events(empty)]
    assert actions[-4:] == ["seat:opened", "seat:locked", "seat:resumed", "seat:ended"]
    assert all("ssh=127.0.0.1 key=SHA256:" in origin for _, origin, _ in _events(empty)[-4:])


def _events(people: People) -> list[tuple[str, str, str]]:

    sql = "SELECT action, origin, after FROM audit_event WHERE subject = ? AND action LIKE 'seat:%' ORDER BY id"
    return sqlite3.connect(people.store).execute(sql, (ME,)).fetchall()

"""dropcopy seats, and recovery codes on the command line."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from dropcopy_tui.process import machine, started_at
from tests.cli.conftest import Cli, read_code


def open_seat(store: Path, user: str, *, started: int | None = None) -> int:
    """A seat of this process, or with another start one whose process has ended."""
    now = "strftime('%Y-%m-%d %H:%M:%f000', 'now')"
    sql = (
        "INSERT INTO seat (person_id, way, host, account, tty, address, machine, pid, started, opened_at, seen_at, "
        f"acted_at, tries) SELECT id, 'account', 'desk-host', 'desk', '/dev/pts/7', '', ?, ?, ?, {now}, {now}, "
        f"{now}, 0 FROM person WHERE user_id = ?"
    )
    with sqlite3.connect(store) as connection:
        start = started_at(os.getpid()) if started is None else started
        made = connection.execute(sql, (machine(), os.getpid(), start, user)).lastrowid
    connection.close()
    assert made is not None
    return made


def test_ones_own_seats_are_listed_and_ended(operator: Cli, sandbox: Path) -> None:
    assert operator("seats", "list").err == "No seats are open.\n"
    first, second = open_seat(sandbox, "acme-operator"), open_seat(sandbox, "acme-operator", started=1)
    found = operator.json("seats", "list")
    assert [row["id"] for row in found] == [second, first]
    assert found[0] == {
        "id": second, "person": "acme-operator", "by": "account", "state": "lost", "host": "desk-host",
        "account": "desk",
        "terminal": "/dev/pts/7", "address": None, "fingerprint": None, "opened_at": found[0]["opened_at"],
        "acted_at": found[0]["opened_at"], "locked_at": None,
    }  # fmt: skip
    assert found[1]["state"] == "open"
    table = operator("seats", "list").out.splitlines()
    assert table[0].split() == ["ID", "PERSON", "FROM", "HOST", "BY", "SINCE", "IDLE", "STATE"]
    assert "desk pts/7" in table[1]
    ended = operator.json("seats", "end", first, "--yes")
    assert (ended["id"], ended["state"]) == (first, "ended")
    assert operator.json("seats", "end", "--all", "--yes") == {"ended": 1}
    assert operator.json("seats", "list") == []


def test_ending_takes_a_yes_and_one_meaning(operator: Cli, sandbox: Path) -> None:
    seat = open_seat(sandbox, "acme-operator")
    for args in ((seat,), ("--all",)):
        refused = operator("seats", "end", *args)
        assert (refused.code, "--yes" in refused.err) == (2, True)
    for args in ((), (seat, "--all")):
        refused = operator("seats", "end", *args, "--yes")
        assert (refused.code, "not both" in refused.err) == (2, True)
    assert operator("seats", "end", "0", "--yes").code == 2
    assert len(operator.json("seats", "list")) == 1


def test_operations_see_and_end_those_of_everyone(cli: Cli, operator: Cli, sandbox: Path) -> None:
    seat, operations = open_seat(sandbox, "acme-operator"), cli.on(sandbox, "operations")
    assert [row["person"] for row in operations.json("seats", "list", "--everyone")] == ["acme-operator"]
    assert operator("seats", "list", "--everyone", "--json").error == "not_entitled"
    assert (
        operations.json("seats", "end", seat, "--reason", "Maintenance tonight", "--yes")["person"] == "acme-operator"
    )
    assert operations("seats", "end", seat, "--yes", "--json").error == "not_found"
    assert operator.json("notices", "list")[0]["text"] == "Your seat was ended"


def test_someone_elses_seat_does_not_exist(operator: Cli, sandbox: Path) -> None:
    seat = open_seat(sandbox, "operations")
    assert operator("seats", "end", seat, "--yes", "--json").error == "not_found"


@pytest.mark.parametrize("reason", ["\x1b[31mred", "x" * 101])
def test_a_word_that_no_terminal_should_get_is_refused(cli: Cli, sandbox: Path, reason: str) -> None:
    seat = open_seat(sandbox, "acme-operator")
    refused = cli.on(sandbox, "operations")("seats", "end", seat, "--reason", reason, "--yes", "--json")
    assert refused.error == "invalid_value"


def test_recovery_codes_are_made_once_shown_and_used_up(operator: Cli, tmp_path: Path) -> None:
    assert operator.json("authenticator", "recovery-codes") == {"left": 0, "made_at": None, "usable_at": None}
    assert operator("keys", "challenge", "--factor", "recovery", "--json").error == "factor_unavailable"
    started = operator.json("authenticator", "challenge", "--factor", "sms", "--recovery")
    file, given = tmp_path / "codes.txt", ("--challenge", started["challenge"], "--code", read_code(operator))
    assert operator("authenticator", "recovery-codes", *given, "--json").code == 2, "they need a place"
    made = operator.json("authenticator", "recovery-codes", *given, "--out", file)
    assert (made["file"], made["codes"]) == (str(file), 10)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    codes = file.read_text().splitlines()
    assert len(set(codes)) == 10
    assert operator.json("authenticator", "recovery-codes")["left"] == 10
    # In place of the phone, to make others: this one is used up, and so are those of before.
    again = operator.json("authenticator", "challenge", "--factor", "recovery", "--recovery")
    used = operator(
        "authenticator", "recovery-codes", "--challenge", again["challenge"], "--code", codes[3], "--out", "-"
    )
    assert used.code == 0
    fresh = used.out.splitlines()
    assert len(fresh) == 10
    assert not set(fresh) & set(codes)
    told = [notice["text"] for notice in operator.json("notices", "list")]
    assert told[:3] == [
        "Recovery codes were made for you",
        "A recovery code was used",
        "Recovery codes were made for you",
    ]


def test_a_recovery_code_that_is_wrong_or_used_opens_nothing(operator: Cli, tmp_path: Path) -> None:
    file = tmp_path / "codes.txt"
    started = operator.json("authenticator", "challenge", "--factor", "sms", "--recovery")
    operator(
        "authenticator",
        "recovery-codes",
        "--challenge",
        started["challenge"],
        "--code",
        read_code(operator),
        "--out",
        file,
    )
    code = file.read_text().splitlines()[0]
    again = operator.json("authenticator", "challenge", "--factor", "recovery", "--recovery")["challenge"]
    for wrong in ("12345678901", "123456789012"):
        refused = operator(
            "authenticator", "recovery-codes", "--challenge", again, "--code", wrong, "--out", "-", "--json"
        )
        assert (refused.code, refused.error) == (4, "second_factor_failed")
    assert operator.json("authenticator", "recovery-codes")["left"] == 10
    enrol = operator.json("authenticator", "challenge", "--factor", "recovery")["challenge"]
    assert operator("authenticator", "enrol", "--challenge", enrol, "--code", code, "--out", "-").code == 0
    assert operator.json("authenticator", "recovery-codes")["left"] == 9
    twice = operator.json("keys", "challenge", "--factor", "recovery")["challenge"]
    refused = operator(
        "keys", "download", "T4C", "--challenge", twice, "--code", code, "--out", tmp_path / "x", "--json"
    )
    assert refused.error == "second_factor_failed"


def test_options_that_belong_together(operator: Cli) -> None:
    for args in (("--code", "1"), ("--out", "-"), ("--code-file", "x")):
        refused = operator("authenticator", "recovery-codes", *args)
        assert (refused.code, "--challenge" in refused.err) == (2, True)
    assert operator("authenticator", "challenge", "--factor", "sms", "--remove", "--recovery").code == 2

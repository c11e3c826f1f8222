"""`dropcopy audit`: narrowed, as text, JSON and CSV; and `sessions retire`."""

from __future__ import annotations

import csv
import io
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.stores import as_the_desk


@pytest.fixture
def auditor(cli: Cli, sandbox: Path) -> Cli:
    return cli.on(sandbox, "auditor")


@pytest.fixture
def gam(cli: Cli, sandbox: Path) -> Cli:
    return cli.on(sandbox, "gam-desk")


def release(store: Path, session_id: str) -> None:
    """As if its group had been deleted."""
    with sqlite3.connect(store) as connection:
        connection.execute("UPDATE session SET status = 'released' WHERE session_id = ?", (session_id,))
    connection.close()
    as_the_desk(store)


def test_every_filter_narrows_and_the_newest_is_first(auditor: Cli) -> None:
    every = auditor.json("audit", "list")
    assert [event["id"] for event in every] == sorted((event["id"] for event in every), reverse=True)
    mine = auditor.json("audit", "list", "--person", "acme-operator", "--kind", "keypair")
    assert mine
    assert {event["person"] for event in mine} == {"acme-operator"}
    assert {event["action"].partition(":")[0] for event in mine} == {"keypair"}
    assert auditor.json("audit", "list", "--kind", "keypair:generated", "--limit", 1) == [
        next(event for event in every if event["action"] == "keypair:generated")
    ]
    about = auditor.json("audit", "list", "--session", "t8g")
    assert {event["action"] for event in about} == {
        "session:allocated", "request:submitted", "keypair:generated", "keypair:deleted",
    }  # fmt: skip
    group = auditor.json("audit", "list", "--group", "GLOBEX-FUTURES")
    assert {"group:created", "session:allocated", "request:completed"} <= {event["action"] for event in group}


def test_since_and_until_part_the_trail(auditor: Cli) -> None:
    day = auditor.json("audit", "list", "--kind", "group:created")[-1]["at"][:10]
    # The call that asks signs in, which is an event itself.
    until = auditor.json("audit", "list", "--until", day)
    since = auditor.json("audit", "list", "--since", day)
    both = auditor.json("audit", "list", "--since", day, "--until", day)
    assert both
    assert {event["at"][:10] for event in both} == {day}
    assert max(event["at"] for event in until)[:10] == day
    assert min(event["at"] for event in since)[:10] == day
    assert auditor.json("audit", "list", "--until", "2020-01-01") == []


def test_a_time_that_is_none(auditor: Cli) -> None:
    ran = auditor("audit", "list", "--since", "yesterday")
    assert (ran.code, ran.out) == (1, "")
    assert "'yesterday' is not a valid time. Use a day such as" in ran.err


def test_csv_has_every_field_and_no_formula(auditor: Cli, sandbox: Path) -> None:
    with sqlite3.connect(sandbox) as connection:
        connection.execute("UPDATE audit_event SET subject = '=1+1' WHERE action = 'keypair:deleted'")
    connection.close()
    ran = auditor("audit", "list", "--kind", "keypair", "--csv")
    header, *rows = csv.reader(io.StringIO(ran.out))
    assert header == ["id", "at", "person", "action", "entity", "subject", "origin", "before", "after"]
    assert len(rows) == len(auditor.json("audit", "list", "--kind", "keypair"))
    assert "'=1+1" in {row[5] for row in rows}
    assert all('"sessions": ["' in row[8] for row in rows)
    both = auditor("audit", "list", "--csv", "--json")
    assert both.code == 2


def test_nobody_else_reads_it(cli: Cli, sandbox: Path) -> None:
    ran = cli.on(sandbox, "acme-operator")("audit", "list", "--json")
    assert (ran.code, ran.error) == (3, "not_entitled")


def test_gam_retires_a_released_session(gam: Cli, auditor: Cli, sandbox: Path) -> None:
    release(sandbox, "T5A")
    listed = gam.json("sessions", "list", "--status", "released")
    assert [session["session_id"] for session in listed] == ["T5A"]
    view = gam.json("sessions", "retire", "T5A", "--yes")
    assert view["status"] == "retired"
    assert {key["state"] for key in view["keys"]} == {"deleted"}
    assert gam.json("sessions", "list", "--status", "released") == []
    assert [event["subject"] for event in auditor.json("audit", "list", "--kind", "session:retired")] == ["T5A"]


@pytest.mark.parametrize(
    ("user", "session", "code", "error", "words"),
    [
        ("gam-desk", "T4C", 1, "session_in_use", "group US-RATES-RISK uses it"),
        ("acme-operator", "T5A", 3, "not_entitled", "required role: GAM"),
        ("gam-desk", "XXX", 1, "not_found", "Session XXX does not exist"),
        ("exrates-operator", "T5A", 1, "not_found", "or you have no access to it"),
    ],
)
def test_what_is_refused(user: str, session: str, code: int, error: str, words: str, cli: Cli, sandbox: Path) -> None:
    release(sandbox, "T5A")
    ran = cli.on(sandbox, user)("sessions", "retire", session, "--yes", "--json")
    assert (ran.code, ran.error) == (code, error)
    assert words in ran.json["error"]["message"]


def test_a_globex_group_from_the_command_line(cli: Cli, sandbox: Path) -> None:
    """Both gateways: two target sessions; sources of another clearing firm wait for its approval."""
    operator = cli.on(sandbox, "acme-operator")
    asked = ("--entity", "ACME", "--market", "globex", "--front-end", "Ladder One 4.2", "--filter", "trade_fill_notice")
    operator.json("groups", "create", *asked, "--name", "FUT-BOTH", "--all-sources", "--gfid", "8AC", "--gfid", "9AC")
    cli.on(sandbox, "operations").json("process")
    shown = operator.json("groups", "show", "FUT-BOTH")
    assert sorted(session["gateway"] for session in shown["sessions"]) == ["cgw", "msgw"]
    waits = operator.json("groups", "create", *asked, "--name", "FUT-CLR", "--all-sources", "--gfid", "CLR")
    assert (waits["status"], waits["stage"]) == ("in_progress", "awaiting approval by SAMPLECLR")

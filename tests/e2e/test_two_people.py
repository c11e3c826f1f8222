"""Two people in two terminals, each deleting, editing and deciding under the other.

Twenty seconds in the suite; `DROPCOPY_TWO_PEOPLE=1800` is half an hour. `DROPCOPY_TWO_PEOPLE_SEED` deals other keys.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.command import DROPCOPY
from tests.e2e.test_demo_terminal import STORE
from tests.e2e.test_main_job import at_home, dropcopy
from tests.e2e.two_people import Person
from tests.stores import as_the_desk

SECONDS = float(os.environ.get("DROPCOPY_TWO_PEOPLE", "20"))
SEED = os.environ.get("DROPCOPY_TWO_PEOPLE_SEED", "20261128")
PEOPLE = ("acme-operator", "acme-colleague")


def prepared(home: Path) -> Path:
    """A sandbox in which two people of one firm may do everything, and decide about each other's requests."""
    home.mkdir()
    dropcopy(home, "demo", "--headless")
    store = home / STORE
    on_store = ("--store", str(store), "--as", "acme-admin", "people")
    email = ("--email", "colleague@acme.example", "--mobile", "+15550100999")
    roles = ("--role", "full_access", "--role", "key_management", "--role", "administrative_manager")
    invited = dropcopy(home, *on_store, "invite", PEOPLE[1], "--name", "A colleague", *email, *roles)
    assert invited.returncode == 0, invited.stderr
    given = dropcopy(home, *on_store, "entitle", PEOPLE[0], "administrative_manager")
    assert given.returncode == 0, given.stderr
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE entity SET approvals = 'always' WHERE code = 'ACME'")
    as_the_desk(store)
    return store


def events(store: Path, after: int = 0) -> list[tuple[str, str]]:
    """The audit events, each with its subject."""
    with closing(sqlite3.connect(store)) as connection:
        rows = connection.execute("SELECT action, subject FROM audit_event WHERE id > ? ORDER BY id", (after,))
        return [(action, subject) for action, subject in rows]


def ids(store: Path, sql: str) -> set[str]:
    with closing(sqlite3.connect(store)) as connection:
        return {str(each) for (each,) in connection.execute(sql)}


def assert_nothing_lost(store: Path, since: int) -> None:
    """What the audit trail says was made is there, unless it also says what became of it."""
    said = events(store, since)
    count = Counter(action for action, _ in said)
    assert ids(store, "PRAGMA integrity_check") == {"ok"}
    assert ids(store, "PRAGMA foreign_key_check") == set()
    drafts = {subject for action, subject in said if action == "draft:started"}
    gone = {subject for action, subject in said if action == "draft:discarded"}
    kept = {f"draft {each}" for each in ids(store, "SELECT id FROM draft")}
    assert drafts - gone - kept == set()
    ended = {subject for action, subject in said if action in ("request:completed", "request:failed")}
    assert ended <= ids(store, "SELECT reference FROM request WHERE status IN ('completed', 'failed')")
    made = {subject for action, subject in said if action == "group:created"}
    named = ids(store, "SELECT name FROM drop_copy_group")
    renamed = count["group:changed"]
    assert len(made - named) <= renamed
    pairs = len(ids(store, "SELECT id FROM key_pair WHERE deleted_at IS NULL"))
    assert pairs >= count["keypair:generated"] - count["keypair:deleted"]


def test_two_people_under_each_other(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = prepared(home)
    since = len(events(store))
    at_store = [*DROPCOPY, "--store", str(store)]
    people = [Person([*at_store, "--as", name], at_home(home), name, SEED, SECONDS) for name in PEOPLE]
    for each in people:
        each.start()
    for each in people:
        each.join(SECONDS + 180)
    assert [each.name for each in people if each.is_alive()] == []
    report = {each.name: (each.acts, sorted(each.refusals)) for each in people}
    print(json.dumps(report), Counter(action for action, _ in events(store, since)))
    # Not as an assertion: the screens would be cut.
    if wrong := [f"{each.name}: {what}" for each in people for what in each.wrong]:
        pytest.fail("\n".join(wrong), pytrace=False)
    assert [each.exit_code for each in people] == [0, 0]
    assert [path.read_text() for path in home.rglob("incidents.log")] == []
    verified = dropcopy(home, "--store", str(store), "--as", "auditor", "audit", "verify", "--json")
    assert json.loads(verified.stdout)["valid"], verified.stdout
    seen = set().union(*(each.references for each in people))
    assert seen <= ids(store, "SELECT reference FROM request")
    assert_nothing_lost(store, since)
    assert sum(sum(each.acts.values()) for each in people) >= 4

"""The tables have the last word: what a service forgets, a constraint refuses."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dropcopy_tui.store.engine import create_store

T = "2026-03-04 15:00:00.000000"
LATER = "2027-03-04 15:00:00.000000"
ROWS: dict[str, dict[str, Any]] = {
    "entity": {"id": 1, "code": "ACME", "name": "Acme", "clearing_firm": 0, "approvals": "never"},
    "person": {"id": 1, "user_id": "jo", "name": "Jo", "email": "jo@x", "os_account": "jo", "failed_tries": 0,
               "disabled": 0, "created_at": T},
    "entitlement": {"id": 1, "person_id": 1, "role": "full_access", "entity_id": 1},
    "front_end": {"id": 1, "name": "Ladder", "version": "1", "vendor": ""},
    "front_end_mapping": {"entity_id": 1, "front_end_id": 1},
    "sender_comp": {"id": 1, "entity_id": 1, "market": "globex", "sender_comp_id": "ABCXYZP", "session_id": "ABC",
                    "gfid": "XYZ", "fti": "P", "gateway": "cgw", "status": "active"},
    "drop_copy_group": {"id": 1, "entity_id": 1, "market": "globex", "name": "Rates", "name_key": "rates",
                        "front_end_id": 1, "sources": 1, "version": 1, "created_at": T, "created_by": 1},
    "group_filter": {"group_id": 1, "filter": "reject"},
    "group_source": {"group_id": 1, "sender_comp_id": "ABCXYZP", "sender_comp_pk": 1, "gfid": "XYZ"},
    "draft": {"id": 1, "person_id": 1, "market": "globex", "name": "", "filters": "[]", "step": 1, "version": 1,
              "updated_at": T},
    "draft_source": {"draft_id": 1, "sender_comp_id": "ABCXYZP", "sender_comp_pk": 1, "gfid": "XYZ"},
    "session": {"id": 1, "entity_id": 1, "market": "globex", "session_id": "T01", "kind": "drop_copy",
                "gateway": "cgw", "status": "active", "group_id": 1, "created_at": T},
    "key_pair": {"id": 1, "session_pk": 1, "access_key_id": "K" * 20, "sealed_secret": b"s", "slot": 1,
                 "created_at": T, "expires_at": LATER, "created_by": 1},
    "challenge": {"id": "c", "person_id": 1, "factor": "sms", "purpose": "keys", "tries": 0, "created_at": T,
                  "expires_at": LATER},
    "request": {"id": 1, "reference": "DC-1", "type": "create_group", "status": "in_progress", "entity_id": 1,
                "subject": "Rates", "draft_id": 1, "asked": "{}", "reasons": "[]",
                "submitted_by": 1, "submitted_at": T, "version": 1},
    "decision": {"id": 1, "request_id": 1, "person_id": 1, "verdict": "deny", "reason": "no", "at": T},
    "outbox": {"id": 1, "channel": "sms", "recipient": "", "subject": "", "body": "", "state": "held",
               "created_at": T},
}  # fmt: skip
# A second row that differs in its keys: what must still be possible.
OTHERS: dict[str, dict[str, Any]] = {
    "entity": {"id": 2, "code": "OTHER"},
    "person": {"id": 2, "user_id": "al", "email": "al@x", "os_account": "al"},
    "entitlement": {"id": 2, "role": "read_only"},
    "front_end": {"id": 2, "version": "2"},
    "sender_comp": {"id": 2, "fti": "B", "sender_comp_id": "ABCXYZB"},
    "drop_copy_group": {"id": 2, "name": "Repo", "name_key": "repo"},
    "session": {"id": 2, "session_id": "T02"},
    "key_pair": {"id": 2, "access_key_id": "L" * 20, "slot": 2},
    "challenge": {"id": "d"},
    "request": {"id": 2, "reference": "DC-2", "draft_id": None},
    "decision": {"id": 2},
    "draft": {"id": 2},
    "outbox": {"id": 2},
}


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path: Path = tmp_path_factory.mktemp("constraints") / "store.db"
    create_store(path)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA foreign_keys=ON")
    for table, row in ROWS.items():
        insert(connection, table, row)
    yield connection
    connection.close()


@pytest.fixture
def store(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN")
    yield connection
    connection.execute("ROLLBACK")


def insert(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    named = ", ".join(f":{name}" for name in row)
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({named})", row)


def another(table: str, **more: Any) -> dict[str, Any]:
    return ROWS[table] | OTHERS.get(table, {}) | more


@pytest.mark.parametrize("table", OTHERS)
def test_another_row_is_taken(store: sqlite3.Connection, table: str) -> None:
    insert(store, table, another(table))


@pytest.mark.parametrize(
    ("table", "wrong"),
    [
        ("entity", {"approvals": "sometimes"}),
        ("person", {"failed_tries": -1}),
        ("entitlement", {"role": "king"}),
        ("entitlement", {"entity_id": None}),
        ("entitlement", {"role": "gam"}),
        ("sender_comp", {"gateway": "gw"}),
        ("sender_comp", {"status": "gone"}),
        ("sender_comp", {"fti": "X", "sender_comp_id": "ABCXYZX"}),
        ("sender_comp", {"sender_comp_id": "ABCXYZN"}),
        ("drop_copy_group", {"name": ""}),
        ("group_filter", {"filter": "noise"}),
        ("draft", {"step": 0}),
        ("draft", {"step": 7}),
        ("session", {"kind": "party"}),
        ("session", {"gateway": "gw"}),
        ("session", {"status": "gone"}),
        ("session", {"session_id": "T002"}),
        ("key_pair", {"access_key_id": "L" * 19}),
        ("key_pair", {"slot": 3}),
        ("key_pair", {"slot": 0}),
        ("key_pair", {"expires_at": T}),
        ("key_pair", {"deleted_at": T}),
        ("challenge", {"tries": 4}),
        ("challenge", {"tries": -1}),
        ("request", {"type": "wish"}),
        ("request", {"status": "lost"}),
        ("request", {"ended_at": T}),
        ("request", {"status": "completed"}),
        ("decision", {"verdict": "maybe"}),
        ("decision", {"reason": ""}),
        ("outbox", {"channel": "pigeon"}),
        ("outbox", {"state": "lost"}),
    ],
    ids=str,
)
def test_a_value_out_of_bounds_is_refused(store: sqlite3.Connection, table: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        insert(store, table, another(table, **wrong))


@pytest.mark.parametrize(
    ("table", "same"),
    [
        ("entity", {"code": "ACME"}),
        ("person", {"user_id": "jo"}),
        ("person", {"email": "jo@x"}),
        ("person", {"os_account": "jo"}),
        ("entitlement", {"role": "full_access"}),
        ("front_end", {"version": "1"}),
        ("front_end_mapping", {}),
        ("sender_comp", {"fti": "P", "sender_comp_id": "ABCXYZP"}),
        ("drop_copy_group", {"name_key": "rates"}),
        ("group_filter", {}),
        ("group_source", {}),
        ("draft_source", {}),
        ("session", {"session_id": "T01"}),
        ("key_pair", {"slot": 1}),
        ("key_pair", {"access_key_id": "K" * 20}),
        ("challenge", {"id": "c"}),
        ("request", {"reference": "DC-1"}),
        ("request", {"draft_id": 1}),
    ],
    ids=str,
)
def test_what_is_unique_is_refused_twice(store: sqlite3.Connection, table: str, same: dict[str, Any]) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        insert(store, table, another(table, **same))


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("entitlement", "person_id"),
        ("entitlement", "entity_id"),
        ("sender_comp", "entity_id"),
        ("sender_comp", "guarantor_id"),
        ("drop_copy_group", "front_end_id"),
        ("draft", "front_end_id"),
        ("session", "group_id"),
        ("key_pair", "session_pk"),
        ("key_pair", "created_by"),
        ("challenge", "person_id"),
        ("request", "entity_id"),
        ("decision", "request_id"),
        ("outbox", "person_id"),
    ],
)
def test_what_is_named_must_exist(store: sqlite3.Connection, table: str, column: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        insert(store, table, another(table, **{column: 999}))


def test_a_name_is_free_again_once_its_group_is_deleted(store: sqlite3.Connection) -> None:
    store.execute("UPDATE drop_copy_group SET deleted_at = ?", (T,))
    insert(store, "drop_copy_group", another("drop_copy_group", name_key="rates"))


def test_two_entities_may_have_groups_of_one_name(store: sqlite3.Connection) -> None:
    insert(store, "entity", another("entity"))
    insert(store, "drop_copy_group", another("drop_copy_group", name_key="rates", entity_id=2))


def test_a_third_living_pair_finds_no_slot_but_ended_ones_need_none(store: sqlite3.Connection) -> None:
    insert(store, "key_pair", another("key_pair"))
    for slot in (1, 2):
        with pytest.raises(sqlite3.IntegrityError):
            insert(store, "key_pair", another("key_pair", id=3, access_key_id="M" * 20, slot=slot))
    for number in (3, 4):
        insert(store, "key_pair", another("key_pair", id=number, access_key_id=f"{number}" * 20, slot=None))


def test_a_desk_role_is_held_once_and_at_no_entity(store: sqlite3.Connection) -> None:
    insert(store, "entitlement", another("entitlement", role="gam", entity_id=None))
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        insert(store, "entitlement", another("entitlement", id=3, role="gam", entity_id=None))


def test_one_session_id_may_be_in_two_markets(store: sqlite3.Connection) -> None:
    insert(store, "session", another("session", session_id="T01", market="brokertec_us"))


@pytest.mark.parametrize("table", ["entity", "person", "front_end", "drop_copy_group", "session", "sender_comp"])
def test_what_others_name_cannot_be_deleted(store: sqlite3.Connection, table: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        store.execute(f"DELETE FROM {table}")

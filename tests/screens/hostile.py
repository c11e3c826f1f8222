"""A store full of strings that no name should be: put there past every check, as an import of the past might have."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from tests.stores import as_the_desk

ODD = "[/x]\x1b]52;c;aGk=\x07[@click=app.quit]y[/]\x1b[31m\x9b31m\u202egnp\u200b\x00\x7f\x85e"
LONG = "ab " * 3_334
NAMES = (ODD, ODD + LONG, "[b]" + LONG, "\x1b[2J\x1b[H" + ODD)
OPERATOR = "acme-operator"


def spoil(store: Path) -> None:
    """Make every name and text in the store hostile; who acts keeps the user id."""
    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for table, column in (("entity", "name"), ("drop_copy_group", "name"), ("draft", "name"), ("notice", "text")):
            _each(connection, table, {column: _name})
        _each(connection, "entity", {"code": lambda pk: f"E{pk}{ODD}"})
        _each(connection, "front_end", {"name": _name, "version": lambda _: ODD, "vendor": lambda _: ODD})
        _each(connection, "person", {"name": _name, "email": lambda pk: f"{pk}@{ODD}", "mobile": lambda pk: ODD[::-1]})
        _each(connection, "person", {"user_id": lambda pk: f"{pk}{ODD}"}, f"user_id <> '{OPERATOR}'")
        _each(connection, "outbox", {"subject": _name, "body": _name, "recipient": lambda _: ODD})
        _each(connection, "request", {
            "subject": _name,
            "reasons": lambda pk: json.dumps([_name(pk), ODD]),
            "asked": lambda pk: json.dumps({"name": _name(pk), ODD: ODD, "sessions": [ODD, _name(pk)]}),
        })  # fmt: skip
        _each(
            connection,
            "session",
            {"session_id": lambda pk: f"\x1b[{chr(65 + pk % 26)}"},
            "kind = 'drop_copy' AND id % 2 = 0",
        )
        plain = ODD.replace("\x00", "")  # SQLite's || ends at a NUL
        for gfid, among in ((plain, "gfid = 'ACM01'"), (plain + LONG, "gfid = 'ACE01' AND id % 9 = 0")):
            connection.execute(
                "UPDATE sender_comp SET gfid = ?1, guarantor_id = 4, sender_comp_id = session_id || ?1 || fti "
                f"WHERE {among}",
                (gfid,),
            )
        connection.execute("UPDATE key_pair SET access_key_id = substr(access_key_id, 1, 12) || char(27) || ']52;c;a'")
    connection.close()
    as_the_desk(store)


def _name(pk: int) -> str:
    return f"{NAMES[pk % len(NAMES)]}{pk}"


def _each(connection: sqlite3.Connection, table: str, columns: dict[str, object], where: str = "1") -> None:
    for (pk,) in connection.execute(f"SELECT id FROM {table} WHERE {where}").fetchall():
        for column, make in columns.items():
            assert callable(make)
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (make(pk), pk))

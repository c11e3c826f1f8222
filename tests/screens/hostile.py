"""A store full of strings that no name should be: put there past every check, as an import of the past might have."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from tests.stores import as_the_desk

ODD = "[/x]\x1b]52;c;aGk=\x07[@click=app.quit]y[/]\x1b[31m\x9b31m\u202egnp\u200b\x00\x7f\x85e"
LONG = "ab " * 3_334
NAMES = (ODD, ODD + LONG, "[b]" + LONG, "\x1b[2J\x1b[H" + ODD)
OPERATOR = "acme-operator"


def spoil(store: Path, texts: Sequence[str] = NAMES, kept: Sequence[str] = (OPERATOR,)) -> None:
    """Make every name and text in the store hostile; who acts (`kept`) keeps the user id.

    The texts go to the fields in turn, so that each of them is somewhere if there are as many fields.
    """
    turn = cycle(texts)

    def text(pk: int) -> str:
        given = next(turn)
        # For SQLite, a text that begins with NUL has no length; a name has one.
        return f"{'x' * given.startswith(chr(0))}{given}{pk}"

    def odd(pk: int) -> str:
        """What must be different in every row."""
        return f"{pk}{text(pk)}"

    with sqlite3.connect(store) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for table, column in (("entity", "name"), ("drop_copy_group", "name"), ("draft", "name"), ("notice", "text")):
            _each(connection, table, {column: text})
        _each(connection, "entity", {"code": lambda pk: f"E{odd(pk)}"})
        _each(connection, "front_end", {"name": text, "version": text, "vendor": text})
        _each(connection, "person", {"name": text, "email": lambda pk: f"{pk}@{text(pk)}", "mobile": text})
        _each(connection, "person", {"user_id": odd}, f"user_id NOT IN ({', '.join(map(repr, kept))})")
        _each(connection, "outbox", {"subject": text, "body": text, "recipient": text})
        _each(connection, "request", {
            "subject": text,
            "reasons": lambda pk: json.dumps([text(pk), text(pk)]),
            "asked": lambda pk: json.dumps({"name": text(pk), text(pk): text(pk), "sessions": [text(pk), text(pk)]}),
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


def _each(connection: sqlite3.Connection, table: str, columns: dict[str, object], where: str = "1") -> None:
    for (pk,) in connection.execute(f"SELECT id FROM {table} WHERE {where}").fetchall():
        for column, make in columns.items():
            assert callable(make)
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (make(pk), pk))

"""What people call a row that grants power: by names that commands take, where the store still has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session as BaseSession

from dropcopy_tui.store.row_proofs import PROVEN, row_words
from dropcopy_tui.store.tables import METADATA

# Whose name stands for the number in a column of this name.
_NAMES = {
    "person_id": ("person", "user_id"),
    "entity_id": ("entity", "code"),
    "group_id": ("drop_copy_group", "name"),
    "request_id": ("request", "reference"),
}


def named_row(session: BaseSession, table: str, values: Mapping[Any, Any]) -> str:
    """Such as `role of person acme-operator full_access ACME`; a number stays where nothing has it."""
    named = {name: values[name] for name in PROVEN[table].named}
    for column in _NAMES.keys() & named.keys():
        other, name = _NAMES[column]
        there = METADATA.tables[other]
        found = session.execute(select(there.c[name]).where(there.c.id == named[column])).scalar()
        named[column] = named[column] if found is None else found
    return row_words(table, named)


def row_with_key(session: BaseSession, table: str, key: str) -> str:
    """The same for a row by its primary key as text, which stands for the row where that is gone or unknown."""
    if table not in PROVEN:
        return f"{table} (row {key})"
    there = METADATA.tables[table]
    values = key.split(" ")
    keys = list(there.primary_key.columns)
    if len(values) == len(keys):
        here = [cast(column, String) == value for column, value in zip(keys, values, strict=True)]
        found = session.execute(select(there).where(*here)).mappings().first()
        if found is not None:
            return named_row(session, table, found)
    return f"{PROVEN[table].noun} (row {key})"

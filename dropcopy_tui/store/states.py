"""The state of every row that grants power is in the audit trail: each event says which rows it left how.

A proof says that the desk wrote a row, and not that it is the present one. So every event carries the beginnings of the
proofs of the rows that its change wrote, and which rows it removed; what is written after the last event of a
transaction waits at the end of the trail for the next one. Whoever verifies the trail knows the last state of each
row: one that is missing, or was put back as it was earlier, is named.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session as BaseSession

from dropcopy_tui.store.row_names import row_with_key
from dropcopy_tui.store.row_proofs import PROVEN
from dropcopy_tui.store.tables import METADATA

# By the name of a row: the beginning of its proof, or GONE.
States = dict[str, str]
GONE = ""
# What was known before counts no longer: all rows were proven again.
_ANEW = "*"
_PENDING = "states"
_TAG_BYTES = 8
_CHUNK = 500


def row_key(table: str, key: Iterable[Any]) -> str:
    """The name of a row in the states: its table and its primary key."""
    return " ".join((table, *map(str, key)))


def tag_of(proof: Any) -> str:
    """What the states say of a row with this proof; GONE never."""
    return bytes(proof)[:_TAG_BYTES].hex() if isinstance(proof, (bytes, memoryview)) else "none"


def pending_in(session: BaseSession) -> States:
    """The states of rows that this transaction wrote since its last event."""
    found: States = session.info.setdefault(_PENDING, {})
    return found


def note(session: BaseSession, table: str, key: Iterable[Any], proof: Any = None) -> None:
    """Note how a row was written; without a proof, that it was removed."""
    pending_in(session)[row_key(table, key)] = GONE if proof is None else tag_of(proof)


def note_anew(session: BaseSession) -> None:
    """Note every row as it is: from here on, nothing else is known."""
    session.info[_PENDING] = {_ANEW: "", **dict(present_states(session))}


def keep_aside(session: BaseSession) -> States:
    """What to go back to when a part of the transaction is undone."""
    return dict(pending_in(session))


def go_back(session: BaseSession, states: States) -> None:
    """Forget what was noted in a part of the transaction that was undone."""
    session.info[_PENDING] = states


def taken_from(session: BaseSession, waiting: str | None) -> str | None:
    """What the next event says: what waited at the end of the trail, and what is pending; None for nothing."""
    found = read_states(waiting)
    merge(found, session.info.pop(_PENDING, {}))
    return json.dumps(found, sort_keys=True, separators=(",", ":")) if found else None


def read_states(text: str | None) -> States:
    """States as an event or the end of the trail has them."""
    return json.loads(text) if text else {}


def merge(into: States, later: Mapping[str, str]) -> None:
    """Bring what is known up to date. `into` keeps rows that are gone: it may be only a part of what is known."""
    if _ANEW in later:
        into.clear()
    into.update(later)


def present_states(session: BaseSession) -> Iterator[tuple[str, str]]:
    """The rows that grant power as they are."""
    for name in PROVEN:
        table = METADATA.tables[name]
        keys = _keys(table)
        rows = select(*keys, table.c.proof).execution_options(yield_per=_CHUNK)
        for *key, proof in session.execute(rows):
            yield row_key(name, key), tag_of(proof)


def unlike(session: BaseSession, known: States) -> Iterator[str]:
    """The rows that are not as the trail knows them, as words; `known` is used up."""
    known.pop(_ANEW, None)
    for row, tag in present_states(session):
        expected = known.pop(row, GONE)
        if expected == GONE:
            yield f"{_words(session, row)} was put back after it was removed, or inserted"
        elif expected != tag:
            yield f"{_words(session, row)} was put back as it was earlier"
    yield from (f"{_words(session, row)} was removed" for row, tag in known.items() if tag != GONE)


def _words(session: BaseSession, row: str) -> str:
    table, _, key = row.partition(" ")
    return row_with_key(session, table, key)


def _keys(table: Table) -> list[Any]:
    return list(table.primary_key.columns)

"""Rows that grant power are proven when they are written and checked when they are read, whoever does it.

SQLAlchemy's events see to it, so that no service can forget. Where columns are read without a row, `Prover.holds`
checks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, Table, bindparam, event, inspect, select, tuple_, update
from sqlalchemy.orm import Mapper, object_session
from sqlalchemy.orm import Session as BaseSession
from sqlalchemy.orm.attributes import set_committed_value

from dropcopy_tui.store.engine import PROVER
from dropcopy_tui.store.row_proofs import PROVEN, Prover, row_words
from dropcopy_tui.store.tables import METADATA
from dropcopy_tui.store.trust_tables import Proven

_CHUNK = 500


def prover_in(session: BaseSession) -> Prover | None:
    """Who proves the rows of the session's store; None where they are neither proven nor checked."""
    found = session.info.get(PROVER)
    return found if isinstance(found, Prover) else None


def altered_rows(session: BaseSession, prover: Prover, tables: Iterable[str] = PROVEN) -> Iterator[str]:
    """Every row whose proof does not match, by name. Raises MasterKeyMissing."""
    for name in tables:
        rows = select(METADATA.tables[name]).execution_options(yield_per=_CHUNK)
        for row in session.execute(rows).mappings():
            if not prover.holds(name, row):
                yield row_words(name, row)


def prove_all(session: BaseSession, prover: Prover) -> int:
    """Prove every row as it is; how many there are. For a store that an earlier version made, and for a new key."""
    connection, done = session.connection(), 0
    for name in PROVEN:
        table = METADATA.tables[name]
        keys = list(table.primary_key.columns)
        rows = select(table).order_by(*keys).limit(_CHUNK)
        found = _prove(connection, prover, table, rows)
        while found:
            done += len(found)
            last = tuple(found[-1][key.name] for key in keys)
            found = _prove(connection, prover, table, rows.where(tuple_(*keys) > tuple_(*last)))
    return done


def prove_inserted(
    connection: Connection, prover: Prover | None, table: Table, column: str, values: Sequence[Any]
) -> None:
    """Prove the rows that a statement without objects has just inserted: those with these unique values."""
    if prover is None:
        return
    for start in range(0, len(values), _CHUNK):
        chosen = select(table).where(table.c[column].in_(values[start : start + _CHUNK]))
        _prove(connection, prover, table, chosen)


def _prove(connection: Connection, prover: Prover, table: Table, rows: Select[Any]) -> Sequence[RowMapping]:
    keys = list(table.primary_key.columns)
    found = connection.execute(rows).mappings().all()
    if found:
        here = [key == bindparam(f"the_{key.name}") for key in keys]
        proofs = [
            {f"the_{key.name}": row[key.name] for key in keys} | {"the_proof": prover.proof(table.name, row)}
            for row in found
        ]
        connection.execute(update(table).where(*here).values(proof=bindparam("the_proof")), proofs)
    return found


def _prover_of(row: Any) -> Prover | None:
    session = object_session(row)
    return prover_in(session) if session is not None else None


def _values(row: Any, table: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in PROVEN[table].columns}


@event.listens_for(Proven, "before_insert", propagate=True)
@event.listens_for(Proven, "before_update", propagate=True)
def _on_write(_mapper: Mapper[Any], _connection: Connection, row: Any) -> None:
    prover, table = _prover_of(row), str(row.__tablename__)
    if prover is not None and ("id" not in PROVEN[table].columns or row.id is not None):
        row.proof = prover.proof(table, _values(row, table))


@event.listens_for(Proven, "after_insert", propagate=True)
def _on_inserted(_mapper: Mapper[Any], connection: Connection, row: Any) -> None:
    """The number of a new row is known now."""
    prover, table = _prover_of(row), str(row.__tablename__)
    if prover is not None and row.proof is None:
        proof = prover.proof(table, _values(row, table))
        there = METADATA.tables[table]
        connection.execute(update(there).where(there.c.id == row.id).values(proof=proof))
        set_committed_value(row, "proof", proof)


@event.listens_for(Proven, "load", propagate=True)
def _on_load(row: Any, context: Any) -> None:
    prover = prover_in(context.session)
    if prover is not None:
        prover.require(str(row.__tablename__), row.__dict__)


@event.listens_for(Proven, "refresh", propagate=True)
def _on_refresh(row: Any, context: Any, _attrs: Any) -> None:
    """A row that is read again, such as after what was tried with it was undone."""
    if not inspect(row).modified:
        _on_load(row, context)
        return
    # It has values that are not written yet: what the store has is looked at by itself.
    prover = prover_in(context.session)
    if prover is not None:
        there = METADATA.tables[str(row.__tablename__)]
        here = [key == value for key, value in zip(there.primary_key.columns, inspect(row).identity, strict=True)]
        found = context.session.connection().execute(select(there).where(*here)).mappings().one()
        prover.require(there.name, found)

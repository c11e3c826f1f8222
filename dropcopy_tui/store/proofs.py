"""Rows that grant power are proven when they are written and checked when they are read, whoever does it.

SQLAlchemy's events see to it, so that no service can forget. Where columns are read without a row, `Prover.holds`
checks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    Table,
    bindparam,
    delete,
    event,
    inspect,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Mapper, SessionTransaction, object_session
from sqlalchemy.orm import Session as BaseSession
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session

from dropcopy_tui.store.chain import keep_states
from dropcopy_tui.store.engine import PROVER
from dropcopy_tui.store.row_names import named_row
from dropcopy_tui.store.row_proofs import PROVEN, Prover
from dropcopy_tui.store.states import States, go_back, keep_aside, note, note_anew
from dropcopy_tui.store.tables import METADATA
from dropcopy_tui.store.trust_tables import Proven

_CHUNK = 500
_ASIDE = "states of savepoints"


def prover_in(session: BaseSession) -> Prover | None:
    """Who proves the rows of the session's store; None where they are neither proven nor checked."""
    found = session.info.get(PROVER)
    return found if isinstance(found, Prover) else None


def altered_rows(session: BaseSession, prover: Prover, tables: Iterable[str] = PROVEN) -> Iterator[str]:
    """Every row whose proof does not match, by name. Raises MasterKeyMissing."""
    for name in tables:
        there, proven = METADATA.tables[name], PROVEN[name].columns
        rest = [column for column in there.columns if column.name not in {*proven, "proof"}]
        rows = select(*(there.c[column] for column in proven), there.c.proof, *rest)
        for row in session.execute(rows.execution_options(yield_per=_CHUNK)):
            if not prover.holds_once(name, row[: len(proven)], row[len(proven)]):
                yield named_row(session, name, row._mapping)


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
    # Whatever is read from here on has proofs of this one.
    session.info[PROVER] = prover
    note_anew(session)
    return done


def prove_inserted(session: BaseSession, table: Table, column: str, values: Sequence[Any], *more: Any) -> None:
    """Prove the rows that a statement without objects has just inserted: those with these values."""
    prover = prover_in(session)
    if prover is None:
        return
    for start in range(0, len(values), _CHUNK):
        chosen = select(table).where(table.c[column].in_(values[start : start + _CHUNK]), *more)
        _prove(session.connection(), prover, table, chosen, session)


def prove_table(session: BaseSession, prover: Prover, name: str) -> int:
    """Prove every row of a table, which had no proofs until now; how many there are."""
    table = METADATA.tables[name]
    return len(_prove(session.connection(), prover, table, select(table)))


def remove_rows(session: BaseSession, table: str, *where: Any) -> int:
    """Remove rows that grant power without reading them as objects; how many there were."""
    there = METADATA.tables[table]
    keys = list(there.primary_key.columns)
    found = session.execute(select(*keys).where(*where)).all()
    if prover_in(session) is not None:
        for key in found:
            note(session, table, key)
    if found:
        session.execute(delete(there).where(*where))
    return len(found)


def _prove(
    connection: Connection, prover: Prover, table: Table, rows: Select[Any], session: BaseSession | None = None
) -> Sequence[RowMapping]:
    keys = list(table.primary_key.columns)
    found = connection.execute(rows).mappings().all()
    if found:
        here = [key == bindparam(f"the_{key.name}") for key in keys]
        proofs = [
            {f"the_{key.name}": row[key.name] for key in keys} | {"the_proof": prover.proof(table.name, row)}
            for row in found
        ]
        connection.execute(update(table).where(*here).values(proof=bindparam("the_proof")), proofs)
        if session is not None:
            for proven in proofs:
                note(session, table.name, (proven[f"the_{key.name}"] for key in keys), proven["the_proof"])
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
    _note(row)


@event.listens_for(Proven, "after_update", propagate=True)
def _on_updated(_mapper: Mapper[Any], _connection: Connection, row: Any) -> None:
    # One that was only looked at is not stated again: it may be an earlier row that someone put back.
    if inspect(row).attrs.proof.history.has_changes():
        _note(row)


@event.listens_for(Proven, "after_delete", propagate=True)
def _on_deleted(_mapper: Mapper[Any], _connection: Connection, row: Any) -> None:
    session = object_session(row)
    if session is not None and prover_in(session) is not None:
        note(session, str(row.__tablename__), inspect(row).identity)


def _note(row: Any) -> None:
    session, keys = object_session(row), inspect(row).mapper.primary_key
    if session is not None and prover_in(session) is not None:
        note(session, str(row.__tablename__), (getattr(row, key.name) for key in keys), row.proof)


@event.listens_for(BaseSession, "after_transaction_create")
def _on_savepoint(session: BaseSession, transaction: SessionTransaction) -> None:
    if transaction.nested:
        session.info.setdefault(_ASIDE, {})[transaction] = keep_aside(session)


@event.listens_for(BaseSession, "after_soft_rollback")
def _on_undone(session: BaseSession, transaction: SessionTransaction) -> None:
    aside: dict[SessionTransaction, States] = session.info.get(_ASIDE, {})
    undone: SessionTransaction | None = transaction
    while undone is not None and undone not in aside:
        undone = undone.parent
    go_back(session, dict(aside[undone]) if undone is not None else {})


@event.listens_for(BaseSession, "before_commit")
def _on_commit(session: BaseSession) -> None:
    prover = prover_in(session)
    if prover is not None and not session.in_nested_transaction():
        session.flush()
        keep_states(cast("Session", session), prover.vault)


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

"""What is said differently to SQLite and to PostgreSQL; nothing else in the store or the services asks which it is.

Each expression compiles to the words of the database that it is sent to.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Executable,
    Integer,
    Select,
    String,
    cast,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased, join
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session

# Row numbers of tables that grow without end. SQLite counts rows up by itself only where the type is INTEGER.
BIG = BigInteger().with_variant(Integer, "sqlite")


def is_postgres(session: Session) -> bool:
    """Whether the session's database is PostgreSQL."""
    return session.get_bind().dialect.name == "postgresql"


class _Holds(FunctionElement[bool]):
    inherit_cache = True
    type = Boolean()


def holds(column: Any, word: str) -> ColumnElement[bool]:
    """Whether the column contains the word, in the same case. On PostgreSQL, an index of pieces (pg_trgm) serves it."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return _Holds(column, literal(word, String()), literal(f"%{escaped}%", String()))


@compiles(_Holds)
def _holds(element: _Holds, compiler: SQLCompiler, **how: Any) -> str:
    column, word, _ = element.clauses
    return f"(instr({compiler.process(column, **how)}, {compiler.process(word, **how)}) > 0)"


@compiles(_Holds, "postgresql")
def _holds_on_postgres(element: _Holds, compiler: SQLCompiler, **how: Any) -> str:
    column, _, pattern = element.clauses
    return f"({compiler.process(column, **how)} LIKE {compiler.process(pattern, **how)})"


class _Listed(FunctionElement[str]):
    inherit_cache = True
    type = String()


def listed(column: Any) -> ColumnElement[str]:
    """The different values of a column of numbers, separated by commas; NULL for none."""
    return _Listed(column)


@compiles(_Listed)
def _listed(element: _Listed, compiler: SQLCompiler, **how: Any) -> str:
    return f"group_concat(DISTINCT {compiler.process(element.clauses, **how)})"


@compiles(_Listed, "postgresql")
def _listed_on_postgres(element: _Listed, compiler: SQLCompiler, **how: Any) -> str:
    (column,) = element.clauses
    texts = cast(column, String())
    return f"string_agg(DISTINCT {compiler.process(texts, **how)}, ',')"


def first_of_each(session: Session, rows: Select[Any], key: Any, among: Sequence[tuple[Any, Sequence[Any]]]) -> Any:
    """The keys of the first rows for each combination of the values of the columns `among`.

    `rows` have an order and a limit; each combination is read from its own place of an index, and no further.
    """
    each = [(column, _each(session, column, values)) for column, values in among]
    of_one = rows.with_only_columns(key).where(*(column == value for column, value in each))
    values = [value for _, value in each]
    if is_postgres(session):
        mine = of_one.lateral()
        return select(mine.c[key.key]).select_from(_all_of([*(value.table for value in values), mine]))
    # A subquery in FROM knows nothing of its neighbours in SQLite; one behind IN does.
    there = aliased(key.class_)
    of_one = of_one.correlate(*(value.table for value in values))
    found = select(getattr(there, key.key)).select_from(_all_of([*(value.table for value in values), there]))
    return found.where(getattr(there, key.key).in_(of_one))


def insert_new(session: Session, table: Any, columns: Sequence[str], rows: Select[Any]) -> Executable:
    """Insert the rows, but for those whose key the table has."""
    # The two are equal, and neither loads the other's half of SQLAlchemy. SQLite wants a condition before it.
    if is_postgres(session):
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    return insert(table).from_select(columns, rows).on_conflict_do_nothing()


def _all_of(tables: Sequence[Any]) -> Any:
    """Every combination of their rows."""
    joined = tables[0]
    for table in tables[1:]:
        joined = join(joined, table, true())
    return joined


def _each(session: Session, column: Any, values: Sequence[Any]) -> Any:
    """The values as rows of a table with one column, bound as one parameter."""
    if is_postgres(session):
        found = func.unnest(literal(list(values), ARRAY(column.type))).table_valued("value")
        return found.render_derived().c.value
    return func.json_each(json.dumps(list(values))).table_valued("value").c.value

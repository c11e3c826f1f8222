"""What is said differently to SQLite and to PostgreSQL; nothing else in the store or the services asks which it is.

Each expression compiles to the words of the database that it is sent to.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Integer, String, cast, literal
from sqlalchemy.ext.compiler import compiles
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

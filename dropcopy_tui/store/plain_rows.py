"""Rows that grant power as plain tuples, for lists: each is checked like an object of the mapper, in half its time."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session as BaseSession

from dropcopy_tui.store.proofs import prover_in
from dropcopy_tui.store.row_proofs import PROVEN, Prover, altered
from dropcopy_tui.store.tables import METADATA


class PlainRows:
    """How the rows of a proven table are read without objects: `columns` are selected, and `read` makes the tuples.

    A tuple has the attributes of the table's row, and nothing that is done to it reaches the store.
    """

    def __init__(self, table: str) -> None:
        there, self._table = METADATA.tables[table], table
        proven = PROVEN[table].columns
        names = [*proven, "proof", *(column.name for column in there.columns if column.name not in {*proven, "proof"})]
        self.columns: list[ColumnElement[Any]] = [there.c[name] for name in names]
        self._make: Callable[[Sequence[Any]], Any] = namedtuple("PlainRow", names)._make  # type: ignore[attr-defined]
        self._proven = len(proven)

    def read(self, session: BaseSession, found: Iterable[Sequence[Any]], start: int = 0) -> list[Any]:
        """The rows whose columns begin at `start` in what was found. Raises RowAltered, MasterKeyMissing."""
        end, prover = start + len(self.columns), prover_in(session)
        rows = [self._make(row[start:end]) for row in found]
        if prover is not None:
            self._check(prover, rows)
        return rows

    def _check(self, prover: Prover, rows: Iterable[Any]) -> None:
        proven, checked = self._proven, None
        for row in rows:
            # In a join, one row stands beside each of those that belong to it.
            if row != checked and not prover.holds_once(self._table, row[:proven], row[proven]):
                raise altered(self._table, row._asdict())
            checked = row

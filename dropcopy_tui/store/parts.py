"""Lists of several owners: what a person may see of sessions or requests is that of some entities.

No index has the rows of several owners in one order, but it has those of each. So a page is made of the first rows of
every owner, of which the first of all are taken: what is sorted are so many pages as there are owners, however long
the list is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, union_all
from sqlmodel import Session

from dropcopy_tui.store.dialect import first_of_each


@dataclass(frozen=True)
class OwnerPart:
    """The rows whose columns have one of the values each, such as one of the entities that a person may see.

    An index begins with the columns, followed by the order of the list. `under` narrows the rows further.
    """

    among: Sequence[tuple[Any, Sequence[Any]]]
    under: Sequence[ColumnElement[bool]] = ()

    @property
    def owners(self) -> int:
        """How many combinations of values there are."""
        found = 1
        for _, values in self.among:
            found *= len(values)
        return found

    @property
    def here(self) -> ColumnElement[bool]:
        """Whether a row is in it."""
        mine = (column == values[0] if len(values) == 1 else column.in_(values) for column, values in self.among)
        return and_(*mine, *self.under)


def in_any(parts: Sequence[OwnerPart]) -> ColumnElement[bool]:
    """Whether a row is in one of the parts."""
    return or_(false(), *(part.here for part in parts if part.owners))


def merged(
    session: Session,
    rows: Select[Any],
    key: Any,
    parts: Sequence[OwnerPart],
    first: Callable[[Select[Any]], Select[Any]],
) -> Select[Any]:
    """Rows among which are the first of all; `first` takes the first in the order of the list, by their `key`."""
    some = [part for part in parts if part.owners]
    if len(some) == 1 and some[0].owners == 1:
        return first(rows.where(some[0].here))
    if not some:
        return rows.where(false())
    found = [_first_keys(session, rows, key, part, first) for part in some]
    keys: Any = found[0] if len(found) == 1 else union_all(*found)
    return known_by(rows, key, keys)


def known_by(rows: Select[Any], key: Any, keys: Any) -> Select[Any]:
    """The rows with these keys, which were found under the conditions of `rows`: they are not asked again.

    Together with the keys, they would lead SQLite to read all that an owner has.
    """
    bare = rows.where()
    bare._where_criteria = ()
    return bare.where(key.in_(keys))


def is_row_number(key: Any) -> bool:
    """Whether the key alone says which row of its table it is: that of a member of a set does not, without the set."""
    table = getattr(key, "class_", None)
    return table is not None and list(table.__table__.primary_key.columns.keys()) == [key.key]


def _first_keys(
    session: Session, rows: Select[Any], key: Any, part: OwnerPart, first: Callable[[Select[Any]], Select[Any]]
) -> Any:
    several = [(column, values) for column, values in part.among if len(values) > 1]
    single: list[Any] = [column == values[0] for column, values in part.among if len(values) == 1]
    mine = first(rows.where(*single, *part.under))
    if several:
        return first_of_each(session, mine, key, several)
    # A limit belongs to a subquery of its own in what is united.
    found = mine.with_only_columns(key).subquery()
    return found.select()

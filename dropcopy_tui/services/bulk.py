"""One verb for many rows: a row that fails does not lose the others, and says why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

from dropcopy_tui.domain.errors import ChangedMeanwhile, DeskError, InvalidValue, NotFound, SessionEnded
from dropcopy_tui.domain.work import step
from dropcopy_tui.services.unit_of_work import UnitOfWork

Row = TypeVar("Row")
Made = TypeVar("Made")
# What may be wrong with one row. Everything else (a missing master key, a full disk) is wrong with all of them.
_OF_ONE_ROW = (InvalidValue, SessionEnded, NotFound, ChangedMeanwhile)


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that was not changed: its session, and why."""

    session_id: str
    reason: str


def each(
    uow: UnitOfWork,
    rows: Sequence[Row],
    name: Callable[[Row], str],
    verb: Callable[[Row], Made],
    doing: str,
) -> tuple[list[Made], list[Failure]]:
    """Do the verb for each row inside the caller's transaction, a savepoint a row; `doing` is how people read it.

    Raises:
        Interrupted: the work was cancelled. Nothing was changed.
        DeskError: no row went through: the first refusal, with the others in its words. Nothing was changed.
    """
    done: list[Made] = []
    refusals: list[tuple[str, DeskError]] = []
    work = step(doing, len(rows))
    for number, row in enumerate(rows, start=1):
        try:
            # A savepoint a row: the row that fails is undone, those before it stay.
            with uow.tx.begin_nested():
                done.append(verb(row))
        except _OF_ONE_ROW as refusal:
            refusals.append((name(row), refusal))
        except IntegrityError:
            # The store's own last word, such as never a third pair: the row's, and no one else's.
            refusals.append(
                (name(row), ChangedMeanwhile(f"{name(row)} cannot be changed this way. Nothing was changed."))
            )
        work.tell(number)
    if refusals and not done:
        raise _all_of(refusals)
    return done, [Failure(who, refusal.message) for who, refusal in refusals]


def _all_of(refusals: Sequence[tuple[str, DeskError]]) -> DeskError:
    _, first = refusals[0]
    more = len(refusals) - 1
    return type(first)(f"{first.message} The same applies to {more:,} more.") if more else first

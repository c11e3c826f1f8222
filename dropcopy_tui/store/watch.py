"""Long work in the middle of a statement: how far it is, and its early end."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from dropcopy_tui.domain.errors import Interrupted
from dropcopy_tui.domain.work import Work, current

# Steps of SQLite's machine between two looks: about a millisecond.
_STEPS = 20_000


@contextmanager
def watched(session: Session) -> Iterator[None]:
    """Let the present long work, if there is one, be watched and cancelled in the session's statements.

    Raises:
        Interrupted: the work was cancelled; the transaction must be rolled back.
    """
    if current() is None:
        yield
        return
    with watched_driver(session.connection().connection.driver_connection):
        yield


@contextmanager
def watched_driver(driver: Any) -> Iterator[None]:
    """The same for a connection of the database's driver."""
    work = current()
    if work is None:
        yield
        return
    try:
        if isinstance(driver, sqlite3.Connection):
            with work.inside(), _looking(driver, work):
                yield
        else:
            # Drivers of servers (psycopg) take `cancel` from any thread.
            cancel: Callable[[], None] = driver.cancel
            with work.inside(), work.stoppable(cancel):
                yield
    except (DBAPIError, sqlite3.Error) as error:
        if work.is_cancelled:
            raise Interrupted from error
        raise


@contextmanager
def _looking(driver: sqlite3.Connection, work: Work) -> Iterator[None]:
    """SQLite looks by itself, in the thread of the work: between two steps of a statement nothing is half done."""

    def look() -> int:
        try:
            work.pulse(_STEPS)
        except Interrupted:
            return 1  # the statement ends as "interrupted"
        return 0

    driver.set_progress_handler(look, _STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)

"""A disk that fails at the moment of a commit."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from dropcopy_tui.store.engine import Store


def fail_at_commit(store: Store, stored: bool, words: str = "disk I/O error") -> None:
    """The disk fails at the last sync: after the transaction was stored, or before."""

    def fail(connection: Any) -> None:
        event.remove(store._engine, "commit", fail)
        if stored:
            connection.connection.driver_connection.execute("COMMIT")
        raise OperationalError("COMMIT", None, sqlite3.OperationalError(words))

    event.listen(store._engine, "commit", fail)

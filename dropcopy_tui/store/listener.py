"""A server tells what was committed (LISTEN and NOTIFY): one connection, in a thread that sleeps until it is told.

Screens follow it immediately, and the server is not asked again and again whether anything changed.
"""

from __future__ import annotations

import os
import re
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.store.server import driver, parameters

if TYPE_CHECKING:
    from psycopg import Connection

CHANNEL = "dropcopy"
# How administrators see its connection.
NAME = "dropcopy listener"
SNAPSHOT = "SELECT pg_current_snapshot()::text"
# Seconds before the next attempt to connect: twice as long after each failure. Not all screens of a server that was
# restarted come back at the same moment: a process waits up to half as long again.
_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_SHARE = os.getpid() % 100 / 200
# "cannot execute LISTEN during recovery": a replica tells nothing.
_REPLICA = "25006"

Tell = Callable[[str], None]


class StoreListener:
    """Calls `tell` in its thread: with "" after a commit, with a sentence once the server is lost.

    When the server answers again, it calls with "" as well: there may be changes that it has not heard of.
    """

    def __init__(self, place: ServerPlace, since: tuple[int, ...], tell: Tell) -> None:
        """Begin to listen. `since` is the snapshot that the listener's owner has seen."""
        self._place, self._since, self._tell = place, since, tell
        self._heard, self._news, self._ended = 0, False, False
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
        self._thread.start()

    @property
    def stamp(self) -> tuple[int, ...] | None:
        """A mark that differs after every commit that was heard of; None where the server tells nothing."""
        return (self._heard,) if self._thread.is_alive() else None

    def end(self) -> None:
        """Hear nothing more, and give the connection back."""
        self._ended = True
        with suppress(OSError):
            self._wake.send(b"x")
        if self._thread is not threading.current_thread():
            self._thread.join(_PAUSE)

    def _run(self) -> None:
        psycopg, failures = driver(), 0
        with self._wake, self._woken:
            while not self._ended:
                try:
                    with self._connection(psycopg) as connection:
                        self._news = self._news or failures > 0
                        failures = 0
                        self._listen(connection)
                except (psycopg.Error, DeskError) as error:
                    if getattr(error, "sqlstate", None) == _REPLICA:
                        return
                    failures += 1
                    self._wait(failures)

    @contextmanager
    def _connection(self, psycopg: Any) -> Iterator[Connection[Any]]:
        """A connection that listens. Raises psycopg's errors, StoreUnusable."""
        named = parameters(self._place) | {"application_name": NAME}
        with psycopg.connect(**named, autocommit=True) as connection:
            connection.add_notify_handler(self._hear)
            connection.execute(f"LISTEN {CHANNEL}")
            self._news = self._news or numbers(connection.execute(SNAPSHOT).fetchone()) != self._since
            yield connection

    def _hear(self, _notification: Any) -> None:
        self._news = True

    def _listen(self, connection: Connection[Any]) -> None:
        """Tell the news until told to end. Raises psycopg's errors once the connection is lost."""
        while not self._ended:
            if self._news:
                self._news = False
                self._heard += 1
                self._tell("")
            select.select([connection.fileno(), self._woken.fileno()], [], [])
            connection.pgconn.consume_input()
            while connection.pgconn.notifies() is not None:
                self._news = True

    def _wait(self, failures: int) -> None:
        """Before the next attempt; a connection that is lost and found immediately is not worth a word."""
        if failures == 2 and not self._ended:
            self._tell(f"The connection to the server {self._place.server} was lost.")
        pause = min(_PAUSE * 2 ** min(failures, 10), _LONGEST_PAUSE)
        select.select([self._woken], [], [], pause * (1 + _SHARE))


def numbers(found: tuple[Any, ...] | None) -> tuple[int, ...]:
    """A snapshot of the server as numbers."""
    return tuple(int(number) for number in re.findall(r"\d+", found[0])) if found else ()

"""A connection to a server that may fall silent: a host without power, a network that swallows what is sent.

TCP notices a host that is gone, and not a process that hangs, nor a firewall that drops packets of one side. A
statement may take minutes, so that silence alone says nothing: a second connection asks whether the server is there.
"""

from __future__ import annotations

import re
import select
import time
from collections.abc import Callable, Generator
from typing import Any

import psycopg

# Seconds of silence before the server is asked, and the most between two questions while a statement runs.
_SILENCE, _LONGEST_SILENCE = 1.0, 8.0
# Seconds in which it must answer the question. libpq takes no less.
_ANSWER = 2
LOST = "the server fell silent: timeout expired"
# For so long after it was found silent, the server is not asked again: whoever waited has waited enough.
_STILL = 2.0
_NOT_THERE = re.compile(r"refused|unreachable|[Nn]o route|No such file|resolve|timed? ?out")
_silent: dict[tuple[Any, Any], float] = {}


class Attentive(psycopg.Connection[Any]):
    """A connection that ends with OperationalError once its server no longer answers."""

    _asked: dict[str, Any] | None = None

    @classmethod
    def open(cls, **parameters: Any) -> Attentive:
        """Connect. Raises psycopg's errors, without asking where the server was found silent just now."""
        if time.monotonic() - _silent.get(_server(parameters), -_STILL) < _STILL:
            raise psycopg.OperationalError(LOST)
        connection = cls.connect(**parameters)
        connection._asked = {name: value for name, value in parameters.items() if name not in ("context", "autocommit")}
        return connection

    def wait(self, gen: Any, *how: Any, **more: Any) -> Any:
        """Wait for the server, while it lives."""
        if self._asked is None:
            return super().wait(gen, *how, **more)
        return super().wait(_watched(gen, self._is_there), *how, **more)

    def _is_there(self) -> bool:
        """Whether the server answers; otherwise the connection is closed."""
        assert self._asked is not None
        # A server that is too busy for a new connection may have answered this one meanwhile.
        if answers(self._asked) or select.select([self.pgconn.socket], [], [], 0)[0]:
            return True
        _silent[_server(self._asked)] = time.monotonic()
        self.pgconn.finish()
        return False


def _server(parameters: dict[str, Any]) -> tuple[Any, Any]:
    return parameters.get("host"), parameters.get("port")


def answers(parameters: dict[str, Any]) -> bool:
    """Whether the server says anything to a new connection, and be it a refusal."""
    try:
        psycopg.connect(**(parameters | {"connect_timeout": _ANSWER})).close()
    except psycopg.errors.ConnectionTimeout:
        return False
    except psycopg.OperationalError as error:
        return not _NOT_THERE.search(str(error))  # a refusal in words is an answer
    return True


def _watched(gen: Generator[Any, Any, Any], is_there: Callable[[], bool]) -> Generator[Any, Any, Any]:
    """The driver's own wait; `ready` is 0 when nothing came for a tenth of a second."""
    patience, heard = _SILENCE, time.monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                heard = time.monotonic()
            elif time.monotonic() - heard > patience:
                if not is_there():
                    raise psycopg.OperationalError(LOST)
                patience, heard = min(patience * 2, _LONGEST_SILENCE), time.monotonic()
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value

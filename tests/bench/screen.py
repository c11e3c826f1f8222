"""The characters on a terminal, as far as the programs that are measured move over it: no colours, no wide characters.

pyte would know more, and would slow down what is timed.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder

_SEQUENCE = re.compile(rb"\x1b\[(\d*)(?:;(\d*))?([A-Za-z])")


class Screen:
    """A grid of characters and a cursor."""

    def __init__(self, columns: int, lines: int) -> None:
        self._columns, self._lines = columns, lines
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self.clear()

    def clear(self) -> None:
        """As an alternate screen begins."""
        self._rows = [[" "] * self._columns for _ in range(self._lines)]
        self._x = self._y = 0

    @property
    def text(self) -> str:
        """What stands on it, line by line."""
        return "\n".join("".join(row) for row in self._rows)

    def write(self, token: bytes) -> None:
        """Take a sequence, a control character or text."""
        if found := _SEQUENCE.fullmatch(token):
            self._move(found[3], int(found[1] or 0), int(found[2] or 0))
        elif token == b"\r":
            self._x = 0
        elif token == b"\n":
            self._y = min(self._y + 1, self._lines - 1)
        elif token >= b" ":
            self._put(self._decode(token))

    def _put(self, text: str) -> None:
        text = text[: self._columns - self._x]
        self._rows[self._y][self._x : self._x + len(text)] = text
        self._x += len(text)

    def _move(self, kind: bytes, first: int, second: int) -> None:
        if kind == b"H":
            self._y, self._x = min(max(first, 1), self._lines) - 1, min(max(second, 1), self._columns) - 1
        elif kind == b"C":
            self._x = min(self._x + max(first, 1), self._columns - 1)
        elif kind == b"K":
            self._rows[self._y][self._x :] = " " * (self._columns - self._x)
        elif kind == b"J":
            self.clear()

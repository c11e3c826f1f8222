"""A cap on pastes, before Textual's parser looks at every character of them."""

from __future__ import annotations

# Textual's parser takes a second for a megabyte, and holds the interpreter while it does.
PASTE_CHARACTERS = 262_144
START, END = "\x1b[200~", "\x1b[201~"
# Textual takes an escape inside a paste for a key, and what follows for more of them.
_KEYLESS = str.maketrans({"\x1b": "\N{SYMBOL FOR ESCAPE}"})


class PasteCap:
    """Passes keys through, and of each bracketed paste its beginning, in which no character is a key."""

    def __init__(self, limit: int = PASTE_CHARACTERS) -> None:
        self._limit = limit
        self._left: int | None = None
        self._seen = ""

    def __call__(self, data: str) -> str:
        """What of the input is to be looked at; markers may be cut in two by a read."""
        passed: list[str] = []
        while data:
            part, data = self._outside(data) if self._left is None else self._inside(data, self._left)
            passed.append(part)
        return "".join(passed)

    def _outside(self, data: str) -> tuple[str, str]:
        joined = self._seen + data
        found = joined.find(START)
        if found < 0:
            self._seen = joined[-len(START) + 1 :]
            return data, ""
        cut = found + len(START) - len(self._seen)
        self._left, self._seen = self._limit, ""
        return data[:cut], data[cut:]

    def _inside(self, data: str, left: int) -> tuple[str, str]:
        joined, self._seen = self._seen + data, ""
        text, marker, rest = joined.partition(END)
        if marker:
            self._left = None
            return text[:left].translate(_KEYLESS) + marker, rest
        kept = _begun(joined)
        text, self._seen = joined[: len(joined) - kept], joined[len(joined) - kept :]
        self._left = left - min(left, len(text))
        return text[:left].translate(_KEYLESS), ""


def _begun(text: str) -> int:
    """How many characters at the end may be the beginning of the end marker."""
    return next((size for size in range(len(END) - 1, 0, -1) if text.endswith(END[:size])), 0)

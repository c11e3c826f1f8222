"""The Escape key, told from the beginning of a sequence.

A terminal sends Escape as the byte that cursor keys begin with, too. Textual takes a letter within 100 ms of it for
an Alt key, and some letters for the symbols of one keyboard, so that over a slow line both keys were lost. No key
here has Alt: what does not begin a sequence is Escape, and then the key that was typed after it.
"""

from __future__ import annotations

from collections.abc import Iterator

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS

ESCAPE = "\x1b"
_CSI, _SS3 = "[", "O"
_SS3_KEYS = frozenset(sequence[:3] for sequence in ANSI_SEQUENCES_KEYS if sequence.startswith(ESCAPE + _SS3))


class EscapeKeys:
    """Cuts the input into pieces: one that is a single escape character is the key."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, data: str) -> Iterator[str]:
        """The pieces of the input; an escape at its end is held back, for its sequence may be cut in two."""
        data, self._held = self._held + data, ""
        while data:
            plain, escape, rest = data.partition(ESCAPE)
            if plain:
                yield plain
            if not escape:
                return
            if rest in ("", _CSI, _SS3):
                self._held = escape + rest
                return
            if _begins_sequence(rest):
                body, escape, tail = rest.partition(ESCAPE)
                yield ESCAPE + body
                data = escape + tail
            else:
                yield ESCAPE
                data = rest

    def pause(self) -> Iterator[str]:
        """Nothing came for a while: what was held back is the key, and perhaps a letter after it."""
        held, self._held = self._held, ""
        if held:
            yield ESCAPE
        if rest := held[1:]:
            yield rest


def _begins_sequence(rest: str) -> bool:
    return rest[0] == _CSI or ESCAPE + rest[:2] in _SS3_KEYS

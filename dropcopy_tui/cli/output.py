"""Printing: data to standard output, messages to standard error, and never a terminal control sequence."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from dropcopy_tui.domain.errors import FileRefused
from dropcopy_tui.domain.visible import visible


class Asked(Protocol):
    """What printing must know of a run of the command line."""

    as_json: bool


def say(text: str, *, verbatim: bool = False) -> None:
    """Print one line of a message to standard error."""
    if sys.stderr is not None:
        try:
            print(text if verbatim else visible(text), file=sys.stderr, flush=True)
        except OSError:
            return  # standard error is closed: there is nowhere left to report it


def show(call: Asked, document: Any, lines: Iterable[str]) -> None:
    """Print the result: the document with --json, otherwise the lines."""
    if call.as_json:
        write(json.dumps(document, indent=2) + "\n")
    else:
        write("".join(f"{visible(line)}\n" for line in lines))


def write(text: str) -> None:
    """Write data to standard output and flush it. Raises FileRefused where it cannot be written.

    A terminal gets no control character of stored text, whatever the verb; a file or a pipe gets the data as they are.
    """
    if sys.stdout is None:
        return
    if sys.stdout.isatty():
        text = "\n".join(map(visible, text.split("\n")))
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise FileRefused(f"Standard output cannot be written ({error.strerror}).") from None


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> list[str]:
    """Format rows as aligned columns. Without rows, prints `empty` to standard error and returns nothing."""
    cells = [[visible(str(value)) for value in row] for row in rows]
    if not cells:
        say(empty)
        return []
    cells.insert(0, list(headers))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def fields(pairs: Iterable[tuple[str, object]]) -> list[str]:
    """Format names and values, one per line; a list takes one line per item."""
    lines = []
    pairs = list(pairs)
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        values = value if isinstance(value, (list, tuple)) else [value]
        for number, item in enumerate(values):
            lines.append(f"{'' if number else name:{width}}  {visible(str(item))}".rstrip())
    return lines


def utc(at: datetime) -> str:
    """Format a time as JSON has it: ISO 8601 in UTC, to the second."""
    # A million times in an export: a format of strftime takes ten times as long.
    return (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat()[:19] + "Z"


def maybe_utc(at: datetime | None) -> str | None:
    """Like `utc`, or None for None."""
    return None if at is None else utc(at)


def short_utc(at: datetime) -> str:
    """Format a time as tables show it."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%MZ}"

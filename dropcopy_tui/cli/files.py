"""Files that a command reads; `-` is standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from dropcopy_tui.domain.errors import FileRefused
from dropcopy_tui.seat import refuse_path

LARGEST = 1_048_576


@contextmanager
def opened(name: str, what: str) -> Iterator[BinaryIO]:
    """Open the file in binary mode. Raises FileRefused with the reason why it cannot be read."""
    if name == "-":
        if sys.stdin is None:
            raise FileRefused(f"{what} cannot be read: standard input is closed.")
        yield sys.stdin.buffer
        return
    refuse_path(name)
    try:
        file = open(name, "rb")  # noqa: SIM115 - closed below; an error in the caller's block is not a read error
    except (OSError, ValueError) as error:
        raise FileRefused(f"{what} {name} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    with file:
        yield file


def read_bytes(name: str, what: str, largest: int = LARGEST) -> bytes:
    """Read the whole file. Raises FileRefused if it is too large."""
    with opened(name, what) as file:
        raw = file.read(largest + 1)
    if len(raw) > largest:
        raise FileRefused(f"{what} {name} is larger than {largest:,} bytes and was not read.")
    return raw


def read_text(name: str, what: str, largest: int = LARGEST) -> str:
    """Read the whole file as text. Raises FileRefused if it is too large or not UTF-8."""
    return as_text(read_bytes(name, what, largest), name, what)


def as_text(raw: bytes, name: str, what: str) -> str:
    """Decode the bytes of a file. Raises FileRefused if they are not valid UTF-8."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused(f"{what} {name} is not valid UTF-8 (byte {error.start + 1}).") from None


def read_line(name: str, what: str) -> str:
    """Read the first line without its line end: a password or a code. The next call on `-` reads the next line."""
    if name == "-" and sys.stdin is not None and sys.stdin.isatty():
        return _asked(what)
    with opened(name, what) as file:
        raw = file.readline(LARGEST)
    try:
        line = raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise FileRefused(f"{what} in {name} is not valid UTF-8.") from None
    if not line:
        raise FileRefused(f"{what}: the first line of {'standard input' if name == '-' else name} is empty.")
    return line


def _asked(what: str) -> str:
    """What a person types at a terminal, which is not shown: "-" need not be a pipe."""
    import click

    return str(click.prompt(what, hide_input=True, err=True))

"""Files that a verb reads; `-` is standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from dropcopy_tui.domain.errors import FileRefused

LARGEST = 1_048_576


@contextmanager
def opened(name: str, what: str) -> Iterator[BinaryIO]:
    """The file in binary mode. Raises FileRefused saying why it cannot be read."""
    if name == "-":
        if sys.stdin is None:
            raise FileRefused(f"{what} cannot be read: standard input is closed.")
        yield sys.stdin.buffer
        return
    try:
        file = open(name, "rb")  # noqa: SIM115 - closed below; a caller's own errors must not look like this one's
    except (OSError, ValueError) as error:
        raise FileRefused(f"{what} {name} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    with file:
        yield file


def read_text(name: str, what: str, largest: int = LARGEST) -> str:
    """The whole file as text. Raises FileRefused when it is too large or not UTF-8."""
    with opened(name, what) as file:
        raw = file.read(largest + 1)
    if len(raw) > largest:
        raise FileRefused(f"{what} {name} is larger than {largest:,} bytes. It was not read.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileRefused(f"{what} {name} is not UTF-8 text: its byte {error.start + 1} is no part of it.") from None


def read_line(name: str, what: str) -> str:
    """The first line, without its end: passwords and codes. The next call on `-` reads the next line."""
    with opened(name, what) as file:
        raw = file.readline(LARGEST)
    try:
        line = raw.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise FileRefused(f"{what} in {name} is not UTF-8 text.") from None
    if not line:
        raise FileRefused(f"{what}: {'standard input' if name == '-' else name} has nothing on its first line.")
    return line

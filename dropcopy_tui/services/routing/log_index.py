"""The messages of a log by number, on disk: a list of a million of them costs no memory.

What was pasted or read lies in a file of its own that has no name; so do the notes on its messages. Whatever
happens to the application, nothing of them stays.
"""

from __future__ import annotations

import os
import stat
import struct
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dropcopy_tui.domain.errors import FileRefused
from dropcopy_tui.domain.pages import Anchor, Page, PageRequest
from dropcopy_tui.domain.routing import EXCHANGE, KINDS, Reading
from dropcopy_tui.services.routing.log_forms import CHUNK, LogText

# A log that was packed is unpacked into a file, as far as this.
_MOST_UNPACKED = 4_294_967_296
# Called with the bytes read so far and in total; returns whether to continue.
Watch = Callable[[int, int], bool]
UNROUTED, MISSED, RECEIVED = "unrouted", "missed", "received"
_RECORD = struct.Struct("<QIQHB32s")
_NUMBER = struct.Struct("<Q")
_FROM_EXCHANGE, _FLAGGED, _ROUTED, _RECEIVED = 1, 2, 4, 8
# Which bit decides, and what it must be.
_WANTED_BITS = {UNROUTED: (_ROUTED, 0), MISSED: (_RECEIVED, 0), RECEIVED: (_RECEIVED, _RECEIVED)}
_CODES = tuple(KINDS)
_PLACES = {code: place for place, code in enumerate(_CODES)}
_BLOCK = 4_096


@dataclass(frozen=True, slots=True)
class Entry:
    """What is noted of a message. `received`: by the group at hand."""

    number: int
    offset: int
    size: int
    line: int
    kind: str
    source: str
    from_exchange: bool
    flagged: bool
    routed: bool
    received: bool

    def reading(self) -> Reading:
        """What the message is."""
        return Reading(
            KINDS[self.kind], self.source, self.from_exchange, EXCHANGE if self.from_exchange else self.source
        )

    def packed(self) -> bytes:
        """As it is written."""
        flags = _FROM_EXCHANGE * self.from_exchange + _FLAGGED * self.flagged
        flags += _ROUTED * self.routed + _RECEIVED * self.received
        source = self.source.encode("ascii", "replace")[:32]
        return _RECORD.pack(self.offset, self.size, self.line, _PLACES[self.kind], flags, source)


def _name(source: bytes) -> str:
    return source.rstrip(b"\0").decode("ascii")


def _unpacked(number: int, record: bytes) -> Entry:
    offset, size, line, kind, flags, source = _RECORD.unpack(record)
    return Entry(
        number,
        offset,
        size,
        line,
        _CODES[kind],
        _name(source),
        *(bool(flags & bit) for bit in (_FROM_EXCHANGE, _FLAGGED, _ROUTED, _RECEIVED)),
    )


class _Source:
    """The bytes of a log, which can be read again. `text` knows what is wrong with the form it came in."""

    text: LogText

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.size = os.fstat(handle).st_size

    def chunks(self) -> Iterator[bytes]:
        """All of it, from the start."""
        at = 0
        while chunk := os.pread(self.handle, CHUNK, at):
            at += len(chunk)
            yield chunk


@contextmanager
def open_log(log: Path | bytes) -> Iterator[_Source]:
    """A file, or what was pasted. The handle is the reader's; it is closed when the block raises.

    Raises FileRefused: the file does not exist, cannot be read, or is not a regular file.
    """
    handle = _pasted(log) if isinstance(log, bytes) else _opened(log)
    try:
        source = _Source(handle)
        text = LogText(source.chunks())
        if text.converted:
            source = _converted(text, handle)
        source.text = text
        yield source
    except OSError as error:
        os.close(handle)
        raise FileRefused(f"The log cannot be read ({error.strerror}). Nothing was changed.") from None
    except BaseException:
        os.close(handle)
        raise


def _opened(path: Path) -> int:
    try:
        # A pipe would keep whoever opens it waiting.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise FileRefused(f"{path} cannot be read: {why}. Use another file.") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileRefused(f"{path} is not a regular file. Use a FIX log.")
    return handle


def _converted(text: LogText, packed: int) -> _Source:
    """The log as plain text, in a file without a name in place of the one it came in."""
    with tempfile.TemporaryFile() as file:
        for chunk in text:
            if file.tell() + len(chunk) > _MOST_UNPACKED:
                raise FileRefused(f"The log unpacks to more than {_MOST_UNPACKED:,} bytes. Use a part of it.")
            file.write(chunk)
        file.flush()
        os.dup2(file.fileno(), packed, inheritable=False)
    return _Source(packed)


def _pasted(text: bytes) -> int:
    with tempfile.TemporaryFile() as file:
        file.write(text)
        file.flush()
        return os.dup(file.fileno())


class LogIndex:
    """The notes on a log's messages, and views of some of them."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._records = tempfile.TemporaryFile(buffering=CHUNK)  # noqa: SIM115 - closed by close()
        self._view = tempfile.TemporaryFile(buffering=CHUNK)  # noqa: SIM115
        self._viewed = ("", "")
        self._viewing = threading.Lock()
        self._view_total = 0
        self.total = 0
        self.whole = True

    def close(self) -> None:
        """Give the files back; they are gone then."""
        self._records.close()
        self._view.close()
        if self._source.handle >= 0:
            os.close(self._source.handle)
            self._source.handle = -1

    def take(self, entries: Iterable[Entry], taken: Callable[[], int], watch: Watch | None) -> None:
        """Note every message."""
        for entry in entries:
            self._records.write(entry.packed())
            self.total += 1
            if watch and self.total % _BLOCK == 0 and not watch(taken(), self._source.size):
                self.whole = False
                break
        self._records.flush()

    def entry(self, number: int) -> Entry:
        """One message."""
        return _unpacked(number, self._record(number))

    def raw(self, entry: Entry) -> bytes:
        """The message itself, as the log has it. Raises FileRefused."""
        try:
            return os.pread(self._source.handle, entry.size, entry.offset)
        except OSError as error:
            raise FileRefused(f"The log can no longer be read ({error.strerror}).") from None

    def page(self, only: str, ask: PageRequest) -> Page[Entry]:
        """A page of the messages: all, those that are UNROUTED, MISSED or RECEIVED, that match in source or kind."""
        words = " ".join(ask.match.lower().split())
        with self._viewing:
            if (only, words) == ("", ""):
                return self._page(self.total, ask, lambda place: place)
            if (only, words) != self._viewed:
                self._look(only, words)
            return self._page(self._view_total, ask, self._number)

    def _page(self, total: int, ask: PageRequest, number: Callable[[int], int]) -> Page[Entry]:
        first, last = _span(ask, total)
        places = range(first, last)
        rows = tuple(self.entry(number(place)) for place in places)
        return Page(rows, tuple((place, place) for place in places), total)

    def _look(self, only: str, words: str) -> None:
        """Note which messages are wanted, in a file as well."""
        self._view.seek(0)
        self._view.truncate()
        self._view_total = 0
        asked, wants = _WANTED_BITS.get(only, (0, 0))
        wanted = [_texts(code) for code in _CODES]
        needles = words.split()
        for number, record in enumerate(self._all()):
            _, _, line, kind, flags, source = record
            if flags & asked != wants:
                continue
            text = " ".join((str(line), _name(source).lower(), wanted[kind])) if needles else ""
            if all(needle in text for needle in needles):
                self._view.write(_NUMBER.pack(number))
                self._view_total += 1
        self._view.flush()
        self._viewed = (only, words)

    def _all(self) -> Iterator[tuple[int, int, int, int, int, bytes]]:
        at, step = 0, _RECORD.size * _BLOCK
        while block := os.pread(self._records.fileno(), step, at):
            at += len(block)
            yield from _RECORD.iter_unpack(block)

    def _record(self, number: int) -> bytes:
        return os.pread(self._records.fileno(), _RECORD.size, number * _RECORD.size)

    def _number(self, place: int) -> int:
        found: int = _NUMBER.unpack(os.pread(self._view.fileno(), _NUMBER.size, place * _NUMBER.size))[0]
        return found


def read_index(
    source: _Source, entries: Iterable[Entry], taken: Callable[[], int], watch: Watch | None = None
) -> LogIndex:
    """The index of a log, all of it read once; it owns the log's handle from now on."""
    index = LogIndex(source)
    try:
        index.take(entries, taken, watch)
    except BaseException:
        index._records.close()
        index._view.close()
        raise
    return index


def _span(ask: PageRequest, total: int) -> tuple[int, int]:
    """The rows that are asked for, from the first up to the last, which is left out."""
    beside = int(ask.beside[0]) if ask.beside else 0
    if ask.anchor is Anchor.LAST:
        return max(0, total - ask.limit), total
    if ask.anchor is Anchor.BEFORE:
        return max(0, beside - ask.limit), min(beside, total)
    first = beside + 1 if ask.anchor is Anchor.AFTER else ask.at if ask.anchor is Anchor.AT else 0
    first = min(first, total)
    return first, min(first + ask.limit, total)


def _texts(code: str) -> str:
    kind = KINDS[code]
    return f"{code} {kind.words} {' '.join(item.words for item in kind.filters)}".lower()

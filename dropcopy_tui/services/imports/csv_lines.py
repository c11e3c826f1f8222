"""A CSV file read line by line, so that every bad line is counted and a huge one costs no memory.

A row is one physical line: no column of ours can hold a line break, and a quote that is never closed spoils
its own line only.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.names import shorten

EXPLAINED = 100
LONGEST_CELL = 1_000
# Bytes: more than eight cells of the longest kind, and below the csv module's own limit for a cell.
_LONGEST_LINE = 100_000
# Spreadsheets and web pages put it where a space is seen.
_NO_BREAK_SPACE = "\u00a0"
_BLANKS = f" {_NO_BREAK_SPACE}"
# Columns whose values are words of ours, in lower case: files may write them in any case.
_WORDS = ("market", "gateway", "status", "kind", "clearing_firm")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# The cells of a row in the order of `Columns.known`, "" for those of a column that the file does not have.
Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineError:
    """Why one physical line of the file cannot be imported."""

    line: int
    reason: str


@dataclass(slots=True)
class LineTally:
    """What was read so far: every bad line is counted, the first hundred are explained.

    `header` are the columns that the file has, in its order; empty until they were read.
    """

    read: int = 0
    rejected: int = 0
    errors: list[LineError] = field(default_factory=list)
    header: tuple[str, ...] = ()

    def bad(self, line: int, reason: str) -> None:
        """Count a bad line."""
        self.rejected += 1
        self.errors.append(LineError(line, reason))

    def settle(self) -> None:
        """Keep the first explanations, in the order of their lines. Called where a batch ends."""
        self.errors = sorted(self.errors, key=lambda error: error.line)[:EXPLAINED]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a kind of file.

    `filled` must be there with something in every cell; cells of `blank` may be empty; `optional` columns
    may be absent.
    """

    filled: tuple[str, ...]
    blank: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """The columns that the header must name."""
        return self.filled + self.blank

    @property
    def known(self) -> tuple[str, ...]:
        """Every column the file may have."""
        return self.required + self.optional


def csv_rows(stream: BinaryIO, columns: Columns, tally: LineTally) -> Iterator[tuple[int, Cells | None]]:
    """Each row's line number and cells, or None for a bad line, which the tally knows already.

    Blank lines are skipped. Nothing follows a header that cannot be used, or a line in another encoding.
    """
    arranged: _Arrangement | None = None
    for number, raw in _physical_lines(stream):
        if not raw.strip(b"\r\n"):
            continue
        tally.read += arranged is not None
        try:
            cells = _split(_decoded(raw), len(raw))
            if arranged is None:
                tally.header = tuple(_checked_header(cells, columns))
                arranged = _Arrangement(tally.header, columns)
                continue
            if not any(cells):
                # Spreadsheets write the rows below the last one, too: separators and nothing else.
                tally.read -= 1
                continue
            yield number, arranged.cells(cells)
        except UnicodeDecodeError as error:
            tally.bad(number, _encoding_problem(error))
            return
        except InvalidValue as problem:
            tally.bad(number, problem.message)
            if arranged is None:
                return
            yield number, None
    if arranged is None:
        tally.bad(1, f"The file is empty. Its first line must name the columns: {', '.join(columns.known)}.")


def _physical_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines, numbered from 1. One that is too long comes cut, but longer than is allowed."""
    number = 0
    while line := stream.readline(_LONGEST_LINE + 2):
        number += 1
        yield number, line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        while line and not line.endswith(b"\n"):
            line = stream.readline(_LONGEST_LINE)


def _decoded(raw: bytes) -> str:
    """The line as text. A line that was cut may end inside a character: it is refused for its length."""
    return raw.decode("utf-8", "ignore" if len(raw) > _LONGEST_LINE else "strict")


def _encoding_problem(error: UnicodeDecodeError) -> str:
    byte = error.object[error.start]
    # Spreadsheets on Windows save so unless they are told otherwise.
    meant = bytes((byte,)).decode("cp1252", "ignore")
    likely = f", which in Windows-1252 is {meant!r}" if meant.isprintable() and meant else ""
    return (
        f"The file is not valid UTF-8: byte {error.start + 1} of this line is 0x{byte:02X}{likely}. "
        "Save it as UTF-8 and import it again; the lines after this one were not read."
    )


def _split(text: str, size: int) -> list[str]:
    """The cells of one line of this many bytes, without the spaces around them. Raises InvalidValue."""
    if "\0" in text:
        raise InvalidValue("The line contains a NUL byte. Save the file as UTF-8 text.")
    if size > _LONGEST_LINE:
        raise InvalidValue(f"The line is longer than {_LONGEST_LINE:,} bytes.")
    bare = text.removesuffix("\n").removesuffix("\r")
    if '"' not in text and "\r" not in bare:
        cells = bare.split(",")  # what the csv module would do, in a third of the time
    else:
        try:
            cells = next(csv.reader((text,), strict=True))
        except csv.Error as error:
            raise InvalidValue(_csv_problem(str(error))) from None
    if size > LONGEST_CELL:
        _check_lengths(cells)
    return [cell.strip(_BLANKS) for cell in cells] if " " in text or _NO_BREAK_SPACE in text else cells


def _check_lengths(cells: list[str]) -> None:
    for number, cell in enumerate(cells, start=1):
        if len(cell) > LONGEST_CELL:
            raise InvalidValue(f"Cell {number} has {len(cell):,} characters. At most {LONGEST_CELL:,} are allowed.")


def _csv_problem(said: str) -> str:
    if "unexpected end" in said:
        return "A quote is opened but not closed on this line. A cell cannot contain a line break."
    if "expected after" in said:
        return 'A quoted cell continues after its closing quote. Write a quote inside a cell as "".'
    if "new-line" in said:
        return "The line contains a carriage return. End lines with LF or CR LF."
    return f"The line is not CSV ({said})."


def _checked_header(cells: list[str], columns: Columns) -> list[str]:
    """The header itself. Raises InvalidValue naming every column that is unknown, missing or doubled."""
    cells = [name.lower() for name in cells]
    _check_separator(cells, columns)
    unknown = [shorten(name) for name in cells if name not in columns.known]
    missing = [name for name in columns.required if name not in cells]
    doubled = [name for name in columns.known if cells.count(name) > 1]
    problems = [
        f"{what}: {', '.join(name or '(empty)' for name in names[:10])}."
        for what, names in (
            ("Unknown columns", unknown),
            ("Missing columns", missing),
            ("Duplicate columns", doubled),
        )
        if names
    ]
    if problems:
        raise InvalidValue(f"{' '.join(problems)} The columns are: {', '.join(columns.known)}.")
    return cells


def _check_separator(cells: list[str], columns: Columns) -> None:
    """Say the cause where the columns are there, only not between commas. Raises InvalidValue."""
    text = ",".join(cells)
    if text.startswith("sep="):
        raise InvalidValue("The first line is an instruction to a spreadsheet (sep=), not the header. Remove it.")
    for separator, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "vertical bars")):
        if separator in text and any(part.strip(' "') in columns.known for part in text.split(separator)):
            raise InvalidValue(f"The columns are separated by {name}. Save the file with commas and import it again.")


class _Arrangement:
    """The cells of a line in the order of the columns, whatever their order in the file."""

    def __init__(self, header: Sequence[str], columns: Columns) -> None:
        self._width = len(header)
        # A cell that the file does not have is the empty one behind its last.
        self._places = [header.index(name) if name in header else self._width for name in columns.known]
        self._words = [place for place, name in enumerate(columns.known) if name in _WORDS]
        self._filled = len(columns.filled)
        self._columns = columns

    def cells(self, cells: list[str]) -> Cells:
        """The cells of one line. Raises InvalidValue."""
        if len(cells) != self._width:
            raise InvalidValue(f"The line has {len(cells)} cells; the header has {self._width}.")
        cells.append("")
        row = [cells[place] for place in self._places]
        for place in self._words:
            row[place] = row[place].lower()
        if not all(row[: self._filled]):
            empty = next(name for name, cell in zip(self._columns.filled, row, strict=False) if not cell)
            raise InvalidValue(f"Column {empty} is empty.")
        return tuple(row)

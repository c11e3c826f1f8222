"""The downloaded key file: fixed-width text, one line a key pair (domain section 7).

What is refused is named by line and column, never by its text: in a file whose columns slipped, any
column may hold the secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.keypairs import KeyPair, market_date, state_of
from dropcopy_tui.domain.market_close import MarketHours, close_of
from dropcopy_tui.domain.names import shorten
from dropcopy_tui.domain.plurals import plural, some

ENVIRONMENTS = ("PRODUCTION", "NEWRELEASE", "CERT")
# Heading and width of each column (CME wiki: API key management); the last place of each is a space.
COLUMNS = (
    ("Session ID", 21),
    ("Access ID", 31),
    ("Secret Key", 51),
    ("Creation Date", 21),
    ("Expiration Date", 21),
    ("Environment", 21),
)
LINE_LENGTH = 166
LARGEST_FILE = 1_048_576
_HEADINGS = tuple(heading for heading, _ in COLUMNS)
_NO_HEADER = f"it must be the header with the columns {', '.join(_HEADINGS)}, and no others"
_MOVED = "its columns have moved, as if spaces had been added or removed"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LINE_END = re.compile(r"\r\n|\r|\n")
_END_NAMES = {"\r\n": "CR LF", "\n": "LF", "\r": "CR alone"}
_LISTED = 5


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key pair of a key file, its secret as base64url text of 43 characters."""

    session_id: str
    access_key_id: str
    secret: str = field(repr=False)
    created: date
    expires: date
    environment: str


def render(rows: Iterable[KeyRow]) -> str:
    """The file's text: every line padded to 166 characters, a blank line after each, LF.

    Raises:
        InvalidValue: a value is empty, too wide, has a space or is not ASCII, or the environment is unknown.
    """
    lines = [_line(_HEADINGS)]
    for row in rows:
        lines.append(_line(_checked(row)))
    return "".join(f"{line}\n\n" for line in lines)


def _checked(row: KeyRow) -> tuple[str, ...]:
    values = (
        row.session_id,
        row.access_key_id,
        row.secret,
        row.created.isoformat(),
        row.expires.isoformat(),
        row.environment,
    )
    for value, (heading, width) in zip(values, COLUMNS, strict=True):
        complaint = _complaint(value, width)
        if complaint:
            raise InvalidValue(f"{heading} {complaint}; no key file was created.")
    if row.environment not in ENVIRONMENTS:
        raise InvalidValue(f"Environment must be {_listed(ENVIRONMENTS)}; no key file was created.")
    return values


def _complaint(value: str, width: int) -> str:
    """What keeps the value from standing in a column of this width, or nothing."""
    if not value:
        return "is empty"
    if len(value) >= width:
        return f"is too long: it has {len(value):,} characters; at most {width - 1} are allowed"
    if not value.isascii() or not value.isprintable() or " " in value:
        return "contains a space or a character that is not printable ASCII"
    return ""


def _line(values: Sequence[str]) -> str:
    return "".join(value.ljust(width) for value, (_, width) in zip(values, COLUMNS, strict=True))


def parse(text: str) -> list[KeyRow]:
    """The rows of a key file, whose lines all end in LF or all in CR LF.

    Changes by an editor or a mail program that lose nothing are accepted: blanks trimmed at the ends of lines, blank
    lines removed or added.

    Raises:
        InvalidValue: the text is not such a file; the first line that is not is named by its number.
    """
    if len(text) > LARGEST_FILE:
        raise InvalidValue(f"The key file is larger than {LARGEST_FILE:,} bytes.")
    _check_line_ends(text)
    lines = [(number, line) for number, line in _lines(text) if line]
    if not lines:
        raise _bad(1, f"it is empty; {_NO_HEADER}")
    _check_header(*lines[0], last=len(lines) == 1)
    return [_row(number, line, last=number == lines[-1][0]) for number, line in lines[1:]]


def _check_line_ends(text: str) -> None:
    """Refuse mixed line ends: something has changed the file."""
    first = ""
    for number, end in enumerate(_LINE_END.finditer(text), 1):
        first = first or end[0]
        if end[0] != first or end[0] == "\r":
            others = f"; the line before it ends in {_END_NAMES[first]}" if end[0] != first else ""
            raise _bad(number, f"it ends in {_END_NAMES[end[0]]}{others}. Download the file again")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, without the blanks at their ends."""
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.removesuffix("\r")
        if "\t" in bare:
            raise _bad(number, "it contains a tab; columns are separated by spaces. Download the file again")
        if not bare.isascii() or not (bare.isprintable() or not bare):
            raise _bad(number, "it contains a character that is not printable ASCII")
        yield number, bare.rstrip(" ")


def _check_header(number: int, line: str, *, last: bool) -> None:
    right = _line(_HEADINGS).rstrip(" ")
    if line == right:
        return
    if last and right.startswith(line):
        raise _bad(number, "the file is truncated: its header is incomplete")
    if line.split() == right.split():
        raise _bad(number, f"{_MOVED}. Download the file again")
    raise _bad(number, _NO_HEADER)


def _row(number: int, line: str, *, last: bool) -> KeyRow:
    if len(line) > LINE_LENGTH:
        more = "it has more columns than the header"
        raise _bad(number, f"it has {plural(len(line), 'character')} instead of {LINE_LENGTH}: {more}")
    session_id, access_key_id, secret, created, expires, environment = _values(number, line, last=last)
    if environment not in ENVIRONMENTS:
        cut = any(name.startswith(environment) for name in ENVIRONMENTS)
        why = f"{_cut(last=last)}: it ends in {environment}" if cut else f"Environment must be {_listed(ENVIRONMENTS)}"
        raise _bad(number, why)
    return KeyRow(
        session_id=session_id,
        access_key_id=access_key_id,
        secret=secret,
        created=_date(number, "Creation Date", created),
        expires=_date(number, "Expiration Date", expires),
        environment=environment,
    )


def _values(number: int, line: str, *, last: bool) -> Iterator[str]:
    """The values of the columns; refused where the line ends before its last one, or a value is in no column."""
    values = line.split()
    start = 0
    for heading, width in COLUMNS:
        value = line[start : start + width].rstrip(" ")
        if len(line) <= start:
            raise _bad(number, f"{_cut(last=last)}: it has no {heading}")
        complaint = _complaint(value, width)
        if complaint and len(values) == len(COLUMNS) and all(len(one) < size for one, (_, size) in _zipped(values)):
            raise _bad(number, f"from {heading} on {_MOVED}. Download the file again")
        if complaint:
            raise _bad(number, f"{heading} {complaint}")
        yield value
        start += width


def _zipped(values: Sequence[str]) -> Iterator[tuple[str, tuple[str, int]]]:
    return zip(values, COLUMNS, strict=True)


def _cut(*, last: bool) -> str:
    return "the file is truncated" if last else "the line is truncated"


def _date(number: int, heading: str, value: str) -> date:
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass  # such as 2026-02-30: the refusal is the same
    raise _bad(number, f"{heading} is not a valid date, such as 2026-12-15")


def pair_of(row: KeyRow, hours: MarketHours) -> KeyPair:
    """The pair of a row, as the store has it: its last day ends at the close of its market (rule K2).

    The file has days, not times: the pair counts from the beginning of the day it was made on, in the market's zone.
    """
    made = datetime.combine(row.created, time.min, ZoneInfo(hours.zone))
    ends = close_of(hours, row.expires)
    return KeyPair(row.access_key_id, row.session_id, made.astimezone(UTC), ends, zone=hours.zone)


def newest(rows: Sequence[KeyRow], session_id: str | None, hours: MarketHours, now: datetime) -> KeyRow:
    """The row that expires last of a session (domain section 7).

    Args:
        rows: of one file.
        session_id: the session, or None for the only one of the file.
        hours: of the session's market.
        now: aware.

    Raises:
        InvalidValue: no such row, several sessions and none named, or the key has expired.
    """
    if not rows:
        raise InvalidValue("The key file contains no key pair.")
    wanted = session_id if session_id is not None else _only_session(rows)
    own = [row for row in rows if row.session_id == wanted]
    if not own:
        raise InvalidValue(f"The key file contains no key pair of session {shorten(wanted)!r}.", "session_id")
    last = max(own, key=lambda row: (row.expires, row.created))
    if not state_of(pair_of(last, hours), now).living:
        when = market_date(hours, close_of(hours, last.expires))
        raise InvalidValue(f"The key pair of session {shorten(wanted)} expired on {when}. Download a newer one.")
    return last


def _only_session(rows: Sequence[KeyRow]) -> str:
    sessions = sorted({row.session_id for row in rows})
    if len(sessions) == 1:
        return sessions[0]
    shown = some([shorten(session) for session in sessions], _LISTED)
    raise InvalidValue(f"The key file contains several sessions: {shown}. Specify one.", "session_id")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + " or " + names[-1]


def _bad(number: int, why: str) -> InvalidValue:
    return InvalidValue(f"Line {number} of the key file cannot be read: {why}.")

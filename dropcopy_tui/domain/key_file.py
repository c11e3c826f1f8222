"""The downloaded key file: fixed-width text, one line a key pair (domain section 7).

What is refused is named by line and column, never by its text: in a file whose columns slipped, any
column may hold the secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.names import shorten

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
            raise InvalidValue(f"{heading} {complaint}; no key file was made.")
    if row.environment not in ENVIRONMENTS:
        raise InvalidValue(f"Environment must be {_listed(ENVIRONMENTS)}; no key file was made.")
    return values


def _complaint(value: str, width: int) -> str:
    """What keeps the value from standing in a column of this width, or nothing."""
    if not value:
        return "is empty"
    if len(value) >= width:
        return f"is too wide: it has {len(value):,} characters of at most {width - 1}"
    if not value.isascii() or not value.isprintable() or " " in value:
        return "has a space or a character that is not printable ASCII"
    return ""


def _line(values: Sequence[str]) -> str:
    return "".join(value.ljust(width) for value, (_, width) in zip(values, COLUMNS, strict=True))


def parse(text: str) -> list[KeyRow]:
    """The rows of a key file, whose lines all end in LF or all in CR LF.

    Raises:
        InvalidValue: the text is not exactly such a file; the first line that is not is named by its number.
    """
    if len(text) > LARGEST_FILE:
        raise InvalidValue(f"The key file is larger than {LARGEST_FILE:,} bytes.")
    _check_line_ends(text)
    contents = _content_lines(text)
    number, header = next(contents, (1, ""))
    if header != _line(_HEADINGS):
        raise _bad(number, _NO_HEADER)
    return [_row(number, line) for number, line in contents]


def _check_line_ends(text: str) -> None:
    """Go on only with line ends of one kind: where they are mixed, something has changed the file."""
    first = ""
    for number, end in enumerate(_LINE_END.finditer(text), 1):
        first = first or end[0]
        if end[0] != first or end[0] == "\r":
            others = f"; the line before it ends in {_END_NAMES[first]}" if end[0] != first else ""
            raise _bad(number, f"it ends in {_END_NAMES[end[0]]}{others}. Download the file again")


def _content_lines(text: str) -> Iterator[tuple[int, str]]:
    """Header and rows with their line numbers; every second line must be blank.

    The blank line or the LF after the last row may be missing: editors trim them, and nothing is lost.
    """
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, 1):
        _check_line(number, line, last=number == len(lines))
        if number % 2:
            yield number, line


def _check_line(number: int, line: str, *, last: bool) -> None:
    if not line.isascii() or not line.isprintable():
        raise _bad(number, "it has a character that is not printable ASCII")
    blank = not line.strip(" ")
    if number % 2 == 0:
        if not blank:
            raise _bad(number, "a blank line must follow the header and each row")
        return
    if blank:
        raise _bad(number, "it is blank, where the header or a key pair must stand")
    if number == 1 and len(line) != LINE_LENGTH and not (last and _line(_HEADINGS).startswith(line)):
        raise _bad(number, _NO_HEADER)
    if len(line) < LINE_LENGTH:
        why = "the file is cut" if last else "the line is cut or its padding is gone"
        raise _bad(number, f"it has {len(line)} characters instead of {LINE_LENGTH}: {why}")
    if len(line) > LINE_LENGTH:
        more = "there are columns that the header does not have"
        raise _bad(number, f"it has {len(line):,} characters instead of {LINE_LENGTH}: {more}")


def _row(number: int, line: str) -> KeyRow:
    values = []
    start = 0
    for heading, width in COLUMNS:
        value = line[start : start + width].rstrip(" ")
        complaint = _complaint(value, width)
        if complaint:
            raise _bad(number, f"{heading} {complaint}")
        values.append(value)
        start += width
    session_id, access_key_id, secret, created, expires, environment = values
    if environment not in ENVIRONMENTS:
        raise _bad(number, f"Environment must be {_listed(ENVIRONMENTS)}")
    return KeyRow(
        session_id=session_id,
        access_key_id=access_key_id,
        secret=secret,
        created=_date(number, "Creation Date", created),
        expires=_date(number, "Expiration Date", expires),
        environment=environment,
    )


def _date(number: int, heading: str, value: str) -> date:
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass  # such as 2026-02-30: the refusal is the same
    raise _bad(number, f"{heading} is no date like 2026-12-15")


def newest(rows: Sequence[KeyRow], session_id: str | None, today: date) -> KeyRow:
    """The row that expires last of a session (domain section 7).

    Args:
        rows: of one file.
        session_id: the session, or None for the only one of the file.
        today: a key that expires today is still taken; its market's close is not in the file.

    Raises:
        InvalidValue: no such row, several sessions and none named, or the key has expired.
    """
    if not rows:
        raise InvalidValue("The key file holds no key pair.")
    wanted = session_id if session_id is not None else _only_session(rows)
    own = [row for row in rows if row.session_id == wanted]
    if not own:
        raise InvalidValue(f"The key file has no key pair of session {shorten(wanted)!r}.", "session_id")
    last = max(own, key=lambda row: (row.expires, row.created))
    if last.expires < today:
        raise InvalidValue(
            f"The key pair of session {shorten(wanted)} expired on {last.expires}. Download a newer one."
        )
    return last


def _only_session(rows: Sequence[KeyRow]) -> str:
    sessions = sorted({row.session_id for row in rows})
    if len(sessions) == 1:
        return sessions[0]
    shown = ", ".join(shorten(session) for session in sessions[:_LISTED])
    more = f" and {len(sessions) - _LISTED:,} more" if len(sessions) > _LISTED else ""
    raise InvalidValue(f"The key file has several sessions: {shown}{more}. Name one.", "session_id")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + " or " + names[-1]


def _bad(number: int, why: str) -> InvalidValue:
    return InvalidValue(f"Line {number} of the key file cannot be read: {why}.")

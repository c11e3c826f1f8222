"""The kinds of values that settings have, as annotated types for pydantic.

A kind says in its description what a value must be, and a refusal repeats it; a validator that knows better says so
itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field

from dropcopy_tui.domain.errors import DeskError
from dropcopy_tui.domain.filters import Filter, parse_filters
from dropcopy_tui.domain.mail import is_address
from dropcopy_tui.domain.markets import market_named


def whole(low: int, high: int) -> Any:
    """Bounds of a whole number."""
    return Field(ge=low, le=high, description=f"a whole number from {low} to {high}")


class Length:
    """Reads a whole number of `minutes`, `hours` or `days` as a length of time; `says` is what it must be."""

    def __init__(self, unit: str, low: int, high: int) -> None:
        self._unit, self._low, self._high = unit, low, high
        self.says = f"a whole number from {low} to {high}"

    def __call__(self, value: object) -> timedelta:
        """The length of time. Raises ValueError."""
        if not isinstance(value, int) or isinstance(value, bool) or not self._low <= value <= self._high:
            raise ValueError(f"it must be {self.says}")
        return timedelta(**{self._unit: value})


def lasting(unit: str, low: int, high: int) -> BeforeValidator:
    """A whole number of `minutes`, `hours` or `days`, read as a length of time."""
    return BeforeValidator(Length(unit, low, high))


def meaning(words: str, unset: str = "") -> Any:
    """What a setting is for, as the reference says it; `unset` is its default in words where it is not a value."""
    return Field(title=words, json_schema_extra={"unset": unset})


def _if(is_right: Callable[[str], bool]) -> AfterValidator:
    def check(value: str) -> str:
        if not is_right(value):
            raise ValueError
        return value

    return AfterValidator(check)


def _is_word(value: str) -> bool:
    return 0 < len(value) <= 255 and value.isprintable() and " " not in value


def _is_text(value: str) -> bool:
    return len(value) <= 60 and bool(value.strip()) and value.isprintable()


def _is_host(value: str) -> bool:
    return _is_word(value) and all(letter.isascii() and (letter.isalnum() or letter in ".-") for letter in value)


def _is_zone(value: str) -> bool:
    try:
        return bool(ZoneInfo(value).key)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _path(value: object) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("it must be the path of a file")
    path = Path(value).expanduser()
    if not path.is_absolute():
        raise ValueError("it must be an absolute path or start with ~")
    return path


def _filters(value: object) -> frozenset[Filter]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"it must be a list of filters: {', '.join(Filter)}")
    try:
        return parse_filters(value)
    except DeskError as error:
        raise ValueError(error.message) from None


def _by_market(times: dict[str, time]) -> dict[str, time]:
    try:
        return {market_named(name).code: at for name, at in times.items()}
    except DeskError as error:
        raise ValueError(error.message) from None


def _descending(days: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(days), reverse=True))


def _is_anchor(value: str) -> bool:
    return value == "syslog" or (value.startswith("/") and value.isprintable() and len(value) <= 1_000)


Word = Annotated[str, _if(_is_word), Field(description="text of 1 to 255 printable characters without spaces")]
Text = Annotated[
    str, _if(_is_text), AfterValidator(str.strip), Field(description="text of 1 to 60 printable characters")
]
Address = Annotated[str, _if(is_address), Field(description="an email address such as desk@firm.example")]
Host = Annotated[
    str,
    _if(_is_host),
    Field(description="a host name such as api-0000.duosecurity.com, without https:// or port"),
]
Zone = Annotated[str, _if(_is_zone), Field(description="a time zone such as America/Chicago")]
File = Annotated[Path, BeforeValidator(_path), Field(description="the path of a file")]
YesNo = Annotated[bool, Field(description="true or false")]
AnchorPlace = Annotated[
    str, _if(_is_anchor), Field(description='an absolute path such as "/var/log/dropcopy-anchors", or "syslog"')
]
Filters = Annotated[frozenset[Filter], BeforeValidator(_filters), Field(description="a list of filters")]
Days = Annotated[frozenset[date], Field(strict=False, description="a list of dates such as [2026-12-24]")]
NoticeDays = Annotated[
    tuple[Annotated[int, Field(ge=1, le=60)], ...],
    AfterValidator(_descending),
    Field(strict=False, max_length=10, description="a list of at most ten numbers from 1 to 60 such as [28, 14, 7, 1]"),
]
TimesByMarket = Annotated[
    dict[str, time],
    AfterValidator(_by_market),
    Field(description="a table such as { brokertec_us = 17:30:00 }"),
]
Templates = Annotated[
    dict[str, Annotated[str, Field(max_length=999)]],
    Field(description="a table of strings such as { to = '{to}', text = '{text}' }"),
]
Statuses = Annotated[
    tuple[Annotated[int, Field(ge=200, le=299)], ...],
    Field(strict=False, min_length=1, description="a list of HTTP status codes from 200 to 299 such as [200, 201]"),
]

"""Dates and times that people type into a filter; UTC unless they have an offset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.names import shorten

_DAY = len("2026-11-23")


def since(text: str) -> datetime | None:
    """The beginning of the given day or time, or None for empty text. Raises InvalidValue."""
    return _moment(text.strip(), "since")


def until(text: str) -> datetime | None:
    """The exclusive end: the beginning of the next day for a day, the time itself for a time. Raises InvalidValue."""
    text = text.strip()
    moment = _moment(text, "until")
    return moment + timedelta(days=1) if moment and len(text) == _DAY else moment


def _moment(text: str, field: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidValue(
            f"{shorten(text)!r} is not a valid time. Use a day such as 2026-11-23, or 2026-11-23T16:45 (UTC).", field
        ) from None

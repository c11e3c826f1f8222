"""The line of the key calendar under the cursor, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dropcopy_tui.domain.dates import date_words, weekday_name
from dropcopy_tui.domain.key_days import Move
from dropcopy_tui.services.keys.calendar import CalendarLine, CalendarPair
from screens.widgets.columns import Column

if TYPE_CHECKING:
    from dropcopy_tui.services.keys.report import KeyReportLine

CLOSED_BY_NOW = "now a holiday, but the expiry does not change"
# As `dropcopy keys report` names and writes them.
REPORT_COLUMNS: tuple[Column[KeyReportLine], ...] = (
    Column("session_id", lambda line: line.session_id),
    Column("market", lambda line: line.market),
    Column("kind", lambda line: line.kind.value),
    Column("entity", lambda line: line.entity),
    Column("access_key_id", lambda line: line.access_key_id),
    Column("state", lambda line: line.state.value),
    Column("created_at", lambda line: _utc(line.created_at)),
    Column("age_days", lambda line: str(line.age_days)),
    Column("expires_at", lambda line: _utc(line.expires_at)),
    Column("days_left", lambda line: _maybe(line.days_left)),
    Column("last_notice_days", lambda line: _maybe(line.notice_days)),
    Column("last_notice_at", lambda line: _utc(line.notice_at) if line.notice_at else ""),
    Column("remark", lambda line: line.remark),
    Column("deleted_at", lambda line: _utc(line.deleted_at) if line.deleted_at else ""),
    Column("deleted_by", lambda line: line.deleted_by),
)
_SATURDAY = 5


def detail(line: CalendarLine) -> str:
    """Such as `T4C: pair AB..12 expires Tue 15 Dec 2026 17:30 ET, in 23 days; no second pair`, and why it was moved."""
    who = f"{line.session_id}: "
    living, last = line.living, line.last
    if last is None:
        return f"{who}no key pair yet"
    if not living:
        expired = f"pair {_name(last)} expired {_when(last)}"
        return f"{line.session_id} feed stopped: {expired}, {last.left}{_moved(last.move)}"
    first = living[0]
    words = f"{who}pair {_name(first)} expires {_when(first)}, {first.left}"
    if len(living) == 1:
        return f"{words}; no second pair{_moved(first.move)}"
    cut = ", shortened" if first.shortened else ""
    second = living[-1]
    return f"{words}{cut}; then {_name(second)} until {_when(second)}{_moved(second.move)}"


def _utc(when: datetime) -> str:
    """A moment as the command line writes it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _maybe(number: int | None) -> str:
    return "" if number is None else str(number)


def is_questionable(line: CalendarLine) -> bool:
    """Whether a holiday of today's calendar might be on the last day: only of an active key pair."""
    last = line.last
    return last is not None and last.state.living


def _name(pair: CalendarPair) -> str:
    """Enough of the public key id to distinguish two key pairs."""
    return f"{pair.access_key_id[:2]}..{pair.access_key_id[-2:]}"


def _when(pair: CalendarPair) -> str:
    return f"{weekday_name(pair.ends)} {pair.when}"


def _moved(move: Move | None) -> str:
    if move is None:
        return ""
    return f"; moved from {date_words(move.nominal, weekday=True, year=False)}: {_reason(move)}"


def _reason(move: Move) -> str:
    weekend = move.nominal.weekday() >= _SATURDAY
    return "holiday" if move.holiday and not weekend else "weekend and holiday" if move.holiday else "weekend"

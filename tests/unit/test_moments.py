"""Times as people type them into a filter."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.moments import since, until


@pytest.mark.parametrize(
    ("text", "first", "end"),
    [
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)),
        (" 2026-12-31 ", datetime(2026, 12, 31, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        ("2026-11-23T16:45", *[datetime(2026, 11, 23, 16, 45, tzinfo=UTC)] * 2),
        ("2026-11-23 16:45:30", *[datetime(2026, 11, 23, 16, 45, 30, tzinfo=UTC)] * 2),
        ("2026-11-23T11:45-05:00", *[datetime(2026, 11, 23, 16, 45, tzinfo=UTC)] * 2),
        ("", None, None),
    ],
)
def test_a_day_counts_whole_and_a_moment_is_itself(text: str, first: datetime | None, end: datetime | None) -> None:
    assert (since(text), until(text)) == (first, end)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026-02-30", "0001-01-01T00:00+23:59", "9" * 400])
def test_what_is_no_time_is_refused_at_its_own_field(text: str) -> None:
    for parse, field in ((since, "since"), (until, "until")):
        with pytest.raises(InvalidValue, match="is not a valid time") as refused:
            parse(text)
        assert refused.value.field == field
        assert len(refused.value.message) < 150

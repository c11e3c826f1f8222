"""What a proof covers, in the very form that stores of earlier versions have: else every row would seem altered."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dropcopy_tui.store.row_proofs import PROVEN, _said

TABLE = "challenge"
COLUMNS = PROVEN[TABLE].columns
MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=9))]))
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.binary(),
    MOMENTS,
    st.lists(st.text(max_size=5)),
    st.dictionaries(st.text(max_size=5), st.integers()),
)


def in_a_file(value: Any) -> Any:
    if isinstance(value, datetime):
        there = value.astimezone(UTC)
        return f"{there.year:04}-{there:%m-%d %H:%M:%S}.{there.microsecond:06}"
    if isinstance(value, bool):
        return int(value)
    return value.hex() if isinstance(value, bytes) else value


@given(st.lists(VALUES, min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_a_proof_covers_the_json_of_its_row(values: list[Any]) -> None:
    said = {name: in_a_file(value) for name, value in zip(COLUMNS, values, strict=True) if value is not None}
    assert _said(TABLE, values) == json.dumps([TABLE, said], sort_keys=True, separators=(",", ":"))


def test_the_columns_of_a_proof_stand_in_their_order() -> None:
    assert all(list(proven.columns) == sorted(proven.columns) for proven in PROVEN.values())

"""The quick tier of the programme: every promise in small numbers, and every control, which must fail."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.stores import on_postgres
from tests.trust.programme import run
from tests.trust.results import keep, results
from tests.trust.rows import Row, Tally
from tests.trust.table import ROWS

pytestmark = pytest.mark.skipif(on_postgres(), reason="SQLite only: the programme is about a store in a file")


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.name)
def test_the_promise_holds_and_its_control_fails(row: Row, tmp_path: Path) -> None:
    line = run(row, row.quick, folder=tmp_path)
    assert line.tally.told == []
    assert line.tally.failed == 0
    assert line.tally.trials + sum(line.tally.skipped.values()) > 0
    assert line.control.failed > 0 or line.tally.skipped, f"nothing fails although {row.control.without}"


def test_a_failure_is_counted_and_a_control_that_passes_is_no_control(tmp_path: Path) -> None:
    row = ROWS["cross-bindings"]
    failing = run(replace(row, name="cross-bindings"), 4, folder=tmp_path)
    assert failing.holds
    assert not replace(failing, control=Tally(trials=4)).holds
    failed = Tally()
    failed.tried()
    failed.tried("as it should not")
    assert (failed.trials, failed.failed, failed.told) == (2, 1, ["as it should not"])
    assert not replace(failing, tally=failed).holds
    assert not replace(failing, tally=Tally()).holds


def test_a_row_that_stops_early_has_failed(tmp_path: Path) -> None:
    store = tmp_path / "0"
    store.write_text("in the way of its folder")
    line = run(replace(ROWS["tampers"], quick=1), 0, folder=tmp_path)
    assert not line.holds


def test_the_committed_lines_are_of_rows_as_they_are() -> None:
    lines = results()
    assert [line["test"] for line in lines] == [name for name in ROWS if name in {line["test"] for line in lines}]
    for line in lines:
        row = ROWS[line["test"]]
        assert (line["promise"], line["target"], line["control"]["without"]) == (
            row.promise, row.target, row.control.without,
        )  # fmt: skip
        assert line["failures"] == 0 or line["told"]
        assert line["control"]["failures"] > 0


def test_a_result_takes_the_place_of_the_last_one(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    for test, trials in (("b", 1), ("a", 2), ("b", 3)):
        keep({"test": test, "trials": trials}, ["a", "b"], file)
    assert results(file) == [{"test": "a", "trials": 2}, {"test": "b", "trials": 3}]

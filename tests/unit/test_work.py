"""Long work: its steps, its estimate, and its one early end."""

from __future__ import annotations

import threading

import pytest

from dropcopy_tui.domain.errors import Interrupted
from dropcopy_tui.domain.work import Estimate, Work, current, left_words, part, step


def test_nothing_is_watched_outside_of_work() -> None:
    assert current() is None
    step("Reading", 10).tell(5)


def test_a_step_is_the_present_work_in_its_block_only() -> None:
    work = Work()
    with work.doing():
        assert step("Reading", 10) is work
        work.tell(4)
    assert (work.what, work.part, current()) == ("Reading", 0.4, None)


def test_an_unknown_total_has_no_part() -> None:
    assert step("Sorting").part is None


def test_a_statement_is_counted_by_the_steps_of_the_database_and_never_claims_to_be_over() -> None:
    work = Work()
    work.expect("Importing", 1_000, cost=100)
    work.pulse(20_000)
    assert work.done == 200
    work.pulse(10_000_000)
    assert work.part == 0.98
    work.expect("Reading", 1_000)
    work.pulse(20_000)
    assert work.done == 0


def test_cancelled_work_ends_at_its_next_step() -> None:
    work = Work()
    assert work.cancel()
    assert work.is_cancelled
    for go_on in (work.hear, lambda: work.tell(1), lambda: work.expect("x"), lambda: work.pulse(1), work.finish):
        with pytest.raises(Interrupted):
            go_on()


def test_what_is_final_is_not_cancelled() -> None:
    work = Work()
    work.finish()
    assert not work.cancel()
    work.tell(1)


def test_the_next_transaction_is_cancelled_again_by_whoever_was_too_late_for_the_one_before() -> None:
    work = Work()
    work.finish()
    work.begin()
    assert work.cancel()
    late = Work()
    late.finish()
    assert not late.cancel()
    with pytest.raises(Interrupted):
        late.begin()


def test_a_part_keeps_the_name_of_the_whole() -> None:
    part("Copying", 10, 1)
    work = Work()
    with work.doing():
        part("Copying", 10, 1)
        assert (work.what, work.total) == ("Copying", 10)
        work.expect("Submitting")
        part("Copying", 20, 1)
        assert (work.what, work.total) == ("Submitting", 20)


def test_cancelling_stops_what_runs_now() -> None:
    work, stopped = Work(), threading.Event()
    with work.stoppable(stopped.set):
        thread = threading.Thread(target=work.cancel)
        thread.start()
        assert stopped.wait(5)
        thread.join()
    stopped.clear()
    work.cancel()
    assert not stopped.is_set()


def test_an_estimate_goes_by_what_is_done() -> None:
    work, estimate = Work(), Estimate()
    work.expect("Reading", 100)
    assert estimate.left(work, 10.0) is None
    work.tell(25)
    assert estimate.left(work, 10.5) is None, "too early to say"
    assert estimate.left(work, 14.0) == pytest.approx(12)
    work.expect("Sorting", 100)
    assert estimate.left(work, 15.0) is None, "a step has a time of its own"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (0.2, "about 1 s left"),
        (12.4, "about 12 s left"),
        (99.0, "about 99 s left"),
        (130, "about 2 min left"),
    ],
)
def test_what_is_left_in_words(seconds: float | None, said: str) -> None:
    assert left_words(seconds) == said

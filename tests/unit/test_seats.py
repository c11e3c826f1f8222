"""When a seat is locked and over, and what its person is told: rules without a store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dropcopy_tui.domain.seats import (
    Ending,
    SeatRules,
    SeatTimes,
    SeatWay,
    ending_words,
    idle_words,
    length_words,
    over,
    rules_of,
)
from dropcopy_tui.domain.settings import Settings

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = SeatRules()


def times(*, opened: int = 0, seen: int = 0, acted: int = 0) -> SeatTimes:
    """A seat that was opened, seen and used so many minutes ago."""
    return SeatTimes(NOW - opened * MINUTE, NOW - seen * MINUTE, NOW - acted * MINUTE)


def test_the_rules_of_a_desk() -> None:
    assert rules_of(Settings(), sandbox=False) == SeatRules(15 * MINUTE, 30 * MINUTE, 720 * MINUTE, 3)
    set_ = Settings(seat_lock=5 * MINUTE, seat_sign_out=10 * MINUTE, seat_life=60 * MINUTE, seats=1)
    assert rules_of(set_, sandbox=False) == SeatRules(5 * MINUTE, 10 * MINUTE, 60 * MINUTE, 1)


def test_a_sandbox_keeps_seats_only_if_it_is_told_to() -> None:
    assert rules_of(Settings(), sandbox=True) is None
    for setting in ({"seat_lock": MINUTE}, {"seat_sign_out": MINUTE}, {"seat_life": MINUTE}, {"seats": 2}):
        assert rules_of(Settings(**setting), sandbox=True) is not None  # type: ignore[arg-type]


def test_a_seat_whose_process_has_ended_is_lost() -> None:
    assert over(times(), RULES, NOW, gone=True) is Ending.LOST
    assert over(times(), RULES, NOW, gone=False) is None
    assert over(times(), RULES, NOW, gone=None) is None


@pytest.mark.parametrize(("minutes", "how"), [(12, None), (13, Ending.LOST)])
def test_one_on_another_host_is_lost_when_it_is_not_heard_of(minutes: int, how: Ending | None) -> None:
    assert over(times(seen=minutes, acted=minutes), RULES, NOW, gone=None) is how
    # A process that was stopped, on this host, is still there.
    assert over(times(seen=minutes, acted=minutes), RULES, NOW, gone=False) is None


@pytest.mark.parametrize(("minutes", "how"), [(42, None), (43, Ending.IDLE)])
def test_one_that_was_stopped_does_not_outlive_its_sign_out(minutes: int, how: Ending | None) -> None:
    """Twelve minutes later than its own application would have ended it: its last key press is known so roughly."""
    assert over(times(opened=60, seen=minutes, acted=minutes), RULES, NOW, gone=False) is how


@pytest.mark.parametrize(("minutes", "how"), [(732, None), (733, Ending.OLD)])
def test_nor_its_longest_life(minutes: int, how: Ending | None) -> None:
    assert over(times(opened=minutes), RULES, NOW, gone=False) is how


def test_a_clock_that_was_set_back_ends_no_seat() -> None:
    assert over(times(opened=-60, seen=-60, acted=-60), RULES, NOW, gone=None) is None


def test_idle_in_words() -> None:
    assert idle_words(NOW, NOW) == "0 min"
    assert idle_words(NOW - 59 * MINUTE, NOW) == "59 min"
    assert idle_words(NOW - 65 * MINUTE, NOW) == "1 h 05 min"
    assert idle_words(NOW + 5 * MINUTE, NOW) == "0 min"


def test_limits_in_words() -> None:
    assert length_words(MINUTE) == "1 minute"
    assert length_words(15 * MINUTE) == "15 minutes"
    assert length_words(90 * MINUTE) == "90 minutes"
    assert length_words(720 * MINUTE) == "12 hours"


@pytest.mark.parametrize("how", Ending)
def test_every_end_has_a_sentence_for_its_person(how: Ending) -> None:
    said = ending_words(how, "chief", "alice", "")
    assert said.startswith(("You", "This", "chief "))
    assert said.endswith(".")
    assert ".." not in said


def test_who_ended_it_and_why_is_said() -> None:
    assert ending_words(Ending.ENDED, "chief", "alice", "Maintenance tonight.") == (
        "chief ended your seat: Maintenance tonight."
    )
    assert ending_words(Ending.ENDED, "chief", "alice", "") == "chief ended your seat."
    assert ending_words(Ending.DISABLED, "chief", "alice", "") == "chief disabled your account."
    assert ending_words(Ending.KEY, "chief", "alice", "") == "chief revoked your SSH key."
    assert ending_words(Ending.KEY, "alice", "alice", "") == "You revoked the SSH key of this seat."
    assert ending_words(Ending.IDLE, "alice", "alice", "30 minutes") == (
        "You were signed out after 30 minutes without a key press."
    )


def test_ways_in_words() -> None:
    assert [way.words for way in SeatWay] == ["password", "account", "SSH key", "sandbox"]

"""Filters (rule G4)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.filters import MANDATORY, Filter, complete_filters, in_order, parse_filters

SETS = st.frozensets(st.sampled_from(Filter))


def test_the_names_of_the_command_line() -> None:
    assert set(Filter) == {
        "acknowledgement",
        "execution_order_entry",
        "execution_create_cancel_modify",
        "execution_elimination",
        "trade_fill_notice",
        "trade_cancel",
        "heartbeat",
        "order_mass_action",
        "reject",
        "trade_bust",
    }
    assert sorted(MANDATORY) == ["heartbeat", "reject"]


@pytest.mark.parametrize("kind", Filter)
def test_every_filter_has_words(kind: Filter) -> None:
    assert kind.words
    assert kind.meaning
    assert "_" not in kind.words + kind.meaning


@settings(deadline=None)
@given(SETS)
def test_names_are_read_back(chosen: frozenset[Filter]) -> None:
    assert parse_filters([kind.value for kind in chosen] * 2) == chosen


@pytest.mark.parametrize(
    "name", ["", "Heartbeat", "trade", "heartbeat ", "\x1b[31m", "x" * 10_000], ids=lambda name: name[:9]
)
def test_unknown_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidValue, match="Unknown filter") as refusal:
        parse_filters(["reject", name])
    assert refusal.value.field == "filters"
    assert refusal.value.message.isprintable()
    assert len(refusal.value.message) < 400


@settings(deadline=None)
@given(SETS)
def test_the_mandatory_ones_are_added_and_one_other_is_needed(chosen: frozenset[Filter]) -> None:
    if chosen <= MANDATORY:
        with pytest.raises(InvalidValue, match="at least one optional filter"):
            complete_filters(chosen)
    else:
        complete = complete_filters(chosen)
        assert set(complete) == chosen | MANDATORY
        assert len(complete) == len(set(complete))
        assert complete == in_order(complete)


@settings(deadline=None)
@given(SETS, SETS)
def test_what_is_mandatory_is_a_setting(chosen: frozenset[Filter], mandatory: frozenset[Filter]) -> None:
    if chosen - mandatory:
        assert set(complete_filters(chosen, mandatory)) == chosen | mandatory


@settings(deadline=None)
@given(st.permutations(list(Filter)))
def test_every_screen_shows_the_same_order(mixed: list[Filter]) -> None:
    assert in_order(mixed) == tuple(Filter)

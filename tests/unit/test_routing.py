"""What a message is and which filters it falls under: every row of domain section 6."""

from __future__ import annotations

import pytest

from dropcopy_tui.domain.filters import Filter
from dropcopy_tui.domain.fix_log import FixLog, Header
from dropcopy_tui.domain.routing import COPIED, Reading, explain_filters, kind_of, read
from tests.unit.test_fix_log import SOH, copy_of, fix

ORDER_ENTRY, CCM = Filter.EXECUTION_ORDER_ENTRY, Filter.EXECUTION_CREATE_CANCEL_MODIFY
ACK, FILL = Filter.ACKNOWLEDGEMENT, Filter.TRADE_FILL_NOTICE
# Written down a second time on purpose: the specification's table, tags first.
ROWS = [
    ("8", "0", {ORDER_ENTRY, CCM, ACK}),
    ("8", "4", {CCM, ACK}),
    ("8", "5", {CCM, ACK}),
    ("8", "C", {Filter.EXECUTION_ELIMINATION}),
    ("8", "1", {FILL}),
    ("8", "2", {FILL}),
    ("8", "H", {Filter.TRADE_CANCEL, Filter.TRADE_BUST}),
    ("BZ", "", {Filter.ORDER_MASS_ACTION}),
    ("3", "", {Filter.REJECT}),
    ("0", "", {Filter.HEARTBEAT}),
    ("b", "", set()),
    ("8", "8", set()),
    ("8", "", set()),
    ("8", "Z", set()),
    ("9", "", set()),
    ("j", "", set()),
    ("A", "", set()),
    ("W", "", set()),
    ("", "", set()),
]


def reading_of(raw: bytes) -> Reading:
    (message,) = FixLog((raw,))
    return read(message)


@pytest.mark.parametrize(
    ("msg_type", "status", "filters"), ROWS, ids=lambda part: part if isinstance(part, str) else ""
)
def test_every_row_of_the_table(msg_type: str, status: str, filters: set[Filter]) -> None:
    tags = ((35, msg_type), (49, "CME"), (56, "AAAAB123P"), *(((39, status),) if status else ()))
    what = reading_of(fix(*tags))
    assert set(what.filters) == filters
    assert what.source == "AAAAB123P"
    assert bool(what.reason) == (not filters)
    assert what.kind.words


def test_the_status_decides_for_execution_reports_only() -> None:
    assert kind_of(Header("BZ", "CME", "X", "0")).code == "mass_action"
    assert kind_of(Header("0", "CME", "X", "H")).code == "heartbeat"


def test_the_table_says_no_more_than_the_specification() -> None:
    assert set(COPIED) == {(msg_type, status) for msg_type, status, filters in ROWS if filters}
    used = {kind for row in COPIED.values() for kind in row.filters}
    assert used == set(Filter)


def test_a_trade_taken_back_falls_under_both_filters_with_and_without_its_details() -> None:
    both = (Filter.TRADE_CANCEL, Filter.TRADE_BUST)
    plain = ((35, "8"), (49, "CME"), (56, "AAAAB123P"), (39, "H"))
    assert reading_of(fix(*plain)).filters == both
    assert reading_of(fix(*plain, (20, "1"), (19, "EX1"))).filters == both


def test_what_a_client_sends_is_never_copied() -> None:
    what = reading_of(fix((35, "8"), (49, "AAAAB123P"), (56, "CME"), (39, "0")))
    assert what.filters == ()
    assert what.source == "AAAAB123P"
    assert "It was sent by AAAAB123P. Only messages from CME" in what.reason
    nobody = reading_of(fix((35, "0"), (56, "AAAAB123P")))
    assert nobody.filters == ()
    assert "tag 49 is missing" in nobody.reason


def test_a_copy_is_routed_by_its_original() -> None:
    original = fix((35, "8"), (49, "CME"), (56, "AAAAB123P"), (39, "2"))
    what = reading_of(copy_of(original, target="T4CAB123N"))
    assert (what.source, what.filters, what.kind.code) == ("AAAAB123P", (FILL,), "complete_fill")


def test_a_copy_without_an_original_is_said_to_be_one() -> None:
    body = ((35, "n"), (49, "CME"), (56, "T4CAB123N"), (212, "4"), (213, "oops"))
    what = reading_of(fix(*body))
    assert (what.kind.code, what.filters) == ("broken_copy", ())
    assert "213" in what.reason


def test_explain_filters_says_of_every_kind_whether_it_is_copied() -> None:
    told = dict(explain_filters({Filter.TRADE_FILL_NOTICE, Filter.HEARTBEAT}))
    assert {words for words, copied in told.items() if copied} == {"Partial fill", "Complete fill", "Heartbeat"}
    assert told["Mass quote acknowledgement"] is False
    assert all(copied == (words != "Mass quote acknowledgement") for words, copied in explain_filters(Filter))
    assert len(told) == len(explain_filters(()))


def test_separators_change_nothing() -> None:
    raw = fix((35, "8"), (49, "CME"), (56, "AAAAB123P"), (39, "C"))
    assert reading_of(raw) == reading_of(raw.replace(SOH, b"|")) == reading_of(raw.replace(SOH, b"^A"))

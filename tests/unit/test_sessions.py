"""SenderCompIDs and Session IDs (domain section 1)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.sessions import (
    ALPHABET,
    DROP_COPY_FTI,
    SenderCompId,
    check_session_id,
    make_sender_comp,
    parse_sender_comp,
    session_ids,
)

SESSIONS = st.text(ALPHABET, min_size=3, max_size=3)
GFIDS = st.text(ALPHABET, min_size=3, max_size=5)
INDICATORS = st.sampled_from("PBUN")


@settings(deadline=None)
@given(SESSIONS, GFIDS, INDICATORS)
def test_a_sender_comp_is_its_parts_joined(session_id: str, gfid: str, fti: str) -> None:
    made = make_sender_comp(session_id, gfid, fti)
    assert str(made) == session_id + gfid + fti
    assert 7 <= len(str(made)) <= 9
    assert parse_sender_comp(str(made)) == made == SenderCompId(session_id, gfid, fti)


@settings(deadline=None)
@given(st.text(max_size=12) | st.text(ALPHABET + "abc -|\n", max_size=12))
def test_any_text_is_read_whole_or_refused_in_one_line(text: str) -> None:
    good = re.fullmatch("[A-Z0-9]{6,8}[PBUN]", text, re.ASCII) is not None
    try:
        found = parse_sender_comp(text)
    except InvalidValue as refusal:
        assert not good
        assert refusal.field == "sender_comp_id"  # noqa: PT017  # both ways are right here
        assert refusal.message.isprintable()  # noqa: PT017  # as above
    else:
        assert good
        assert str(found) == text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "7 to 9 characters"),
        ("B08004", "7 to 9 characters"),
        ("B08ABCDEFN", "7 to 9 characters"),
        ("b08004n", "lower-case"),
        ("B08004X", "indicator: P, B, U or N"),
        ("B08-04N", "only letters A to Z and digits"),
        ("B08004N\n", "must end with a fault tolerance indicator"),
        ("B0８004N", "only letters A to Z and digits"),
        ("X" * 10_000, "7 to 9 characters"),
    ],
)
def test_refusals_say_why(text: str, why: str) -> None:
    with pytest.raises(InvalidValue, match=why) as refusal:
        parse_sender_comp(text)
    assert len(refusal.value.message) < 200


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        (("B0", "004", "N"), "session_id"),
        (("B08", "04", "N"), "gfid"),
        (("B08", "ABCDEF", "N"), "gfid"),
        (("B08", "004", ""), "fti"),
        (("B08", "004", "PB"), "fti"),
        (("B08", "004", "n"), "fti"),
    ],
)
def test_a_wrong_part_is_named(parts: tuple[str, str, str], field: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        make_sender_comp(*parts)
    assert refusal.value.field == field


@pytest.mark.parametrize("text", ["", "T4", "T4CX", "t4c", "T4 ", "T4\n", "T4É", "T４C"])
def test_what_is_no_session_id(text: str) -> None:
    with pytest.raises(InvalidValue):
        check_session_id(text)


@settings(deadline=None)
@given(st.integers(0, 36**3))
def test_every_session_id_comes_once_from_any_start(start: int) -> None:
    first = next(session_ids(start))
    assert first == check_session_id(first)


def test_there_are_46_656_session_ids() -> None:
    every = list(session_ids(12_345))
    assert len(every) == len(set(every)) == 36**3
    assert every[0] == next(session_ids(12_345))
    assert sorted(every) == sorted(session_ids())


def test_a_drop_copy_session_has_no_partner() -> None:
    assert DROP_COPY_FTI == "N"

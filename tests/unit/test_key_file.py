"""The key file (domain section 7), against a fixed-width parser of the test's own."""

from __future__ import annotations

import itertools
import string
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.key_file import KeyRow, newest, parse, render

SECRET = "2HlZ7exg8jTKltXnURjKvm3GS5iF5n4ClzHiEm_ocv4"
ROW = KeyRow("T4C", "oNDxM33uE81ohWuVRtWT", SECRET, date(2026, 11, 22), date(2027, 11, 22), "PRODUCTION")
TODAY = date(2026, 11, 22)
HEADER = (
    "Session ID           "
    "Access ID                      "
    "Secret Key                                         "
    "Creation Date        "
    "Expiration Date      "
    "Environment          "
)


def fixed_width(text: str) -> list[list[str]]:
    """Columns cut at the places of the specification, written without a look at the code."""
    places = [0, 21, 52, 103, 124, 145, 166]
    lines = text.split("\n")
    assert lines[-1] == ""
    assert all(line == "" for line in lines[1::2])
    return [[line[start:end].rstrip() for start, end in itertools.pairwise(places)] for line in lines[0:-1:2] if line]


def word(longest: int) -> st.SearchStrategy[str]:
    return st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=longest)


ROWS = st.lists(
    st.builds(
        KeyRow,
        session_id=word(20),
        access_key_id=word(30),
        secret=word(50),
        created=st.dates(),
        expires=st.dates(),
        environment=st.sampled_from(["PRODUCTION", "NEWRELEASE", "CERT"]),
    ),
    max_size=6,
)


@settings(deadline=None)
@given(ROWS)
def test_round_trip(rows: list[KeyRow]) -> None:
    text = render(rows)
    assert parse(text) == rows
    assert parse(text.replace("\n", "\r\n")) == rows


@settings(deadline=None)
@given(ROWS)
def test_another_reader_finds_every_value(rows: list[KeyRow]) -> None:
    text = render(rows)
    assert text.isascii()
    assert {len(line) for line in text.split("\n")} == {0, 166}
    header, *values = fixed_width(text)
    assert header == [
        "Session ID",
        "Access ID",
        "Secret Key",
        "Creation Date",
        "Expiration Date",
        "Environment",
    ]
    assert values == [
        [r.session_id, r.access_key_id, r.secret, str(r.created), str(r.expires), r.environment] for r in rows
    ]


def test_the_exact_text() -> None:
    assert render([]) == HEADER + "\n\n"
    line = (
        "T4C                  oNDxM33uE81ohWuVRtWT           "
        "2HlZ7exg8jTKltXnURjKvm3GS5iF5n4ClzHiEm_ocv4        "
        "2026-11-22           2027-11-22           PRODUCTION           "
    )
    assert render([ROW]) == f"{HEADER}\n\n{line}\n\n"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"session_id": "T" * 21}, "Session ID is too wide: it has 21"),
        ({"secret": "x" * 51}, "Secret Key is too wide"),
        ({"access_key_id": "a b"}, "Access ID has a space"),
        ({"secret": SECRET[:20] + " " + SECRET[20:]}, "Secret Key has a space"),
        ({"session_id": ""}, "Session ID is empty"),
        ({"session_id": "T4\n"}, "not printable ASCII"),
        ({"session_id": "T4É"}, "not printable ASCII"),
        ({"environment": "PROD"}, "PRODUCTION, NEWRELEASE or CERT"),
    ],
)
def test_what_cannot_be_written(change: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidValue, match=why) as refusal:
        render([replace(ROW, **change)])
    assert SECRET[:8] not in refusal.value.message


GOOD = render([ROW, replace(ROW, session_id="T5A")])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Line 1 .* header"),
        ("\n", "Line 1 .* blank"),
        (GOOD.replace("Access ID", "Access Id"), "Line 1 .* header"),
        (GOOD.replace("Secret Key", "Key       "), "Line 1 .* header"),
        (GOOD.split("\n", 2)[2], "Line 1 .* header"),
        (GOOD[:-5], "Line 5 .* the file is cut"),
        (GOOD[:-150], "Line 5 .* the file is cut"),
        (GOOD.replace("PRODUCTION           \n", "PRODUCTION\n", 1), "Line 3 .* the line is cut"),
        (GOOD.replace("PRODUCTION", "PRODUCTIVE", 1), "Line 3 .* Environment must be"),
        (GOOD.replace("CTION           \n", "CTION            \n", 1), "Line 3 .* 167 characters"),
        (GOOD.replace("2027-11-22", "2027-02-30", 1), "Line 3 .* Expiration Date is no date"),
        (GOOD.replace("2026-11-22", "22-11-2026", 1), "Line 3 .* Creation Date is no date"),
        (GOOD.replace("2026-11-22", "20261122  ", 1), "Line 3 .* Creation Date is no date"),
        (GOOD.replace("T4C ", "T4Ç ", 1), "Line 3 .* printable ASCII"),
        (GOOD.replace("T4C ", "T4\t ", 1), "Line 3 .* printable ASCII"),
        (GOOD.replace("T4C ", "T C ", 1), "Line 3 .* Session ID has a space"),
        (GOOD.replace("T4C ", "    ", 1), "Line 3 .* Session ID is empty"),
        (GOOD.replace(SECRET + " " * 8, SECRET + "x" * 8, 1), "Line 3 .* Secret Key is too wide"),
        (GOOD.replace("\n\n", "\n"), "Line 2 .* a blank line must follow"),
        (GOOD.replace("\n\n", "\n\n\n", 1), "Line 3 .* blank"),
        (GOOD + "\n", "Line 7 .* blank"),
        ("\ufeff" + GOOD, "Line 1 .* printable ASCII"),
        (GOOD + "x", "Line 7 .* the file is cut"),
        (GOOD.replace("Environment ", "Environment          Owner ", 1), "Line 1 .* header .* and no others"),
        ("Session ID,Access ID\nT4C,x\n", "Line 1 .* header .* and no others"),
        (GOOD.replace("PRODUCTION           ", "PRODUCTION           desk", 1), "Line 3 .* columns that the header"),
        (GOOD.replace("\n", "\r\n", 1), "Line 2 .* it ends in LF; the line before it ends in CR LF. Download"),
        (GOOD.replace("\n", "\r\n")[:-2] + "\n", "Line 6 .* it ends in LF; the line before"),
        (GOOD.replace("\n", "\r"), "Line 1 .* it ends in CR alone. Download"),
        (GOOD[:100], "Line 1 .* the file is cut"),
        ("x" * 1_048_577, "larger than 1,048,576"),
    ],
)
def test_what_cannot_be_read(text: str, why: str) -> None:
    with pytest.raises(InvalidValue, match=why) as refusal:
        parse(text)
    message = refusal.value.message
    assert SECRET[:8] not in message
    assert SECRET[-8:] not in message
    assert "\n" not in message


@settings(deadline=None)
@given(st.integers(0, len(GOOD) - 1))
def test_a_cut_file_gives_whole_rows_or_a_refusal(length: int) -> None:
    try:
        rows = parse(GOOD[:length])
    except InvalidValue:
        return
    assert rows == parse(GOOD)[: len(rows)]


@settings(deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse(text)


def test_an_editor_may_trim_the_last_blank_line_or_pad_it() -> None:
    assert parse(GOOD.removesuffix("\n")) == parse(GOOD)
    assert parse(GOOD.removesuffix("\n\n")) == parse(GOOD)
    assert parse(GOOD.replace("\n\n", "\n" + " " * 166 + "\n")) == parse(GOOD)


def test_a_secret_is_never_shown() -> None:
    assert SECRET not in repr(ROW)


# Which row counts


def test_the_row_that_expires_last_counts() -> None:
    later = replace(ROW, expires=date(2027, 12, 1), access_key_id="later")
    other = replace(ROW, session_id="T5A", expires=date(2028, 1, 1))
    assert newest([ROW, later, other], "T4C", TODAY) is later
    assert newest([later, ROW], None, TODAY) is later
    assert newest([other, ROW], "T5A", TODAY) is other


def test_among_equals_the_one_made_last_counts() -> None:
    made_later = replace(ROW, created=date(2026, 11, 23))
    assert newest([ROW, made_later], None, TODAY) is made_later
    assert newest([made_later, ROW], None, TODAY) is made_later


def test_a_key_is_refused_after_its_expiration_date() -> None:
    assert newest([ROW], "T4C", ROW.expires) is ROW
    with pytest.raises(InvalidValue, match="expired on 2027-11-22"):
        newest([ROW], "T4C", date(2027, 11, 23))


def test_several_sessions_need_a_name() -> None:
    rows = [replace(ROW, session_id=f"T{n}A") for n in range(2)]
    with pytest.raises(InvalidValue, match=r"several sessions: T0A, T1A\. Name one"):
        newest(rows, None, TODAY)
    rows = [replace(ROW, session_id=f"T{n}A") for n in range(8)]
    with pytest.raises(InvalidValue, match=r"T0A, T1A, T2A, T3A, T4A and 3 more"):
        newest(rows, None, TODAY)


def test_a_session_that_is_not_there() -> None:
    with pytest.raises(InvalidValue, match="no key pair of session 'XXX'"):
        newest([ROW], "XXX", TODAY)
    with pytest.raises(InvalidValue, match="holds no key pair"):
        newest([], None, TODAY)

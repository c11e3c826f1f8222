"""The key file (domain section 7), against a fixed-width parser of the test's own."""

from __future__ import annotations

import itertools
import re
import string
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.key_file import KeyRow, newest, pair_of, parse, render
from dropcopy_tui.domain.keypairs import KeyState, state_of
from dropcopy_tui.domain.market_close import hours_of
from dropcopy_tui.domain.markets import market_named

SECRET = "2HlZ7exg8jTKltXnURjKvm3GS5iF5n4ClzHiEm_ocv4"
ROW = KeyRow("T4C", "oNDxM33uE81ohWuVRtWT", SECRET, date(2026, 11, 22), date(2027, 11, 22), "PRODUCTION")
TODAY = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOURS = hours_of(market_named("brokertec_us"))
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
        ({"session_id": "T" * 21}, "Session ID is too long: it has 21"),
        ({"secret": "x" * 51}, "Secret Key is too long"),
        ({"access_key_id": "a b"}, "Access ID contains a space"),
        ({"secret": SECRET[:20] + " " + SECRET[20:]}, "Secret Key contains a space"),
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
        ("\n", "Line 1 .* empty"),
        (GOOD.replace("Access ID", "Access Id"), "Line 1 .* header"),
        (GOOD.replace("Secret Key", "Key       "), "Line 1 .* header"),
        (GOOD.split("\n", 2)[2], "Line 1 .* header"),
        (GOOD[:-19], "Line 5 .* the file is truncated: it ends in PROD"),
        (GOOD[:-150], "Line 5 .* the file is truncated: it has no Access ID"),
        (GOOD.replace("PRODUCTION           \n", "PRODUC\n", 1), "Line 3 .* the line is truncated: it ends in PRODUC"),
        (GOOD.replace("PRODUCTION           \n", "\n", 1), "Line 3 .* the line is truncated: it has no Environment"),
        (GOOD.replace("PRODUCTION", "PRODUCTIVE", 1), "Line 3 .* Environment must be"),
        (GOOD.replace("2027-11-22", "2027-02-30", 1), "Line 3 .* Expiration Date is not a valid date"),
        (GOOD.replace("2026-11-22", "22-11-2026", 1), "Line 3 .* Creation Date is not a valid date"),
        (GOOD.replace("2026-11-22", "20261122  ", 1), "Line 3 .* Creation Date is not a valid date"),
        (GOOD.replace("T4C ", "T4Ç ", 1), "Line 3 .* printable ASCII"),
        (GOOD.replace("T4C ", "T4\t ", 1), "Line 3 .* a tab; columns are separated by spaces"),
        (GOOD.replace("T4C ", "T C ", 1), "Line 3 .* Session ID contains a space"),
        (GOOD.replace("T4C ", "    ", 1), "Line 3 .* Session ID is empty"),
        (GOOD.replace(SECRET + " " * 8, SECRET + "x" * 8, 1), "Line 3 .* Secret Key is too long"),
        (re.sub(" {2,}", "  ", GOOD), "Line 1 .* its columns have moved, as if spaces had been added or removed"),
        (HEADER + "\n\n" + re.sub(" {2,}", "  ", GOOD[168:]), "Line 3 .* its columns have moved"),
        (GOOD.replace("T4C ", "T4C  ", 1), "Line 3 .* from Access ID on its columns have"),
        ("\ufeff" + GOOD, "Line 1 .* printable ASCII"),
        (GOOD + "x", "Line 7 .* the file is truncated: it has no Access ID"),
        (GOOD.replace("Environment ", "Environment          Owner ", 1), "Line 1 .* header .* and no others"),
        ("Session ID,Access ID\nT4C,x\n", "Line 1 .* header .* and no others"),
        (
            GOOD.replace("PRODUCTION           ", "PRODUCTION           desk", 1),
            ("Line 3 .* more columns than the header"),
        ),
        (GOOD.replace("\n", "\r\n", 1), "Line 2 .* it ends in LF; the line before it ends in CR LF. Download"),
        (GOOD.replace("\n", "\r\n")[:-2] + "\n", "Line 6 .* it ends in LF; the line before"),
        (GOOD.replace("\n", "\r"), "Line 1 .* it ends in CR alone. Download"),
        (GOOD[:100], "Line 1 .* the file is truncated"),
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


@pytest.mark.parametrize(
    "text",
    [
        GOOD.removesuffix("\n"),
        GOOD.removesuffix("\n\n"),
        GOOD.replace("\n\n", "\n" + " " * 166 + "\n"),
        re.sub(" +$", "", GOOD, flags=re.MULTILINE),
        re.sub(" +$", "", GOOD, flags=re.MULTILINE).replace("\n\n", "\n"),
        GOOD.replace("\n\n", "\n"),
        GOOD.replace("\n\n", "\n\n\n"),
        GOOD.rstrip(),
        GOOD.replace("\n\n", "\n").rstrip().replace("\n", "\r\n"),
        "\n" + GOOD,
    ],
    ids=lambda text: f"{len(text)}",
)
def test_what_editors_do_to_a_file_loses_nothing(text: str) -> None:
    assert parse(text) == parse(GOOD)
    assert len(parse(GOOD)) == 2


def test_a_secret_is_never_shown() -> None:
    assert SECRET not in repr(ROW)


# Which row counts


def test_the_row_that_expires_last_counts() -> None:
    later = replace(ROW, expires=date(2027, 12, 1), access_key_id="later")
    other = replace(ROW, session_id="T5A", expires=date(2028, 1, 1))
    assert newest([ROW, later, other], "T4C", HOURS, TODAY) is later
    assert newest([later, ROW], None, HOURS, TODAY) is later
    assert newest([other, ROW], "T5A", HOURS, TODAY) is other


def test_among_equals_the_one_made_last_counts() -> None:
    made_later = replace(ROW, created=date(2026, 11, 23))
    assert newest([ROW, made_later], None, HOURS, TODAY) is made_later
    assert newest([made_later, ROW], None, HOURS, TODAY) is made_later


def test_a_key_is_refused_from_market_close_of_its_last_day_on() -> None:
    close = datetime(2027, 11, 22, 22, 30, tzinfo=UTC)
    assert newest([ROW], "T4C", HOURS, close - timedelta(seconds=1)) is ROW
    with pytest.raises(InvalidValue, match=r"expired on 22 Nov 2027 17:30 ET\. Download a newer one"):
        newest([ROW], "T4C", HOURS, close)


@pytest.mark.parametrize(
    ("market", "close"),
    [
        ("brokertec_us", datetime(2027, 11, 22, 22, 30, tzinfo=UTC)),
        ("brokertec_eu", datetime(2027, 11, 22, 18, 30, tzinfo=UTC)),
        ("globex", datetime(2027, 11, 22, 22, 0, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("machine", ["Asia/Tokyo", "America/New_York", "UTC"])
def test_the_days_of_a_file_are_those_of_its_market(
    market: str, close: datetime, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pair of the file lives as long as the store's pair does, wherever the machine stands."""
    monkeypatch.setenv("TZ", machine)
    time.tzset()
    try:
        pair = pair_of(ROW, hours_of(market_named(market)))
        assert pair.expires_at == close
        assert state_of(pair, close - timedelta(seconds=1)) is KeyState.PENDING_EXPIRATION
        assert state_of(pair, close) is KeyState.EXPIRED
        assert state_of(pair, datetime(2026, 11, 22, 6, 0, tzinfo=UTC)) is KeyState.ACTIVE
    finally:
        monkeypatch.undo()
        time.tzset()


def test_several_sessions_need_a_name() -> None:
    rows = [replace(ROW, session_id=f"T{n}A") for n in range(2)]
    with pytest.raises(InvalidValue, match=r"several sessions: T0A, T1A\. Specify one"):
        newest(rows, None, HOURS, TODAY)
    rows = [replace(ROW, session_id=f"T{n}A") for n in range(8)]
    with pytest.raises(InvalidValue, match=r"T0A, T1A, T2A, T3A, T4A and 3 more"):
        newest(rows, None, HOURS, TODAY)


def test_a_session_that_is_not_there() -> None:
    with pytest.raises(InvalidValue, match="no key pair of session 'XXX'"):
        newest([ROW], "XXX", HOURS, TODAY)
    with pytest.raises(InvalidValue, match="contains no key pair"):
        newest([], None, HOURS, TODAY)

"""Logons as people paste them, and the signed string line by line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.logon import parse_message
from dropcopy_tui.domain.logon_mistakes import diagnose, lines_of
from dropcopy_tui.domain.logon_text import shown, tidy
from tests.unit.test_logon_mistakes import ESTABLISH, FIX, KEYS, NOW, OLDER, fix_message, signature

LOGON = "8=FIX.4.2|9=100|35=A|" + "|".join(f"{tag}={value}" for tag, value in FIX.items()) + "|10=123|"
LINES = "\n".join(f"{name}={value}" for name, value in ESTABLISH.items())


@pytest.mark.parametrize(
    "pasted",
    [
        LOGON,
        LOGON.replace("|", "\n"),
        LOGON.replace("|", " \r\n "),
        f"2026-11-23 14:30 OUT > {LOGON}",
        f"{LOGON}\nand the next line|of the log",
        f"\ufeff  {LOGON}\r\n\r\n",
        *("\n".join(LOGON[at : at + width] for at in range(0, len(LOGON), width)) for width in (1, 7, 40, 79)),
        f"{LOGON}{LOGON.replace('34=1', '34=2')}",
    ],
)
def test_what_is_pasted_is_the_same_logon(pasted: str) -> None:
    assert parse_message(tidy(pasted)).raw == parse_message(LOGON).raw


@pytest.mark.parametrize("separator", ["\x01", "^A"])
def test_line_breaks_of_a_terminal_with_other_separators(separator: str) -> None:
    text = LOGON.replace("|", separator)
    wrapped = "\r\n".join(text[at : at + 33] for at in range(0, len(text), 33))
    assert parse_message(tidy(wrapped)).raw == parse_message(LOGON).raw


def test_soh_is_shown_without_losing_a_bar() -> None:
    assert shown("34=1\x0150=a") == "34=1|50=a"
    assert shown("34=1\x0150=a|b") == "34=1^A50=a|b"
    assert tidy(shown("34=1\x0150=a|b")) == "34=1^A50=a|b"


@given(st.text(max_size=200))
def test_any_text_is_tidied(text: str) -> None:
    assert len(tidy(text)) <= len(text) + 2
    assert tidy(tidy(text)) == tidy(text) or "8=FIX" in text or "10=" in text


def test_lines_of_names_and_values() -> None:
    message = parse_message(tidy(LINES.replace("=", " = ").replace("\n", "\r\n\r\n")))
    assert message.kind == "establish"
    assert dict(message.values) == ESTABLISH
    assert parse_message("session=ABC\nFirm=XYZAB\nuuid=1\nREQUEST_TIMESTAMP=2\nColour=red").kind == "negotiate"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{LINES}\nhello", "Line 10 of the message is not name=value"),
        (f"{LINES}\nFirm=AGAIN", "Field Firm appears twice"),
        (LINES.replace("12345", "12e45"), "Field UUID must be a whole number"),
        (LINES.replace("12345", ""), "Field UUID has no value"),
        ("Session=ABC", "The logon is missing RequestTimestamp, UUID, Firm"),
        ("Session=AB\u202ec", "no|not printable ASCII"),
    ],
)
def test_lines_that_are_no_logon(text: str, why: str) -> None:
    with pytest.raises(InvalidValue, match=why):
        parse_message(text)


def test_the_lines_of_a_right_logon() -> None:
    lines = lines_of(fix_message(""))
    assert [line.tag for line in lines] == list(FIX)
    assert [line.expected for line in lines[-2:]] == ["8.0␊", "ABC"]
    assert {line.signed for line in lines} == {None}
    assert not any(line.differs for line in lines)


@pytest.mark.parametrize(
    ("how", "differ"),
    [
        ({"ending": "\n"}, {"1605": "ABC␊"}),
        ({"ending": "\x01"}, {"1605": "ABC␁"}),
        ({"without": "1604"}, {"1604": ""}),
        ({"without": "1604", "ending": "\n"}, {"1604": "", "1605": "ABC␊"}),
        ({"t108": "45", "t49": "B08004"}, {"108": "45␊", "49": "B08004␊"}),
        ({"undecoded": True}, {}),
        ({"undecoded": True, "t108": "5"}, {"108": "5␊"}),
        ({"secret": OLDER.secret}, {}),
        ({"joiner": "\x01"}, {tag: f"{text}␁" for tag, text in FIX.items() if tag != "1605"}),
    ],
)
def test_what_the_mistake_signed_stands_beside_it(how: dict[str, object], differ: dict[str, str]) -> None:
    found = diagnose(fix_message(signature(FIX, **how)), KEYS, NOW)  # type: ignore[arg-type]  # by name
    assert {line.tag: line.signed for line in found.lines if line.differs} == differ
    assert all(line.signed is not None for line in found.lines)


def test_nobody_knows_what_was_signed() -> None:
    found = diagnose(fix_message(b"x" * 32), KEYS, NOW)
    assert {line.signed for line in found.lines} == {None}
    assert found.words[0].startswith("No known mistake")


def test_a_key_that_nobody_knows_is_told_in_the_callers_words() -> None:
    found = diagnose(fix_message(signature(FIX), "Q" * 20), KEYS, NOW, "Never heard of it.")
    assert found.words[0] == "Never heard of it."

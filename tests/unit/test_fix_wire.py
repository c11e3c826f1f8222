"""Faults found in real and hostile logs, each with the right value: counted data, nesting, cuts, engines."""

from __future__ import annotations

import re

import pytest

from dropcopy_tui.domain.fix_fields import DATA_OF, fields
from dropcopy_tui.domain.fix_log import FixLog, LogMessage
from dropcopy_tui.domain.routing import Reading, read
from dropcopy_tui.domain.visible import PLAIN_MARKS, visible
from tests.unit.test_fix_log import SOH, copy_of, execution, fix

HEAD = ((34, "4"), (49, "CME"), (50, "G"), (56, "005ACM01B"))
ENTITIES = {b"<RTRF>": b"&lt;RTRF&gt;", b"</RTRF>": b"&lt;/RTRF&gt;"}


def messages(log: bytes) -> list[LogMessage]:
    """The messages, which are the same in chunks of every size up to 40 and when read at once."""
    whole = list(FixLog([log]))
    for size in (1, 2, 3, 5, 7, 13, 40):
        assert list(FixLog(log[at : at + size] for at in range(0, len(log), size))) == whole
    return whole


def kinds(log: bytes) -> list[tuple[str, bool]]:
    """Each message's kind, and whether it is flagged."""
    return [(read(message).kind.code, bool(message.problems)) for message in messages(log)]


def only(log: bytes) -> Reading:
    (message,) = messages(log)
    return read(message)


# -- 1.1 counted data fields


def test_an_xml_field_of_a_plain_report_does_not_hide_what_follows() -> None:
    log = fix((35, "8"), *HEAD, (57, "DESK"), (212, "4"), (213, "<x/>"), (37, "1"), (39, "2"), (150, "2"))
    assert kinds(log.replace(SOH, b"|")) == [("complete_fill", False)]


def test_a_status_inside_encoded_text_is_text() -> None:
    log = fix((35, "8"), *HEAD, (354, "6"), (355, "x\x0139=2"), (37, "1"), (39, "0"), (150, "0"))
    for separator in (SOH, b"|", b"^A"):
        assert kinds(log.replace(SOH, separator)) == [("new_order_acknowledged", False)]


@pytest.mark.parametrize("length", sorted(map(int, DATA_OF)))
def test_every_counted_field_may_hold_anything(length: int) -> None:
    data = int(DATA_OF[b"%d" % length])
    value = "\x0139=2\x0135=0\x0110=000\x018=FIX.4.2\x019=5\x01\n"
    log = fix((35, "8"), *HEAD, (length, f"{len(value):06d}"), (data, value), (39, "0"))
    assert kinds(log + execution()) == [("new_order_acknowledged", False)] * 2
    assert dict(fields(log))[data] == value.encode()


def test_a_wrong_count_is_said_and_its_field_ends_at_the_separator() -> None:
    (message,) = messages(fix((35, "8"), *HEAD, (354, "99"), (355, "abc"), (39, "2")))
    assert message.header.status == "2"
    assert message.problems == ("Tag 354 is 99 but tag 355 has 3 bytes.",)


def test_counted_data_inside_an_original_is_data_too() -> None:
    original = fix((35, "8"), *HEAD, (95, "15"), (96, "</RTRF>\x0139=2\x01ab"[:15]), (39, "4"))
    assert kinds(copy_of(original)) == [("order_cancelled", False)]


# -- 1.2 the result does not depend on how the bytes arrive


def test_a_message_that_the_read_size_cuts_is_one() -> None:
    log = b"".join(execution(f"AA{letter}AB123P", "2") for letter in "ABCD")
    for size in range(1, len(log) + 1):
        found = list(FixLog(log[at : at + size] for at in range(0, len(log), size)))
        assert [message.problems for message in found] == [()] * 4


def test_a_prefix_is_as_long_however_it_arrives() -> None:
    log = b"a " * 149 + execution() + b"\n" + b"a " * 151 + execution()
    for size in (1, 2, 3, 64, 10_000):
        reader = FixLog(log[at : at + size] for at in range(0, len(log), size))
        assert len(list(reader)) == 2
        assert reader.garbage.lines == [2]


# -- 1.3 where a message begins and ends


@pytest.mark.parametrize("separator", [SOH, b"|", b"^A", b";"])
@pytest.mark.parametrize("length", [None, 5])
def test_a_version_in_a_text_begins_no_message(separator: bytes, length: int | None) -> None:
    log = fix((35, "3"), *HEAD, (58, "FIX.4.4"), (45, "9"), length=length).replace(SOH, separator)
    assert kinds(log) == [("session_reject", length is not None)]


@pytest.mark.parametrize("separator", [SOH, b"|", b"^A", b" | "])
@pytest.mark.parametrize("length", [None, 5])
def test_a_line_feed_inside_a_value_is_part_of_it(separator: bytes, length: int | None) -> None:
    raw = fix((35, "8"), *HEAD, (58, "two\nlines"), (39, "2"), length=length).replace(SOH, separator)
    found = messages(raw + b"\n" + execution().replace(SOH, separator))
    assert [(read(message).kind.code, message.line) for message in found] == [
        ("complete_fill", 1),
        ("new_order_acknowledged", 3),
    ]
    assert [bool(message.problems) for message in found] == [length is not None, False]


def test_a_separator_in_a_value_is_told_by_the_checksum() -> None:
    for separator, text in ((b"|", "a|b"), (b" ", "two words"), (b";", "a; b;c")):
        raw = fix((35, "8"), *HEAD, (58, text), (39, "2")).replace(SOH, separator)
        (message,) = messages(raw)
        assert (message.problems, message.header.status) == ((), "2")


def test_a_message_without_its_last_separator_ends_before_the_next() -> None:
    log = execution("AAAAB123P")[:-1] + execution("AABAB123P")
    assert [(message.header.target, message.problems) for message in messages(log)] == [
        ("AAAAB123P", ()),
        ("AABAB123P", ()),
    ]


# -- 1.4 a message inside a message


@pytest.mark.parametrize("damage", ["no marks", "entities", "length", "unclosed"])
def test_a_copy_with_damaged_marks_counts_once_by_its_original(damage: str) -> None:
    raw = copy_of(execution("AAAAB123P", "2"))
    if damage == "length":
        raw = raw.replace(b"\x01212=", b"\x01212=1")
    for mark, entity in ENTITIES.items():
        if damage == "entities":
            raw = raw.replace(mark, entity)
        elif damage == "no marks" or (damage == "unclosed" and mark.startswith(b"</")):
            raw = raw.replace(mark, b"")
    found = messages(raw + execution("AABAB123P"))
    assert [read(message).source for message in found] == ["AAAAB123P", "AABAB123P"]
    assert read(found[0]).kind.code == "complete_fill"
    assert [bool(message.problems) for message in found] == [True, False]


@pytest.mark.parametrize("length", [None, 5])
@pytest.mark.parametrize("tag", [58, 96, 355])
def test_a_reject_that_carries_what_was_rejected_counts_once(tag: int, length: int | None) -> None:
    inner = fix((35, "D"), (49, "005ACM01B"), (56, "CME"), (39, "2")).decode("latin-1")
    counted = {96: ((95, len(inner)),), 355: ((354, len(inner)),)}.get(tag, ())
    log = fix((35, "3"), *HEAD, *counted, (tag, inner), length=length) + execution()
    assert kinds(log) == [("session_reject", True), ("new_order_acknowledged", False)]
    assert f"Its tag {tag} contains another message." in messages(log)[0].problems


def test_a_copy_without_its_beginning_says_so() -> None:
    raw = copy_of(execution())
    (message,) = messages(raw[raw.index(b"213=") :])
    assert message.problems == ("It is part of a copy (35=n) whose beginning is missing.",)


# -- 1.5 near misses


@pytest.mark.parametrize(
    "separator",
    [b"#001", b"\\u0001", b"<SOH>", b";", b" ", b" | ", b"\\x01", b"\\001", b"&#1;", b"[SOH]", b"{SOH}", b"~", b"\t",
     "\u2401".encode(), "\u00a6".encode(), b"||"],
)  # fmt: skip
def test_the_separator_is_what_stands_before_the_body_length(separator: bytes) -> None:
    log = b"\n".join(raw.replace(SOH, separator) for raw in (execution(), copy_of(execution("AABAB123P", "2"))))
    assert kinds(log) == [("new_order_acknowledged", False), ("complete_fill", False)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"8=FIX.4.29=7035=849=CME56=005ACM01B10=000", "no separator was recognised"),
        (b"00000000: 383d 4649 582e 342e 3201 393d 3730  8=FIX.4.2.9=70", "no separator was recognised"),
        (b"0x0010:  7f00 0001 0050 c3a8 383d 4649 582e 342e", "hex dump"),
        (b"38 3D 46 49 58 2E 34 2E 32 01 39 3D", "hex dump"),
        (b"BeginString (8): FIX.4.2", "fields by name"),
        (b"34=5|49=CME|56=005ACM01B|39=2|10=123|", "beginning (8=FIX) is missing"),
    ],
)
def test_what_looks_like_fix_and_is_not_says_why(line: bytes, said: str) -> None:
    reader = FixLog([b"# log\n" + line + b"\n"])
    assert list(reader) == []
    ((reason, number),) = reader.garbage.misses.items()
    assert said in reason
    assert number == 2


# -- 1.6 leading zeros


def test_a_length_with_leading_zeros_is_the_same_number() -> None:
    raw = execution()
    padded = re.sub(rb"9=([0-9]+)\x01", rb"9=000000\1" + SOH, raw, count=1)
    total = b"%03d" % (sum(padded[: padded.rindex(b"10=")]) % 256)
    padded = padded[: padded.rindex(b"10=")] + b"10=" + total + SOH
    assert kinds(padded) == [("new_order_acknowledged", False)]
    wrong = padded[:-4] + b"999\x01"
    assert messages(wrong)[0].problems == (f"CheckSum (tag 10) is 999 but should be {total.decode()}.",)


# -- 12.1 logs that were cut


@pytest.mark.parametrize("separator", [SOH, b"|", b"^A", b"#001"])
@pytest.mark.parametrize("between", [b"\n", b"\r\n", b"", b"\n20261127-14:30:01.123 : "])
def test_every_message_behind_a_cut_copy_is_found(separator: bytes, between: bytes) -> None:
    copy, whole = copy_of(execution("CUTAB123P", "2")), copy_of(execution("AABAB123P", "4"))
    beginning = copy.index(b"\x01213=") + len(b"\x01213=<RTRF>8=FIX.4.2\x019=")
    for kept in range(20, copy.rindex(b"10=") - 1):
        cut = copy[:kept]
        if not between and re.search(rb"(?:=|<RTRF>)\Z", cut):
            continue  # run together, the next message is the value of this field
        log = cut.replace(SOH, separator) + between + (whole + execution("AAAAB123P")).replace(SOH, separator)
        found = list(FixLog([log]))
        assert [read(message).source for message in found[1:]] == ["AABAB123P", "AAAAB123P"], cut
        assert [bool(message.problems) for message in found] == [True, False, False], cut
        assert "It is truncated" in found[0].problems[0]
        assert (found[0].original is not None) == (kept >= beginning)


def test_a_start_is_where_its_own_length_and_checksum_hold() -> None:
    whole = execution("AAAAB123P")
    cut = execution("CUTAB123P")
    log = cut[: cut.index(b"55=ZN") + 4] + whole
    assert [message.header.target for message in messages(log)] == ["CUTAB123P", "AAAAB123P"]
    assert [message.header.target for message in messages(b"14:30:01" + whole)] == ["AAAAB123P"]


# -- 12.3 the layouts of engines

ENGINES = {
    "quickfix file": ["20261127-14:30:01.123456000 : {}"],
    "quickfix events": [
        "20261127-14:30:01.123456000 : Created session",
        "20261127-14:30:01.123456000 : Initiated logon request",
        "20261127-14:30:01.123456000 : {}",
    ],
    "quickfix screen": [
        "<20261127-14:30:01.123456000, FIX.4.2:T4CACM01N->CME, event>",
        "  (Created session)",
        "<20261127-14:30:01.123456000, FIX.4.2:T4CACM01N->CME, incoming>",
        "  ({})",
    ],
    "quickfix/j screen": [
        "<20261127-14:30:01, FIX.4.2:T4CACM01N->CME, event> (Session state is not ACTIVE)",
        "<20261127-14:30:01, FIX.4.2:T4CACM01N->CME, incoming> ({})",
    ],
    "quickfix/j slf4j": [
        "2026-11-27 14:30:01,123 INFO  quickfixj.event - FIX.4.2:T4CACM01N->CME: Received logon",
        "2026-11-27 14:30:01,123 INFO  quickfixj.msg.incoming - FIX.4.2:T4CACM01N->CME: {}",
        "14:30:01.123 [QFJ Timer] INFO quickfixj.event - FIX.4.2:T4CACM01N->CME: Disconnecting",
        "INFO  2026-11-27 14:30:01,123 quickfixj.event - FIX.4.2:T4CACM01N->CME: Received logout",
    ],
    "fix antenna": [
        "20261127-14:30:01.123 - {}",
        "20261127-14:30:01.123 - [Session] Session state changed to CONNECTED",
        "[20261127-14:30:01.123][INFO] Message rejected by the handler",
    ],
    "fix8": [
        "0000017  in {}",
        "0000018 2026-11-27 14:30:01.123456789 A Info Heartbeat timer started",
        "2026-11-27 14:30:01.123456789 {}",
    ],
}  # fmt: skip


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_lines_of_an_engine_are_its_own(engine: str, end: bytes) -> None:
    lines = [line.encode() for line in ENGINES[engine]]
    wanted = sum(b"{}" in line for line in lines) * 2
    for separator in (SOH, b"|", b"#001"):
        raws = (execution().replace(SOH, separator), copy_of(execution()).replace(SOH, separator))
        log = b"".join(line.replace(b"{}", raw) + end for raw in raws for line in lines)
        reader = FixLog([log])
        found = list(reader)
        assert [message.problems for message in found] == [()] * wanted
        assert (reader.garbage.pieces, reader.garbage.lines) == (0, [])
        assert reader.own_lines == len(lines) * 2 - wanted


def test_a_line_with_the_rest_of_a_message_is_garbage_whatever_its_prefix() -> None:
    reader = FixLog([b"20261127-14:30:01.123 : 49=CME|56=005ACM01B|39=2|10=000|\n"])
    assert list(reader) == []
    assert (reader.garbage.lines, reader.own_lines) == ([1], 0)


def test_ascii_output_marks_what_it_cannot_show() -> None:
    text = visible("\x1b]52\x07 caf\xe9 \u2500 \u014d")
    assert text.encode("ascii", PLAIN_MARKS) == b"?]52? caf\\xe9 - \\u014d"
    assert text.encode("utf-8", PLAIN_MARKS).decode() == text

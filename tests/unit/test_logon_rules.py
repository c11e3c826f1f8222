"""What a gateway requires of a logon's fields, and of its clock (faults of use: "valid" although it is refused)."""

from __future__ import annotations

import pytest

from dropcopy_tui.domain.logon import LogonMessage, encode_secret, parse_message
from dropcopy_tui.domain.logon_rules import RESET_NUMBER, clock_note, plainly_right, problems, sent_at, stale
from tests.unit.test_logon_mistakes import FIX, KEY, NOW, establish_message

SIGNATURE = encode_secret(b"s" * 32)
GOOD = {
    "8": "FIX.4.2",
    "35": "A",
    **FIX,
    "56": "CME",
    "354": "20",
    "355": KEY.access_key_id,
    "1400": "CME-1-SHA-256",
    "1401": "43",
    "1402": SIGNATURE,
}


def logon(**changes: str | None) -> LogonMessage:
    """The logon with these changes; `t56=None` leaves a tag out."""
    fields: dict[str, str | None] = {**GOOD, **{name.removeprefix("t"): value for name, value in changes.items()}}
    return parse_message("|".join(f"{tag}={value}" for tag, value in fields.items() if value is not None))


def framed(**changes: str) -> LogonMessage:
    """The logon with its right BodyLength and CheckSum, unless said otherwise."""
    body = "".join(f"{tag}={value}\x01" for tag, value in GOOD.items() if tag != "8")
    head = f"8=FIX.4.2\x019={changes.get('t9', len(body))}\x01"
    total = f"{sum((head + body).encode()) % 256:03d}"
    return parse_message(f"{head}{body}10={changes.get('t10', total)}\x01")


def test_a_good_logon_has_no_problem() -> None:
    assert problems(logon()) == ()
    assert plainly_right(logon())
    assert problems(framed()) == ()
    assert clock_note(logon(), NOW) == stale(logon(), NOW) == ""


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"t8": "FIX.4.4"}, "Tag 8 (BeginString) is FIX.4.4; it must be FIX.4.2."),
        ({"t56": None}, "Tag 56 (TargetCompID) is missing; it must be CME."),
        ({"t56": "XXX"}, "Tag 56 (TargetCompID) is XXX; it must be CME."),
        ({"t49": "B08004P"}, "Tag 49 (SenderCompID) ends in P: the fault tolerance indicator of a drop copy session"),
        ({"t49": "B08004U"}, "Tag 49 (SenderCompID) ends in U: "),
        ({"t49": "B08004B"}, "Tag 49 (SenderCompID) ends in B: "),
        ({"t50": "M"}, "Tag 50 (SenderSubID) must have at least 2 characters"),
        ({"t50": "D-K!"}, "Tag 50 (SenderSubID) must have at least 2 characters"),
        ({"t52": "20261123-14:30:00"}, "Tag 52 (SendingTime) is not a valid UTC time written as YYYYMMDD-HH:MM:SS.sss"),
        ({"t52": "20261123-14:30:00.000000"}, "Tag 52 (SendingTime) is not a valid UTC time"),
        ({"t52": "20261341-99:99:99.000"}, "Tag 52 (SendingTime) is not a valid UTC time"),
        ({"t52": "2026-11-23 14:30:00"}, "Tag 52 (SendingTime) is not a valid UTC time"),
        ({"t57": "X"}, "Tag 57 (TargetSubID) must be G for a CGW session, or the two digits of a market segment"),
        ({"t57": "140"}, "Tag 57 (TargetSubID) must be G"),
        ({"t34": "x"}, "Tag 34 (MsgSeqNum) must be a whole number from 1, of at most 9 digits."),
        ({"t34": "0"}, "Tag 34 (MsgSeqNum) must be a whole number from 1"),
        ({"t34": "-1"}, "Tag 34 (MsgSeqNum) must be a whole number from 1"),
        ({"t34": "1234567890"}, "Tag 34 (MsgSeqNum) must be a whole number from 1"),
        ({"t141": "X"}, "Tag 141 (ResetSeqNumFlag) must be Y or N."),
        ({"t34": "2", "t141": "Y"}, RESET_NUMBER),
        ({"t122": "20261123-14:30:00.000"}, "Tag 122 (OrigSendingTime) must not be sent with a logon."),
        ({"t98": "0"}, "Tag 98 (EncryptMethod) must not be sent with a logon."),
        ({"t9": "5"}, "The logon must begin with tags 8, 9 and 35, in this order."),
    ],
)
def test_what_is_refused(changes: dict[str, str | None], found: str) -> None:
    (problem,) = problems(logon(**changes))
    assert not plainly_right(logon(**changes))
    assert problem.startswith(found)


def test_what_the_gateway_says_of_a_reset_that_does_not_begin_at_1() -> None:
    assert RESET_NUMBER == "In session logon message must have 34=1. Logout forced."
    assert problems(logon(t141="Y")) == problems(logon(t34="7", t141="N")) == ()


def test_body_length_and_checksum_where_they_are_present() -> None:
    (found,) = problems(framed(t10="000"))
    assert found.startswith("Tag 10 (CheckSum) is 000; it should be ")
    (found,) = problems(framed(t9="7"))
    assert found.startswith("Tag 9 (BodyLength) is 7, but the body has ")
    right = framed().raw["9"]
    assert [text for text in problems(framed(t9=f"0000{right}")) if "BodyLength" in text] == []
    late = parse_message(f"8=FIX.4.2|9=3|35=A|10=000|{'|'.join(f'{tag}={text}' for tag, text in FIX.items())}|56=CME")
    assert problems(late)[0] == "Tag 10 (CheckSum) must be the last field."


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("20261123-14:30:05.000", ""),
        ("20261123-14:29:55.000", ""),
        ("20261123-14:30:05.001", "Tag 52 (SendingTime) is 5 seconds ahead of this machine's clock."),
        ("20261123-14:27:00.000", "Tag 52 (SendingTime) is 3 minutes behind this machine's clock."),
        ("20261123-13:30:00.000", "Tag 52 (SendingTime) is 60 minutes behind this machine's clock."),
        ("20261123-09:30:00.000", "Tag 52 (SendingTime) is 5 hours behind this machine's clock."),
        ("20270919-14:30:00.000", "Tag 52 (SendingTime) is 300 days ahead of this machine's clock."),
    ],
)
def test_a_clock_that_is_off_is_a_note(sent: str, words: str) -> None:
    message = logon(t52=sent)
    assert clock_note(message, NOW).startswith(words)
    assert bool(clock_note(message, NOW)) == bool(words)
    assert problems(message) == ()
    assert stale(message, NOW) == ""


def at(seconds: float) -> LogonMessage:
    """An Establish that was made so many seconds from now."""
    return establish_message(b"s" * 32, RequestTimestamp=str(int((NOW.timestamp() + seconds) * 10**9)))


def test_a_stale_negotiate_or_establish_is_refused() -> None:
    assert stale(at(-5), NOW) == ""
    assert stale(at(-6), NOW) == (
        "RequestTimestamp is 6 seconds behind this machine's clock: "
        "a request older than 5 seconds is stale and rejected."
    )
    assert clock_note(at(-6), NOW) == ""
    assert stale(at(60), NOW) == ""
    assert clock_note(at(60), NOW).startswith("RequestTimestamp is 60 seconds ahead of this machine's clock.")
    endless = sent_at(establish_message(b"s" * 32, RequestTimestamp="9" * 20))
    assert endless is not None
    assert endless.year == 5138


def test_problems_of_an_establish_are_its_own() -> None:
    assert problems(establish_message(b"s" * 32)) == ()
    (firm,) = problems(establish_message(b"s" * 32, Firm="toolong"))
    assert firm == "Firm must be a GFID: 3 to 5 of A-Z and 0-9."

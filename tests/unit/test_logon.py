"""Logon signatures (domain section 8), with both vectors of the specification."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dropcopy_tui.domain.errors import InvalidValue
from dropcopy_tui.domain.logon import (
    ESTABLISH_SIGNED,
    FIX_SIGNED,
    canonical,
    canonical_lines,
    complete,
    decode_secret,
    encode_secret,
    parse_message,
    sign,
    verify,
)
from dropcopy_tui.domain.logon_rules import problems

ACCESS = "oNDxM33uE81ohWuVRtWT"
SECRET = "2HlZ7exg8jTKltXnURjKvm3GS5iF5n4ClzHiEm_ocv4"
SIGNATURE = "oHZ2Dx1ihFAp7kHOFcJPkijm27xfApJFp-ZhsSCxr3s"
VECTOR = {
    "34": "1",
    "49": "B08004N",
    "50": "MSG",
    "52": "20170623-14:48:42.855",
    "57": "92",
    "108": "60",
    # The specification quotes it because of its comma; the quotes are not part of the value.
    "142": "US,NY",
    "369": "0",
    "1603": "BRIO",
    "1604": "8.0",
    "1605": "ABC",
}
EXTRA = {"354": "20", "355": ACCESS, "1400": "CME-1-SHA-256", "1401": "43", "1402": SIGNATURE}
NEGOTIATE = {"RequestTimestamp": 1000000000, "UUID": 12345, "Session": "ABC", "Firm": "XYZAB"}
NEGOTIATE_HEX = "4afa3b48d4472791a582b9d0933592f71011585de6161088a72854bdfc2ec9c3"
ONES = b"\x01" * 32
ESTABLISH = NEGOTIATE | {
    "TradingSystemName": "BRIO",
    "TradingSystemVersion": "8.0",
    "TradingSystemVendor": "ABC",
    "NextSeqNo": 1,
    "KeepAliveInterval": 30000,
}


def fix(separator: str = "|", /, **changes: str | None) -> str:
    """The vector as a logon; `t108="30"` changes a tag, `t108=None` leaves it out."""
    fields: dict[str, str | None] = {"8": "FIX.4.2", "35": "A", **VECTOR, "56": "CME", "98": None, **EXTRA}
    fields |= {name.removeprefix("t"): value for name, value in changes.items()}
    return "".join(f"{tag}={value}{separator}" for tag, value in fields.items() if value is not None)


# Vectors


@pytest.mark.parametrize("separator", ["|", "\x01", "^A"])
def test_the_published_vector(separator: str) -> None:
    message = parse_message(fix(separator))
    secret = decode_secret(SECRET)
    assert canonical(message) == "\n".join(VECTOR.values())
    assert canonical_lines(message) == list(VECTOR.items())
    assert sign(message, secret) == SIGNATURE
    assert verify(message, secret)
    assert not verify(message, ONES)
    assert (message.kind, message.access_key_id, message.signature) == ("fix", ACCESS, SIGNATURE)
    assert (message.sender_comp_id, message.session_id) == ("B08004N", "B08")
    assert problems(message) == ()


def test_the_derived_vector() -> None:
    message = parse_message(json.dumps(NEGOTIATE))
    assert canonical(message) == "1000000000\n12345\nABC\nXYZAB"
    assert sign(message, ONES) == NEGOTIATE_HEX
    assert (message.kind, message.session_id, message.sender_comp_id) == ("negotiate", "ABC", None)


def test_establish() -> None:
    message = parse_message(json.dumps(ESTABLISH))
    text = "1000000000\n12345\nABC\nXYZAB\nBRIO\n8.0\nABC\n1\n30000"
    assert message.kind == "establish"
    assert canonical(message) == text
    assert sign(message, ONES) == hmac.new(ONES, text.encode(), hashlib.sha256).hexdigest()


# Secrets


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32))
def test_secrets_round_trip(secret: bytes) -> None:
    text = encode_secret(secret)
    assert len(text) == 43
    assert decode_secret(text) == secret
    assert base64.urlsafe_b64decode(text + "=") == secret


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has 0 characters"),
        (SECRET + "=", "ends in padding"),
        (SECRET.replace("_", "/"), "standard base64"),
        (SECRET[:-1], "has 42"),
        (SECRET + "A", "has 44"),
        (SECRET + "\n", "has 44"),
        (" " + SECRET[1:], "43 characters"),
        ("é" * 43, "43 characters"),
    ],
)
def test_what_is_no_secret(text: str, why: str) -> None:
    with pytest.raises(InvalidValue, match=why) as refusal:
        decode_secret(text)
    assert SECRET[5:15] not in refusal.value.message


# Reading


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("hello", "neither JSON nor FIX"),
        ("8=FIX.4.2|nonsense|35=A|", "field 2 is not tag=value"),
        (fix() + "|", "is not tag=value"),
        (fix(t35="D"), "tag 35"),
        (fix(t35=None), r"is missing 35 \(MsgType\)"),
        (fix(t1604=None, t50=None), r"is missing 50 \(SenderSubID\), 1604 \(ApplicationSystemVersion\)\."),
        (fix() + "108=60|", "Tag 108 appears twice"),
        (fix(t50=""), "Tag 50 has no value"),
        (fix(t50="MÜG"), "Tag 50 contains a character that is not printable ASCII"),
        (fix(t50="M\nG"), "Tag 50 contains a character that is not printable ASCII"),
        (fix(t50="x" * 1_048_577), "larger than 1,048,576"),
        ("{", "not a valid JSON object"),
        ("{} x", "not a valid JSON object"),
        ("{" + '"a":{' * 100_000, "not a valid JSON object"),
        ("{}", "is missing RequestTimestamp, UUID, Session, Firm"),
        ('{"a": NaN}', "not a valid JSON object"),
        (json.dumps(NEGOTIATE | {"NextSeqNo": 1}), "is missing TradingSystemName, TradingSystemVersion, "),
        (json.dumps(NEGOTIATE | {"uuid": 1}), "Field UUID appears twice"),
        ('{"UUID": 1, "UUID": 1}', "Field UUID appears twice"),
        (json.dumps(NEGOTIATE | {"UUID": True}), "UUID must be a string or a whole number"),
        (json.dumps(NEGOTIATE | {"UUID": 1.5}), "UUID must be a string or a whole number"),
        (json.dumps(NEGOTIATE | {"UUID": [["Session", "x"]]}), "UUID must be a string or a whole number"),
        (json.dumps(NEGOTIATE | {"UUID": None}), "UUID must be a string or a whole number"),
        (json.dumps(NEGOTIATE | {"UUID": -1}), "UUID must be a whole number"),
        ('{"UUID": ' + "9" * 9_999 + ', "RequestTimestamp": 1, "Session": "A", "Firm": "B"}', "20 digits"),
        (json.dumps(NEGOTIATE | {"Firm": "XÝZ"}), "Field Firm contains a character"),
        (json.dumps(NEGOTIATE | {"Firm": "\ud800"}), "Field Firm contains a character"),
        (json.dumps(NEGOTIATE | {"Firm": ""}), "Field Firm has no value"),
    ],
)
def test_what_is_no_logon(text: str, why: str) -> None:
    with pytest.raises(InvalidValue, match=why) as refusal:
        parse_message(text)
    assert "\n" not in refusal.value.message
    assert len(refusal.value.message) < 400


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    for prefix in ("", "{", "35=A|"):
        with pytest.raises(InvalidValue):
            parse_message(prefix + text)


def test_a_large_message_is_read_quickly() -> None:
    start = time.perf_counter()
    with pytest.raises(InvalidValue):
        parse_message("1=" + "|1=" * 340_000)
    assert parse_message(fix(t58="x" * 1_000_000)).kind == "fix"
    assert time.perf_counter() - start < 5


def test_white_space_around_a_logon_does_not_matter() -> None:
    assert verify(parse_message(f"\n {fix(chr(1))}\r\n"), decode_secret(SECRET))


def test_a_bar_in_a_value_when_soh_separates() -> None:
    assert parse_message(fix("\x01", t50="A|B")).raw["50"] == "A|B"


def test_a_sender_too_short_has_no_session() -> None:
    assert parse_message(fix(t49="AB")).session_id is None


@pytest.mark.parametrize("naming", [str.lower, str.upper, str, lambda name: name.replace("Time", "_Time")])
def test_json_names_in_any_case(naming: object) -> None:
    named = {naming(name): value for name, value in ESTABLISH.items()}  # type: ignore[operator]
    assert canonical(parse_message(json.dumps(named))) == canonical(parse_message(json.dumps(ESTABLISH)))


def test_json_names_in_snake_case() -> None:
    text = """{"request_timestamp": "1000000000", "uuid": "12345", "session": "ABC", "firm": "XYZAB",
               "access_key_id": "K", "signature": "S", "hmac_version": ["left", "aside"]}"""
    message = parse_message(text)
    assert sign(message, ONES) == NEGOTIATE_HEX
    assert (message.access_key_id, message.signature) == ("K", "S")


# Checking


@pytest.mark.parametrize(
    "signature",
    [NEGOTIATE_HEX, NEGOTIATE_HEX.upper(), encode_secret(bytes.fromhex(NEGOTIATE_HEX))],
)
def test_ilink_signatures_in_hex_and_base64url(signature: str) -> None:
    message = parse_message(json.dumps(NEGOTIATE | {"Signature": signature, "AccessKeyID": ACCESS}))
    assert verify(message, ONES)
    assert not verify(message, b"\x02" * 32)
    assert problems(message) == ()


@pytest.mark.parametrize("signature", [None, "x", SIGNATURE + "=", SIGNATURE[:-1] + "t", SIGNATURE.lower()])
def test_signatures_that_do_not_hold(signature: str | None) -> None:
    assert not verify(parse_message(fix(t1402=signature)), decode_secret(SECRET))
    fields = NEGOTIATE if signature is None else NEGOTIATE | {"Signature": signature}
    assert not verify(parse_message(json.dumps(fields)), ONES)


@settings(deadline=None)
@given(st.sampled_from(sorted(FIX_SIGNED)), st.text("ABC019.,", min_size=1, max_size=12))
def test_every_signed_value_counts(tag: str, value: str) -> None:
    message = parse_message(fix(**{f"t{tag}": value}))
    assert verify(message, decode_secret(SECRET)) == (VECTOR[tag] == value)


def test_values_are_not_shown_with_the_message() -> None:
    assert "hunter2" not in repr(parse_message(fix(t554="hunter2")))


# Structure


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"t98": "0"}, "Tag 98 (EncryptMethod) must not be sent with a logon."),
        ({"t95": "3"}, "Tag 95 (RawDataLength) must not be sent with a logon."),
        ({"t96": "abc"}, "Tag 96 (RawData) must not be sent with a logon."),
        ({"t354": "19"}, "Tag 354 is 19 but the access key id in 355 has 20 characters."),
        ({"t354": None}, "Tag 354 (length of the access key id) is missing; it must be 20."),
        ({"t355": None, "t354": None}, "Tag 355 (the access key id) is missing."),
        ({"t1400": "CME-1-SHA-1"}, "Tag 1400 must be CME-1-SHA-256."),
        ({"t1400": None}, "Tag 1400 is missing; it must be CME-1-SHA-256."),
        ({"t1401": "44"}, "Tag 1401 is 44 but the signature in 1402 has 43 characters."),
        ({"t1402": SIGNATURE + "=", "t1401": "44"}, "Tag 1402 must be 43 characters of base64url"),
        ({"t1402": None}, "Tag 1402 (the signature) is missing."),
        ({"t108": "4"}, "Tag 108 (HeartBtInt) must be 5 to 60 seconds."),
        ({"t108": "61"}, "Tag 108 (HeartBtInt) must be 5 to 60 seconds."),
        ({"t108": "9" * 9_999}, "Tag 108 (HeartBtInt) must be 5 to 60 seconds."),
        ({"t108": "x"}, "Tag 108 (HeartBtInt) must be 5 to 60 seconds."),
        ({"t49": "B08004"}, "Tag 49: SenderCompID 'B08004' must have 7 to 9 characters"),
    ],
)
def test_problems_of_a_fix_logon(changes: dict[str, str | None], found: str) -> None:
    (problem,) = problems(parse_message(fix(**changes)))
    assert problem.startswith(found)


@pytest.mark.parametrize("seconds", ["5", "60"])
def test_the_heartbeat_may_be_5_to_60_seconds(seconds: str) -> None:
    assert problems(parse_message(fix(t108=seconds))) == ()


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"KeepAliveInterval": 4999}, "KeepAliveInterval must be 5000 to 60000 milliseconds."),
        ({"KeepAliveInterval": 60001}, "KeepAliveInterval must be 5000 to 60000 milliseconds."),
        ({"Session": "ABCD"}, "Session must have 3 characters."),
        ({"Signature": "abc"}, "Signature must be 32 bytes"),
    ],
)
def test_problems_of_an_establish(change: dict[str, object], found: str) -> None:
    good = ESTABLISH | {"AccessKeyID": ACCESS, "Signature": NEGOTIATE_HEX}
    assert problems(parse_message(json.dumps(good))) == ()
    (problem,) = problems(parse_message(json.dumps(good | change)))
    assert problem.startswith(found)


def test_a_negotiate_without_key_and_signature() -> None:
    found = problems(parse_message(json.dumps(NEGOTIATE)))
    assert found == ("AccessKeyID is missing.", "Signature is missing.")


def test_the_order_of_signing_is_the_specification_s() -> None:
    assert list(FIX_SIGNED) == list(VECTOR)
    assert list(ESTABLISH_SIGNED) == list(ESTABLISH)


def test_a_completed_logon_verifies_as_it_stands() -> None:
    secret = bytes(range(32))
    text = "8=FIX.4.2|9=99|35=A|56=CME|34=1|49=B08004N|50=MSG|52=20170623-14:48:42.855|57=92|108=60|142=US|369=0|" + (
        "1603=BRIO|1604=8.0|1605=ABC|10=001|"
    )
    whole = complete(parse_message(text), "A" * 20, secret)
    assert "|9=" not in whole
    assert "|10=" not in whole
    read = parse_message(whole)
    assert read.access_key_id == "A" * 20
    assert verify(read, secret)
    assert problems(read) == ()

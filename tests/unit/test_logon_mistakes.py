"""Every mistake of domain section 8 is found: alone, and two at a time.

The signatures here are made by the test's own few lines, the way a client with the mistake would.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from dropcopy_tui.domain.logon import LogonMessage, encode_secret, parse_message, verify
from dropcopy_tui.domain.logon_mistakes import Candidate, diagnose

NOW = datetime(2026, 11, 23, 14, 30, 0, tzinfo=UTC)
SECRET = bytes(range(32))
KEY = Candidate("NEWKEY00000000000000", "B08", SECRET, NOW + timedelta(days=300), NOW - timedelta(days=9))
OLDER = Candidate("OLDKEY00000000000000", "B08", b"o" * 32, NOW - timedelta(days=2), NOW - timedelta(days=390))
FOREIGN = Candidate("T5AKEY00000000000000", "T5A", b"f" * 32, NOW + timedelta(days=9), NOW - timedelta(days=90))
DELETED = Candidate("DELKEY00000000000000", "B08", b"d" * 32, NOW + timedelta(days=9), NOW - timedelta(days=95), False)
KEYS = (KEY, OLDER, FOREIGN, DELETED)
FIX = {
    "34": "1",
    "49": "B08004N",
    "50": "MSG",
    "52": "20261123-14:30:00.000",
    "57": "40",
    "108": "30",
    "142": "US,NY",
    "369": "0",
    "1603": "BRIO",
    "1604": "8.0",
    "1605": "ABC",
}
ESTABLISH = {
    "RequestTimestamp": str(int(NOW.timestamp()) * 10**9),
    "UUID": "12345",
    "Session": "B08",
    "Firm": "XYZAB",
    "TradingSystemName": "BRIO",
    "TradingSystemVersion": "8.0",
    "TradingSystemVendor": "ABC",
    "NextSeqNo": "1",
    "KeepAliveInterval": "30000",
}


def signature(
    values: dict[str, str],
    *,
    secret: bytes = SECRET,
    undecoded: bool = False,
    without: str = "",
    joiner: str = "\n",
    ending: str = "",
    **changed: str,
) -> bytes:
    """What a client signs that makes these mistakes."""
    signed = {**values, **{name.removeprefix("t"): value for name, value in changed.items()}}
    signed.pop(without, None)
    key = base64.urlsafe_b64encode(secret).rstrip(b"=") if undecoded else secret
    return hmac.new(key, (joiner.join(signed.values()) + ending).encode(), hashlib.sha256).digest()


def fix_message(text: str | bytes, key: str | None = KEY.access_key_id, **sent: str) -> LogonMessage:
    """The logon with this signature; `t52=` changes what is sent."""
    written = encode_secret(text) if isinstance(text, bytes) else text
    fields = {"35": "A", **FIX, **{name.removeprefix("t"): value for name, value in sent.items()}}
    fields |= {"355": key} if key else {}
    fields |= {"1402": written} if written else {}
    return parse_message("|".join(f"{tag}={value}" for tag, value in fields.items()))


def establish_message(text: str | bytes, **sent: str) -> LogonMessage:
    written = text.hex() if isinstance(text, bytes) else text
    return parse_message(json.dumps({**ESTABLISH, **sent, "Signature": written, "AccessKeyID": KEY.access_key_id}))


def explain(message: LogonMessage, candidates: Sequence[Candidate], now: datetime) -> tuple[str, ...]:
    return diagnose(message, candidates, now).words


# One mistake

FIX_MISTAKES: dict[str, tuple[dict[str, object], str]] = {
    "undecoded": ({"undecoded": True}, "The secret was used without decoding it"),
    "version": ({"without": "1604"}, "Tag 1604 was left out of the signed string."),
    "ends in LF": ({"ending": "\n"}, "The signed string ends in LF"),
    "ends in SOH": ({"ending": "\x01"}, "The signed string ends in SOH"),
    "joined by SOH": ({"joiner": "\x01"}, "The values were joined by SOH instead of LF"),
    "no indicator": ({"t49": "B08004"}, "The SenderCompID (49) was signed without its fault tolerance"),
    "heartbeat 1": ({"t108": "1"}, "Tag 108 was sent as 30 but signed as 1."),
    "heartbeat 60": ({"t108": "60"}, "Tag 108 was sent as 30 but signed as 60."),
    "foreign key": ({"secret": FOREIGN.secret}, "It was signed with the key pair of another session, T5A (T5AKEY"),
    "older key": (
        {"secret": OLDER.secret},
        "It was signed with the older key pair of the session, OLDKEY00000000000000, "
        "which expired on 21 Nov 2026 14:30",
    ),
    "deleted key": (
        {"secret": DELETED.secret},
        "It was signed with the older key pair of the session, DELKEY00000000000000, which was deleted.",
    ),
}


@pytest.mark.parametrize("name", FIX_MISTAKES)
def test_one_mistake(name: str) -> None:
    how, words = FIX_MISTAKES[name]
    message = fix_message(signature(FIX, **how))  # type: ignore[arg-type]  # by name
    assert not verify(message, KEY.secret)
    (found,) = explain(message, KEYS, NOW)
    assert found.startswith(words)


# The two share what they change, or are one and the same.
APART = [{"ends in LF", "ends in SOH"}, {"heartbeat 1", "heartbeat 60"}]
KEY_MISTAKES = {"foreign key", "older key", "deleted key"}
PAIRS = [
    pair for pair in itertools.combinations(FIX_MISTAKES, 2) if set(pair) not in APART and not set(pair) <= KEY_MISTAKES
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_two_mistakes(first: str, second: str) -> None:
    how = {**FIX_MISTAKES[first][0], **FIX_MISTAKES[second][0]}
    found = explain(fix_message(signature(FIX, **how)), KEYS, NOW)  # type: ignore[arg-type]  # by name
    assert len(found) == 2
    for name in (first, second):
        assert any(words.startswith(FIX_MISTAKES[name][1]) for words in found)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"undecoded": True}, "The secret was used without decoding it"),
        ({"without": "TradingSystemVersion"}, "TradingSystemVersion was left out of the signed string."),
        ({"ending": "\n"}, "The signed string ends in LF"),
        ({"joiner": "\x01"}, "The values were joined by SOH"),
        ({"KeepAliveInterval": "10000"}, "KeepAliveInterval was sent as 30000 but signed as 10000."),
        ({"KeepAliveInterval": "30"}, "KeepAliveInterval was sent as 30000 but signed as 30."),
        ({"secret": FOREIGN.secret}, "It was signed with the key pair of another session, T5A"),
    ],
)
def test_one_mistake_in_an_establish(how: dict[str, object], words: str) -> None:
    message = establish_message(signature(ESTABLISH, **how))  # type: ignore[arg-type]  # by name
    assert not verify(message, KEY.secret)
    (found,) = explain(message, KEYS, NOW)
    assert found.startswith(words)


# How the signature is written


def awkward() -> tuple[str, bytes]:
    """A version whose right signature has a character in which the two alphabets differ."""
    for number in range(1_000):
        made = signature(FIX, t50=f"M{number}")
        if {"-", "_"} & set(encode_secret(made)):
            return f"M{number}", made
    raise AssertionError("none in a thousand")


def test_padded_and_standard_base64() -> None:
    sub, made = awkward()
    standard = base64.b64encode(made).decode()
    for text, words in (
        (base64.urlsafe_b64encode(made).decode(), ["padded"]),
        (standard.rstrip("="), ["standard"]),
        (standard, ["padded", "standard"]),
    ):
        message = fix_message(text, t50=sub)
        assert not verify(message, KEY.secret)
        found = explain(message, KEYS, NOW)
        assert len(found) == len(words)
        for sentence, word in zip(found, words, strict=True):
            assert sentence.startswith(f"The signature is {word} base64")


def test_a_fix_signature_in_hex() -> None:
    (found,) = explain(fix_message(signature(FIX).hex()), KEYS, NOW)
    assert found.startswith("The signature is written in hex.")


@pytest.mark.parametrize("name", FIX_MISTAKES)
def test_padding_beside_another_mistake(name: str) -> None:
    how, words = FIX_MISTAKES[name]
    padded = base64.urlsafe_b64encode(signature(FIX, **how)).decode()  # type: ignore[arg-type]  # by name
    found = explain(fix_message(padded), KEYS, NOW)
    assert len(found) == 2
    assert found[0].startswith(words)
    assert found[1].startswith("The signature is padded")


def test_stray_bits_in_the_last_character() -> None:
    right = encode_secret(signature(FIX))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    stray = right[:-1] + alphabet[alphabet.index(right[-1]) + 1]
    (found,) = explain(fix_message(stray), KEYS, NOW)
    assert "stray bits" in found


@pytest.mark.parametrize("text", ["abc", "!" * 43, "A" * 60])
def test_what_is_no_signature(text: str) -> None:
    (found,) = explain(fix_message(text), KEYS, NOW)
    assert found.startswith("The signature is not 32 bytes")


# The key


def test_a_right_logon_needs_no_explanation() -> None:
    message = fix_message(signature(FIX))
    assert verify(message, KEY.secret)
    assert explain(message, KEYS, NOW) == ()
    assert explain(establish_message(signature(ESTABLISH)), KEYS, NOW) == ()


def test_the_older_key_after_it_expired() -> None:
    message = fix_message(signature(FIX, secret=OLDER.secret), OLDER.access_key_id)
    assert verify(message, OLDER.secret)
    (found,) = explain(message, KEYS, NOW)
    assert found == "The key pair named in the logon, OLDKEY00000000000000, expired on 21 Nov 2026 14:30 UTC."
    assert explain(message, KEYS, OLDER.expires_at) != ()
    second = OLDER.expires_at - timedelta(seconds=1)
    assert not any("expired" in words for words in explain(message, KEYS, second))


def test_a_deleted_key() -> None:
    message = fix_message(signature(FIX, secret=DELETED.secret), DELETED.access_key_id)
    (found,) = explain(message, KEYS, NOW)
    assert found == "The key pair named in the logon, DELKEY00000000000000, was deleted."


def test_a_key_of_another_session_that_holds() -> None:
    message = fix_message(signature(FIX, secret=FOREIGN.secret), FOREIGN.access_key_id)
    (found,) = explain(message, KEYS, NOW)
    assert found == "The logon is for session B08 but names a key pair of another session, T5A."


def test_the_newer_key_under_the_older_name() -> None:
    found = explain(fix_message(signature(FIX), OLDER.access_key_id), KEYS, NOW)
    assert found[0].startswith("The key pair named in the logon")
    assert found[1:] == (
        "It was signed with the newer key pair of the session, NEWKEY00000000000000, which is active.",
    )


def test_an_unknown_key_id() -> None:
    found = explain(fix_message(signature(FIX), "X" * 20), KEYS, NOW)
    assert found == (
        "The access key id XXXXXXXXXXXXXXXXXXXX is unknown.",
        "It was signed with the other key pair of the session, NEWKEY00000000000000, which is active.",
    )
    found = explain(fix_message(signature(FIX, ending="\n"), None), KEYS, NOW)
    assert found[0] == "The logon has no access key id."
    assert {words.split(" ")[0] for words in found[1:]} == {"The", "It"}
    assert explain(fix_message(b"x" * 32, "X" * 20), (), NOW)[1].startswith("No known key pair produces")


def test_no_signature() -> None:
    assert explain(fix_message(""), KEYS, NOW) == ("The logon has no signature.",)


def test_a_signature_that_nothing_explains() -> None:
    (found,) = explain(fix_message(signature(FIX, t50="OTHER")), KEYS, NOW)
    assert found.startswith("No known mistake explains the signature")
    assert KEY.access_key_id in found


def test_three_mistakes_are_not_guessed() -> None:
    made = signature(FIX, undecoded=True, without="1604", ending="\n")
    (found,) = explain(fix_message(made), KEYS, NOW)
    assert found.startswith("No known mistake")


# The sender, sent short


def test_a_sender_sent_without_its_indicator_but_signed_with_it() -> None:
    message = fix_message(signature(FIX), t49="B08004")
    (found,) = explain(message, KEYS, NOW)
    assert found == "The SenderCompID (49) was sent without its indicator but signed with it (N)."


# The rest


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(KEY)
    for how, _ in FIX_MISTAKES.values():
        text = " ".join(explain(fix_message(signature(FIX, **how)), KEYS, NOW))  # type: ignore[arg-type]  # by name
        assert encode_secret(SECRET) not in text
        assert SECRET.hex() not in text


def test_thousands_of_keys_are_tried_in_a_few_seconds() -> None:
    many = [
        Candidate(f"K{n:019d}", f"{n:03d}"[:3], n.to_bytes(32, "big"), KEY.expires_at, KEY.created_at)
        for n in range(5_000)
    ]
    start = time.perf_counter()
    (found,) = explain(fix_message(signature(FIX, secret=(4_999).to_bytes(32, "big"))), [KEY, *many], NOW)
    assert "another session" in found
    assert explain(fix_message(b"x" * 32), [KEY, *many], NOW)[0].startswith("No known mistake")
    assert time.perf_counter() - start < 10

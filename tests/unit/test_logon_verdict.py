"""One judge with three answers, whatever it knows of the key's session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from dropcopy_tui.domain.keypairs import KeyPair, KeyState
from dropcopy_tui.domain.logon import LogonMessage, complete, parse_message
from dropcopy_tui.domain.logon_verdict import (
    REFUSED,
    KnownKey,
    Level,
    SessionFacts,
    Verdict,
    holds,
    judge,
    market_of,
)
from dropcopy_tui.domain.markets import Gateway, market_named
from dropcopy_tui.domain.sessions import SessionKind, SessionStatus
from tests.unit.test_logon_mistakes import ESTABLISH, FIX, NOW, SECRET, establish_message, signature

PAIR = KeyPair("NEWKEY00000000000000", "B08", NOW - timedelta(days=9), NOW + timedelta(days=300))
US = SessionFacts(
    SessionKind.DROP_COPY, SessionStatus.ACTIVE, market_named("brokertec_us"), Gateway.MSGW, ("004", "ACM01")
)
KEY = KnownKey(PAIR, SECRET, US, "PRODUCTION")
FILE = KnownKey(PAIR, SECRET)


def signed(key: str = PAIR.access_key_id, secret: bytes = SECRET, **changes: str) -> LogonMessage:
    """A logon whose signature is right for what it sends."""
    fields = {"35": "A", **FIX, "56": "CME", **{name.removeprefix("t"): value for name, value in changes.items()}}
    text = "|".join(f"{tag}={value}" for tag, value in fields.items())
    return parse_message(complete(parse_message(text), key, secret))


def of(message: LogonMessage, *keys: KnownKey, also: Sequence[str] = ()) -> Verdict:
    return judge(message, keys or (KEY,), NOW, also=also)


@pytest.mark.parametrize("key", [KEY, FILE], ids=["store", "file"])
def test_accepted(key: KnownKey) -> None:
    verdict = of(signed(), key)
    assert (verdict.level, verdict.valid, verdict.explanations, verdict.notes) == (Level.ACCEPTED, True, (), ())
    assert (verdict.access_key_id, verdict.session_id, verdict.key_state) == (
        PAIR.access_key_id,
        "B08",
        KeyState.ACTIVE,
    )
    assert holds(signed(), key, NOW)


def test_accepted_but_look_at_this() -> None:
    verdict = of(signed(t52="20261123-13:30:00.000"))
    assert (verdict.level, verdict.valid, verdict.explanations) == (Level.NOTED, True, ())
    assert verdict.notes[0].startswith("Tag 52 (SendingTime) is 60 minutes behind")
    pending = replace(KEY, pair=replace(PAIR, expires_at=NOW + timedelta(days=20)))
    assert of(signed(), pending).notes == (
        "Key pair NEWKEY00000000000000 is expiring: generate a new one before it does.",
    )
    (note,) = of(signed(t57="97")).notes
    assert note == "Tag 57 (TargetSubID) is 97, a test segment; this store is for PRODUCTION."
    assert of(signed(t57="97"), replace(KEY, environment="CERT")).level is Level.ACCEPTED
    europe = replace(KEY, session=replace(US, market=market_named("brokertec_eu")))
    (note,) = of(signed(t57="40"), europe).notes
    assert note == "Tag 57 (TargetSubID) is 40, a segment of BrokerTec U.S.; the session is of BrokerTec EU."
    assert of(signed(t57="95"), replace(europe, environment="CERT")).level is Level.ACCEPTED


@pytest.mark.parametrize(
    ("facts", "changes", "why"),
    [
        ({"status": SessionStatus.RELEASED}, {}, "Session B08 was released when its group was deleted. It cannot log"),
        ({"status": SessionStatus.RETIRED}, {}, "Session B08 is permanently retired. It cannot log on."),
        (
            {"kind": SessionKind.ORDER_ENTRY},
            {},
            "The key pair belongs to an order entry session, B08. It cannot open a drop",
        ),
        (
            {"kind": SessionKind.MARKET_DATA},
            {},
            "The key pair belongs to a market data session, B08. It cannot open a drop",
        ),
        (
            {},
            {"t49": "B08XYZN"},
            "XYZ is not a firm of session B08. The firms of its entity in BrokerTec U.S.: 004 or ACM01.",
        ),
        ({"gateway": Gateway.CGW}, {"t57": "40"}, "Tag 57 (TargetSubID) is 40: a CGW session sends G."),
        ({}, {"t57": "G"}, "Tag 57 (TargetSubID) is G: an MSGW session sends the two digits of a market segment (40"),
        ({}, {"t57": "41"}, "Tag 57 (TargetSubID) is 41, which is not a segment of BrokerTec U.S. (40, 42 or 48; in"),
        ({}, {"t57": "95"}, "Tag 57 (TargetSubID) is 95, which is not a segment of BrokerTec U.S."),
    ],
)
def test_refused_by_the_session(facts: dict[str, object], changes: dict[str, str], why: str) -> None:
    key = replace(KEY, session=replace(US, **facts))  # type: ignore[arg-type]  # by name
    verdict = of(signed(**changes), key)
    (found,) = verdict.explanations
    assert found.startswith(why)
    assert (verdict.level, verdict.said) == (Level.REFUSED, REFUSED)
    assert not any(line.differs for line in verdict.lines)
    assert not holds(signed(**changes), key, NOW)


def test_what_is_not_known_of_a_session_is_not_judged() -> None:
    assert of(signed(t49="B08XYZN"), FILE).level is Level.ACCEPTED
    assert of(signed(t49="B08XYZN"), replace(KEY, session=replace(US, firms=()))).level is Level.ACCEPTED
    assert of(signed(t57="41"), FILE).level is Level.ACCEPTED


def test_a_field_is_refused_in_words_that_the_client_is_told_too() -> None:
    verdict = of(signed(t49="B08004P", t50="M"))
    assert verdict.said == verdict.explanations[0]
    assert [why[:6] for why in verdict.explanations] == ["Tag 49", "Tag 50"]


def test_every_reason_and_every_note_together() -> None:
    stale_key = KnownKey(PAIR, SECRET, replace(US, status=SessionStatus.RELEASED))
    verdict = of(signed(secret=b"x" * 32, t34="0", t52="20261123-09:30:00.000"), stale_key)
    assert [why.split(" ")[0] for why in verdict.explanations] == ["Tag", "Session", "No"]
    assert verdict.notes[0].startswith("Tag 52 (SendingTime) is 5 hours behind")


def test_expired_and_destroyed_and_unknown_keys() -> None:
    ended = replace(KEY, pair=replace(PAIR, expires_at=NOW))
    assert of(signed(), ended).explanations == (
        "The key pair named in the logon, NEWKEY00000000000000, expired on 23 Nov 2026 14:30 UTC.",
    )
    gone = KnownKey(replace(PAIR, deleted_at=NOW), None, US)
    verdict = of(signed(), gone)
    assert verdict.explanations[0].endswith("NEWKEY00000000000000, was deleted and its secret destroyed.")
    assert verdict.key_state is KeyState.DELETED
    unknown = of(signed(key="Q" * 20), replace(KEY, pair=replace(PAIR, access_key_id="W" * 20)))
    assert (unknown.session_id, unknown.key_state) == (None, None)
    assert unknown.explanations == (
        "The access key id (tag 355) is unknown.",
        "It was signed with the other key pair of the session, WWWWWWWWWWWWWWWWWWWW, which is active.",
    )


def test_what_only_the_caller_knows_refuses_too() -> None:
    verdict = of(signed(), also=("Not here.",))
    assert (verdict.level, verdict.explanations) == (Level.REFUSED, ("Not here.",))


def test_an_establish() -> None:
    good = establish_message(signature(ESTABLISH))
    order_entry = replace(KEY, session=replace(US, kind=SessionKind.ORDER_ENTRY, firms=("XYZAB",)))
    assert of(good, order_entry).level is Level.ACCEPTED
    assert of(good, replace(KEY, session=replace(US, firms=("XYZAB",)))).notes == (
        "Establish opens an order entry session; B08 is a drop copy session.",
    )
    assert of(good).explanations == (
        "XYZAB is not a firm of session B08. The firms of its entity in BrokerTec U.S.: 004 or ACM01.",
    )
    sent = str(int(NOW.timestamp() - 6) * 10**9)
    late = of(establish_message(signature(ESTABLISH, RequestTimestamp=sent), RequestTimestamp=sent), order_entry)
    assert late.explanations[0].endswith("a request older than 5 seconds is stale and rejected.")


@pytest.mark.parametrize(
    ("segment", "market"),
    [("40", "brokertec_us"), ("97", "brokertec_us"), ("96", "brokertec_eu"), ("G", "globex"), ("12", None)],
)
def test_the_market_of_a_logon(segment: str, market: str | None) -> None:
    found = market_of(signed(t57=segment))
    assert (found.code if found else None) == market

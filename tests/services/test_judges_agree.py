"""What `verify` says of a logon is what the rehearsal's gateway does with it, and both are what the generator knows.

1,000 logons by `DROPCOPY_LOGONS=1000`; fewer by default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from simplefix import FixMessage

from dropcopy_tui.domain.logon import parse_message
from dropcopy_tui.domain.logon_verdict import Level
from dropcopy_tui.gateway.port import Door, GatewayEvent, Rules
from dropcopy_tui.gateway.session import GatewaySession
from dropcopy_tui.services.logons.logons import Logons
from dropcopy_tui.services.logons.rehearsals import Rehearsals
from tests.services.conftest import World
from tests.services.factories import NOW, add_session, change
from tests.services.fix_client import Key, logon
from tests.services.test_rehearsals import Wire, kinds, new_key

LOGONS = int(os.environ.get("DROPCOPY_LOGONS", "150"))


@dataclass(frozen=True)
class Variant:
    """A change to a good logon, and what a gateway makes of it."""

    name: str
    level: Level = Level.ACCEPTED
    values: Mapping[int, str] = field(default_factory=dict)
    sent: Mapping[int, str] = field(default_factory=dict)
    how: Mapping[str, Any] = field(default_factory=dict)


def refused(name: str, **parts: Any) -> Variant:
    return Variant(name, Level.REFUSED, **parts)


def sending(tag: int, good: str, bad: str, noted: str = "") -> list[Variant]:
    """Values of a tag, parted by blanks: those that are taken, refused, and taken with a note."""
    levels = ((good, Level.ACCEPTED), (bad, Level.REFUSED), (noted, Level.NOTED))
    return [
        Variant(f"{tag}={value}", level, values={tag: value}) for values, level in levels for value in values.split()
    ]


# One of each group, so that a logon may have several.
GROUPS: tuple[list[Variant], ...] = (
    sending(34, "1 7 57 999999999", "0 x -1 1.5 1234567890"),
    sending(50, "MSG AB DESK9", "M D-K! A.B"),
    sending(
        52,
        "20260304-15:00:00.000 20260304-15:00:04.999 20260304-14:59:55.000",
        "20260304-15:00:00 20260304-15:00:00.000000 20261341-99:99:99.000 2026-03-04T15:00:00.000",
        "20260304-14:00:00.000 20261229-15:00:00.000 20260303-15:00:00.000",
    ),
    sending(57, "40 42 48 97 98", "G 41 95 1 400 X"),
    sending(108, "5 30 60", "4 61 0 -5 x"),
    sending(142, "US,NY GB x", ""),
    [
        Variant("of its firm"),
        *(refused(f"49={sender}", values={49: sender}) for sender in ("{}AB123P", "{}AB123U", "{}AB123B", "{}XYZN")),
        *(refused(f"49={sender}", values={49: sender}) for sender in ("{}AB123", "{}", "{}ab123N", "{}AB1234N")),
    ],
    [
        Variant("56=CME"),
        *(refused(f"56={target}", sent={56: target}) for target in ("XXX", "cme", "CMEG")),
    ],
    [
        Variant("no more"),
        Variant("141=N", sent={141: "N"}),
        refused("98", sent={98: "0"}),
        refused("95", sent={95: "3", 96: "abc"}),
        refused("122", sent={122: "20260304-15:00:00.000"}),
        refused("141=X", sent={141: "X"}),
        refused("354", sent={354: "19"}),
        refused("1400", sent={1400: "CME-1-SHA-1"}),
        refused("1401", sent={1401: "44"}),
    ],
    [
        Variant("signed right"),
        Variant("signed right again"),
        refused("undecoded", how={"undecoded": True}),
        refused("LF", how={"ending": "\n"}),
        refused("without 1604", how={"without": 1604}),
        refused("joined by SOH", how={"joiner": "\x01"}),
        refused("padded", how={"padded": True}),
    ],
)
SESSIONS = {
    "ABC": ("drop_copy", "active", Level.ACCEPTED),
    "OEX": ("order_entry", "active", Level.REFUSED),
    "MDX": ("market_data", "active", Level.REFUSED),
    "REL": ("drop_copy", "released", Level.REFUSED),
    "END": ("drop_copy", "active", Level.REFUSED),
}
FRAMES = ("whole", "checksum", "length", "8=FIX.4.4")


@pytest.fixture
def keys(world: World) -> dict[str, Key]:
    """A key pair of each session; the one of END has expired."""
    made = {}
    for session, (kind, status, _) in SESSIONS.items():
        made[session] = new_key(world, add_session(world.resources, "ACME", session, kind=kind))
        change(world.resources, "UPDATE session SET status = :status WHERE session_id = :id", status=status, id=session)
    change(
        world.resources, "UPDATE key_pair SET created_at = :old, expires_at = :now WHERE access_key_id = :id",
        old="2025-03-04 15:00:00.000000", now=f"{NOW:%Y-%m-%d %H:%M:%S}.000000", id=made["END"].id,
    )  # fmt: skip
    return made


def framed(message: FixMessage, frame: str) -> bytes:
    """The message's bytes, with a frame that is whole or wrong in one thing."""
    built = FixMessage()
    for tag, value in message.pairs:
        built.append_pair(tag, b"FIX.4.4" if frame == "8=FIX.4.4" and tag == b"8" else value)
    raw: bytes = built.encode()
    if frame == "checksum":
        return raw[:-4] + (b"000" if raw[-4:-1] != b"000" else b"001") + b"\x01"
    return raw.replace(b"\x019=", b"\x019=1", 1) if frame == "length" else raw


# Most logons are right in most things: a mistake would hide behind another one.
CHOSEN = st.tuples(*(st.one_of(st.just(group[0]), st.sampled_from(group)) for group in GROUPS))


@settings(
    deadline=None,
    max_examples=LOGONS,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    CHOSEN,
    st.one_of(st.just("ABC"), st.sampled_from(sorted(SESSIONS))),
    st.one_of(st.just("whole"), st.sampled_from(FRAMES)),
)
@example(tuple(group[0] for group in GROUPS), "ABC", "whole")
def test_listen_and_verify_agree(
    world: World, keys: dict[str, Key], chosen: tuple[Variant, ...], session: str, frame: str
) -> None:
    values: dict[int, str] = {49: "{}AB123N"}
    sent: dict[int, str] = {}
    how: dict[str, Any] = {}
    for variant in chosen:
        values |= variant.values
        sent |= variant.sent
        how |= variant.how
    values[49] = values[49].format(session)
    built = logon(keys[session], NOW, values=values, sent=sent, **how)
    raw = framed(built, frame)
    levels = {variant.level for variant in chosen} | {SESSIONS[session][2]}
    if frame != "whole":
        levels.add(Level.REFUSED)
    expected = next(level for level in (Level.REFUSED, Level.NOTED, Level.ACCEPTED) if level in levels)

    verdict = Logons(world.resources).verify(world.operator, parse_message(raw.decode()))
    assert verdict.level is expected, verdict

    told: list[GatewayEvent] = []
    door = Door()
    service = Rehearsals(world.resources)
    held = service.start(world.operator)
    judge = partial(service.judge, world.operator, held)
    side = GatewaySession(Rules(judge, lambda _: None, told.append, lambda: NOW), door, 0.0)
    if values.get(34, "1").isdigit():
        door.of(values[49]).inward = int(values.get(34, "1"))
    answers = kinds(Wire._read(side.receive(raw, 0.0)))
    assert (answers[:1] == ["A"]) == verdict.valid, (answers, verdict)
    if frame in ("whole", "8=FIX.4.4"):
        assert told_of_a_logon(told) == (list(verdict.explanations), list(verdict.notes))


def told_of_a_logon(told: list[GatewayEvent]) -> tuple[list[str], list[str]]:
    (line,) = (one for one in told if one.event == "logon")
    return line.facts["explanations"], line.facts["notes"]

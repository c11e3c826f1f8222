"""A client tries its logon on the rehearsal's gateway: it is told as little as by the real one, the operator all."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from io import StringIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dropcopy_tui.domain.errors import InvalidValue, NotEntitled, NotFound
from dropcopy_tui.domain.fix_frames import LONGEST, Frames
from dropcopy_tui.domain.key_file import parse
from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.domain.logon import parse_message
from dropcopy_tui.domain.logon_verdict import REFUSED, Level, Verdict
from dropcopy_tui.gateway.listener import Listener
from dropcopy_tui.gateway.port import CLOSURE, Door, GatewayEvent, Rules
from dropcopy_tui.gateway.session import LOGON_SECONDS, GatewaySession
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.logons.logons import Logons
from dropcopy_tui.services.logons.rehearsals import Rehearsals
from dropcopy_tui.services.sessions.sessions import Sessions
from tests.services.conftest import World
from tests.services.factories import NOW, FrozenClock, add_session, change, one, proof_of, rows
from tests.services.fix_client import SENDER, Client, Key, logon, message


@pytest.fixture
def target(world: World) -> int:
    return add_session(world.resources, "ACME", "ABC", kind="drop_copy")


def new_key(world: World, session: int) -> Key:
    text = StringIO()
    KeyPairs(world.resources).generate(world.operator, [session], proof_of(world.resources, world.operator), out=text)
    (row,) = parse(text.getvalue())
    return Key(row.access_key_id, row.secret)


@dataclass
class Port:
    """A port of a rehearsal that is held, and what its operator was told."""

    world: World
    listener: Listener
    number: int
    told: list[GatewayEvent] = field(default_factory=list)

    async def try_on(self, key: Key, **how: Any) -> list[dict[int, str]]:
        """One connection that tries one logon."""
        client = await Client.connect(self.number)
        try:
            return await client.log_on(key, self.world.resources.clock.now(), **how)
        finally:
            await client.close()

    async def refused(self, key: Key, **how: Any) -> str:
        """What the client is told of a logon that is refused."""
        answers = await self.try_on(key, **how)
        assert [answer[35] for answer in answers] == ["5"], answers
        return answers[0][58]

    def why(self) -> list[str]:
        """What the operator was told of the last logon."""
        last = [told for told in self.told if told.event == "logon"][-1]
        return list(last.facts["explanations"])

    def said(self) -> str:
        return "\n".join(told.words for told in self.told)


@asynccontextmanager
async def rehearsal(world: World, session_id: str = "ABC", market: str = "") -> AsyncIterator[Port]:
    service, told = Rehearsals(world.resources), []
    held = service.start(world.operator, session_id, market)
    rules = Rules(
        judge=partial(service.judge, world.operator, held),
        note=partial(service.note, world.operator, held),
        tell=told.append,
        now=world.resources.clock.now,
    )
    listener = Listener(rules)
    try:
        yield Port(world, listener, await listener.open(0), told)
    finally:
        await listener.stop()


def advance(world: World, by: timedelta) -> None:
    assert isinstance(world.resources.clock, FrozenClock)
    world.resources.clock.advance(by)


# -- a client that does everything right


async def test_on_with_pair_one_out_and_on_with_pair_two(world: World, target: int) -> None:
    first = new_key(world, target)
    async with rehearsal(world) as port:
        client = await Client.connect(port.number)
        ack, asked = await client.log_on(first, NOW)
        assert (ack[35], ack[34], ack[49], ack[56], ack[50], ack[57]) == ("A", "1", "CME", SENDER, "40", "MSG")
        assert (ack[108], asked[35], asked[34]) == ("30", "1", "2")
        await client.say("0", t112=asked[112])
        await client.log_out()
        assert "answered the Test Request" in port.said()

        # In the middle of the week: the numbers go on, both pairs live.
        second = new_key(world, target)
        client = await Client.connect(port.number)
        client.number = 4
        ack, asked = await client.log_on(second, NOW)
        assert (ack[35], ack[34]) == ("A", "4")
        await client.say("0", t112=asked[112])
        await client.log_out()
        client = await Client.connect(port.number)
        client.number = 7
        assert [answer[35] for answer in await client.log_on(first, NOW)] == ["A", "1"]
        await client.close()
    events = rows(
        world.resources, "SELECT entity, subject, person, after FROM audit_event WHERE action = 'logon:rehearsed'"
    )
    assert [event[:3] for event in events] == [("ACME", "ABC", "operator")] * 3
    assert [json.loads(event[3])["access_key_id"] for event in events] == [first.id, second.id, first.id]
    assert all(json.loads(event[3])["accepted"] for event in events)
    for secret in (first.secret, second.secret):
        assert secret not in port.said() + str(port.told) + str(events)


async def test_refused_from_the_second_of_market_close_on(world: World, target: int) -> None:
    key = new_key(world, target)
    expires = Sessions(world.resources).get(world.operator, target).keys[0].expires_at
    async with rehearsal(world) as port:
        advance(world, expires - NOW - timedelta(seconds=1))
        assert [answer[35] for answer in await port.try_on(key)] == ["A", "1"]
        advance(world, timedelta(seconds=1))
        assert await port.refused(key, values={34: "2"}) == REFUSED
        assert any("expired on 4 Mar 2027 22:30 UTC" in reason for reason in port.why())
        assert Sessions(world.resources).get(world.operator, target).keys[0].state is KeyState.EXPIRED


async def test_a_key_that_is_deleted_while_it_runs(world: World, target: int) -> None:
    first, second = new_key(world, target), new_key(world, target)
    async with rehearsal(world) as port:
        assert [answer[35] for answer in await port.try_on(first)] == ["A", "1"]
        change(
            world.resources,
            "UPDATE key_pair SET sealed_secret = NULL, slot = NULL, deleted_at = :now WHERE access_key_id = :id",
            now=f"{NOW:%Y-%m-%d %H:%M:%S}.000000", id=first.id,
        )  # fmt: skip
        assert await port.refused(first, values={34: "2"}) == REFUSED
        assert "was deleted and its secret destroyed" in port.why()[0]
        assert [answer[35] for answer in await port.try_on(second, values={34: "2"})] == ["A", "1"]


# -- mistakes of section 8

MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "undecoded": ({"undecoded": True}, "The secret was used without decoding it"),
    "version": ({"without": 1604}, "Tag 1604 was left out"),
    "LF": ({"ending": "\n"}, "The signed string ends in LF"),
    "SOH": ({"joiner": "\x01"}, "The values were joined by SOH"),
    "indicator": ({"signed": {49: SENDER[:-1]}}, "The SenderCompID (49) was signed without its fault tolerance"),
    "heartbeat": ({"signed": {108: "45"}}, "Tag 108 was sent as 30 but signed as 45."),
    "padded": ({"padded": True}, "The signature is padded base64"),
}


def together(*names: str) -> dict[str, Any]:
    how: dict[str, Any] = {}
    for name in names:
        for what, value in MISTAKES[name][0].items():
            how[what] = {**how[what], **value} if what in how else value
    return how


TRIED = [(name,) for name in MISTAKES] + list(itertools.combinations(MISTAKES, 2))


async def test_each_mistake_and_each_pair_of_them(world: World, target: int) -> None:
    key = new_key(world, target)
    async with rehearsal(world) as port:
        for names in TRIED:
            said = await port.refused(key, **together(*names))
            # The signature that is padded is wrong as a field, which the gateway says.
            assert said == (REFUSED if "padded" not in names else "Tag 1402 must be 43 characters of base64url "
                            "without padding."), names  # fmt: skip
            for name in names:
                assert any(why.startswith(MISTAKES[name][1]) for why in port.why()), (names, port.why())
            port.listener._door.reopen()
    assert key.secret not in str(port.told)
    last = json.loads(
        one(world.resources, "SELECT after FROM audit_event WHERE action = 'logon:rehearsed' ORDER BY id DESC")
    )
    assert last["accepted"] is False
    assert last["why"] == port.why()


async def test_keys_of_others(world: World, target: int) -> None:
    own, foreign = new_key(world, target), new_key(world, add_session(world.resources, "ACME", "T5A", kind="drop_copy"))
    async with rehearsal(world) as port:
        swapped = Key(own.id, foreign.secret)
        assert await port.refused(swapped) == REFUSED
        assert port.why() == [f"It was signed with the key pair of another session, T5A ({foreign.id})."]
        # The key of another session, named and used as it should be: not here.
        assert await port.refused(foreign, values={49: "T5AAB123N"}) == REFUSED
        assert port.why()[0] == "The logon is not for session ABC, to which this rehearsal is limited."
        assert await port.refused(Key("Q" * 20, own.secret)) == REFUSED
        assert "does not belong to a key pair that you manage" in port.why()[0]
    async with rehearsal(world, "") as port:
        answers = await port.try_on(foreign, values={49: "T5AAB123N"})
        assert [answer[35] for answer in answers] == ["A", "1"]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"sent": {98: "0"}}, "Tag 98 (EncryptMethod) must not be sent with a logon."),
        ({"sent": {95: "3", 96: "abc"}}, "Tag 95 (RawDataLength) must not be sent with a logon."),
        ({"values": {108: "4"}}, "Tag 108 (HeartBtInt) must be 5 to 60 seconds."),
        ({"values": {108: "61"}}, "Tag 108 (HeartBtInt) must be 5 to 60 seconds."),
        ({"sent": {354: "19"}}, "Tag 354 is 19 but the access key id in 355 has 20 characters."),
        ({"sent": {1400: "CME-1-SHA-1"}}, "Tag 1400 must be CME-1-SHA-256."),
        ({"values": {50: "\xe9".encode("latin-1")}, "signed": {50: "MSG"}}, "Tag 50 contains a character that is not"),
        ({"values": {34: "x"}}, "Tag 34 (MsgSeqNum) must be a whole number from 1"),
        ({"values": {49: "ABC"}}, "Tag 49: SenderCompID 'ABC' must have 7 to 9 characters"),
    ],
    ids=lambda what: what[:6] if isinstance(what, str) else "",
)
async def test_what_the_gateway_names(world: World, target: int, how: dict[str, Any], said: str) -> None:
    key = new_key(world, target)
    async with rehearsal(world) as port:
        assert (await port.refused(key, **how)).startswith(said)


@pytest.mark.parametrize(
    ("session", "how", "why"),
    [
        ({}, {"values": {49: "ABCAB123P"}}, "Tag 49 (SenderCompID) ends in P"),
        ({}, {"values": {49: "ABCAB123U"}}, "Tag 49 (SenderCompID) ends in U"),
        (
            {},
            {"values": {49: "ABCXYZN"}},
            "XYZ is not a firm of session ABC. The firms of its entity in BrokerTec U.S.",
        ),
        ({}, {"sent": {56: "XXX"}}, "Tag 56 (TargetCompID) is XXX; it must be CME."),
        ({}, {"values": {50: "M"}}, "Tag 50 (SenderSubID) must have at least 2"),
        ({}, {"values": {50: "D-K!"}}, "Tag 50 (SenderSubID) must have at least 2"),
        ({}, {"values": {52: "20261341-99:99:99"}}, "Tag 52 (SendingTime) is not a valid UTC time"),
        ({}, {"values": {57: "G"}}, "Tag 57 (TargetSubID) is G: an MSGW session sends"),
        ({}, {"values": {57: "41"}}, "Tag 57 (TargetSubID) is 41, which is not a segment of BrokerTec U.S."),
        ({}, {"values": {34: "2"}, "sent": {141: "Y"}}, "In session logon message must have 34=1. Logout forced."),
        ({}, {"sent": {122: "20260304-12:00:00.000"}}, "Tag 122 (OrigSendingTime) must not be sent with a logon."),
        (
            {"kind": "order_entry"},
            {},
            "The key pair belongs to an order entry session, ABC. It cannot open a drop copy session.",
        ),
        (
            {"kind": "market_data"},
            {},
            "The key pair belongs to a market data session, ABC. It cannot open a drop copy session.",
        ),
        ({"status": "released"}, {}, "Session ABC was released when its group was deleted. It cannot log on."),
    ],
    ids=lambda what: what[:14] if isinstance(what, str) else "",
)
async def test_listen_and_verify_refuse_the_same(
    world: World, target: int, session: dict[str, str], how: dict[str, Any], why: str
) -> None:
    key = new_key(world, target)
    for column, value in session.items():
        change(world.resources, f"UPDATE session SET {column} = :value WHERE session_id = 'ABC'", value=value)
    raw = logon(key, world.resources.clock.now(), **how).encode().decode()
    verdict = Logons(world.resources).verify(world.operator, parse_message(raw))
    assert (verdict.valid, verdict.level) == (False, Level.REFUSED)
    async with rehearsal(world) as port:
        await port.refused(key, **how)
        assert port.why() == list(verdict.explanations)
    (found,) = verdict.explanations
    assert found.startswith(why)


@pytest.mark.parametrize(("sent", "words"), [("-1 h", "60 minutes behind"), ("+300 d", "300 days ahead of")])
async def test_a_clock_that_is_off_is_accepted_with_a_note(world: World, target: int, sent: str, words: str) -> None:
    when = NOW + (timedelta(hours=-1) if sent == "-1 h" else timedelta(days=300))
    key = new_key(world, target)
    async with rehearsal(world) as port:
        answers = await port.try_on(key, values={52: f"{when:%Y%m%d-%H:%M:%S}.000"})
        assert [answer[35] for answer in answers] == ["A", "1"]
        (told,) = (told for told in port.told if told.event == "logon")
        assert told.facts["notes"] == [f"Tag 52 (SendingTime) is {words} this machine's clock."]
        assert told.facts["notes"][0] in told.words


async def test_two_hundred_clients_and_a_limit_that_is_told(world: World, target: int) -> None:
    async with rehearsal(world) as port:
        clients = [await Client.connect(port.number) for _ in range(200)]
        assert [answer[35] for answer in await clients[-1].log_on(new_key(world, target), NOW)] == ["A", "1"]
        port.listener._most = 200
        late = await Client.connect(port.number)
        with suppress(ConnectionError):
            assert await late.read() == {}
        assert port.told[-1].event == "dropped"
        assert port.told[-1].words == "A connection was dropped: 200 connections are open, the maximum."
        for client in clients:
            await client.close()


async def test_a_repeated_tag(world: World, target: int) -> None:
    async with rehearsal(world) as port:
        twice = logon(new_key(world, target), NOW)
        twice.append_pair(50, "MSG")
        client = await Client.connect(port.number)
        await client.send(twice)
        assert (await client.read())[58] == "Tag 50 appears twice."


# -- the port


async def test_five_invalid_logons_close_the_port(world: World, target: int) -> None:
    key = new_key(world, target)
    async with rehearsal(world) as port:
        for _ in range(4):
            await port.refused(key, ending="\n")
        assert not port.listener._closed.is_set()
        await port.refused(key, ending="\n")
        await asyncio.wait_for(port.listener.closed(), 10)
        await port.listener.stop()
        with pytest.raises(ConnectionRefusedError):
            await Client.connect(port.number)
        # Opened again, it counts from the beginning.
        port.number = await port.listener.open(port.number)
        await port.refused(key, ending="\n")
        assert [answer[35] for answer in await port.try_on(key)] == ["A", "1"]


def test_invalid_logons_further_apart_close_nothing() -> None:
    door = Door()
    for number in range(20):
        door.count_invalid(number * 15.0)
        assert not door.closed
    # The last four and this one lie within 46 seconds.
    door.count_invalid(19 * 15.0 + 0.1)
    assert door.closed


async def test_a_right_that_is_taken_away_ends_it(world: World, target: int) -> None:
    key = new_key(world, target)
    async with rehearsal(world) as port:
        change(world.resources, "DELETE FROM entitlement WHERE person_id = :pk", pk=world.operator.person_id)
        client = await Client.connect(port.number)
        await client.send(logon(key, NOW))
        with pytest.raises(NotEntitled):
            await asyncio.wait_for(port.listener.closed(), 10)
        assert await client.read() == {}


def test_who_may_hold_one(world: World, target: int) -> None:
    service = Rehearsals(world.resources)
    for session_id in ("", "ABC"):
        with pytest.raises(NotEntitled, match="key management"):
            service.start(world.viewer, session_id)
    with pytest.raises(NotFound):
        service.start(world.stranger, "ABC")
    with pytest.raises(NotFound):
        service.start(world.operator, "ABC", "globex")
    with pytest.raises(InvalidValue):
        service.start(world.operator, "abc")
    with pytest.raises(InvalidValue):
        service.start(world.operator, "", "nowhere")
    assert one(world.resources, "SELECT count(*) FROM audit_event WHERE action = 'person:refused'") == 2


def test_a_check_needs_key_management_too(world: World, target: int) -> None:
    message_of = parse_message(logon(new_key(world, target), NOW).encode().decode())
    assert Logons(world.resources).verify(world.operator, message_of).valid
    with pytest.raises(NotEntitled, match="key management"):
        Logons(world.resources).verify(world.viewer, message_of)
    assert one(world.resources, "SELECT count(*) FROM audit_event WHERE action = 'person:refused'") == 1
    # Who manages the keys of another firm alone learns nothing of this one.
    verdict = Logons(world.resources).verify(world.stranger, message_of)
    assert (verdict.valid, verdict.session_id, verdict.key_state) == (False, None, None)
    assert verdict.explanations[0].endswith("does not belong to a key pair that you manage.")


# -- bytes that are no message


async def test_hostile_bytes_end_one_connection_and_no_other(world: World, target: int) -> None:
    key = new_key(world, target)
    good = logon(key, NOW).encode()
    broken = {
        "checksum": good[:-4] + (b"000" if good[-4:-1] != b"000" else b"001") + b"\x01",
        "short": good.replace(b"\x019=", b"\x019=1", 1),
        "large": b"8=FIX.4.2\x019=999999\x0135=A\x01",
        "no length": b"8=FIX.4.2\x0135=A\x0110=000\x01",
        "1 MB": b"x" * 1_048_576,
        "a megabyte of FIX": b"8=FIX.4.2\x019=1048576\x01" + b"58=" + b"y" * 1_048_576,
        "not first": message("0", {34: 1, 49: SENDER}).encode(),
        "tls": bytes.fromhex("16030100a5010000a10303"),
        "http": b"GET / HTTP/1.1\r\n\r\n",
    }
    async with rehearsal(world) as port:
        healthy = await Client.connect(port.number)
        assert [answer[35] for answer in await healthy.log_on(key, NOW)] == ["A", "1"]
        for name, raw in broken.items():
            client = await Client.connect(port.number)
            try:
                await client.send(raw)
                assert await client.read() == {}, name
            except ConnectionError:
                pass  # it hung up before everything was sent
            assert port.told[-1].event in ("garbled", "dropped"), name
            assert len(port.told[-1].words) < 200, name
        await healthy.log_out()


async def test_a_logon_in_single_bytes(world: World, target: int) -> None:
    async with rehearsal(world) as port:
        client = await Client.connect(port.number)
        for byte in logon(new_key(world, target), NOW).encode():
            await client.send(bytes([byte]))
        assert (await client.read())[35] == "A"
        second = await Client.connect(port.number)
        await second.send(logon(Key("A" * 20, "A" * 43), NOW))
        assert (await second.read())[35] == "5"


async def test_a_client_that_does_not_read_is_dropped(
    world: World, target: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dropcopy_tui.gateway.listener._PATIENCE", 0.1)
    async with rehearsal(world) as port:
        deaf = await Client.connect(port.number)
        await deaf.log_on(new_key(world, target), NOW)
        with pytest.raises(ConnectionError):
            await ask_for_ever(deaf)
        assert "stopped reading" in port.said()
        assert not port.listener._closed.is_set()


async def ask_for_ever(client: Client) -> None:
    """Test Requests in order, every one of which is answered, and no answer read."""
    for first in itertools.count(2, 1_000):
        asks = (message("1", {34: number, 49: SENDER, 112: "x" * 64}) for number in range(first, first + 1_000))
        await client.send(b"".join(ask.encode() for ask in asks))


async def test_an_operator_who_went_away_ends_it(world: World, target: int) -> None:
    async with rehearsal(world) as port:

        def gone(_: GatewayEvent) -> None:
            raise BrokenPipeError

        object.__setattr__(port.listener._rules, "tell", gone)
        client = await Client.connect(port.number)
        await client.send(logon(new_key(world, target), NOW))
        with pytest.raises(BrokenPipeError):
            await asyncio.wait_for(port.listener.closed(), 10)


async def test_the_same_sender_twice(world: World, target: int) -> None:
    key = new_key(world, target)
    async with rehearsal(world) as port:
        client = await Client.connect(port.number)
        await client.log_on(key, NOW)
        assert await port.refused(key, values={34: "2"}) == "This SenderCompID is already logged on."
        await client.log_out()
        assert await port.refused(key, values={34: "2"}) == "MsgSeqNum too low, expecting 3 but received 2."


# -- one session without a socket

VERDICT = Verdict(Level.ACCEPTED, "A" * 20, "ABC", KeyState.ACTIVE)
NOBODY = Key("A" * 20, "A" * 43)


class Wire:
    """A gateway's side that is given bytes, and a steady clock that the test moves."""

    def __init__(self, door: Door | None = None, verdict: Verdict = VERDICT) -> None:
        self.told: list[GatewayEvent] = []
        self.door = door or Door()
        rules = Rules(lambda _: verdict, lambda _: None, self.told.append, lambda: NOW)
        self.side = GatewaySession(rules, self.door, 0.0)
        self.at = 0.0

    def gives(self, what: Any) -> list[dict[int, str]]:
        return self._read(self.side.receive(what if isinstance(what, bytes) else what.encode(), self.at))

    def says(self, kind: str, number: int, **values: Any) -> list[dict[int, str]]:
        body = {int(name[1:]): value for name, value in values.items()}
        return self.gives(message(kind, {34: number, 49: SENDER, 56: "CME"} | body))

    def after(self, seconds: float) -> list[dict[int, str]]:
        self.at += seconds
        return self._read(self.side.tick(self.at))

    @staticmethod
    def _read(data: bytes) -> list[dict[int, str]]:
        found = []
        for frame in Frames().feed(data):
            assert not frame.problem
            pairs = (part.split(b"=", 1) for part in frame.raw[:-1].split(b"\x01"))
            found.append({int(tag): value.decode() for tag, value in pairs})
        return found


@pytest.fixture
def wire() -> Wire:
    on = Wire()
    _, asked = on.gives(logon(NOBODY, NOW))
    assert on.says("0", 2, t112=asked[112]) == []
    return on


def kinds(answers: list[dict[int, str]]) -> list[str]:
    return [answer[35] for answer in answers]


def test_heartbeats_and_silence(wire: Wire) -> None:
    assert wire.after(29) == []
    assert kinds(wire.after(1)) == ["0"]
    assert wire.says("0", 3) == []
    assert kinds(wire.after(30)) == ["0"]
    (asked,) = wire.after(6)
    assert asked[35] == "1"
    assert wire.says("0", 4, t112="another") == []
    (again,) = wire.after(30)
    assert (again[35], again[112]) == ("1", "REHEARSAL3")
    assert not wire.side.over
    (gone,) = wire.after(30)
    assert gone[58] == "2 Test Requests were not answered."
    assert wire.side.over


def test_no_logon_and_no_answer_to_the_first_test_request() -> None:
    silent = Wire()
    assert LOGON_SECONDS == 60
    assert silent.after(59.9) == []
    assert not silent.side.over
    silent.after(0.2)
    assert silent.side.over
    mute = Wire()
    mute.gives(logon(NOBODY, NOW, 1, values={108: "5"}))
    assert mute.side.due() == 5.0
    (again,) = mute.after(5)
    assert (again[35], again[112]) == ("1", "REHEARSAL2")
    assert kinds(mute.after(4)) == []
    assert kinds(mute.after(1)) == ["5"]


def test_sequence_numbers(wire: Wire) -> None:
    (resend,) = wire.says("0", 6)
    assert (resend[35], resend[7], resend[16]) == ("2", "3", "0")
    assert wire.says("0", 7) == []
    assert wire.says("4", 3, t43="Y", t123="Y", t36=8) == []
    (echo,) = wire.says("1", 8, t112="HELLO")
    assert (echo[35], echo[112]) == ("0", "HELLO")
    assert wire.says("0", 2, t43="Y") == []
    (low,) = wire.says("0", 8)
    assert low[58] == "MsgSeqNum too low, expecting 9 but received 8."
    assert wire.side.over


@pytest.mark.parametrize(("expected", "sent", "side"), [(1, 57, "high"), (5, 57, "high"), (5, 4, "low"), (5, 1, "low")])
def test_a_logon_with_a_wrong_number_is_told_the_right_one(expected: int, sent: int, side: str) -> None:
    off = Wire()
    off.door.of(SENDER).inward = expected
    (out,) = off.gives(logon(NOBODY, NOW, sent))
    assert (out[35], out[789]) == ("5", str(expected))
    assert out[58] == f"MsgSeqNum too {side}, expecting {expected} but received {sent}."
    assert off.side.over


def test_a_low_number_in_a_session_is_told_the_right_one(wire: Wire) -> None:
    (out,) = wire.says("0", 1)
    assert (out[35], out[789]) == ("5", "3")


def test_the_header_to_the_client() -> None:
    on = Wire()
    for answer in on.gives(logon(NOBODY, NOW, values={50: "DESK7", 142: "GB,LN"})):
        assert (answer[49], answer[50], answer[56]) == ("CME", "40", SENDER)
        assert (answer[57], answer[143], answer[369]) == ("DESK7", "GB,LN", "1")
        assert 122 not in answer
    (fill,) = on.says("2", 2, t7=1, t16=0)
    assert (fill[43], fill[122], fill[369]) == ("Y", fill[52], "2")


# -- sequence numbers of logons


def in_session(door: Door, number: int = 1, **sent: str) -> list[dict[int, str]]:
    """A logon that restarts both sides, on a new connection of this port."""
    again = Wire(door)
    answers = again.gives(logon(NOBODY, NOW, number, sent={141: "Y", **{int(k[1:]): v for k, v in sent.items()}}))
    again.side.gone()
    return answers


def test_an_in_session_logon_restarts_both_sides(wire: Wire) -> None:
    wire.says("0", 3)
    wire.side.gone()
    numbers = wire.door.of(SENDER)
    assert (numbers.inward, numbers.outward) == (4, 3)
    for _ in range(6):
        ack, asked = in_session(wire.door)
        assert (ack[35], ack[34], ack[141], asked[34]) == ("A", "1", "Y", "2")
    assert not wire.door.closed
    (out,) = in_session(wire.door, 4)
    # The judge of these tests accepts whatever it is given; a number that is not 1 restarts nothing.
    assert (out[35], out[789]) == ("5", "2")


def test_a_mid_week_logon_goes_on_and_does_not_restart(wire: Wire) -> None:
    wire.side.gone()
    again = Wire(wire.door)
    ack, asked = again.gives(logon(NOBODY, NOW, 3, sent={141: "N"}))
    assert (ack[34], asked[34]) == ("3", "4")
    assert 141 not in ack


BAD = Verdict(Level.REFUSED, "A" * 20, "ABC", KeyState.ACTIVE, ("Wrong.",), said=REFUSED)


@pytest.mark.parametrize("week", ["first", "middle"])
@pytest.mark.parametrize("counts", [0, 1, 2, 3], ids=["counts nothing", "its logons", "its Logouts too", "QuickFIX"])
def test_a_refused_logon_puts_no_client_out_of_step(week: str, counts: int) -> None:
    """Engines count a refused logon and the Logouts after it, or they do not: all go on after two refusals."""
    door = Door()
    number = expected = 1 if week == "first" else 5
    if week == "middle":
        door.of(SENDER).inward = door.of(SENDER).outward = 5
    for _ in range(2):
        (out,) = Wire(door, BAD).gives(logon(NOBODY, NOW, number))
        assert (out[35], out[34], out[58]) == ("5", str(expected), REFUSED)
        number, expected = (number + counts, expected + 1) if counts else (number, expected)
    on = Wire(door)
    ack, asked = on.gives(logon(NOBODY, NOW, number))
    assert (ack[35], ack[34], asked[34]) == ("A", str(expected), str(expected + 1))
    assert on.says("0", number + 1, t112=asked[112]) == []
    notes = on.told[0].facts["notes"]
    assert any("expects 34=1 again" in note for note in notes) == (counts > 0 and week == "first")


def test_the_fifth_invalid_logon_is_told_that_the_port_is_closed() -> None:
    door = Door()
    said = [Wire(door, BAD).gives(logon(NOBODY, NOW))[0][58] for _ in range(5)]
    assert said == [REFUSED] * 4 + [CLOSURE]
    assert CLOSURE == ("(1000) CME Administered Port Closure Due to Invalid Number of Login Attempts Being Exceeded")
    assert door.closed


def test_one_firm_at_a_time(wire: Wire) -> None:
    (out,) = Wire(wire.door).gives(logon(NOBODY, NOW, values={49: "ABCXY123N"}))
    assert out[58] == f"Session ABC is already logged on as {SENDER}."
    (out,) = Wire(wire.door).gives(logon(NOBODY, NOW, 3))
    assert out[58] == "This SenderCompID is already logged on."
    wire.side.gone()
    assert kinds(Wire(wire.door).gives(logon(NOBODY, NOW, values={49: "ABCXY123N"}))) == ["A", "1"]


def test_a_resend_request_for_too_much(wire: Wire) -> None:
    wire.door.of(SENDER).outward = 5_000
    (fill,) = wire.says("2", 3, t7=1, t16=2_500)
    assert (fill[35], fill[36]) == ("4", "2501")
    (no,) = wire.says("2", 4, t7=1, t16=2_501)
    assert (no[35], no[58]) == ("3", "At most 2,500 messages are resent at a time.")


def test_resend_and_reset(wire: Wire) -> None:
    (fill,) = wire.says("2", 3, t7=1, t16=0)
    assert (fill[35], fill[34], fill[43], fill[123], fill[36]) == ("4", "1", "Y", "Y", "3")
    assert wire.says("2", 4, t7=1, t16=1)[0][36] == "2"
    assert kinds(wire.says("2", 5, t7=9, t16=0)) == ["3"]
    assert kinds(wire.says("2", 6)) == ["3"]
    assert kinds(wire.says("4", 7, t36=2)) == ["3"]
    assert wire.says("4", 7, t36=20) == []
    assert kinds(wire.says("D", 20, t11="ORD1")) == ["3"]
    assert kinds(wire.says("5", 21)) == ["5"]


def test_a_garbled_message_is_ignored_while_logged_on(wire: Wire) -> None:
    raw = message("1", {34: 3, 49: SENDER, 112: "X"}).encode()
    assert wire.gives(raw[:-2] + b"9\x01" if raw[-2:-1] != b"9" else raw[:-2] + b"8\x01") == []
    assert wire.told[-1].event == "garbled"
    assert kinds(wire.gives(raw)) == ["0"]
    # Another SenderCompID than the session's: the message is ignored, and its number is not used up.
    assert wire.gives(message("1", {34: 4, 49: "OTHERAB1N", 112: "X"})) == []
    assert wire.told[-1].event == "ignored"
    assert kinds(wire.says("1", 4, t112="X")) == ["0"]


@settings(deadline=None, max_examples=150)
@given(st.lists(st.one_of(st.binary(max_size=80), st.sampled_from([
    b"8=FIX.4.2\x01", b"9=5\x01", b"9=70000\x01", b"35=0\x01", b"10=000\x01", b"\x018=FIX", b"34=", b"==\x01",
])), max_size=30), st.integers(1, 50))  # fmt: skip
def test_any_bytes(pieces: list[bytes], step: int) -> None:
    raw = b"".join(pieces)
    for side in (Wire(), Wire()):
        if side.door.numbers == {} and step % 2:
            side.gives(logon(NOBODY, NOW))
        for at in range(0, len(raw), step):
            side.gives(raw[at : at + step])
        assert len(side.side._frames._buffer) <= LONGEST


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 400), st.integers(0, 255), st.integers(1, 400))
def test_a_logon_with_one_byte_changed_is_never_an_exception(place: int, byte: int, cut: int) -> None:
    raw = bytearray(logon(NOBODY, NOW).encode())
    raw[place % len(raw)] = byte
    wire = Wire()
    wire.gives(bytes(raw[:cut]))
    wire.gives(bytes(raw[cut:]))


@settings(deadline=None, max_examples=150)
@given(st.lists(st.binary(min_size=0, max_size=40).filter(lambda text: b"\x01" not in text), min_size=1, max_size=6))
def test_frames_are_the_messages_that_were_sent(texts: list[bytes]) -> None:
    sent = [message("0", {34: number, 58: b"x" + text}).encode() for number, text in enumerate(texts)]
    frames = Frames()
    found = [frame for byte in b"noise" + b"".join(sent) for frame in frames.feed(bytes([byte]))]
    assert [frame.raw for frame in found if frame.raw] == sent

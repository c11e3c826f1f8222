"""Duo Security against a server that checks Duo's own request signature: pushes, passcodes, and Duo in trouble."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duo_client
import pytest

from dropcopy_tui.domain.errors import (
    CodesUsedUp,
    FactorUnavailable,
    InvalidValue,
    SecondFactorFailed,
)
from dropcopy_tui.domain.providers import DuoService
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors import duo as duo_service
from dropcopy_tui.services.factors.duo import Duo
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.table import Challenge, Proof, Purpose
from tests.services.conftest import World
from tests.services.factories import CODE, FrozenClock, contents, one, rows
from tests.services.test_factors import use
from tests.services.web import SKEY, DuoWorld, Web, duo_serving, free_port, secret_file


@dataclass(frozen=True)
class Bench:
    """The world with Duo on the loopback."""

    world: World
    resources: Resources
    there: DuoWorld
    web: Web

    @property
    def duo(self) -> Duo:
        return Duo(self.resources)

    def start(self, purpose: Purpose = Purpose.KEYS) -> Challenge:
        return Factors(self.resources).start(self.world.operator, "duo", purpose)

    def pushed(self) -> Challenge:
        challenge = self.start()
        self.duo.push(self.world.operator, challenge.id)
        return challenge

    def use(self, proof: Proof, purpose: Purpose = Purpose.KEYS) -> str:
        return use(self.resources, self.world.operator, proof, purpose)

    def go_on(self, by: timedelta) -> None:
        assert isinstance(self.resources.clock, FrozenClock)
        self.resources.clock.advance(by)


@contextmanager
def bench_on(world: World, folder: Path, there: DuoWorld, **more: Any) -> Iterator[Bench]:
    with duo_serving(folder, there, **more) as (service, web):
        yield Bench(world, replace(world.resources, duo=service), there, web)


@pytest.fixture
def bench(world: World, tmp_path: Path) -> Iterator[Bench]:
    with bench_on(world, tmp_path, DuoWorld()) as made:
        yield made


def test_a_push_that_is_approved_confirms_once(bench: Bench) -> None:
    bench.there.answers = ["waiting", "waiting", "allow"]
    challenge = bench.pushed()
    assert challenge.push
    polls = [bench.duo.poll(bench.world.operator, challenge.id) for _ in range(2)]
    assert polls == [None, None]
    proof = bench.duo.poll(bench.world.operator, challenge.id)
    assert proof is not None
    assert proof.code not in repr(proof)
    assert bench.use(proof) == "passed"
    assert "already been used" in bench.use(proof)
    assert (bench.there.users, bench.there.pushes, bench.there.refused) == (["operator"], 1, 0)


def test_a_signature_with_another_key_is_refused_by_duo(world: World, tmp_path: Path) -> None:
    """The server does check: a desk with a wrong secret key gets nowhere."""
    with bench_on(world, tmp_path, DuoWorld(), secret="f" * 40) as bench:
        before = contents(bench.resources)
        with pytest.raises(FactorUnavailable, match="rejected the integration key"):
            bench.start()
        assert bench.there.refused == 1
        assert contents(bench.resources) == before


def test_a_passcode_passes_and_a_wrong_one_is_a_try(bench: Bench) -> None:
    challenge, operator = bench.start(), bench.world.operator
    with pytest.raises(SecondFactorFailed, match="2 attempts left") as caught:
        bench.duo.passcode(operator, challenge.id, "111111")
    assert caught.value.retry
    proof = bench.duo.passcode(operator, challenge.id, f" {bench.there.passcode[:3]} {bench.there.passcode[3:]}")
    assert bench.use(proof) == "passed"
    assert one(bench.resources, "SELECT tries FROM challenge") == 1


def test_three_wrong_passcodes_end_the_challenge_and_duo_is_not_asked_again(bench: Bench) -> None:
    challenge, operator = bench.start(), bench.world.operator
    said = []
    for _ in range(3):
        with pytest.raises(SecondFactorFailed) as caught:
            bench.duo.passcode(operator, challenge.id, "111111")
        said.append(caught.value.retry)
    assert said == [True, True, False]
    asked = len(bench.web.asked)
    with pytest.raises(SecondFactorFailed, match="Too many wrong attempts"):
        bench.duo.passcode(operator, challenge.id, bench.there.passcode)
    assert len(bench.web.asked) == asked


@pytest.mark.parametrize("code", ["", "12345", "1234567890", "abcdef", "８６７５３０"], ids=ascii)
def test_what_cannot_be_a_passcode_costs_no_try(bench: Bench, code: str) -> None:
    challenge = bench.start()
    asked = len(bench.web.asked)
    with pytest.raises(InvalidValue):
        bench.duo.passcode(bench.world.operator, challenge.id, code)
    assert len(bench.web.asked) == asked
    assert one(bench.resources, "SELECT tries FROM challenge") == 0


@pytest.mark.parametrize("answer", ["deny", "", "ALLOW", "allowed"])
def test_only_allow_allows(bench: Bench, answer: str) -> None:
    bench.there.answers = [answer]
    challenge = bench.pushed()
    with pytest.raises(SecondFactorFailed, match="did not confirm"):
        bench.duo.poll(bench.world.operator, challenge.id)
    bench.there.answers = ["allow"]
    with pytest.raises(SecondFactorFailed, match="denied"):
        bench.duo.poll(bench.world.operator, challenge.id)


def test_a_push_answered_after_the_time_out_opens_nothing(bench: Bench) -> None:
    challenge = bench.pushed()
    bench.go_on(timedelta(minutes=5))
    asked = len(bench.web.asked)
    with pytest.raises(SecondFactorFailed, match="expired"):
        bench.duo.poll(bench.world.operator, challenge.id)
    assert len(bench.web.asked) == asked, "Duo is not even asked"
    assert one(bench.resources, "SELECT code_mac FROM challenge") is None


def test_a_push_answered_while_the_time_runs_out_opens_nothing(bench: Bench) -> None:
    """Duo says allow in the very moment in which the challenge ends."""
    challenge = bench.pushed()

    def late(asked: Any) -> Any:
        bench.go_on(timedelta(minutes=5))
        bench.there.raw = None
        return bench.there.answer(asked)

    bench.there.raw = late
    with pytest.raises(SecondFactorFailed, match="expired"):
        bench.duo.poll(bench.world.operator, challenge.id)
    assert one(bench.resources, "SELECT code_mac FROM challenge") is None


def test_an_approval_after_the_person_cancelled_opens_nothing(bench: Bench) -> None:
    challenge = bench.pushed()

    def cancelled(asked: Any) -> Any:
        Factors(bench.resources).cancel(bench.world.operator, challenge.id)
        bench.there.raw = None
        return bench.there.answer(asked)

    bench.there.raw = cancelled
    with pytest.raises(SecondFactorFailed, match="cancelled"):
        bench.duo.poll(bench.world.operator, challenge.id)
    assert rows(bench.resources, "SELECT code_mac, used_at FROM challenge") == [(None, None)]


def test_an_approved_push_expires_with_its_challenge(bench: Bench) -> None:
    challenge = bench.pushed()
    proof = bench.duo.poll(bench.world.operator, challenge.id)
    assert proof is not None
    bench.go_on(timedelta(minutes=5))
    assert "expired" in bench.use(proof)


def test_one_push_a_challenge(bench: Bench) -> None:
    """A phone that rings again and again is answered by mistake."""
    challenge = bench.pushed()
    with pytest.raises(SecondFactorFailed, match="has already been sent"):
        bench.duo.push(bench.world.operator, challenge.id)
    assert bench.there.pushes == 1


def test_nothing_of_an_unanswered_push_is_a_code(bench: Bench) -> None:
    bench.there.answers = ["waiting"]
    challenge = bench.pushed()
    for code in ("", CODE, "push", challenge.id):
        assert "wrong" in bench.use(Proof(challenge.id, code)) or "often" in bench.use(Proof(challenge.id, code))
    assert one(bench.resources, "SELECT used_at FROM challenge") is None


def test_another_person_and_another_purpose_get_nowhere(bench: Bench) -> None:
    challenge, stranger = bench.pushed(), bench.world.stranger
    for verb in (bench.duo.push, bench.duo.poll, lambda actor, it: bench.duo.passcode(actor, it, "867530")):
        with pytest.raises(SecondFactorFailed, match="a different action"):
            verb(stranger, challenge.id)
    proof = bench.duo.poll(bench.world.operator, challenge.id)
    assert proof is not None
    assert "a different action" in use(bench.resources, stranger, proof)
    assert "a different action" in bench.use(proof, Purpose.ENROL)
    assert bench.use(proof) == "passed"


def test_a_challenge_of_another_factor_is_none_of_duos(bench: Bench) -> None:
    challenge = Factors(bench.resources).start(bench.world.operator, "sms")
    for verb in (bench.duo.push, bench.duo.poll, lambda actor, it: bench.duo.passcode(actor, it, "867530")):
        with pytest.raises(SecondFactorFailed, match="a different action"):
            verb(bench.world.operator, challenge.id)


@pytest.mark.parametrize(
    ("result", "words"),
    [("allow", "bypass"), ("deny", "denies access"), ("enroll", "not enrolled"), ("", "denies access")],
)
def test_whom_duo_does_not_ask_confirms_nothing(world: World, tmp_path: Path, result: str, words: str) -> None:
    with bench_on(world, tmp_path, DuoWorld(result=result)) as bench:
        with pytest.raises(FactorUnavailable, match=words):
            bench.start()
        assert one(bench.resources, "SELECT count(*) FROM challenge") == 0


def test_without_a_phone_that_takes_pushes_there_is_the_passcode(world: World, tmp_path: Path) -> None:
    with bench_on(world, tmp_path, DuoWorld(capabilities=("sms",))) as bench:
        challenge = bench.start()
        assert not challenge.push
        assert bench.use(bench.duo.passcode(world.operator, challenge.id, "867530")) == "passed"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""), (429, b"{}"), (200, b""), (200, b"<html>"), (200, b"[]"), (200, b"{}"), (200, b'{"stat": "OK"}'),
        (200, b'{"stat": "OK", "response": []}'), (200, b'{"stat": "OK", "response": "allow"}'), (200, b"\xff\xfe"),
        (200, b'{"stat": "FAIL", "message": "no"}'), (400, b'{"stat": "FAIL", "code": 40002, "message": "bad"}'),
    ],
)  # fmt: skip
def test_a_duo_that_lies_is_one_line_and_costs_nothing(bench: Bench, status: int, body: bytes) -> None:
    challenge, operator = bench.start(), bench.world.operator
    bench.there.raw = lambda asked: (status, body)
    with pytest.raises(FactorUnavailable) as caught:
        bench.duo.passcode(operator, challenge.id, "867530")
    assert "\n" not in caught.value.message
    assert "Select another factor" in caught.value.message
    assert one(bench.resources, "SELECT tries FROM challenge") == 0
    with pytest.raises(FactorUnavailable):
        bench.duo.push(operator, challenge.id)
    bench.there.raw = None
    bench.duo.push(operator, challenge.id)
    bench.there.raw = lambda asked: (status, body)
    with pytest.raises(FactorUnavailable):
        bench.duo.poll(operator, challenge.id)


def test_a_duo_that_is_down_is_one_line_and_other_factors_stay(world: World, tmp_path: Path) -> None:
    service = DuoService("localhost", "DI", secret_file(tmp_path, SKEY), free_port())
    resources = replace(world.resources, duo=service)
    factors = Factors(resources)
    assert next(choice for choice in factors.choices(world.operator) if choice.factor.name == "duo").available
    with pytest.raises(FactorUnavailable, match="cannot be reached"):
        factors.start(world.operator, "duo")
    assert factors.start(world.operator, "sms")


def test_a_duo_that_proves_to_be_somebody_else_is_not_told_anything(world: World, tmp_path: Path) -> None:
    with bench_on(world, tmp_path, DuoWorld()) as bench:
        service = bench.resources.duo
        assert service is not None
        pinned = replace(world.resources, duo=replace(service, ca_file=None))
        with pytest.raises(FactorUnavailable, match="cannot be verified"):
            Factors(pinned).start(world.operator, "duo")
        other = replace(world.resources, duo=replace(service, host="127.0.0.1"))
        with pytest.raises(FactorUnavailable, match="does not match"):
            Factors(other).start(world.operator, "duo")
        assert bench.web.asked == []


def test_a_refused_or_slow_duo_keeps_no_connection(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    connect = duo_client.Auth._connect
    monkeypatch.setattr(duo_client.Auth, "_connect", lambda client: opened.append(connect(client)) or opened[-1])
    with bench_on(world, tmp_path, DuoWorld()) as bench:
        service = bench.resources.duo
        assert service is not None
        for named in ({"ca_file": None}, {"host": "127.0.0.1"}):
            with pytest.raises(FactorUnavailable):
                Factors(replace(world.resources, duo=replace(service, **named))).start(world.operator, "duo")
        challenge = bench.pushed()
        monkeypatch.setattr(duo_service, "POLL_PATIENCE", 0.2)
        bench.web.hangs = True
        assert bench.duo.poll(world.operator, challenge.id) is None
        assert len(opened) >= 4
        assert [connection.sock for connection in opened if connection.sock is not None] == []


def test_a_question_that_duo_keeps_open_is_still_waiting(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with bench_on(world, tmp_path, DuoWorld()) as bench:
        challenge = bench.pushed()
        monkeypatch.setattr(duo_service, "POLL_PATIENCE", 0.2)
        bench.web.hangs = True
        assert bench.duo.poll(world.operator, challenge.id) is None
        bench.web.hangs = False
        assert bench.duo.poll(world.operator, challenge.id) is not None


def test_a_sandbox_asks_no_duo_but_one_on_this_machine(world: World, tmp_path: Path) -> None:
    service = DuoService("api-1.duosecurity.com", "DI", secret_file(tmp_path, SKEY))
    far = Factors(replace(world.resources, duo=service))
    with pytest.raises(FactorUnavailable, match="a sandbox"):
        far.start(world.operator, "duo")
    real = Factors(replace(world.resources, duo=service, sandbox=False))
    assert next(choice for choice in real.choices(world.operator) if choice.factor.name == "duo").available


def test_pushes_count_against_the_codes_of_the_day(bench: Bench) -> None:
    for _ in range(10):
        bench.start()
    with pytest.raises(CodesUsedUp):
        bench.start()
    with pytest.raises(CodesUsedUp):
        Factors(bench.resources).start(bench.world.operator, "sms")


def test_a_secret_key_that_others_may_read_is_not_used(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "duo-key").chmod(0o640)
    with pytest.raises(FactorUnavailable, match="chmod 600"):
        bench.start()
    assert bench.web.asked == []


def test_what_duo_says_does_not_reach_the_trail(bench: Bench) -> None:
    challenge = bench.pushed()
    proof = bench.duo.poll(bench.world.operator, challenge.id)
    assert proof is not None
    bench.use(proof)
    events = rows(bench.resources, "SELECT action, subject, after FROM audit_event ORDER BY id")
    assert [event[0] for event in events] == [
        "challenge:started", "challenge:pushed", "challenge:approved", "challenge:passed",
    ]  # fmt: skip
    assert proof.code not in str(events)

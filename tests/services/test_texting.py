"""Codes by SMS through a real HTTP server: taken, slow, down, lying, and never after the code is over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from dropcopy_tui.domain.errors import InvalidValue, NotEntitled, SecondFactorFailed, TryLater, Undeliverable
from dropcopy_tui.domain.providers import BodyKind, SmsProvider
from dropcopy_tui.senders import sms
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.sms import Texted, Texting
from dropcopy_tui.services.factors.table import Challenge, Proof
from dropcopy_tui.services.groups.provisioning import Provisioning
from dropcopy_tui.services.outbox.delivery import Mailing
from dropcopy_tui.services.outbox.outbox import Outbox
from dropcopy_tui.services.tick import Chores
from tests.services.conftest import World
from tests.services.factories import CODE, FixedEntropy, FrozenClock, one, open_resources, rows
from tests.services.test_factors import use
from tests.services.web import ACCOUNT, FROM, HOST, PATIENCE, TOKEN, Answer, Asked, Web, free_port, provider_on, serving

MESSAGE = sms.TextMessage("+1 202 555 0123", f"Your code is {CODE}")


def online(world: World, provider: SmsProvider, **more: Any) -> Resources:
    """The world as a desk that is no sandbox."""
    resources = open_resources(world.resources.store.place, sandbox=False, entropy=FixedEntropy())
    return replace(resources, sms=provider, **more)


@contextmanager
def desk_on(world: World, folder: Path, web: Web) -> Iterator[Resources]:
    with serving(web):
        yield online(world, provider_on(web.port, folder))


def started(resources: Resources, world: World) -> Challenge:
    return Factors(resources).start(world.operator, "sms")


def message(resources: Resources) -> Any:
    """State, attempts and error of the newest text."""
    return rows(resources, "SELECT state, attempts, error FROM outbox WHERE channel = 'sms' ORDER BY id DESC")[0]


def go_on(resources: Resources, seconds: float) -> None:
    assert isinstance(resources.clock, FrozenClock)
    resources.clock.advance(timedelta(seconds=seconds))


def test_a_code_reaches_the_phone_and_passes(world: World, tmp_path: Path) -> None:
    web = Web()
    with desk_on(world, tmp_path, web) as resources:
        challenge = started(resources, world)
        assert (challenge.to_send, challenge.sandbox_message) == (True, "")
        assert Texting(resources).send(world.operator, challenge.id).sent == 1
        (asked,) = web.asked
        assert (asked.method, asked.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
        assert asked.basic == f"{ACCOUNT}:{TOKEN}"
        assert (asked.form["To"], asked.form["From"]) == ("+12025550123", FROM)
        assert f"code is {CODE}" in asked.form["Body"]
        assert message(resources) == ("sent", 1, "")
        # It is sent once, whoever comes by.
        assert Texting(resources).send(world.operator, challenge.id).sent == 0
        assert Texting(resources).send_due(world.operations).sent == 0
        assert len(web.asked) == 1
        assert use(resources, world.operator, Proof(challenge.id, CODE)) == "passed"


def test_neither_the_trail_nor_the_outbox_shows_code_or_number(world: World, tmp_path: Path) -> None:
    from dropcopy_tui.domain.pages import PageRequest

    with desk_on(world, tmp_path, Web()) as resources:
        Texting(resources).send(world.operator, started(resources, world).id)
        trail = str(rows(resources, "SELECT action, subject, before, after FROM audit_event"))
        assert "mail:sent" in trail
        assert CODE not in trail
        assert "0123" in trail.replace("···· ", "")
        assert "202" not in trail
        assert TOKEN not in trail
        assert CODE not in str(Outbox(resources).page(world.operations, PageRequest()).rows)


@pytest.mark.parametrize(
    ("status", "body", "later"),
    [
        (500, b"", True),
        (503, b"busy", True),
        (429, b"{}", True),
        (401, b"{}", True),
        (403, b"{}", True),
        (302, b"", True),
        (404, b"", True),
        (200, b'{"sid": "SM1"}', True),  # Twilio says 201
        (201, b'{"sid": "SM1", "status": "failed"}', True),
        (201, b'{"sid": "SM1", "error_code": 30003}', True),
        (201, b'{"sid": ""}', True),
        (201, b"{}", True),
        (201, b"[]", True),
        (201, b"", True),
        (201, b"<html>thank you</html>", True),
        (201, b"\xff\xfe" * 40_000, True),
        (201, b"[" * 60_000, True),
        (400, b'{"code": 21211, "message": "Your code is ' + CODE.encode() + b'"}', False),
        (422, b"", False),
    ],
)
def test_what_a_provider_may_answer(world: World, tmp_path: Path, status: int, body: bytes, later: bool) -> None:
    """A status and a receipt say that a message was taken; nothing of the answer is ever repeated."""
    web = Web(lambda asked: (status, body))
    with desk_on(world, tmp_path, web) as resources:
        done = Texting(resources).send(world.operator, started(resources, world).id)
        assert (done.sent, done.later, done.failed) == (0, int(later), int(not later))
        assert HOST in done.trouble
        assert message(resources)[:2] == ("queued" if later else "failed", 1)
        assert CODE not in f"{done}{message(resources)}"
        assert "\n" not in done.trouble


@pytest.mark.parametrize("how", [{"hangs": True}, {"drips": True}], ids=["hangs", "drips"])
def test_a_slow_provider_is_given_up_in_time(world: World, tmp_path: Path, how: dict[str, bool]) -> None:
    import time

    with desk_on(world, tmp_path, Web(**how)) as resources:
        challenge = started(resources, world)
        begun = time.monotonic()
        assert "did not answer in time" in Texting(resources).send(world.operator, challenge.id).trouble
        assert time.monotonic() - begun < PATIENCE * 8


def test_a_provider_that_is_down_is_tried_again_while_the_code_lives(world: World, tmp_path: Path) -> None:
    web = Web(lambda asked: (503, b""))
    with desk_on(world, tmp_path, web) as resources:
        challenge = started(resources, world)
        texting = Texting(resources)
        assert texting.send(world.operator, challenge.id).later == 1
        assert texting.send_due(world.operations) == Texted(), "it is too early"
        go_on(resources, 16)
        web.answer = Web().answer
        assert texting.send_due(world.operations).sent == 1
        assert use(resources, world.operator, Proof(challenge.id, CODE)) == "passed"


@pytest.mark.parametrize("end", ["expired", "cancelled", "used", "tried"])
def test_nothing_is_sent_once_the_code_is_over(world: World, tmp_path: Path, end: str) -> None:
    web = Web(lambda asked: (503, b""))
    with desk_on(world, tmp_path, web) as resources:
        challenge = started(resources, world)
        Texting(resources).send(world.operator, challenge.id)
        go_on(resources, 301 if end == "expired" else 16)
        if end == "cancelled":
            Factors(resources).cancel(world.operator, challenge.id)
        if end in ("used", "tried"):
            for code in [CODE] if end == "used" else ["111111"] * 3:
                use(resources, world.operator, Proof(challenge.id, code))
        web.answer = Web().answer
        before = len(web.asked)
        assert Texting(resources).send_due(world.operations).sent == 0
        assert len(web.asked) == before
        assert message(resources)[0] == "failed"
        with pytest.raises(InvalidValue, match="cannot be sent again"):
            Mailing(replace(resources, mail=None)).retry(
                world.operations, [one(resources, "SELECT max(id) FROM outbox")]
            )


def test_a_message_of_a_sender_that_was_killed_is_sent_by_the_next(world: World, tmp_path: Path) -> None:
    web = Web()
    with desk_on(world, tmp_path, web) as resources:
        started(resources, world)
        with resources.store.write() as session:
            from sqlalchemy import text

            until = resources.clock.now() + timedelta(seconds=20)
            session.execute(
                text("UPDATE outbox SET leased_until = :it WHERE channel = 'sms'"),
                {"it": until.strftime("%Y-%m-%d %H:%M:%S.%f")},
            )
        assert Texting(resources).send_due(world.operations).sent == 0
        go_on(resources, 21)
        assert Texting(resources).send_due(world.operations).sent == 1


def test_the_round_of_chores_sends_codes(world: World, tmp_path: Path) -> None:
    with desk_on(world, tmp_path, Web()) as resources:
        started(resources, world)
        done = Chores(resources, Provisioning(resources), Mailing(resources)).tick(world.operations)
        (outbox,) = [part for part in done.parts if part.name == "outbox"]
        assert outbox.counts["sent"] == 1
        assert done.went_through
        with pytest.raises(NotEntitled):
            Texting(resources).send_due(world.operator)


def test_only_ones_own_code_is_sent(world: World, tmp_path: Path) -> None:
    web = Web()
    with desk_on(world, tmp_path, web) as resources:
        challenge = started(resources, world)
        with pytest.raises(SecondFactorFailed):
            Texting(resources).send(world.stranger, challenge.id)
        assert web.asked == []


def test_a_provider_that_is_not_there_is_one_line(world: World, tmp_path: Path) -> None:
    resources = online(world, provider_on(free_port(), tmp_path))
    trouble = Texting(resources).send(world.operator, started(resources, world).id).trouble
    assert "cannot be reached (Connection refused)" in trouble


def test_a_secret_that_others_may_read_is_not_used(world: World, tmp_path: Path) -> None:
    web = Web()
    with desk_on(world, tmp_path, web) as resources:
        challenge = started(resources, world)
        (tmp_path / "sms-token").chmod(0o644)
        assert "chmod 600" in Texting(resources).send(world.operator, challenge.id).trouble
        assert web.asked == []


def test_a_sandbox_sends_to_nobody_but_this_machine(world: World, tmp_path: Path) -> None:
    web = Web()
    with serving(web):
        near = replace(world.resources, sms=provider_on(web.port, tmp_path))
        far = replace(near, sms=replace(near.sms, url="https://api.sms.example/send"))
        assert not started(far, world).to_send
        challenge = started(near, world)
        assert challenge.to_send
        assert CODE in challenge.sandbox_message
        assert Texting(far).send_due(world.operations).sent == 0
        assert Texting(near).send(world.operator, challenge.id).sent == 1


def generic(port: int, **more: Any) -> SmsProvider:
    body = MappingProxyType({"dest": "{to}", "msg": "{text}!"})
    return SmsProvider(f"http://{HOST}:{port}/send?v=1", body, **{"timeout": PATIENCE, **more})


def test_a_body_in_json_with_a_secret_in_a_header(tmp_path: Path) -> None:
    web = Web(lambda asked: (200, b'{"id": 7}'))
    (tmp_path / "key").write_text("k-123\n")
    (tmp_path / "key").chmod(0o600)
    with serving(web):
        provider = generic(
            web.port, kind=BodyKind.JSON, method="PUT", headers={"X-Key": "Key {secret}"}, receipt="id",
            secret_file=tmp_path / "key", digits_only=False,
        )  # fmt: skip
        assert sms.send(provider, sms.TextMessage("+1 202", 'a "b" {to} ü')) == "7"
    (asked,) = web.asked
    assert (asked.method, asked.path, asked.headers["x-key"]) == ("PUT", "/send?v=1", "Key k-123")
    assert json.loads(asked.body) == {"dest": "+1 202", "msg": 'a "b" {to} ü!'}


def test_without_a_receipt_the_status_counts_unless_the_answer_is_an_error() -> None:
    answers: list[Answer] = [(200, b"OK"), (202, b'{"status": "accepted"}'), (200, b'{"error": "no credit"}')]
    web = Web(lambda asked: answers.pop(0))
    with serving(web):
        provider = generic(web.port)
        assert sms.send(provider, MESSAGE) == ""
        assert sms.send(provider, MESSAGE) == ""
        with pytest.raises(TryLater, match="but reported an error"):
            sms.send(provider, MESSAGE)


def test_the_text_cannot_add_fields_to_a_form() -> None:
    web = Web(lambda asked: (200, b""))
    with serving(web):
        sms.send(generic(web.port), sms.TextMessage("+1\r\n&dest=9", "a&dest=+666\r\n\r\nGET /"))
    assert web.asked[0].form == {"dest": "+19", "msg": "a&dest=+666\r\n\r\nGET /!"}


def test_a_certificate_that_is_not_trusted_ends_it(tmp_path: Path) -> None:
    from tests.services.smtp import make_identity

    web, identity = Web(lambda asked: (200, b"")), make_identity(tmp_path)
    with serving(web, identity.context):
        provider = replace(generic(web.port), url=f"https://{HOST}:{web.port}/send")
        with pytest.raises(TryLater, match="cannot be verified"):
            sms.send(provider, MESSAGE)
        assert sms.send(replace(provider, ca_file=identity.certificate), MESSAGE) == ""
    assert len(web.asked) == 1


def test_a_refused_number_is_undeliverable() -> None:
    def refuse(asked: Asked) -> Answer:
        return 400, asked.body

    with serving(Web(refuse)) as web, pytest.raises(Undeliverable) as caught:
        sms.send(generic(web.port), MESSAGE)
    assert CODE not in caught.value.message


def test_half_a_character_fails_its_own_message_only() -> None:
    with pytest.raises(Undeliverable, match="half of a character"):
        sms.send(generic(9), sms.TextMessage("+1 202", "\ud800"))

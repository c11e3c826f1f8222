"""The outbox: codes are sealed, and shown by nothing but a sandbox's own phone."""

from __future__ import annotations

import pytest

from dropcopy_tui.domain.errors import NotEntitled, WrongMasterKey
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.outbox.outbox import Message, Outbox
from dropcopy_tui.store.vault import Vault
from tests.services.conftest import PHONE, World
from tests.services.factories import CODE, change, new_group, one, open_resources, proof_of


@pytest.fixture
def sent(world: World) -> World:
    """One text message with a code, then one email."""
    proof_of(world.resources, world.operator)
    Groups(world.resources).create(world.operator, new_group())
    return world


def messages(resources: Resources, world: World) -> tuple[Message, ...]:
    return Outbox(resources).page(world.operations, PageRequest()).rows


def test_messages_are_listed_the_newest_first(sent: World) -> None:
    email, sms = messages(sent.resources, sent)
    assert (email.channel, email.to, email.state) == ("email", "operator@firm.example", "held")
    assert (sms.channel, sms.to, sms.subject) == ("sms", PHONE, "")
    assert "Status: In Progress" in email.body


def test_the_sandbox_shows_the_code_to_whoever_looks(sent: World) -> None:
    assert f"code is {CODE}, valid for 5 minutes" in messages(sent.resources, sent)[1].body
    assert Outbox(sent.resources).page(sent.viewer, PageRequest()).total == 2


def test_a_code_is_sealed_in_the_store(sent: World) -> None:
    assert one(sent.resources, "SELECT body FROM outbox WHERE channel = 'sms'") == ""
    sealed = one(sent.resources, "SELECT sealed_body FROM outbox WHERE channel = 'sms'")
    assert CODE.encode() not in sealed


def test_outside_a_sandbox_codes_stay_hidden_even_from_operations(sent: World) -> None:
    email, sms = messages(open_resources(sent.resources.store.place, sandbox=False), sent)
    assert "shown on the phone only" in sms.body
    assert CODE not in repr(sms)
    assert "Status" in email.body


def test_outside_a_sandbox_nobody_else_reads_messages(sent: World) -> None:
    real = Outbox(open_resources(sent.resources.store.place, sandbox=False))
    for actor in (sent.operator, sent.viewer, sent.stranger):
        with pytest.raises(NotEntitled):
            real.page(actor, PageRequest())


def test_without_a_master_key_codes_are_hidden_and_the_rest_is_there(sent: World) -> None:
    closed = open_resources(sent.resources.store.place)
    object.__setattr__(closed, "vault", Vault(None, "test-store"))
    assert [CODE in message.body for message in messages(closed, sent)] == [False, False]


def test_a_code_that_was_moved_to_another_message_does_not_open(sent: World) -> None:
    change(sent.resources, "UPDATE outbox SET id = 99 WHERE channel = 'sms'")
    with pytest.raises(WrongMasterKey):
        messages(sent.resources, sent)


def test_messages_are_searched_by_who_and_what_but_not_by_their_codes(sent: World) -> None:
    outbox = Outbox(sent.resources)
    assert outbox.page(sent.operations, PageRequest("submitted")).total == 1
    assert outbox.page(sent.operations, PageRequest("555 0123")).total == 1
    assert outbox.page(sent.operations, PageRequest(CODE)).total == 0

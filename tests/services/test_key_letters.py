"""Key requests send both emails of rule Q6, and say what somebody has to know who did not ask for it."""

from __future__ import annotations

from dataclasses import replace

from dropcopy_tui.services.keys.keypairs import KeyPairs
from tests.services.conftest import World
from tests.services.factories import add_session, rows
from tests.services.test_keypairs import make

SENT = "SELECT subject, body FROM outbox WHERE channel = 'email' AND subject LIKE 'DC-%' ORDER BY id"


def test_both_emails_say_who_which_until_when_and_from_where(world: World) -> None:
    pk = add_session(world.resources, "ACME", "ABC")
    (key,) = make(world, pk).keys
    (submitted, letter), (completed, again) = rows(world.resources, SENT)
    assert submitted.endswith("submitted: generate key ABC")
    assert completed.endswith("completed: generate key ABC")
    assert letter == again
    assert letter.startswith("operator generated 1 key pair, from ")
    assert f"ABC  {key.access_key_id}  valid until {key.when}" in letter
    assert "If this was not you, delete these key pairs now and call EASE." in letter


def test_a_deletion_says_so(world: World) -> None:
    pk = add_session(world.resources, "ACME", "ABC")
    (key,) = make(world, pk).keys
    KeyPairs(world.resources).delete(replace(world.operator, origin="192.0.2.7"), [key.access_key_id])
    letter = rows(world.resources, SENT)[-1][1]
    assert letter.startswith("operator deleted 1 key pair, from 192.0.2.7.")
    assert f"ABC  {key.access_key_id}  deleted, no longer accepted" in letter
    assert "generate new key pairs for these sessions now and call EASE." in letter

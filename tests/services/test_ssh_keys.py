"""SSH keys of people: added and revoked with a second factor, known once, and what they open."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread, Timer

import pytest

from dropcopy_tui.domain.errors import (
    DeskError,
    InvalidValue,
    LimitReached,
    NotEntitled,
    NotFound,
    NotSignedIn,
    SecondFactorFailed,
    StoreBusy,
)
from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.table import Purpose, access_scope
from dropcopy_tui.services.people.identity import Identity
from dropcopy_tui.services.people.people import People
from dropcopy_tui.services.people.ssh_keys import MOST_KEYS, SshKeys, SshKeyView
from dropcopy_tui.store import home_queries, location
from dropcopy_tui.store.home_queries import key_holder
from tests.services.conftest import World
from tests.services.factories import add_person, proof_of, rows, ssh_line


def add(resources: Resources, actor: Actor, text: str, user: str = "") -> SshKeyView:
    proof = proof_of(resources, actor, purpose=Purpose.ACCESS)
    return SshKeys(resources).add(actor, text, "", proof, user)


@pytest.fixture
def admin(world: World) -> Actor:
    return add_person(world.resources, "admin", Role.USER_ADMINISTRATOR, entity="ACME", mobile="+1 202 555 0177")


def listed(world: World, actor: Actor, user: str = "") -> tuple[SshKeyView, ...]:
    return SshKeys(world.resources).page(actor, PageRequest(), user).rows


def events(world: World) -> list[tuple[str, str]]:
    return rows(world.resources, "SELECT person, action FROM audit_event WHERE action LIKE 'ssh_key:%'")


def test_a_key_signs_its_person_in(world: World) -> None:
    made = add(world.resources, world.operator, ssh_line())
    assert (made.label, made.added_by, made.last_used_at) == ("a laptop", "operator", None)
    signed = Identity(world.resources).sign_in_key(made.fingerprint, "test ssh=192.0.2.7")
    assert signed.user_id == "operator"
    assert listed(world, world.operator)[0].last_used_at == world.resources.clock.now()
    holder = key_holder(world.resources.store.place, made.fingerprint, Path("none.key"))
    assert holder is not None
    assert holder.user_id == "operator"
    asked = "SELECT after, origin FROM audit_event WHERE action = 'person:signed_in'"
    [(after, origin)] = rows(world.resources, asked)
    assert made.fingerprint in str(after)
    assert origin == "test ssh=192.0.2.7"


def test_it_takes_a_second_factor_that_was_asked_for_this_key(world: World) -> None:
    keys, one, other = SshKeys(world.resources), ssh_line(), ssh_line()
    for purpose in (Purpose.KEYS, Purpose.ENROL):
        with pytest.raises(SecondFactorFailed, match="different action"):
            keys.add(world.operator, one, "", proof_of(world.resources, world.operator, purpose=purpose))
    scope = access_scope("add", "operator", keys.check(world.operator, one).fingerprint)
    proof = proof_of(world.resources, world.operator, purpose=Purpose.ACCESS, scope=scope)
    with pytest.raises(SecondFactorFailed, match="different action"):
        keys.add(world.operator, other, "", proof)
    assert listed(world, world.operator) == ()
    assert keys.add(world.operator, one, "", proof).label == "a laptop"


def test_a_revoked_key_opens_nothing_and_never_comes_back(world: World) -> None:
    keys, text = SshKeys(world.resources), ssh_line()
    made = add(world.resources, world.operator, text)
    done = keys.revoke(
        world.operator, made.fingerprint, proof_of(world.resources, world.operator, purpose=Purpose.ACCESS)
    )
    assert done.revoked_by == "operator"
    assert key_holder(world.resources.store.place, made.fingerprint, Path("none.key")) is None
    with pytest.raises(NotSignedIn, match="not in use"):
        Identity(world.resources).sign_in_key(made.fingerprint, "test")
    with pytest.raises(InvalidValue, match="revoked and cannot be added again"):
        add(world.resources, world.operator, text)
    with pytest.raises(NotFound):
        keys.revoke(world.operator, made.fingerprint, proof_of(world.resources, world.operator, purpose=Purpose.ACCESS))
    assert events(world) == [("operator", "ssh_key:added"), ("operator", "ssh_key:revoked")]


def test_a_disabled_person_gets_in_with_no_key(world: World, admin: Actor) -> None:
    made = add(world.resources, world.operator, ssh_line())
    People(world.resources).disable(admin, "operator")
    assert key_holder(world.resources.store.place, made.fingerprint, Path("none.key")) is None
    with pytest.raises(NotSignedIn, match="disabled"):
        Identity(world.resources).sign_in_key(made.fingerprint, "test")


def test_whose_a_known_key_is_is_not_told(world: World) -> None:
    text = ssh_line()
    add(world.resources, world.operator, text)
    with pytest.raises(InvalidValue, match="already added"):
        add(world.resources, world.operator, text)
    with pytest.raises(InvalidValue, match="already known here") as refusal:
        add(world.resources, world.stranger, text)
    assert "operator" not in refusal.value.message


def test_two_people_who_add_one_key_at_once_do_not_both_get_it(world: World) -> None:
    text, start, refused = ssh_line(), Barrier(2), []
    proofs = {who: proof_of(world.resources, who, purpose=Purpose.ACCESS) for who in (world.operator, world.stranger)}

    def race(who: Actor) -> None:
        start.wait()
        try:
            SshKeys(world.resources).add(who, text, "", proofs[who])
        except DeskError as error:
            refused.append(error.message)

    threads = [Thread(target=race, args=(who,)) for who in proofs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert "already known" in refused[0]


def test_an_administrator_adds_and_revokes_for_others(world: World, admin: Actor) -> None:
    made = add(world.resources, admin, ssh_line(), "viewer")
    assert made.added_by == "admin"
    assert listed(world, admin, "viewer")[0].fingerprint == made.fingerprint
    proof = proof_of(world.resources, admin, purpose=Purpose.ACCESS)
    assert SshKeys(world.resources).revoke(admin, made.fingerprint, proof, "viewer").revoked_by == "admin"
    letters = rows(world.resources, "SELECT recipient, body FROM outbox WHERE subject LIKE '%SSH key%'")
    assert {to for to, _ in letters} == {"viewer@firm.example"}
    assert "Changed by admin" in letters[0][1]


def test_nobody_else_does(world: World) -> None:
    keys = SshKeys(world.resources)
    for who, error in ((world.operator, NotEntitled), (world.stranger, NotEntitled)):
        with pytest.raises(error):
            keys.page(who, PageRequest(), "viewer")
        with pytest.raises(error):
            keys.check(who, ssh_line(), "viewer")


def test_there_is_a_limit(world: World) -> None:
    for number in range(MOST_KEYS):
        world.resources.clock.advance(timedelta(hours=25))  # type: ignore[attr-defined]
        add(world.resources, world.operator, ssh_line(f"machine {number}"))
    with pytest.raises(LimitReached, match="Revoke one"):
        SshKeys(world.resources).check(world.operator, ssh_line())


def test_a_label_that_two_keys_have_names_none(world: World) -> None:
    keys = SshKeys(world.resources)
    first = add(world.resources, world.operator, ssh_line("same"))
    add(world.resources, world.operator, ssh_line("same"))
    with pytest.raises(NotFound, match="several"):
        keys.find(world.operator, "same")
    assert keys.find(world.operator, first.fingerprint) == first


@pytest.mark.sqlite_only("a server keeps no reader out")
def test_a_store_that_keeps_readers_out_is_busy_and_not_damaged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made, path = add(world.resources, world.operator, ssh_line()), world.resources.store.path
    # sshd gives a person two minutes, and asks twice; whoever looks at a screen gives up sooner.
    assert location.PATIENCE < home_queries._AT_THE_DOOR < 60
    monkeypatch.setattr(home_queries, "_AT_THE_DOOR", 0.1)
    monkeypatch.setattr(location, "PATIENCE", 0.1)
    world.resources.store.close()
    writer = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    writer.execute("PRAGMA journal_mode=TRUNCATE")
    writer.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreBusy):
        key_holder(path, made.fingerprint, Path("none.key"))
    with pytest.raises(StoreBusy):
        location.store_facts(path)
    writer.rollback()
    held = Timer(1, writer.rollback)
    writer.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr(home_queries, "_AT_THE_DOOR", 30)
    held.start()
    assert key_holder(path, made.fingerprint, Path("none.key")) is not None

"""Many sessions at once, and deletion: what fails fails alone, and what is deleted is gone (rules K4, K6, Q1)."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from dropcopy_tui.domain.errors import InvalidValue, NotEntitled, NotFound, SecondFactorFailed, SessionEnded
from dropcopy_tui.domain.keypairs import KeyState
from dropcopy_tui.domain.people import Role
from dropcopy_tui.domain.requests import RequestStatus, RequestType
from dropcopy_tui.domain.work import Work
from dropcopy_tui.services.keys.keypairs import KeyPairs
from dropcopy_tui.services.sessions.sessions import Sessions
from dropcopy_tui.services.sessions.words import deletion_words
from tests.services.conftest import World
from tests.services.factories import add_person, add_role, add_session, change, contents, one, proof_of, rows
from tests.services.test_keypairs import later, make, read, states
from tests.stores import on_postgres

DAY = timedelta(days=1)


@pytest.fixture
def keypairs(world: World) -> KeyPairs:
    return KeyPairs(world.resources)


@pytest.fixture
def target(world: World) -> int:
    return add_session(world.resources, "ACME", "ABC")


@pytest.fixture
def mixed(world: World) -> list[int]:
    """Five sessions: two that need a choice or a way out stand among those that can be served."""
    pks = [add_session(world.resources, "ACME", name) for name in ("AAA", "BBB", "CCC", "DDD", "EEE")]
    make(world, pks[1])
    make(world, pks[1])
    make(world, pks[2])
    change(world.resources, "UPDATE session SET status = 'released' WHERE session_id = 'DDD'")
    return pks


def key_ids(world: World, *targets: int) -> list[str]:
    return [key.access_key_id for pk in targets for key in Sessions(world.resources).get(world.operator, pk).keys]


# -- generate


def test_a_row_that_fails_does_not_lose_the_others(world: World, mixed: list[int], tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    work = Work(lambda: told.append((work.done, work.total)))
    proof = proof_of(world.resources, world.operator)
    out = tmp_path / "keys.txt"
    with work.doing():
        made = KeyPairs(world.resources).generate(world.operator, mixed, proof, out=out)
    assert [key.session_id for key in made.keys] == ["AAA", "CCC", "EEE"]
    assert [row["Session ID"] for row in read(out)] == ["AAA", "CCC", "EEE"]
    assert [failure.session_id for failure in made.failed] == ["BBB", "DDD"]
    assert "Select which one to delete" in made.failed[0].reason
    assert "its group was deleted" in made.failed[1].reason
    assert [at for at in told if at[1] == 5] == [(number, 5) for number in range(6)]
    assert made.request.status is RequestStatus.COMPLETED
    assert made.request.reasons == ("3 completed, 2 failed.", *(failure.reason for failure in made.failed))
    assert made.request.asked["sessions"] == ["AAA", "CCC", "EEE"]
    assert states(world, mixed[1]) == [KeyState.PENDING_EXPIRATION, KeyState.ACTIVE]
    with pytest.raises(SecondFactorFailed, match="already been used"):
        KeyPairs(world.resources).generate(world.operator, mixed, proof)


@pytest.mark.sqlite_only("a trigger in the words of SQLite")
def test_the_store_has_the_last_word_for_one_row_only(world: World, mixed: list[int]) -> None:
    """A row that the store refuses fails alone."""
    connection = sqlite3.connect(world.resources.store.path)
    with connection:
        connection.execute(
            f"CREATE TRIGGER no BEFORE INSERT ON key_pair WHEN NEW.session_pk = {mixed[2]} "
            "BEGIN SELECT RAISE(ABORT, 'refused'); END"
        )
    connection.close()
    before = rows(world.resources, "SELECT expires_at, slot FROM key_pair WHERE session_pk = :it", it=mixed[2])
    made = KeyPairs(world.resources).generate(world.operator, mixed, proof_of(world.resources, world.operator))
    assert [key.session_id for key in made.keys] == ["AAA", "EEE"]
    assert "CCC cannot be changed this way" in next(f.reason for f in made.failed if f.session_id == "CCC")
    assert rows(world.resources, "SELECT expires_at, slot FROM key_pair WHERE session_pk = :it", it=mixed[2]) == before


def test_where_no_row_can_be_served_nothing_is_changed(world: World, mixed: list[int], tmp_path: Path) -> None:
    proof = proof_of(world.resources, world.operator)
    before = contents(world.resources)
    with pytest.raises(InvalidValue, match="to 1 more"):
        KeyPairs(world.resources).generate(world.operator, [mixed[1], mixed[3]], proof, out=tmp_path / "keys.txt")
    with pytest.raises(SessionEnded):
        KeyPairs(world.resources).generate(world.operator, [mixed[3]], proof)
    assert contents(world.resources) == before
    assert not list(tmp_path.glob("keys*"))


def test_the_plan_says_who_is_left_out(world: World, keypairs: KeyPairs, mixed: list[int]) -> None:
    plans = keypairs.plan(world.operator, mixed)
    assert [bool(plan.refusal) for plan in plans] == [False, False, False, True, False]
    assert plans[3].sentence.startswith("DDD: skipped. DDD is released")
    assert plans[1].choice_needed
    with pytest.raises(SessionEnded):
        keypairs.plan(world.operator, [mixed[3]])


def test_a_download_of_many_leaves_out_what_cannot_be_read(world: World, mixed: list[int], tmp_path: Path) -> None:
    make(world, mixed[0])
    change(
        world.resources,
        "UPDATE key_pair SET sealed_secret = (SELECT sealed_secret FROM key_pair WHERE session_pk = :two LIMIT 1)"
        " WHERE session_pk = :one",
        one=mixed[0], two=mixed[1],
    )  # fmt: skip
    out = tmp_path / "keys.txt"
    got = KeyPairs(world.resources).download(world.operator, mixed, proof_of(world.resources, world.operator), out)
    assert [row["Session ID"] for row in read(out)] == ["BBB", "BBB", "CCC"]
    assert [key.session_id for key in got.keys] == ["BBB", "BBB", "CCC"]
    said = {failure.session_id: failure.reason for failure in got.failed}
    assert set(said) == {"AAA", "DDD", "EEE"}
    assert "does not match" in said["AAA"]
    assert "has no active key pair" in said["DDD"]


def test_five_hundred_pairs_are_made_and_written_quickly(world: World, tmp_path: Path) -> None:
    targets = [add_session(world.resources, "ACME", f"{number:03d}") for number in range(500)]
    proof = proof_of(world.resources, world.operator)
    begun = perf_counter()
    made = KeyPairs(world.resources).generate(world.operator, targets, proof, out=tmp_path / "keys.txt")
    # The promise is 3 s on a quiet machine; `make bench` measures it. This is against a slip by an order.
    assert perf_counter() - begun < 15
    assert len(made.keys) == len(read(tmp_path / "keys.txt")) == 500


# -- delete


def test_a_pair_is_deleted_and_unreadable_at_once(world: World, keypairs: KeyPairs, target: int) -> None:
    make(world, target)
    make(world, target)
    older, newer = key_ids(world, target)
    sealed = one(world.resources, "SELECT sealed_secret FROM key_pair WHERE access_key_id = :it", it=older)
    if not on_postgres():
        assert sealed in world.resources.store.path.read_bytes()
    done = keypairs.delete(world.operator, [older])
    assert (done.request.type, done.request.status) == (RequestType.DELETE_KEY, RequestStatus.COMPLETED)
    assert done.request.asked == {"sessions": ["ABC"], "keys": [older]}
    assert states(world, target) == [KeyState.DELETED, KeyState.ACTIVE]
    assert rows(world.resources, "SELECT slot, sealed_secret FROM key_pair WHERE deleted_at IS NOT NULL") == [
        (None, None)
    ]
    world.resources.store.close()
    # Not even the bytes of the file have it any more.
    if not on_postgres():
        assert sealed not in world.resources.store.path.read_bytes()
    subject, recipient = rows(world.resources, "SELECT subject, recipient FROM outbox ORDER BY id DESC")[0]
    assert subject == f"{done.request.id} completed: delete key ABC"
    assert recipient == "operator@firm.example"
    said = one(world.resources, "SELECT after FROM audit_event WHERE action = 'keypair:deleted'")
    assert older in said
    assert newer not in said


def test_expired_pairs_can_be_deleted_and_deleted_ones_cannot(world: World, keypairs: KeyPairs, target: int) -> None:
    make(world, target)
    later(world.resources, 400 * DAY)
    make(world, target)
    expired, living = key_ids(world, target)
    assert [key.state for key in keypairs.delete(world.operator, [expired]).keys] == [KeyState.DELETED]
    before = contents(world.resources)
    with pytest.raises(InvalidValue, match="already been deleted"):
        keypairs.delete(world.operator, [expired])
    assert contents(world.resources) == before
    done = keypairs.delete(world.operator, [expired, living, living])
    assert [key.access_key_id for key in done.keys] == [living]
    assert [failure.session_id for failure in done.failed] == ["ABC"]


def test_deleting_makes_room_for_a_pair(world: World, keypairs: KeyPairs, target: int) -> None:
    make(world, target)
    make(world, target)
    keypairs.delete(world.operator, key_ids(world, target)[:1])
    assert not keypairs.plan(world.operator, [target])[0].choice_needed
    make(world, target)
    assert states(world, target) == [KeyState.DELETED, KeyState.PENDING_EXPIRATION, KeyState.ACTIVE]


def test_a_deleted_pair_stays_so_when_the_clock_goes_back(world: World, keypairs: KeyPairs, target: int) -> None:
    make(world, target)
    keypairs.delete(world.operator, key_ids(world, target))
    later(world.resources, -DAY)
    assert states(world, target) == [KeyState.DELETED]
    make(world, target)
    assert states(world, target).count(KeyState.ACTIVE) == 1


def test_an_expired_pair_whose_place_is_taken_stays_so_when_the_clock_goes_back(world: World, target: int) -> None:
    for _ in "ab":
        make(world, target)
    later(world.resources, 30 * DAY)
    make(world, target)
    assert states(world, target) == [KeyState.EXPIRED, KeyState.PENDING_EXPIRATION, KeyState.ACTIVE]
    later(world.resources, -20 * DAY)
    assert states(world, target) == [KeyState.EXPIRED, KeyState.ACTIVE, KeyState.ACTIVE]


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.KEY_MANAGEMENT}))
def test_who_does_not_manage_keys_deletes_none(world: World, keypairs: KeyPairs, target: int, role: Role) -> None:
    make(world, target)
    person = add_person(world.resources, "someone", role, entity=None if role.desk_wide else "ACME")
    keys = key_ids(world, target)
    before = contents(world.resources)["key_pair"]
    with pytest.raises((NotEntitled, NotFound)):
        keypairs.delete(person, keys)
    assert contents(world.resources)["key_pair"] == before


def test_what_is_not_there_and_what_may_not_be_seen_sound_alike(world: World, keypairs: KeyPairs, target: int) -> None:
    make(world, target)
    said = set()
    for keys in (key_ids(world, target), ["x" * 20]):
        with pytest.raises(NotFound) as caught:
            keypairs.delete(world.stranger, keys)
        said.add(caught.value.message)
    assert len(said) == 1
    with pytest.raises(InvalidValue, match="Select at least one key pair"):
        keypairs.delete(world.operator, [])


def test_pairs_of_two_entities_are_refused(world: World, keypairs: KeyPairs, target: int) -> None:
    add_role(world.resources, world.operator, Role.KEY_MANAGEMENT, "OTHER")
    other = add_session(world.resources, "OTHER", "OTH")
    make(world, target)
    make(world, other)
    with pytest.raises(NotEntitled, match="several entities"):
        keypairs.delete(world.operator, key_ids(world, target, other))
    assert one(world.resources, "SELECT count(*) FROM key_pair WHERE deleted_at IS NOT NULL") == 0


def test_the_words_of_a_deletion(world: World, target: int) -> None:
    def words(*chosen: str) -> Any:
        return deletion_words(Sessions(world.resources).get(world.operator, target), chosen)

    make(world, target)
    make(world, target)
    older, newer = key_ids(world, target)
    assert words() == words("x" * 20) == ""
    assert words(older) == (
        f"ABC: {older} (expiring) will be deleted; its other key pair is valid until 4 Mar 2027 17:30 ET"
        ", and a client that signs with this one stops"
    )
    assert words(older, newer).endswith(
        "will be deleted; it has no other active key pair, so its feed stops immediately"
    )
    later(world.resources, 500 * DAY)
    assert words(older) == f"ABC: {older} (expired) will be deleted; no feed stops"

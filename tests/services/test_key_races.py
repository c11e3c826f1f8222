"""Key pairs under races and kill -9, real processes: one wins, the other is told; all or nothing (K3 to K6)."""

from __future__ import annotations

from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.table import Proof
from dropcopy_tui.services.keys.keypairs import KeyPairs
from tests.services.conftest import World
from tests.services.factories import add_role, add_session, contents, one, open_resources, proof_of, rows
from tests.services.lasting import pair
from tests.services.processes import kill_at_statement
from tests.services.test_key_bulk import key_ids
from tests.services.test_key_machine import written
from tests.services.test_keypairs import make
from tests.services.test_kill import reopened

# At most ten codes a day a person: two for the pairs of each round, one for the race.
ROUNDS = 3
LIVING = "SELECT access_key_id FROM key_pair WHERE slot IS NOT NULL AND session_pk = :it"


def third(actor: Actor, session_pk: int, proof: Proof, drop: str, resources: Resources) -> str:
    return KeyPairs(resources).generate(actor, [session_pk], proof, {session_pk: drop}).keys[0].access_key_id


def generate_many(actor: Actor, sessions: list[int], proof: Proof, out: Path, resources: Resources) -> None:
    KeyPairs(resources).generate(actor, sessions, proof, out=out)


def download(actor: Actor, sessions: list[int], proof: Proof, out: Path, resources: Resources) -> None:
    KeyPairs(resources).download(actor, sessions, proof, out)


def delete(actor: Actor, keys: list[str], resources: Resources) -> str:
    return KeyPairs(resources).delete(actor, keys).request.id


def test_of_two_people_who_make_the_third_pair_one_wins_and_the_other_is_told(world: World) -> None:
    add_role(world.resources, world.stranger, Role.KEY_MANAGEMENT, "ACME")
    with pair(world.resources.store.place) as both:
        for number in range(ROUNDS):
            pk = add_session(world.resources, "ACME", f"R{number:02d}")
            two_pairs(world, pk)
            older, newer = key_ids(world, pk)
            # Both choose the same one: whoever comes second chose a pair that is gone.
            jobs = [
                partial(third, who, pk, proof_of(world.resources, who), older)
                for who in (world.operator, world.stranger)
            ]
            answers = both.race(*jobs)
            refused = [answer for answer in answers if isinstance(answer, tuple)]
            (won,) = [answer for answer in answers if isinstance(answer, str)]
            ((code, message),) = refused
            assert code == "invalid_value"
            assert "was selected for deletion is no longer active" in message
            living = rows(world.resources, LIVING, it=pk)
            assert {key for (key,) in living} == {newer, won}


def test_of_two_people_who_choose_differently_never_a_third_pair_lives(world: World) -> None:
    """The second act names a pair that is still there: both are done, one after the other."""
    pk = add_session(world.resources, "ACME", "ABC")
    two_pairs(world, pk)
    older, newer = key_ids(world, pk)
    with pair(world.resources.store.place) as both:
        answers = both.race(
            *(
                partial(third, world.operator, pk, proof_of(world.resources, world.operator), drop)
                for drop in (older, newer)
            )
        )
    assert all(isinstance(answer, str) for answer in answers)
    living = rows(world.resources, LIVING, it=pk)
    assert sorted(key for (key,) in living) == sorted(answers)


def test_a_deletion_is_done_once(world: World) -> None:
    pk = add_session(world.resources, "ACME", "ABC")
    two_pairs(world, pk)
    keys = key_ids(world, pk)
    with pair(world.resources.store.place) as both:
        answers = both.race(*[partial(delete, world.operator, keys)] * 2)
    assert sorted(isinstance(answer, str) for answer in answers) == [False, True]
    assert one(world.resources, "SELECT count(*) FROM request WHERE type = 'delete_key'") == 1


def two_pairs(world: World, pk: int) -> None:
    for _ in "ab":
        make(world, pk)


# -- kill -9


@pytest.fixture
def targets(world: World) -> list[int]:
    """Three sessions, two of them with a pair."""
    pks = [add_session(world.resources, "ACME", name) for name in ("AAA", "BBB", "CCC")]
    make(world, *pks[:2])
    return pks


def changed(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> set[str]:
    return {table for table in before if before[table] != after[table]}


@pytest.mark.parametrize("verb", ["generate", "download", "delete"])
def test_kill_9_before_each_statement_leaves_all_or_nothing(
    world: World, targets: list[int], tmp_path: Path, verb: str
) -> None:
    proof, out = proof_of(world.resources, world.operator), tmp_path / "keys.txt"
    jobs = {
        "generate": partial(generate_many, world.operator, targets, proof, out),
        "download": partial(download, world.operator, targets[:2], proof, out),
        "delete": partial(delete, world.operator, key_ids(world, *targets[:2])),
    }
    before = contents(world.resources)
    world.resources.store.close()
    number, survived = 1, 0
    while kill_at_statement(world.resources.store.place, jobs[verb], number):
        resources = reopened(world.resources.store.place, world.operations)
        assert changed(before, contents(resources)) == set()
        resources.store.close()
        # What a killed process left of its file is its own: no later one writes over it.
        out.unlink(missing_ok=True)
        number, survived = number + 6, survived + 1
    assert survived > 3
    resources = open_resources(world.resources.store.place)
    assert "audit_event" in changed(before, contents(resources))
    if verb != "delete":
        held = {key for (key,) in rows(resources, "SELECT access_key_id FROM key_pair WHERE slot IS NOT NULL")}
        made = {key for (key,) in rows(resources, "SELECT access_key_id FROM key_pair ORDER BY id DESC LIMIT 3")}
        assert set(written(StringIO(out.read_text()))) == (made if verb == "generate" else held)
    else:
        assert one(resources, "SELECT count(*) FROM key_pair WHERE sealed_secret IS NOT NULL") == 0

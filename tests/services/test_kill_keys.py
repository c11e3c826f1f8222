"""kill -9 while key files are made: no secret without its event, no code twice, and nothing left behind (rule K5)."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from random import Random

import pytest

from dropcopy_tui.domain.errors import SecondFactorFailed
from dropcopy_tui.domain.key_file import parse
from dropcopy_tui.domain.people import Actor
from dropcopy_tui.new_file import clear_interrupted
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.factors.table import Proof
from dropcopy_tui.services.keys.keypairs import KeyPairs
from tests.services.conftest import World
from tests.services.factories import add_session, change, one, open_resources, proof_of
from tests.services.processes import kill_after, kill_at_statement, seconds
from tests.stores import repeats

ROUNDS = repeats(30)


@pytest.fixture(params=[True, False], ids=["nameless", "named"])
def nameless(request: pytest.FixtureRequest) -> bool:
    """A file system that has nameless files, and one that has not."""
    return bool(request.param)


def make_file(actor: Actor, sessions: list[int], proof: Proof, out: Path, nameless: bool, resources: Resources) -> str:
    if not nameless:
        del os.O_TMPFILE
    KeyPairs(resources).generate(actor, sessions, proof, out=out)
    return "made"


def check(world: World, proof: Proof, sessions: list[int], out: Path, pairs: int) -> tuple[int, bool]:
    """After the next start: the file, the event, the pairs and the code tell one story; how many pairs there are."""
    path, beside = world.resources.store.place, world.resources.store.beside
    left = [file.read_bytes() for file in out.parent.iterdir()]
    recorded = one(world.resources, "SELECT count(*) FROM key_pair") > pairs
    assert recorded or not any(
        content.strip(b"\0") for content in left
    )  # the space may have been taken, but no secret is there before its record
    said = clear_interrupted(beside)
    assert {file.name for file in out.parent.iterdir()} <= {out.name}
    assert [file.name for file in beside.parent.iterdir() if ".part-" in file.name] == []
    resources = open_resources(path)
    now = one(resources, "SELECT count(*) FROM key_pair")
    events = one(resources, "SELECT count(*) FROM audit_event WHERE action = 'keypair:downloaded'")
    used = bool(one(resources, "SELECT used_at IS NOT NULL FROM challenge WHERE id = :it", it=proof.challenge))
    made = now > pairs
    assert now in (pairs, pairs + len(sessions))
    assert events == now // len(sessions)
    assert used == made
    if out.exists():
        assert made
        assert len(parse(out.read_text())) == len(sessions)
        assert out.stat().st_nlink == 1
        assert said == ()
    elif said:
        assert str(out) in said[0]
    if made:
        with pytest.raises(SecondFactorFailed, match="already been used"):
            KeyPairs(resources).generate(world.operator, sessions, proof)
    resources.store.close()
    return now, out.exists()


@pytest.fixture
def sessions(world: World) -> list[int]:
    return [add_session(world.resources, "ACME", f"K{number:02}") for number in range(2)]


def test_key_files_survive_kill_9_at_random_moments(world: World, tmp_path: Path, nameless: bool) -> None:
    chance, path, pairs, files = Random(3), world.resources.store.place, 0, 0
    length = 0.0
    for number in range(ROUNDS):
        # Each round has sessions of its own, because a session has two pairs at most, and its codes of the day.
        own = [add_session(world.resources, "ACME", f"{chr(65 + number % 26)}{number // 26}{at:X}") for at in range(4)]
        change(world.resources, "UPDATE challenge SET created_at = '2026-03-01 00:00:00.000000'")
        proof = proof_of(world.resources, world.operator)
        folder = tmp_path / f"out{number}"
        folder.mkdir()
        job = partial(make_file, world.operator, own, proof, folder / "keys.txt", nameless)
        world.resources.store.close()
        if number == 0:
            length = seconds(path, job)
        else:
            kill_after(path, job, chance.uniform(0, length * 1.3))
        pairs, exists = check(world, proof, own, folder / "keys.txt", pairs)
        files += exists
    assert files >= 1


def test_key_files_survive_kill_9_before_each_statement(
    world: World, sessions: list[int], tmp_path: Path, nameless: bool
) -> None:
    proof, out = proof_of(world.resources, world.operator), tmp_path / "out" / "keys.txt"
    out.parent.mkdir()
    world.resources.store.close()
    number = 1
    job = partial(make_file, world.operator, sessions, proof, out, nameless)
    while kill_at_statement(world.resources.store.place, job, number):
        assert check(world, proof, sessions, out, 0) == (0, False)
        number += 3
    assert check(world, proof, sessions, out, 0) == (2, True)
    assert number > 20

"""A code opens what it was asked for: this act, on these sessions, and nothing else (rule P2)."""

from __future__ import annotations

from pathlib import Path

import pytest

from dropcopy_tui.domain.errors import SecondFactorFailed
from dropcopy_tui.services.factors.factors import Factors
from dropcopy_tui.services.factors.table import Proof, Purpose, key_scope
from dropcopy_tui.services.keys.keypairs import KeyPairs
from tests.services.conftest import World
from tests.services.factories import CODE, add_session, one, proof_of


@pytest.fixture
def sessions(world: World) -> list[int]:
    return [add_session(world.resources, "ACME", name) for name in ("S01", "S02")]


def bound(world: World, act: str, sessions: list[int]) -> Proof:
    scope = key_scope(act, sessions)
    return Proof(Factors(world.resources).start(world.operator, "sms", Purpose.KEYS, scope).id, CODE)


def test_a_code_asked_for_one_session_opens_no_other(world: World, sessions: list[int]) -> None:
    """Measured on 0.3.2: asked for one session, a code opened four."""
    proof = bound(world, "generate", sessions[:1])
    keypairs = KeyPairs(world.resources)
    for others in (sessions, sessions[1:]):
        with pytest.raises(SecondFactorFailed, match="a different action"):
            keypairs.generate(world.operator, others, proof)
    assert one(world.resources, "SELECT tries FROM challenge") == 0
    assert keypairs.generate(world.operator, sessions[:1], proof).keys


def test_a_code_asked_for_a_download_generates_nothing(world: World, sessions: list[int], tmp_path: Path) -> None:
    keypairs = KeyPairs(world.resources)
    keypairs.generate(world.operator, sessions, bound(world, "generate", sessions[::-1]))
    proof = bound(world, "download", sessions)
    with pytest.raises(SecondFactorFailed, match="a different action"):
        keypairs.generate(world.operator, sessions, proof)
    assert keypairs.download(world.operator, sessions, proof, tmp_path / "keys.txt").keys


def test_a_code_is_bound_to_the_pair_that_goes(world: World, sessions: list[int]) -> None:
    assert key_scope("generate", sessions) != key_scope("generate", sessions, {sessions[0]: "OLDER"})


def test_a_code_of_the_command_line_is_bound_to_its_purpose_alone(world: World, sessions: list[int]) -> None:
    """`keys challenge` names no sessions; its contract stays."""
    proof = proof_of(world.resources, world.operator)
    assert KeyPairs(world.resources).generate(world.operator, sessions, proof).keys

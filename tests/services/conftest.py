"""A small world for the tests of services: one firm that works, one stranger, and the sample data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from dropcopy_tui.domain.people import Actor, Role
from dropcopy_tui.domain.places import Place
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.sample.fill import fill
from tests.services.factories import (
    FixedEntropy,
    add_entity,
    add_front_end,
    add_person,
    add_role,
    add_sender_comps,
    make_resources,
    open_resources,
)
from tests.stores import copy_store

PHONE = "+1 202 555 0123"


@dataclass(frozen=True)
class World:
    """ACME with three SenderComps and a front end, and who is there."""

    resources: Resources
    operator: Actor
    viewer: Actor
    stranger: Actor
    operations: Actor
    front_end: int
    sources: list[str]


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Place:
    resources = make_resources(tmp_path_factory.mktemp("empty") / "store.db")
    resources.store.close()
    return resources.store.place


@pytest.fixture
def resources(empty_store: Place, tmp_path: Path) -> Resources:
    """An empty store, entropy that counts, and a clock that stands still."""
    return _copy(empty_store, tmp_path)


@pytest.fixture(scope="session")
def first_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = make_world(make_resources(tmp_path_factory.mktemp("world") / "store.db"))
    world.resources.store.close()
    return world


@pytest.fixture
def world(first_world: World, tmp_path: Path) -> World:
    """A copy that the test may change."""
    return replace(first_world, resources=_copy(first_world.resources.store.place, tmp_path))


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Place:
    resources = make_resources(tmp_path_factory.mktemp("sample") / "store.db")
    fill(resources)
    resources.store.close()
    return resources.store.place


@pytest.fixture
def sample(sample_store: Place, tmp_path: Path) -> Resources:
    """A copy of the sample data that the test may change."""
    return _copy(sample_store, tmp_path)


def _copy(store: Place, folder: Path) -> Resources:
    path = folder / "store" / "store.db"
    path.parent.mkdir(mode=0o700)
    return open_resources(copy_store(store, path), entropy=FixedEntropy())


def make_world(resources: Resources) -> World:
    """The world in an empty store."""
    add_entity(resources, "ACME")
    add_entity(resources, "OTHER")
    operator = add_person(resources, "operator", Role.FULL_ACCESS, Role.KEY_MANAGEMENT, entity="ACME", mobile=PHONE)
    stranger = add_person(resources, "stranger", Role.FULL_ACCESS, Role.KEY_MANAGEMENT, entity="OTHER", mobile=PHONE)
    operations = add_person(resources, "operations", Role.OPERATIONS)
    add_role(resources, operations, Role.AUDITOR)
    return World(
        resources=resources,
        operator=operator,
        viewer=add_person(resources, "viewer", Role.READ_ONLY, entity="ACME"),
        stranger=stranger,
        operations=operations,
        front_end=add_front_end(resources, "ACME"),
        sources=add_sender_comps(resources, "ACME", 3),
    )

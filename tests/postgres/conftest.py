"""A store, and an empty database, on the server of the tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dropcopy_tui.domain.places import ServerPlace
from dropcopy_tui.services.base import Resources
from tests.server import Server, shared_server
from tests.services.conftest import World, make_world
from tests.services.factories import FixedEntropy, open_resources
from tests.stores import copy_store, new_database, new_store


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/postgres/" in item.nodeid:
            item.add_marker(pytest.mark.postgres)


@pytest.fixture
def server() -> Server:
    """The server that the tests of this process share."""
    return shared_server()


@pytest.fixture
def database(tmp_path: Path) -> ServerPlace:
    """An empty database, which is no store yet."""
    return new_database(tmp_path / "empty" / "store")


@pytest.fixture(scope="session")
def first_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    place = new_store(tmp_path_factory.mktemp("world") / "store", postgres=True)
    world = make_world(open_resources(place))
    world.resources.store.close()
    return world


@pytest.fixture
def world(first_world: World, tmp_path: Path) -> World:
    """A copy that the test may change."""
    place = copy_store(first_world.resources.store.place, tmp_path / "world" / "store")
    return replace(first_world, resources=open_resources(place, entropy=FixedEntropy()))


@pytest.fixture
def resources(world: World) -> Resources:
    return world.resources


@pytest.fixture
def place(world: World) -> ServerPlace:
    """Where the store of `world` is."""
    found = world.resources.store.place
    assert isinstance(found, ServerPlace)
    return found

"""The application in a test: one sample store a session, a clock that stands still, a person at the keys."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from dropcopy_tui.config import Config, Paths
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.new_store import make_store
from dropcopy_tui.services.sample.fill import fill
from screens.app import DropCopyApp
from screens.terminal.guard import TerminalFacts
from screens.walkthroughs.stage import KnownEntropy
from tests.services.factories import FrozenClock

NOW = datetime(2026, 11, 23, 16, 45, tzinfo=UTC)
OPERATOR = "acme-operator"
PREPARE = DropCopyApp._prepare


# The same secrets, key ids and codes in every run, as in walkthroughs.
SeededEntropy = KnownEntropy


@dataclass
class Place:
    """A store of the test's own, and the application on it."""

    folder: Path
    clock: FrozenClock = field(default_factory=lambda: FrozenClock(NOW))
    settings: Settings = field(default_factory=Settings)

    @property
    def config(self) -> Config:
        return config_in(self.folder, self.settings)

    @property
    def store(self) -> Path:
        return self.config.paths.store

    def app(self, user: str | None = OPERATOR, facts: TerminalFacts | None = None) -> DropCopyApp:
        return DropCopyApp(self.config, facts, user, clock=self.clock, entropy=SeededEntropy())


def config_in(folder: Path, settings: Settings | None = None) -> Config:
    """A configuration whose every path is in the folder."""
    paths = Paths(
        store=folder / "dropcopy.db",
        master_key=folder / "dropcopy.key",
        config=folder / "config.toml",
        incident_log=folder / "incidents.log",
        downloads=folder / "keys",
    )
    return Config(paths, settings or Settings())


@pytest.fixture(scope="session", autouse=True)
def _collected() -> Iterator[None]:
    """The application freezes what it has imported; here each test's would stay for ever (1.8 GB, and ever slower)."""
    with patch("gc.freeze"):
        yield


@pytest.fixture(scope="session", autouse=True)
def _unprepared() -> Iterator[None]:
    """What makes screens open sooner costs a tenth of a second a test; `prepared` has it."""
    with patch.object(DropCopyApp, "_prepare", _nothing):
        yield


@pytest.fixture(autouse=True)
def _quick_fingers(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests press a key as soon as the one before has had its effect: faster than a key that is held repeats.

    A test that holds a key down asks for `held_keys`.
    """
    if "held_keys" in request.fixturenames:
        yield
        return
    with patch.multiple("screens.terminal.meant_keys", REPEATS_WITHIN=0.0, REPEATS_AFTER=0.0, TYPED_BY_NOBODY=0.0):
        yield


@pytest.fixture
def held_keys() -> None:
    """Keys that follow each other at once count as one that is held."""


@pytest.fixture
def prepared() -> Iterator[None]:
    """The application prepares its screens, as it does for people."""
    with patch.object(DropCopyApp, "_prepare", PREPARE):
        yield


async def _nothing(*_: object) -> None:
    pass


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sandbox with sample data, made once."""
    folder = tmp_path_factory.mktemp("sample-desk")
    make_store(config_in(folder), sandbox=True, fill=fill, clock=FrozenClock(NOW), entropy=SeededEntropy())
    return folder


@pytest.fixture
def place(sample_folder: Path, tmp_path: Path) -> Place:
    """A copy of the sample store."""
    for name in ("dropcopy.db", "dropcopy.key"):
        shutil.copy2(sample_folder / name, tmp_path / name)
    return Place(tmp_path)


@pytest.fixture(params=[(80, 24), (120, 40)], ids=["80x24", "120x40"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """The sizes that every screen is tried at."""
    chosen: tuple[int, int] = request.param
    return chosen

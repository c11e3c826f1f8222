"""The stage of every walkthrough is a copy of one sandbox."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from screens.walkthroughs.stage import Stage


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """The sandbox, made once."""
    made = Stage(tmp_path_factory.mktemp("walkthroughs"))
    made.fill()
    return made


@pytest.fixture
def stage(sandbox: Stage, tmp_path: Path) -> Stage:
    """A copy for one walkthrough."""
    for name in ("dropcopy.db", "dropcopy.key"):
        shutil.copy2(sandbox.folder / name, tmp_path / name)
    return Stage(tmp_path)

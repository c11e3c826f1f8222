"""Stores for rows."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from dropcopy_tui.new_store import make_store
from dropcopy_tui.services.sample.fill import fill
from tests.screens.conftest import NOW, SeededEntropy, config_in
from tests.services.factories import FrozenClock

_MEMORY = Path("/dev/shm")
_LEAST_MEMORY = 2 << 30


def memory() -> Path | None:
    """Where a commit waits for no platter, if that is: for all that does not measure the disk."""
    there = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _LEAST_MEMORY
    return _MEMORY if there else None


def sandbox_in(folder: Path) -> Path:
    """A sandbox with the sample data and its master key in the folder."""
    make_store(config_in(folder), sandbox=True, fill=fill, clock=FrozenClock(NOW), entropy=SeededEntropy())
    return folder / "dropcopy.db"

"""Where a walkthrough is played: a sandbox of its own, whose clock stands still and whose secrets are known.

So the pictures of today are those of last year, and nothing that is played touches the desk's own store.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir

from dropcopy_tui.clock import Clock, Entropy
from dropcopy_tui.config import Config, Paths
from dropcopy_tui.domain.errors import StoreUnusable
from dropcopy_tui.domain.settings import Settings

# A Monday, with the market open, a week in which key pairs of the sample data expire.
TODAY = datetime(2026, 11, 23, 16, 45, tzinfo=UTC)
_SEED = 7
_FOLDER = "dropcopy-training"
_MOST = 100


class StoppedClock(Clock):
    """The moment at which every walkthrough happens."""

    def now(self) -> datetime:
        """Always the same."""
        return TODAY


class KnownEntropy(Entropy):
    """The same secrets, key IDs and codes every time: for a sandbox that is thrown away, and for nothing else."""

    def __init__(self, seed: int = _SEED) -> None:
        self._random = random.Random(seed)  # noqa: S311 - nothing is protected by it

    def secret(self) -> bytes:
        """32 bytes."""
        return self._random.randbytes(32)

    def access_key_id(self) -> str:
        """20 characters."""
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return "".join(self._random.choices(letters, k=20))

    def code(self, digits: int = 6) -> str:
        """A one-time code."""
        return f"{self._random.randrange(10**digits):0{digits}d}"

    def token(self) -> str:
        """A name for something short-lived."""
        return self._random.randbytes(8).hex()

    def below(self, limit: int) -> int:
        """A number from 0 to limit - 1."""
        return self._random.randrange(limit)


@dataclass(frozen=True, slots=True)
class Stage:
    """A sandbox with the sample data, in a folder that goes when the walkthrough ends."""

    folder: Path

    @property
    def config(self) -> Config:
        """Every path of it is in the folder."""
        paths = Paths(
            store=self.folder / "dropcopy.db",
            master_key=self.folder / "dropcopy.key",
            config=self.folder / "config.toml",
            incident_log=self.folder / "incidents.log",
            downloads=self.folder / "keys",
        )
        return Config(paths, Settings())

    def fill(self) -> None:
        """Make the sandbox. Raises StoreUnusable."""
        # Late for the sake of start-up: SQLAlchemy is not needed to list the walkthroughs.
        from dropcopy_tui.new_store import make_store
        from dropcopy_tui.services.sample.fill import fill

        make_store(self.config, sandbox=True, fill=fill, clock=StoppedClock(), entropy=KnownEntropy())


@contextmanager
def stage(folder: Path | None = None) -> Iterator[Stage]:
    """A new sandbox, removed afterwards. Raises StoreUnusable if there is no place for one.

    `folder` does not exist yet; for pictures that are to be the same wherever they are made, since paths are on them.
    """
    chosen = folder or _folder()
    if folder is not None:
        folder.mkdir(mode=0o700)
    try:
        made = Stage(chosen)
        made.fill()
        yield made
    finally:
        shutil.rmtree(chosen, ignore_errors=True)


def _folder() -> Path:
    """A folder with a name that pictures can show; other walkthroughs may run at the same time."""
    for number in range(1, _MOST):
        folder = Path(gettempdir()) / (_FOLDER if number == 1 else f"{_FOLDER}-{number}")
        try:
            os.mkdir(folder, 0o700)
        except FileExistsError:
            continue
        except OSError as error:
            raise StoreUnusable(f"A sandbox cannot be created at {folder}: {error.strerror}.") from None
        return folder
    raise StoreUnusable(
        f"Too many folders like {Path(gettempdir()) / _FOLDER} exist. Remove those of past walkthroughs."
    )

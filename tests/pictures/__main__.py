"""Do the main job by keyboard on a sandbox whose clock stands still, and keep a picture of every step."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

from textual.pilot import Pilot

from dropcopy_tui.clock import Entropy
from dropcopy_tui.config import Config, Paths
from dropcopy_tui.domain.settings import Settings
from dropcopy_tui.new_store import make_store
from dropcopy_tui.services.sample.fill import fill
from screens.app import DropCopyApp
from tests.screens.conftest import NOW, OPERATOR, SeededEntropy
from tests.services.factories import FrozenClock

HERE = Path(__file__).parent
# The pictures name a font of the reader's machine; nothing is fetched to show them.
_OUTSIDE = re.compile(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", re.S)
_JOB = (
    ("home", ()),
    ("market", ("n",)),
    ("fee", ("enter",)),
    ("name", ("enter", *"US-TREASURY-RISK")),
    ("filters", ("enter", "enter", "space", "down", "down", "down", "down", "space")),
    ("sources", ("enter", "asterisk")),
    ("submit", ("plus", "enter")),
    ("done", ("enter",)),
    ("target", ("o",)),
    ("plan", ("k", "enter")),
    ("code", ("enter", "enter")),
)


def _config(folder: Path) -> Config:
    paths = Paths(
        folder / "dropcopy.db", folder / "dropcopy.key", folder / "c", folder / "log", Path("/tmp/dropcopy-keys")
    )
    return Config(paths, Settings())


async def _settle(pilot: Pilot[int]) -> None:
    """Pictures may take their time: a dialog keeps its worker waiting, so workers cannot be waited for."""
    await pilot.pause(1.2)


async def _pictures(config: Config, clock: FrozenClock, entropy: Entropy) -> None:
    app = DropCopyApp(config, None, OPERATOR, clock=clock, entropy=entropy)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await _settle(pilot)
        for name, keys in _JOB:
            for key in keys:
                await pilot.press(key)
                if key in ("enter", "plus", "n", "k", "o"):
                    await _settle(pilot)
            await _settle(pilot)
            picture = app.export_screenshot(title="dropcopy")
            (HERE / f"{name}.svg").write_text(_OUTSIDE.sub("", picture), encoding="utf-8")


def main() -> None:
    """Write every picture beside this file."""
    clock, entropy = FrozenClock(NOW), SeededEntropy()
    with tempfile.TemporaryDirectory() as folder:
        config = _config(Path(folder))
        make_store(config, sandbox=True, fill=fill, clock=clock, entropy=entropy)
        asyncio.run(_pictures(config, clock, entropy))


if __name__ == "__main__":
    main()

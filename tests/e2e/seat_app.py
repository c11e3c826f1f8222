"""The application on a store, with a clock that a file puts forward: `seat_app.py STORE CONFIG FILE USER`."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

from dropcopy_tui.clock import Clock
from screens.terminal.guard import prepare, quick_start


class MovedClock(Clock):
    """As many seconds ahead as the file says."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=float(self._file.read_text() or 0))


def main(store: str, config: str, file: str, user: str) -> int:
    """What the command line does, with another clock."""
    facts = prepare(os.environ)
    quick_start()
    from dropcopy_tui.config import load
    from screens.app import DropCopyApp

    return DropCopyApp(load(store=store, config=config), facts, user, clock=MovedClock(Path(file))).start()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

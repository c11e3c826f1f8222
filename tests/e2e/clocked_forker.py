"""The forker, whose seats have a clock that a file puts forward: `python -I clocked_forker.py FOLDER FILE`.

What runs behind sshd, the gate and the hand-over is the product as it is; only what the clock says is another time.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dropcopy_tui.clock import Clock
from dropcopy_tui.forker import run


def main(folder: str, file: str) -> None:
    """What `dropcopy ssh forker --folder FOLDER` does."""
    ahead = Path(file)

    def now(_clock: Clock) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(ahead.read_text() or 0))

    Clock.now = now  # type: ignore[method-assign]
    run(Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])

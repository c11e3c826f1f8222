"""The command line: parse, ask a service, print. Its modules are light: commands import the desk when they run."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(args: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    from dropcopy_tui.cli.exit import run

    return run(sys.argv[1:] if args is None else list(args))

"""The command line: parse, ask a service, print. Its modules are light; the desk is imported inside verbs."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(args: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit code."""
    from dropcopy_tui.cli.exit import run

    return run(sys.argv[1:] if args is None else list(args))

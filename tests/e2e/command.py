"""The `dropcopy` that the tests in a terminal run: the checkout's, or an installed one.

`DROPCOPY_COMMAND=/path/to/dropcopy make test` runs them on an installed wheel.
"""

from __future__ import annotations

import os
import shlex
import sys

DROPCOPY = shlex.split(os.environ.get("DROPCOPY_COMMAND", "")) or [sys.executable, "-m", "dropcopy_tui"]

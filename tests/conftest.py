"""For every test: the variables of whoever runs them decide nothing, and a slow machine fails nothing."""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import signal
import sys
from pathlib import Path

from hypothesis import settings

# Textual, Rich and we read these. The snapshot plugin keeps its own notes in one of Textual's.
_SCRUBBED = ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS", "LINES", "DROPCOPY_STORE", "SSH_CONNECTION")
_KEPT = "TEXTUAL_SNAPSHOT_TEMPDIR"


def _scrub() -> None:
    of_textual = [name for name in os.environ if name.startswith("TEXTUAL_") and name != _KEPT]
    for name in (*_SCRUBBED, *of_textual):
        os.environ.pop(name, None)
    if of_textual and "textual.constants" in sys.modules:
        # The snapshot plugin imports Textual before any conftest is read.
        importlib.reload(sys.modules["textual.constants"])


_scrub()
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it puts into the background so; the programs under test would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
_MEMORY = Path("/dev/shm")
if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > 2 << 30:
    # Real files, but a commit waits for no platter there: a third of the time of the suite.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
# A tenth of the time of the suite went into looking for garbage that is not there.
gc.set_threshold(100_000, 20, 100)
settings.register_profile("house", deadline=None)
settings.load_profile("house")

"""Waiting for a store that is busy: what is prepared so is neither measured nor judged."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from dropcopy_tui.domain.errors import StoreBusy

Answer = TypeVar("Answer")
# Seconds; nothing takes that long, but many may prepare at the same time, and a server that was killed comes back.
PATIENCE = 120


def patiently(do: Callable[[], Answer]) -> Answer:
    """Prepare something, however many prepare at the same time. Raises StoreBusy after two minutes."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return do()
        except StoreBusy:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)

"""Python's collector of circles, while a long list passes through."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# A page of a list makes some ten thousand objects, which are gone with it: their number is reached only by those that
# stay. By itself, Python looks for circles among all that it knows after some hundreds of new ones.
_NEW_OBJECTS = 500_000


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Look for circles rarely in the block: what was there before is not looked at, and rows make none."""
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        # In a seat that a forker began, all that was imported is frozen, and is to stay where no collector writes.
        if not frozen:
            gc.unfreeze()

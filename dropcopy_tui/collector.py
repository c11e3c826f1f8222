"""Python's collector of circles, while a long list passes through."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# A page of a list makes some ten thousand objects, which are gone with it. By itself, Python looks for circles among
# all that it knows after some hundreds of new ones.
_NEW_OBJECTS = 50_000


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Look for circles rarely in the block: what was there before is not looked at, and rows make none."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()

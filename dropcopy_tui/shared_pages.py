"""What the forker has imported stays in pages that all seats share: nothing that a seat does counts references in it.

A child of a fork shares its parent's pages until it writes to them, and Python writes to an object each time that it is
passed on, because its references are counted in it. Since Python 3.12 an object whose count has a certain value is
immortal, and its count is no longer written (PEP 683). Nothing gives that value to the objects of a program, so this
module does: it is the one place that knows how CPython keeps an object in memory.
"""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctypes import c_uint32

# `_Py_IMMORTAL_REFCNT` of 64-bit CPython 3.12 and 3.13; 3.14 takes any count from 3 << 30.
_IMMORTAL = 0xFFFF_FFFF


def keep_shared() -> bool:
    """Make all that there is immortal, where this Python can, and keep it from the collector; whether that was done.

    To be called by a process that only forks from then on: what is there now is never given back.
    """
    gc.collect()
    done = _can_be_immortal(object())
    if done:
        _make_immortal(_everything())
    gc.freeze()
    return done


def _can_be_immortal(probe: object) -> bool:
    """Whether this is a Python whose objects are kept as they are known to be here; the probe is made immortal."""
    known = sys.implementation.name == "cpython" and (3, 12) <= sys.version_info[:2] <= (3, 14)
    # A build for debugging, or without the global lock, has other fields at its start.
    plain = not hasattr(sys, "gettotalrefcount") and getattr(sys, "_is_gil_enabled", lambda: True)()
    if not (known and plain and sys.byteorder == "little" and sys.maxsize > 1 << 32):
        return False
    count = _count_of(id(probe))
    if count.value != sys.getrefcount(probe) - 1:
        return False
    count.value = _IMMORTAL
    return sys.getrefcount(probe) >= 3 << 30


def _everything() -> list[int]:
    """The address of every object that the collector knows, or that one of those refers to."""
    left, found = gc.get_objects(), set[int]()
    own = {id(left), id(found)}
    while left:
        one = left.pop()
        if id(one) not in found and id(one) not in own:
            found.add(id(one))
            left += gc.get_referents(one)
    return list(found)


def _make_immortal(places: list[int]) -> None:
    # No name is bound to an object meanwhile: its count would be written back when the name is gone.
    for place in places:
        _count_of(place).value = _IMMORTAL


def _count_of(place: int) -> c_uint32:
    """The count of the object at this address."""
    # Late: `ctypes` is not loaded where it is not needed.
    from ctypes import c_uint32

    return c_uint32.from_address(place)

"""Where the packages `screens` and `styles` are loaded from.

The repository keeps them at its top level. A wheel keeps them in this folder, so that site-packages receives one
package of ours and no other distribution can overwrite, or be overwritten by, names as common as these. Either way
they are found here, before the search path is looked at: a folder `./screens` or an entry of PYTHONPATH never takes
their place.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from os.path import dirname, isdir, join
from types import ModuleType

NAMES = ("screens", "styles")
_HERE = dirname(__file__)
PLACE = _HERE if isdir(join(_HERE, NAMES[0])) else dirname(dirname(_HERE))


class RoomFinder:
    """A finder (`sys.meta_path`) for these names only, in the one place where they belong."""

    @staticmethod
    def find_spec(
        fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The package's spec, or None for every other name."""
        return PathFinder.find_spec(fullname, [PLACE]) if fullname in NAMES else None


def install() -> None:
    """Put the finder before all others. Raises ImportError where another package already has one of the names."""
    for name in NAMES:
        loaded = sys.modules.get(name)
        if loaded is not None and list(loaded.__path__) != [join(PLACE, name)]:
            raise ImportError(f"Another package named {name!r} is already loaded, from {loaded.__path__}.")
    if RoomFinder not in sys.meta_path:
        sys.meta_path.insert(0, RoomFinder)

"""The floors of the house, seen from a fresh interpreter: what an import loads, and what it must not."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from importlib.util import find_spec

import pytest

import dropcopy_tui

_PROGRAM = """
import importlib, sys
for name in sys.argv[1].split(","):
    importlib.import_module(name)
print("\\n".join(sorted(sys.modules)))
"""


def modules_of(package: str) -> list[str]:
    """Every module of the package, found without importing it."""
    spec = find_spec(package)
    assert spec is not None
    places = list(spec.submodule_search_locations or ())
    found = [module.name for module in pkgutil.walk_packages(places, f"{package}.")]
    return [package, *found]


def loaded_by(names: list[str]) -> set[str]:
    """The top-level packages and modules that are loaded after importing these."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, ",".join(names)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("package", "least", "unwanted"),
    [
        (
            "dropcopy_tui.domain",
            10,
            {"textual", "rich", "sqlalchemy", "sqlmodel", "sqlite3", "pydantic", "click", "cryptography"},
        ),
        ("dropcopy_tui.services", 1, {"textual", "rich", "click"}),
        ("dropcopy_tui.store", 1, {"textual", "rich", "click", "dropcopy_tui.services"}),
    ],
)
def test_a_floor_loads_nothing_from_above(package: str, least: int, unwanted: set[str]) -> None:
    names = [name for name in modules_of(package) if ".migrations" not in name]
    assert len(names) >= least
    assert unwanted & loaded_by(names) == set()


def test_holidays_are_loaded_only_when_a_day_is_asked_for() -> None:
    assert "holidays" not in loaded_by(modules_of("dropcopy_tui.domain"))


def test_the_package_itself_loads_no_floor() -> None:
    loaded = loaded_by([dropcopy_tui.__name__])
    assert {name for name in loaded if name.startswith("dropcopy_tui.")} == {"dropcopy_tui._rooms"}

"""The floors of the house, seen from a fresh interpreter: what an import loads, and what it must not."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import dropcopy_tui
import screens

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


def unexplained(path: Path) -> list[str]:
    """The imports inside functions of a module that no comment above them explains."""
    lines = path.read_text().splitlines()
    found = []
    for function in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            late = [node for node in function.body if isinstance(node, ast.Import | ast.ImportFrom)]
            late += [node for block in function.body if isinstance(block, ast.Try | ast.If | ast.With)
                     for node in block.body if isinstance(node, ast.Import | ast.ImportFrom)]  # fmt: skip
            if late and "# Late for the sake of start-up" not in lines[late[0].lineno - 2]:
                found.append(f"{path.name}:{late[0].lineno}")
    return found


def test_imports_inside_the_functions_of_screens_are_for_start_up_and_say_so() -> None:
    """Never to hide a circle: the contracts of import-linter see those all the same."""
    room = Path(screens.__file__).parent
    # The map of routes says it once, in its first lines: it is made of such imports.
    files = [path for path in room.rglob("*.py") if path.name != "routes.py"]
    assert len(files) > 80
    assert [place for path in files for place in unexplained(path)] == []
    assert len(unexplained(room / "routes.py")) >= 15, "the test sees late imports"


def test_the_first_paint_loads_no_screen_but_home_and_no_database() -> None:
    loaded = loaded_by(["screens.app"])
    assert "screens.home" in loaded
    rooms = ("groups", "keys", "requests", "people", "checks", "wizard", "modals")
    assert not {name for name in loaded if name.startswith(tuple(f"screens.{room}" for room in rooms))}
    assert not loaded & {
        "sqlalchemy",
        "sqlmodel",
        "sqlite3",
        "dropcopy_tui.services",
        "screens.lists",
        "screens.palette",
    }


def test_no_two_classes_have_the_same_name() -> None:
    """A reader who meets a name knows the class, and a search finds one place."""
    homes: dict[str, list[str]] = {}
    for package in (dropcopy_tui, screens):
        for path in sorted(Path(package.__path__[0]).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ClassDef):
                    homes.setdefault(node.name, []).append(str(path.relative_to(path.parents[2])))
    assert len(homes) > 200
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}

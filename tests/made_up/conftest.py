"""The stores and people of the other tests."""

from __future__ import annotations

from tests.cli.conftest import cli, operator, sample_store, sandbox
from tests.screens.conftest import _unprepared, place, sample_folder
from tests.services.conftest import empty_store, first_world, world

__all__ = [
    "_unprepared",
    "cli",
    "empty_store",
    "first_world",
    "operator",
    "place",
    "sample_folder",
    "sample_store",
    "sandbox",
    "world",
]

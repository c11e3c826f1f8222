"""Somebody who has the store's file, and not its master key, rewrites the audit trail: every way of it is named.

`python -m tests.trust tampers` makes a thousand attempts.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trust.rows import Share
from tests.trust.tampers import attempt

pytestmark = pytest.mark.sqlite_only("they write to the file itself")


def test_every_tamper_is_found_and_the_first_bad_event_named(tmp_path: Path) -> None:
    tally = attempt(Share(100, 1, tmp_path))
    assert (tally.trials, tally.told) == (100, [])

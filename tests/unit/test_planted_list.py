"""The list of planted bugs is about the code as it is now."""

from __future__ import annotations

import pytest

from tests.planted.__main__ import ROOT
from tests.planted.bugs import BUGS, Bug


def test_each_has_a_name_of_its_own() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 60


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_the_line_is_there_once_and_so_are_the_tests(bug: Bug) -> None:
    assert (ROOT / bug.file).read_text().count(bug.old) == 1
    assert bug.old != bug.new
    assert [name for name in bug.tests.split() if not (ROOT / name).exists()] == []

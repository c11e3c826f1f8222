"""Dates as people read them: the same on every machine, whatever its locale."""

from __future__ import annotations

import ast
import locale
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dropcopy_tui.domain.dates import column_moment, date_words, moment_words, month_name
from dropcopy_tui.domain.keypairs import market_date
from dropcopy_tui.domain.market_close import MarketHours
from screens.wording import utc

ROOT = Path(__file__).parents[2]
# The names of days and months, AM and PM, and the whole forms of a locale.
_LOCALE_BOUND = re.compile(r"%[-_^#]?[aAbBchprxX]")
MOMENT = datetime(2026, 12, 5, 7, 3, 9, tzinfo=UTC)


def test_a_moment_names_its_zone() -> None:
    assert moment_words(MOMENT) == "5 Dec 2026 07:03 UTC"
    there = datetime(2026, 12, 15, 17, 30, tzinfo=ZoneInfo("America/New_York"))
    assert moment_words(there, "ET") == "15 Dec 2026 17:30 ET"


def test_a_date_is_as_long_as_its_place_needs() -> None:
    day = date(2026, 12, 5)
    assert date_words(day) == "5 Dec 2026"
    assert date_words(day, weekday=True) == "Sat 5 Dec 2026"
    assert date_words(day, weekday=True, year=False) == "Sat 5 Dec"
    assert date_words(MOMENT, year=False) == "5 Dec"


def test_moments_of_a_column_are_equally_long() -> None:
    assert column_moment(MOMENT) == " 5 Dec 2026 07:03"
    assert column_moment(MOMENT, seconds=True) == " 5 Dec 2026 07:03:09"
    assert column_moment(MOMENT, year=False) == " 5 Dec 07:03"
    assert column_moment(MOMENT, clock=False) == " 5 Dec 2026"


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_has_its_english_name(month: int) -> None:
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    assert month_name(month) == names[month - 1]
    assert date_words(date(2026, month, 1)) == f"1 {names[month - 1]} 2026"


def test_a_week_has_its_english_days() -> None:
    days = [date_words(date(2026, 11, day), weekday=True)[:3] for day in range(16, 23)]
    assert days == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


class German(datetime):
    """A moment on a machine with a German locale: most machines that test have none installed."""

    def strftime(self, form: str) -> str:
        return super().strftime(form.replace("%b", "Dez").replace("%a", "Sa"))

    def __format__(self, form: str) -> str:
        return self.strftime(form) if form else str(self)


@pytest.fixture(params=["C", "de_DE.UTF-8", "de_AT.UTF-8"])
def _locale(request: pytest.FixtureRequest) -> Iterator[None]:
    """A locale of the machine, where it is installed."""
    before = locale.setlocale(locale.LC_TIME)
    with suppress(locale.Error):
        locale.setlocale(locale.LC_TIME, request.param)
    yield
    locale.setlocale(locale.LC_TIME, before)


@pytest.mark.usefixtures("_locale")
def test_a_german_locale_changes_nothing() -> None:
    moment = German(2026, 12, 5, 7, 3, 9, tzinfo=UTC)
    assert f"{moment:%a %d %b}" == "Sa 05 Dez"
    assert moment_words(moment) == "5 Dec 2026 07:03 UTC"
    assert date_words(moment, weekday=True) == "Sat 5 Dec 2026"
    assert column_moment(moment, seconds=True) == " 5 Dec 2026 07:03:09"
    assert market_date(MarketHours("America/New_York", time(17, 30), "US"), moment) == "5 Dec 2026 02:03 ET"
    assert utc(moment) == "5 Dec 2026 07:03 UTC"


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every string of a module with its line, those of format specifications and docstrings too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def test_no_code_asks_the_locale_for_a_name() -> None:
    modules = [path for package in ("dropcopy_tui", "screens", "styles") for path in (ROOT / package).rglob("*.py")]
    assert len(modules) > 200
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in modules
        for line, text in texts(path)
        if _LOCALE_BOUND.search(text)
    ]
    assert found == [], "write dates with dropcopy_tui.domain.dates"


@pytest.mark.parametrize("spec", ["f'{x:%d %b %Y}'", "x.strftime('%A')", "f'{x:%I %p}'", "'%-B'", "f'{x:%x}'"])
def test_the_search_sees_what_it_looks_for(spec: str, tmp_path: Path) -> None:
    module = tmp_path / "planted.py"
    module.write_text(f"y = {spec}\n")
    assert any(_LOCALE_BOUND.search(text) for _, text in texts(module))


def test_the_months_are_listed_once() -> None:
    listed = [
        str(path.relative_to(ROOT))
        for package in ("dropcopy_tui", "screens")
        for path in (ROOT / package).rglob("*.py")
        if {"Jan", "Feb", "Nov"} <= {text for _, text in texts(path)}
    ]
    assert listed == ["dropcopy_tui/domain/dates.py"]

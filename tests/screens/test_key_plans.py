"""A Generate Key plan of many sessions: grouped by outcome, and Enter continues wherever the focus is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from dropcopy_tui.domain.keypairs import KeyPair, Plan, plan_generation
from dropcopy_tui.domain.market_close import hours_of
from dropcopy_tui.domain.markets import market_named
from screens.keys.plans import Planned
from screens.modals.file import FileModal
from tests.screens.conftest import Place
from tests.screens.seat import seated

NOW = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)
US = market_named("brokertec_us")


def plan(number: int, *ages: int) -> Plan:
    """The plan of a session with pairs of these ages in days."""
    name = f"S{number:03d}"[-3:]
    pairs = []
    for key, age in enumerate(ages):
        made = NOW - timedelta(days=age)
        pairs.append(KeyPair(f"Key{number:09d}{key:08d}", name, made, made + timedelta(days=365), zone=US.zone))
    return plan_generation(name, pairs, hours_of(US), NOW)


def many() -> Planned:
    plans = [*(plan(number) for number in range(250)), *(plan(number, 30) for number in range(250, 500))]
    return Planned(tuple(plans), tuple(range(500)), {})


def test_500_plans_are_grouped_by_outcome() -> None:
    lines = many().text.splitlines()
    assert lines[0] == "500 new key pairs, 250 current key pairs expire sooner, 0 deleted immediately:"
    assert lines[2].startswith("250 sessions: each gets its first key pair. The new one is valid until 26 Nov 2027")
    assert lines[3] == "   000, 001, 002, 003, 004, 005, 006, 007 and 242 more"
    assert lines[4].startswith("250 sessions: each gets a second key pair; the current one")
    assert "24 Dec 2026" in lines[4]
    assert len(lines) == 6


def test_a_few_plans_are_told_one_by_one() -> None:
    few = Planned(tuple(many().plans[:3]), (0, 1, 2), {})
    assert [line[:3] for line in few.text.splitlines()] == ["000", "001", "002"]


async def test_enter_continues_wherever_the_focus_is(place: Place, tmp_path: Path) -> None:
    got: list[Path | None] = []
    async with seated(place.app()) as seat:
        for tabs in range(3):
            text = "\n".join(f"line {number}" for number in range(100))
            seat.app.push_screen(FileModal("Generate Key", text, tmp_path / f"keys-{tabs}.txt"), got.append)
            await seat.settle()
            await seat.press(*["tab"] * tabs, "enter")
    assert got == [tmp_path / f"keys-{tabs}.txt" for tabs in range(3)]

"""Large sets: they say how far they are, are written early, and leave nothing when they are cancelled."""

from __future__ import annotations

import hashlib
from collections import defaultdict

import pytest
from sqlalchemy import text

from dropcopy_tui.domain.errors import Interrupted
from dropcopy_tui.domain.pages import Selection
from dropcopy_tui.domain.work import Work
from dropcopy_tui.services import source_sets
from dropcopy_tui.services.base import Resources
from dropcopy_tui.services.groups.drafts import Drafts
from dropcopy_tui.store import bulk, counts
from tests.services.conftest import World
from tests.services.factories import add_sender_comps, one

EVERYTHING = Selection(everything=True)


@pytest.fixture
def many(world: World, monkeypatch: pytest.MonkeyPatch) -> int:
    """A draft of a world in which more than a few are many, and pages wait in memory up to 20 kB; its number."""
    monkeypatch.setattr(counts, "FEW", 5)
    monkeypatch.setattr(bulk, "_SETS_KB", 20)
    add_sender_comps(world.resources, "ACME", 3_000, gfid="ZZ999")
    return Drafts(world.resources).start(world.operator, "brokertec_us", "ACME").id


def test_the_bar_of_a_set_has_its_size(world: World, many: int) -> None:
    drafts, work = Drafts(world.resources), Work()
    with work.doing():
        added = drafts.add(world.operator, many, EVERYTHING).sources
    assert added >= 3_000
    assert work.total >= added
    assert work.what == "Adding SenderComps"
    again = Work()
    with again.doing():
        drafts.remove(world.operator, many, EVERYTHING)
    assert (again.what, again.total) == ("Removing SenderComps", added)


@pytest.mark.sqlite_only("a server does not tell how far a statement is")
def test_a_cancelled_set_that_was_written_early_is_as_it_was(world: World, many: int) -> None:
    drafts = Drafts(world.resources)
    work = Work(lambda: work.cancel() if work.done else None)
    with pytest.raises(Interrupted), work.doing():
        drafts.add(world.operator, many, EVERYTHING)
    assert one(world.resources, f"SELECT count(*) FROM draft_source WHERE draft_id = {many}") == 0
    assert drafts.add(world.operator, many, EVERYTHING).sources >= 3_000


@pytest.mark.sqlite_only("a setting of SQLite")
def test_only_the_transaction_of_a_large_set_is_written_early(world: World, many: int) -> None:
    store = world.resources.store

    def limits() -> list[object]:
        with store.read() as tx:
            pragmas = ("cache_spill", "cache_size")
            return [tx.connection().exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas]

    before = limits()
    with store.write() as tx:
        bulk.spill_early(tx)
        assert tx.connection().exec_driver_sql("PRAGMA cache_size").scalar_one() == -20
    assert limits() == before


@pytest.mark.parametrize("part", [1, 2, 3, 7, 8, 50])
def test_the_digest_of_a_set_is_that_of_its_numbers(
    sample: Resources, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    """Part by part, whatever is left for the last one; `;` stands behind each."""
    monkeypatch.setattr(source_sets, "_STRUNG", part)
    rows = "SELECT group_id, sender_comp_pk FROM group_source ORDER BY group_id, sender_comp_id"
    members = defaultdict[int, list[str]](list)
    with sample.store.read() as tx:
        for group, number in tx.execute(text(rows)):
            members[group].append(str(number))
        assert {len(numbers) % 7 for numbers in members.values()} > {0}
        for group, numbers in members.items():
            said = "".join(f"{','.join(numbers[at : at + part])};" for at in range(0, len(numbers), part))
            wanted = hashlib.sha256(said.encode()).hexdigest()
            assert source_sets.set_digest(tx, source_sets.of_group(group)) == wanted
        nothing = source_sets.set_digest(tx, source_sets.of_group(999_999))
    assert nothing == hashlib.sha256().hexdigest()

"""The search as a person types: an index that finds exactly what reading every row would find."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlmodel import col

from dropcopy_tui.domain.pages import PageRequest
from dropcopy_tui.store import search
from dropcopy_tui.store.engine import Store
from dropcopy_tui.store.paging import Listing, fetch
from dropcopy_tui.store.search import SenderCompSearch, index_new
from dropcopy_tui.store.tables import EntityRow, SenderCompRow
from tests.stores import new_store

# Few letters, so that words are found in the Session ID, in the GFID and across both.
_PARTS = ["".join(letters) for letters in product("AB1", repeat=3)]
FIRMS = ["A1B", "BBAA1", "BAB"]
NAMES = [f"{session}{gfid}P" for session, gfid in product(_PARTS, FIRMS)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Half of the SenderComps are in the index, half came after it."""
    store = Store(new_store(tmp_path_factory.mktemp("search") / "store.db"))
    mixed = Random(3).sample(NAMES, len(NAMES))
    with store.write() as tx:
        tx.add(EntityRow(id=1, code="ACME", name="Acme"))
        tx.flush()
        for number, name in enumerate(mixed):
            if number == len(mixed) // 2:
                index_new(tx)
            parts = {"session_id": name[:3], "gfid": name[3:-1], "fti": "P"}
            row = {"entity_id": 1, "market": "globex", "sender_comp_id": name, "gateway": "cgw"}
            tx.execute(insert(SenderCompRow), [row | parts])
    yield store
    store.close()


def listing() -> Listing:
    name = col(SenderCompRow.sender_comp_id)
    return Listing(select(name), {"name": name}, col(SenderCompRow.id), (searched(),))


def searched() -> SenderCompSearch:
    return SenderCompSearch(col(SenderCompRow.sender_comp_id), col(SenderCompRow.gfid), lambda _tx: FIRMS)


def matches(name: str, word: str) -> bool:
    """A short word is looked for at the start of the SenderCompID and of its Globex Firm."""
    return word in name if len(word) > 2 else name.startswith(word) or name[3:].startswith(word)


def found(store: Store, match: str) -> tuple[list[str], int]:
    with store.read() as tx:
        page = fetch(tx, listing(), PageRequest(match, limit=1_000), lambda row: str(row[0]))
    return list(page.rows), page.total


@given(words=st.lists(st.text("ABab1Pp", min_size=1, max_size=7), min_size=1, max_size=3))
def test_what_reading_every_row_finds(store: Store, words: list[str]) -> None:
    expected = sorted(name for name in NAMES if all(matches(name, word.upper()) for word in words))
    assert found(store, " ".join(words)) == (expected, len(expected))


@pytest.mark.parametrize("match", ['A1B" OR "AB', "A1B*", "a-b", "'; DROP", "ÄBC", "ABC\x00", "^ABA", "NEAR(ABA)"])
def test_what_is_no_part_of_a_name_finds_nothing(store: Store, match: str) -> None:
    assert found(store, match) == ([], 0)


def test_many_matches_are_read_in_the_order_of_the_list(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with_index = found(store, "A1B")
    monkeypatch.setattr(search, "_FEW", 3)
    assert len(with_index[0]) > 3
    assert found(store, "A1B") == with_index


def test_few_matches_are_read_by_name(store: Store) -> None:
    """Not by walking the list: the index is asked for the words that have three characters."""
    with store.read() as tx:
        assert searched().few(tx, ["AA"]) is None
        found = searched().few(tx, ["AB1", "BBAA1"])
        assert found == [name for name in NAMES if "AB1" in name and "BBAA1" in name]


@pytest.mark.sqlite_only("PostgreSQL keeps its index of pieces itself")
def test_the_index_is_whole(store: Store) -> None:
    with store.write() as tx:
        index_new(tx)
        index_new(tx)
        connection = tx.connection()
        connection.exec_driver_sql("INSERT INTO sender_comp_search (sender_comp_search) VALUES ('integrity-check')")
        mark = connection.exec_driver_sql("SELECT up_to FROM sender_comp_mark").scalar_one()
    assert mark == len(NAMES)

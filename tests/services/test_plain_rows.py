"""Plain rows say what the objects say, and are refused as they are."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from dropcopy_tui.domain.errors import RowAltered
from dropcopy_tui.services.base import Resources
from dropcopy_tui.store.plain_rows import PlainRows
from dropcopy_tui.store.row_proofs import PROVEN
from dropcopy_tui.store.tables import METADATA, KeyPairRow, PersonRow, SessionRow

TABLES = {"session": SessionRow, "person": PersonRow, "key_pair": KeyPairRow}


@pytest.mark.parametrize("table", TABLES)
def test_a_plain_row_has_the_values_of_its_object(sample: Resources, table: str) -> None:
    plain = PlainRows(table)
    with sample.store.read() as tx:
        found = plain.read(tx, tx.execute(select(*plain.columns)).all())
        objects = tx.execute(select(TABLES[table])).scalars().all()
        names = [column.name for column in METADATA.tables[table].columns]
        assert len(found) == len(objects) > 0
        there = {row.id: [getattr(row, name) for name in names] for row in objects}
        assert {row.id: [getattr(row, name) for name in names] for row in found} == there


@pytest.mark.parametrize("table", TABLES)
def test_every_row_of_a_join_is_checked(sample: Resources, table: str) -> None:
    """Also the second of two that stand beside each other, and whatever stands before it in the same line."""
    plain = PlainRows(table)
    with sample.store.write() as tx:
        number = tx.execute(text(f"SELECT max(id) FROM {table}")).scalar_one()
        tx.connection().execute(
            text(f"UPDATE {table} SET created_at = '2020-01-01 00:00:00.000000' WHERE id = {number}")
        )
    with sample.store.read() as tx:
        there = METADATA.tables[table]
        rows = tx.execute(select(there.c.id, *plain.columns).order_by(there.c.id)).all()
        good = [row for row in rows if row[0] != number]
        assert len(plain.read(tx, [*good, *good[-1:]], 1)) == len(good) + 1
        with pytest.raises(RowAltered, match=f"The {PROVEN[table].noun} .* was changed from outside the desk"):
            plain.read(tx, rows, 1)

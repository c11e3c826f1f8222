"""Makes a sandbox store with 100,000 SenderComps at one entity: `python -m tests.bench.fill PATH`."""

from __future__ import annotations

import sys
from itertools import islice, product

from sqlalchemy import insert

from dropcopy_tui.config import load
from dropcopy_tui.domain.markets import Gateway
from dropcopy_tui.domain.people import Role
from dropcopy_tui.domain.sessions import ALPHABET
from dropcopy_tui.new_store import make_store
from dropcopy_tui.services.base import Resources, key_of
from dropcopy_tui.store.tables import DraftRow, EntitlementRow, EntityRow, PersonRow, SenderCompRow
from tests.bench.place import DRAFT, ENTITY, MARKET, PERSON, ROWS

FIRMS = ("BENCA", "BENCB", "BENCC")


def fill(resources: Resources) -> None:
    """An entity with its SenderComps, a person, and a draft that is at the step of the SenderComps."""
    with resources.store.write() as session:
        entity = EntityRow(code=ENTITY, name="BENCH SECURITIES LLC")
        now = resources.clock.now()
        person = PersonRow(user_id=PERSON, name="Bench operator", email="bench@firm.example", created_at=now)
        session.add_all([entity, person])
        session.flush()
        place, who = key_of(entity.id), key_of(person.id)
        for role in (Role.FULL_ACCESS, Role.KEY_MANAGEMENT):
            session.add(EntitlementRow(person_id=who, role=role.value, entity_id=place))
        session.add(DraftRow(person_id=who, market=MARKET, entity_id=place, name=DRAFT, step=5, updated_at=now))
        names = product(map("".join, product(sorted(ALPHABET), repeat=3)), FIRMS)
        rows = [_sender_comp(place, *name) for name in islice(names, ROWS)]
        session.execute(insert(SenderCompRow), rows)


def _sender_comp(entity: int, session_id: str, gfid: str) -> dict[str, object]:
    return {
        "entity_id": entity,
        "market": MARKET,
        "sender_comp_id": f"{session_id}{gfid}P",
        "session_id": session_id,
        "gfid": gfid,
        "fti": "P",
        "gateway": Gateway.CGW.value,
    }


if __name__ == "__main__":
    make_store(load(store=sys.argv[1]), sandbox=True, fill=fill)

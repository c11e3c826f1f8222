"""Makes a sandbox store with SenderComps at one entity: `python -m tests.bench.fill PATH [--rows 1000000]`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice, product
from string import ascii_uppercase

from sqlalchemy import insert

from dropcopy_tui.config import load
from dropcopy_tui.domain.markets import Gateway
from dropcopy_tui.domain.people import Role
from dropcopy_tui.domain.sessions import ALPHABET
from dropcopy_tui.new_store import make_store
from dropcopy_tui.services.base import Resources, key_of
from dropcopy_tui.store.tables import DraftRow, EntitlementRow, EntityRow, PersonRow, SenderCompRow
from tests.bench.filling import parser
from tests.bench.place import AUDITOR, DRAFT, ENTITY, MARKET, PERSON, ROWS

# So many rows go into one statement: a million never wait in memory.
_CHUNK = 50_000
_A_FIRM = len(ALPHABET) ** 3


def fill(resources: Resources, rows: int = ROWS) -> None:
    """An entity with its SenderComps, a person, and a draft that is at the step of the SenderComps."""
    with resources.store.write() as session:
        entity = EntityRow(code=ENTITY, name="BENCH SECURITIES LLC")
        now = resources.clock.now()
        person = PersonRow(user_id=PERSON, name="Bench operator", email="bench@firm.example", created_at=now)
        auditor = PersonRow(user_id=AUDITOR, name="Bench auditor", email="auditor@firm.example", created_at=now)
        session.add_all([entity, person, auditor])
        session.flush()
        place, who = key_of(entity.id), key_of(person.id)
        for role in (Role.FULL_ACCESS, Role.KEY_MANAGEMENT):
            session.add(EntitlementRow(person_id=who, role=role.value, entity_id=place))
        session.add(EntitlementRow(person_id=key_of(auditor.id), role=Role.AUDITOR.value))
        session.add(DraftRow(person_id=who, market=MARKET, entity_id=place, name=DRAFT, step=5, updated_at=now))
        made = (_sender_comp(place, *name) for name in islice(_names(rows), rows))
        while chunk := list(islice(made, _CHUNK)):
            session.execute(insert(SenderCompRow), chunk)


def _names(rows: int) -> Iterator[tuple[str, str]]:
    """Session IDs and GFIDs in the order of SenderCompIDs, of three firms at least."""
    firms = [f"BEN{first}{last}" for first, last in product("CDE", ascii_uppercase)]
    wanted = max(3, -(-rows // _A_FIRM))
    return product(map("".join, product(sorted(ALPHABET), repeat=3)), firms[:wanted])


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
    wanted = parser("fill", __doc__)
    wanted.add_argument("--rows", type=int, default=ROWS, metavar="N", help=f"how many SenderComps ({ROWS})")
    asked = wanted.parse_args()
    make_store(load(store=asked.store), sandbox=True, fill=partial(fill, rows=asked.rows))

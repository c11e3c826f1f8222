"""Makes a sandbox store with 10,000 sessions and 15,000 key pairs, as many people, and messages to them.

Run as `python -m tests.bench.fill_sessions PATH`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, product

from sqlalchemy import insert, text

from dropcopy_tui.config import load
from dropcopy_tui.domain.people import Role
from dropcopy_tui.domain.sessions import ALPHABET
from dropcopy_tui.new_store import make_store
from dropcopy_tui.services.base import Resources, key_of
from dropcopy_tui.store.proofs import prove_all
from dropcopy_tui.store.row_proofs import Prover
from dropcopy_tui.store.tables import METADATA, EntitlementRow, EntityRow, PersonRow
from tests.bench.filling import parser
from tests.bench.place import (
    ENTITY,
    KEEP_STOPS,
    KEY_SESSIONS,
    MARKET,
    MESSAGES,
    OPERATIONS,
    PEOPLE,
    PERSON,
    SOONEST,
)

_YEAR = timedelta(days=365)
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :last)"
_PEOPLE = f"""{_NUMBERS} INSERT INTO person (user_id, name, email, mobile, failed_tries, disabled, created_at)
    SELECT printf('bench-%06d', i), 'Bench person ' || i, printf('bench-%06d@firm.example', i), '', 0, 0, :now FROM n"""
_ROLES = """INSERT INTO entitlement (person_id, role, entity_id)
    SELECT id, 'full_access', :entity FROM person WHERE user_id LIKE 'bench-0%'"""
_MESSAGES = f"""{_NUMBERS} INSERT INTO outbox (channel, recipient, subject, body, state, created_at, attempts, error)
    SELECT 'email', printf('bench-%06d@firm.example', i % 10000), 'Request ' || i || ' was completed',
    'Your request was completed. Nothing is left to do.', 'sent', :now, 1, '' FROM n"""


def fill(resources: Resources) -> None:
    """An entity with its sessions; SOONEST stops before all others, every second one has two pairs."""
    now = resources.clock.now()
    with resources.store.write() as session:
        entity = EntityRow(code=ENTITY, name="BENCH SECURITIES LLC")
        person = PersonRow(user_id=PERSON, name="Bench operator", email="bench@firm.example", created_at=now)
        operator = PersonRow(user_id=OPERATIONS, name="Bench desk", email="desk@firm.example", created_at=now)
        session.add_all([entity, person, operator])
        session.flush()
        place, who = key_of(entity.id), key_of(person.id)
        for role in (Role.FULL_ACCESS, Role.KEY_MANAGEMENT):
            session.add(EntitlementRow(person_id=who, role=role.value, entity_id=place))
        session.add(EntitlementRow(person_id=key_of(operator.id), role=Role.OPERATIONS.value))
        session.flush()
        names = [SOONEST, *islice(map("".join, product(sorted(ALPHABET), repeat=3)), KEY_SESSIONS - 1)]
        common = {"entity_id": place, "market": MARKET, "kind": "order_entry", "gateway": "msgw", "status": "active"}
        rows = [{**common, "id": n + 1, "session_id": name, "created_at": now} for n, name in enumerate(names)]
        session.execute(insert(METADATA.tables["session"]), rows)
        session.execute(insert(METADATA.tables["key_pair"]), list(_pairs(who, now)))
        session.execute(text(KEEP_STOPS))
        at = f"{now:%Y-%m-%d %H:%M:%S.%f}"
        session.execute(text(_PEOPLE), {"last": PEOPLE, "now": at})
        session.execute(text(_ROLES), {"entity": place})
        session.execute(text(_MESSAGES), {"last": MESSAGES, "now": at})
        # Written past the desk: the rows that grant power get their proof here.
        prove_all(session, Prover(resources.vault))


def _pairs(who: int, now: datetime) -> Iterator[dict[str, object]]:
    for number in range(KEY_SESSIONS):
        ends = now + timedelta(days=1 if number == 0 else 30 + number * 37 % 320, minutes=number % 600)
        yield _pair(number, 1, who, ends)
        if number % 2:
            yield _pair(number, 2, who, ends + timedelta(days=10))


def _pair(number: int, slot: int, who: int, ends: datetime) -> dict[str, object]:
    return {
        "session_pk": number + 1,
        "access_key_id": f"Bench{number:014d}{slot}",
        "slot": slot,
        "created_at": ends - _YEAR,
        "expires_at": ends,
        "created_by": who,
    }


if __name__ == "__main__":
    asked = parser("fill_sessions", __doc__).parse_args()
    make_store(load(store=asked.store), sandbox=True, fill=fill)

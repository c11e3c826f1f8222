"""Makes a sandbox store with 100,000 sessions, each with a key pair that ends in three weeks.

Run as `python -m tests.bench.fill_keys PATH`.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from dropcopy_tui.config import load
from dropcopy_tui.domain.keypairs import grace_expiry
from dropcopy_tui.domain.market_close import hours_of
from dropcopy_tui.domain.markets import MARKETS
from dropcopy_tui.domain.people import Role
from dropcopy_tui.new_store import make_store
from dropcopy_tui.services.base import Resources, key_of
from dropcopy_tui.store.proofs import prove_all
from dropcopy_tui.store.row_proofs import Prover
from dropcopy_tui.store.tables import EntitlementRow, EntityRow, PersonRow
from tests.bench.filling import parser
from tests.bench.place import KEEP_STOPS

KEEPER, KEYS = "keeper", 100_000
_LETTERS = "'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'"
_NAME = " || ".join(f"substr({_LETTERS}, 1 + (i / {36**power}) % 36, 1)" for power in (2, 1, 0))
_SESSIONS = f"""WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :last)
    INSERT INTO session (entity_id, market, session_id, kind, gateway, status, created_at)
    SELECT :entity, :market, {_NAME}, 'order_entry', 'msgw', 'active', :made FROM n"""
_PAIRS = """INSERT INTO key_pair (session_pk, access_key_id, slot, created_at, expires_at, created_by, sealed_secret)
    SELECT id, printf('%020d', id), 1, :made, :ends, :by, randomblob(60) FROM session"""


def fill(resources: Resources) -> None:
    """Everything, in one transaction."""
    now = resources.clock.now()
    ends = grace_expiry(hours_of(MARKETS["brokertec_us"]), now - timedelta(days=7))
    made = now - timedelta(days=340)
    with resources.store.write() as session:
        entity = EntityRow(code="BENCH", name="BENCH LLC")
        keeper = PersonRow(
            user_id=KEEPER, name="Keeper", email="keeper@bench.example", mobile="+1 202 555 0100", created_at=now
        )
        session.add_all([entity, keeper])
        session.flush()
        roles = (Role.KEY_MANAGEMENT, Role.ADMINISTRATIVE_MANAGER, Role.OPERATIONS)
        for role in roles:
            place = None if role.desk_wide else entity.id
            session.add(EntitlementRow(person_id=key_of(keeper.id), role=role.value, entity_id=place))
        share = -(-KEYS // len(MARKETS))
        for number, market in enumerate(MARKETS.values()):
            last = min(share, KEYS - number * share) - 1
            values = {"entity": entity.id, "market": market.code, "made": _stored(made), "last": last}
            session.execute(text(_SESSIONS), values)
        session.execute(text(_PAIRS), {"made": _stored(made), "ends": _stored(ends), "by": keeper.id})
        session.execute(text(KEEP_STOPS))
        # Written past the desk: the rows that grant power get their proof here.
        prove_all(session, Prover(resources.vault))


def _stored(moment: object) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


if __name__ == "__main__":
    asked = parser("fill_keys", __doc__).parse_args()
    make_store(load(store=asked.store), sandbox=True, fill=fill)

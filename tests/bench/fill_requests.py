"""Makes a sandbox store with 100,000 requests, 1,000 groups and an edit of a million SenderComps.

Run as `python -m tests.bench.fill_requests PATH`. The group copies the first two thirds of the SenderComps, the
draft that edits it the last two thirds: half a million are added, half a million removed.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session

from dropcopy_tui.config import load
from dropcopy_tui.domain.people import Role
from dropcopy_tui.domain.requests import needs_of
from dropcopy_tui.new_store import make_store
from dropcopy_tui.services.base import Resources, key_of
from dropcopy_tui.services.source_sets import of_draft, of_group, set_digest
from dropcopy_tui.store.counts import count_again
from dropcopy_tui.store.proofs import prove_all
from dropcopy_tui.store.row_proofs import Prover
from dropcopy_tui.store.tables import (
    DraftRow,
    EntitlementRow,
    EntityRow,
    FrontEndMappingRow,
    FrontEndRow,
    GroupFilterRow,
    GroupRow,
    PersonRow,
)
from tests.bench.filling import parser
from tests.bench.place import ALL_SOURCES, APPROVER, EDITED, REQUESTER, REQUESTS

_FILTERS = ["heartbeat", "reject", "trade_fill_notice"]
_LETTERS = "'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'"
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :last)"


def _letter(expression: str) -> str:
    return f"substr({_LETTERS}, 1 + ({expression}) % 36, 1)"


_SESSION = " || ".join(_letter(f"i / {36**power}") for power in (2, 1, 0))
_FIRM = f"'G' || {_letter('i / 1679616')} || {_letter('i / 46656')}"
_SENDER_COMPS = f"""{_NUMBERS}
    INSERT INTO sender_comp (entity_id, market, sender_comp_id, session_id, gfid, fti, gateway, status)
    SELECT :entity, 'brokertec_us', session || firm || 'P', session, firm, 'P', 'msgw', 'active'
    FROM (SELECT {_SESSION} AS session, {_FIRM} AS firm FROM n)"""
_GROUPS = f"""{_NUMBERS}
    INSERT INTO drop_copy_group (entity_id, market, name, name_key, front_end_id, sources, version, created_at,
        created_by)
    SELECT :entity, 'brokertec_us', printf('G%04d', i), printf('g%04d', i), :front_end, 1, 1, :now, :by FROM n"""
_REQUESTS = f"""{_NUMBERS}
    INSERT INTO request (reference, type, status, entity_id, subject, search, asked, reasons, submitted_by,
        submitted_at, ended_at, version, entity, submitter, stage)
    SELECT printf('DC-2026-%06d', i + 1), 'create_group', CASE WHEN i % 50 = 0 THEN 'in_progress' WHEN i % 3 = 0 THEN
        'denied' ELSE 'completed' END, :entity, printf('G%04d', i % 1000),
        printf('dc-2026-%06d create group g%04d bench {REQUESTER} 2026-03-04', i + 1, i % 1000),
        '{{"market": "brokertec_us", "name": "G", "front_end": "F", "filters": [], "sources": 1}}', '[]', :by, :now,
        CASE WHEN i % 50 = 0 THEN NULL ELSE :now END, 1, 'BENCH', '{REQUESTER}', CASE WHEN i % 50 = 0 THEN
        'in_progress, awaiting BENCH' WHEN i % 3 = 0 THEN 'denied' ELSE 'completed' END FROM n"""


def fill(resources: Resources) -> None:
    """Everything, in one transaction."""
    with resources.store.write() as session:
        entity, clearer = EntityRow(code="BENCH", name="BENCH LLC"), EntityRow(code="CLEAR", name="CLEAR LLC")
        front_end = FrontEndRow(name="Ladder", version="1", vendor="V")
        now = resources.clock.now()
        people = [
            PersonRow(user_id=name, name=name, email=f"{name}@firm.example", created_at=now)
            for name in (REQUESTER, APPROVER)
        ]
        session.add_all([entity, clearer, front_end, *people])
        session.flush()
        place, by = key_of(entity.id), key_of(people[0].id)
        session.add(FrontEndMappingRow(entity_id=place, front_end_id=key_of(front_end.id)))
        session.add(EntitlementRow(person_id=by, role=Role.FULL_ACCESS.value, entity_id=place))
        manager = Role.ADMINISTRATIVE_MANAGER.value
        session.add(EntitlementRow(person_id=key_of(people[1].id), role=manager, entity_id=clearer.id))
        many = {"entity": place, "by": by, "front_end": front_end.id, "now": f"{now:%Y-%m-%d %H:%M:%S.%f}"}
        session.execute(text(_SENDER_COMPS), {"entity": place, "last": ALL_SOURCES - 1})
        session.execute(text(_GROUPS), {**many, "last": 999})
        session.execute(text(_REQUESTS), {**many, "last": REQUESTS - 1})
        # The second approval never comes: what is approved here is not set up while something else is measured.
        waits = (
            "INSERT INTO approval (request_id, entity_id) SELECT id, :firm FROM request WHERE status = 'in_progress'"
        )
        for firm in (clearer.id, place):
            session.execute(text(waits), {"firm": firm})
        needs = needs_of((key_of(clearer.id), place))
        session.execute(text("UPDATE request SET needs = :it WHERE status = 'in_progress'"), {"it": needs})
        _edit(session, place, by, key_of(front_end.id), resources)
        # Written past the desk: the rows that grant power get their proof here.
        prove_all(session, Prover(resources.vault))


def _edit(session: Session, place: int, by: int, front_end: int, resources: Resources) -> None:
    now, held = resources.clock.now(), ALL_SOURCES * 2 // 3
    shared = {"market": "brokertec_us", "entity_id": place, "name": EDITED, "front_end_id": front_end}
    group = GroupRow(**shared, name_key=EDITED.lower(), sources=held, created_at=now, created_by=by)
    session.add(group)
    session.flush()
    session.add_all(GroupFilterRow(group_id=key_of(group.id), filter=kind) for kind in _FILTERS)
    draft = DraftRow(
        **shared, person_id=by, filters=_FILTERS, group_id=group.id, base_version=1, step=6, updated_at=now
    )
    session.add(draft)
    session.flush()
    first = (
        "INSERT INTO group_source (group_id, sender_comp_id, sender_comp_pk, gfid) "
        "SELECT :group, sender_comp_id, id, gfid FROM sender_comp WHERE id <= :held"
    )
    last = (
        "INSERT INTO draft_source (draft_id, sender_comp_id, sender_comp_pk, gfid) "
        "SELECT :draft, sender_comp_id, id, gfid FROM sender_comp WHERE id > :rest"
    )
    session.execute(text(first), {"group": group.id, "held": held})
    session.execute(text(last), {"draft": draft.id, "rest": ALL_SOURCES - held})
    for chosen in (of_group(group.id), of_draft(draft)):
        count_again(session, chosen.table, chosen.counts, chosen.owner)
    group.set_digest = set_digest(session, of_group(group.id))


if __name__ == "__main__":
    asked = parser("fill_requests", __doc__).parse_args()
    make_store(load(store=asked.store), sandbox=True, fill=fill)

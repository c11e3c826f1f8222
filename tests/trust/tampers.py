"""Somebody who has the store's file, and not its master key, rewrites the audit trail or raises a role."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random
from unittest.mock import patch

from dropcopy_tui.domain.errors import NotEntitled
from dropcopy_tui.services.anchors import Anchors
from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.groups.groups import Groups
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store import chain_check
from dropcopy_tui.store.chain_check import ChainCheck
from tests.services.conftest import World, make_world
from tests.services.factories import make_resources, new_group
from tests.trust.rows import Control, Row, Share, Tally

EVENTS = 40
# After so many events an anchor was written, and the store as it was is kept.
ANCHORED = (20, 40)
KEPT = (10, 19, 20, 30)
TEXTS = ("person", "origin", "action", "subject", "entity", "digest")
COLUMNS = "at, person, origin, action, entity, subject, before, after, digest"


@dataclass(frozen=True)
class Tamper:
    """An attempt: what was done, and the first event that must be named; None where none can be."""

    what: str
    first_bad: int | None


Kind = Callable[[sqlite3.Connection, Random], Tamper]


@dataclass(frozen=True)
class Trail:
    """Forty events, with the store as it was in between, and anchors."""

    world: World
    folder: Path

    @property
    def store(self) -> Path:
        return self.world.resources.store.path

    def put_back(self, events: int = EVENTS) -> None:
        """The store as it was after so many events."""
        self.world.resources.store.close()
        shutil.copyfile(self.folder / f"after-{events}.db", self.store)

    def verified(self, *, anchored: bool = False) -> ChainCheck:
        """What `audit verify` says, or `audit verify --anchor`."""
        if not anchored:
            return Audit(self.world.resources).verify(self.world.operations)
        anchors = Anchors(self.world.resources).read(self.world.operations, self.folder / "anchors").anchors
        return Audit(self.world.resources).verify(self.world.operations, anchors)


def make_trail(folder: Path) -> Trail:
    """Forty events in this folder."""
    world = make_world(make_resources(folder / "store.db"))
    settings = replace(world.resources.settings, audit_anchor=str(folder / "anchors"))
    world = replace(world, resources=replace(world.resources, settings=settings))
    for number in range(1, EVENTS + 1):
        with writing(world.resources, world.operator) as uow:
            uow.record("person:entitled", f"person {number}", entity="ACME", after={"roles": [str(number)]})
        if number in ANCHORED:
            Anchors(world.resources).write(world.operations)
        if number in (*KEPT, EVENTS):
            world.resources.store.close()
            shutil.copyfile(world.resources.store.path, folder / f"after-{number}.db")
    return Trail(world, folder)


def edit(store: sqlite3.Connection, chance: Random) -> Tamper:
    event, column = chance.randint(1, EVENTS), chance.choice(TEXTS)
    store.execute(f"UPDATE audit_event SET {column} = coalesce({column}, '') || 'x' WHERE id = ?", (event,))
    return Tamper(f"edited {column} of {event}", event)


def edit_time(store: sqlite3.Connection, chance: Random) -> Tamper:
    event = chance.randint(1, EVENTS)
    store.execute("UPDATE audit_event SET at = '2026-03-04 15:00:00.000007' WHERE id = ?", (event,))
    return Tamper(f"edited the time of {event}", event)


def edit_facts(store: sqlite3.Connection, chance: Random) -> Tamper:
    event, column = chance.randint(1, EVENTS), chance.choice(("before", "after"))
    store.execute(f"UPDATE audit_event SET {column} = '{{\"x\": 1}}' WHERE id = ?", (event,))
    return Tamper(f"edited {column} of {event}", event)


def delete(store: sqlite3.Connection, chance: Random) -> Tamper:
    event = chance.randint(1, EVENTS)
    store.execute("DELETE FROM audit_event WHERE id = ?", (event,))
    # The one that follows is the first that is there and does not fit; of the last, it is the missing one.
    return Tamper(f"deleted {event}", min(event + 1, EVENTS))


def delete_and_close_up(store: sqlite3.Connection, chance: Random) -> Tamper:
    event = chance.randint(1, EVENTS - 1)
    store.execute("DELETE FROM audit_event WHERE id = ?", (event,))
    for later in range(event + 1, EVENTS + 1):
        store.execute("UPDATE audit_event SET id = id - 1 WHERE id = ?", (later,))
    return Tamper(f"deleted {event} and moved the others up", event)


def insert(store: sqlite3.Connection, chance: Random) -> Tamper:
    event = chance.randint(1, EVENTS + 1)
    for later in range(EVENTS, event - 1, -1):
        store.execute("UPDATE audit_event SET id = id + 1 WHERE id = ?", (later,))
    source = event - 1 if event > 1 else 3  # what was the second: a copy of the first would be the first
    store.execute(
        f"INSERT INTO audit_event (id, {COLUMNS}) SELECT ?, {COLUMNS} FROM audit_event WHERE id = ?", (event, source)
    )
    return Tamper(f"inserted {event}", event)


def swap(store: sqlite3.Connection, chance: Random) -> Tamper:
    one, other = sorted(chance.sample(range(1, EVENTS + 1), 2))
    for old, new in ((one, -1), (other, one), (-1, other)):
        store.execute("UPDATE audit_event SET id = ? WHERE id = ?", (new, old))
    return Tamper(f"exchanged {one} and {other}", one)


def renumber(store: sqlite3.Connection, chance: Random) -> Tamper:
    away = chance.randint(1, 9)
    store.execute("UPDATE audit_event SET id = id + ? WHERE id = ?", (away, EVENTS))
    return Tamper("gave the last event another number", EVENTS + away)


def cut(store: sqlite3.Connection, chance: Random) -> Tamper:
    event = chance.randint(1, EVENTS)
    store.execute("DELETE FROM audit_event WHERE id >= ?", (event,))
    return Tamper(f"cut from {event} on", event)


def cut_with_the_head(store: sqlite3.Connection, chance: Random) -> Tamper:
    """The count, the number and the digest of the seal are made to fit; the sealed key does not open with them."""
    event = chance.randint(2, EVENTS)
    store.execute("DELETE FROM audit_event WHERE id >= ?", (event,))
    store.execute(
        "UPDATE audit_head SET events = ?1, last_event = ?1, digest = (SELECT digest FROM audit_event WHERE id = ?1)",
        (event - 1,),
    )
    return Tamper(f"cut from {event} on, and the seal changed", None)


def cut_without_a_head(store: sqlite3.Connection, chance: Random) -> Tamper:
    event = chance.randint(1, EVENTS)
    store.execute("DELETE FROM audit_event WHERE id >= ?", (event,))
    store.execute("DELETE FROM audit_head")
    return Tamper(f"cut from {event} on, and the seal removed", None)


def all_gone(store: sqlite3.Connection, _chance: Random) -> Tamper:
    for table in ("audit_event", "audit_head", "audit_chain"):
        store.execute(f"DELETE FROM {table}")
    return Tamper("removed everything", None)


def recompute(store: sqlite3.Connection, chance: Random) -> Tamper:
    """As an earlier version did, or with a key of their own, from an event on that they changed."""
    event, key = chance.randint(1, EVENTS), chance.choice((None, chance.randbytes(32)))
    store.execute("UPDATE audit_event SET person = 'someone' WHERE id = ?", (event,))
    store.execute("UPDATE audit_head SET digest = ?", (recomputed(store, event, EVENTS, key),))
    return Tamper(f"recomputed from {event} on", event)


def recomputed(store: sqlite3.Connection, first: int, last: int, key: bytes | None) -> str:
    """Give these events digests of a chain of their own; the last of them."""
    previous = store.execute("SELECT digest FROM audit_event WHERE id = ?", (first - 1,)).fetchone()
    digest = str(previous[0]) if previous else "0" * 64
    asked = f"SELECT id, {COLUMNS} FROM audit_event WHERE id BETWEEN ? AND ? ORDER BY id"
    for number, at, person, origin, action, entity, subject, before, after, _ in store.execute(
        asked, (first, last)
    ).fetchall():
        moment = datetime.fromisoformat(f"{at}+00:00").isoformat(timespec="microseconds")
        said = [digest, moment, person, origin, action, entity, subject, json.loads(before), json.loads(after)]
        text = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
        digest = (hmac.digest(key, text, "sha256") if key else hashlib.sha256(text).digest()).hex()
        store.execute("UPDATE audit_event SET digest = ? WHERE id = ?", (digest, number))
    return digest


def never_sealed(store: sqlite3.Connection, _chance: Random) -> Tamper:
    """The whole trail recomputed as one of an earlier version, whose stores have no seal."""
    store.execute("DELETE FROM audit_head")
    store.execute("DELETE FROM audit_chain")
    recomputed(store, 1, EVENTS, None)
    return Tamper("passed it off as an earlier version's", None)


def change_the_chain(store: sqlite3.Connection, chance: Random) -> Tamper:
    """The trail is said to be sealed from a later event on; those before it as an earlier version did it."""
    event = chance.randint(2, EVENTS)
    previous = recomputed(store, 1, event - 1, None)
    store.execute("UPDATE audit_chain SET first_event = ?, events_before = ?, previous = ?",
                  (event, event - 1, previous))  # fmt: skip
    return Tamper(f"said that it is sealed from {event} on", event)


def exchange_the_sealed_key(store: sqlite3.Connection, chance: Random) -> Tamper:
    store.execute("UPDATE audit_head SET sealed_key = ?", (chance.randbytes(60),))
    return Tamper("exchanged the sealed key", None)


KINDS: tuple[Kind, ...] = (
    edit, edit_time, edit_facts, delete, delete_and_close_up, insert, swap, renumber, cut, cut_with_the_head,
    cut_without_a_head, all_gone, recompute, never_sealed, change_the_chain, exchange_the_sealed_key,
)  # fmt: skip


def tampered(trail: Trail, kind: Kind, chance: Random) -> str:
    """One attempt; "" where it is named, with the first event that does not fit."""
    trail.put_back()
    with closing(sqlite3.connect(trail.store)) as store, store:
        tamper = kind(store, chance)
    return _fault(tamper, trail.verified())


def rolled_back(trail: Trail, chance: Random) -> str:
    """The whole store is put back as it was."""
    events = chance.choice(KEPT)
    trail.put_back(events)
    tamper = Tamper(f"put back the store as it was after {events}", events + 1)
    return _fault(tamper, trail.verified(anchored=True))


def _fault(tamper: Tamper, found: ChainCheck) -> str:
    if not found.valid and found.why and found.first_bad == tamper.first_bad:
        return ""
    return f"{tamper.what}: {found}"


def raised(trail: Trail, chance: Random) -> str:
    """A role that was raised, or given, with SQL; "" where it gives no right."""
    trail.put_back()
    who = chance.choice((trail.world.viewer, trail.world.operations))
    role = chance.choice(("full_access", "administrative_manager"))
    with closing(sqlite3.connect(trail.store)) as store, store:
        if chance.random() < 0.5:
            first = "(SELECT min(id) FROM entitlement WHERE person_id = ?)"
            store.execute(f"UPDATE entitlement SET role = ?, entity_id = 1 WHERE id = {first}", (role, who.person_id))
        else:
            store.execute("INSERT INTO entitlement (person_id, role, entity_id, proof) SELECT ?, ?, 1, proof "
                          "FROM entitlement LIMIT 1", (who.person_id, role))  # fmt: skip
    try:
        Groups(trail.world.resources).create(who, new_group(f"N{chance.randint(0, 99)}"))
    except NotEntitled:
        return ""
    return f"{who.user_id} raised to {role} by SQL made a group"


def attempt(share: Share) -> Tally:
    """Each kind in turn, so that none is left to chance; every other choice is."""
    chance, trail, tally = Random(share.seed), make_trail(share.folder), Tally()
    for number in range(share.trials):
        turn = number % (len(KINDS) + 2)
        if turn < len(KINDS):
            tally.tried(tampered(trail, KINDS[turn], chance))
        else:
            tally.tried((rolled_back, raised)[turn - len(KINDS)](trail, chance))
    trail.put_back()
    whole = trail.verified(anchored=True)
    if whole != ChainCheck(True, EVENTS, None, "", 1, EVENTS):
        tally.tried(f"the trail as it was written does not verify: {whole}")
    return tally


def without_digests(share: Share) -> Tally:
    """The same, where every digest is taken as right."""
    with patch.object(chain_check, "sealed_digest", lambda row, _head: row.digest):
        return attempt(share)


TAMPERS = Row(
    "tampers",
    "whoever has the store and not its master key edits, deletes, inserts, exchanges, cuts, computes again or puts "
    "back nothing that `audit verify` does not name by its first event, and gains no right by a role raised with SQL",
    1_000,
    36,
    attempt,
    Control("the digest of an event is not compared", 36, without_digests),
)

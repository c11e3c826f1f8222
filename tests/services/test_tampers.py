"""Somebody who has the store's file, and not its master key, rewrites the audit trail: every way of it is named.

DROPCOPY_TAMPERS=1000 makes a thousand attempts; each is one of the kinds below, at a random place of the trail.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from dropcopy_tui.services.audit import Audit
from dropcopy_tui.services.unit_of_work import writing
from dropcopy_tui.store.chain_check import ChainCheck
from tests.services.conftest import World, make_world
from tests.services.factories import make_resources

TRIES = int(os.environ.get("DROPCOPY_TAMPERS", "100"))
EVENTS = 40
TEXTS = ("person", "origin", "action", "subject", "entity", "digest")
COLUMNS = "at, person, origin, action, entity, subject, before, after, digest"

pytestmark = pytest.mark.sqlite_only("they write to the file itself")


@dataclass(frozen=True)
class Tamper:
    """An attempt: what was done, and the first event that must be named; None where none can be."""

    what: str
    first_bad: int | None


Kind = Callable[[sqlite3.Connection, Random], Tamper]


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Forty events."""
    world = make_world(make_resources(tmp_path_factory.mktemp("trail") / "store.db"))
    for number in range(EVENTS):
        with writing(world.resources, world.operator) as uow:
            uow.record("person:entitled", f"person {number}", entity="ACME", after={"roles": [str(number)]})
    assert verified(world) == ChainCheck(True, EVENTS, None, "", 1)
    world.resources.store.close()
    return world


def verified(world: World) -> ChainCheck:
    return Audit(world.resources).verify(world.operations)


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


def test_every_tamper_is_found_and_the_first_bad_event_named(trail: World, tmp_path: Path) -> None:
    chance = Random(20_260_304)
    original = tmp_path / "original.db"
    shutil.copyfile(trail.resources.store.path, original)
    missed = []
    for number in range(TRIES):
        # Each kind in turn, so that none is left to chance; every other choice is.
        tamper = _tried(trail, original, KINDS[number % len(KINDS)], chance)
        found = verified(trail)
        trail.resources.store.close()
        if found.valid or not found.why or found.first_bad != tamper.first_bad:
            missed.append(f"{tamper.what}: {found}")
    shutil.copyfile(original, trail.resources.store.path)
    # The control: the same look at the same trail, untouched.
    assert verified(trail) == ChainCheck(True, EVENTS, None, "", 1)
    assert missed == []


def _tried(trail: World, original: Path, kind: Kind, chance: Random) -> Tamper:
    shutil.copyfile(original, trail.resources.store.path)
    with closing(sqlite3.connect(trail.resources.store.path)) as store, store:
        return kind(store, chance)

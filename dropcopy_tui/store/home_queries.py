"""The data of the first screen, read with the database driver alone.

Importing SQLAlchemy and SQLModel would more than double the time to the first screen (0.8 s instead of 0.3 s), so
these few queries are plain portable SQL with named parameters, which runs on any DB-API driver.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from dropcopy_tui.domain.errors import StoreBusy, StoreUnusable
from dropcopy_tui.domain.places import Place, ServerPlace
from dropcopy_tui.store.location import BUSY, PATIENCE, is_busy
from dropcopy_tui.store.row_proofs import PROVEN, Prover
from dropcopy_tui.store.vault import CHECK_KEY, vault_of

# Holders of these desk-wide roles see every entity; a role at an entity sees that entity (domain.people.MAY_VIEW).
_VISIBLE = """
    SELECT e.id FROM entity e WHERE EXISTS (
        SELECT 1 FROM entitlement t JOIN person p ON p.id = t.person_id
        WHERE p.id = :person AND NOT p.disabled
          AND (t.entity_id = e.id OR t.role IN ('gam', 'operations', 'auditor')))
"""
_PERSON = "SELECT {columns}, proof FROM person WHERE {name} = :value"
_HELD = "SELECT {columns}, proof FROM entitlement WHERE person_id = :value"
_SETTINGS = "SELECT key, value FROM setting"
_ROLES = """
    SELECT DISTINCT t.role, e.code FROM entitlement t JOIN person p ON p.id = t.person_id
    LEFT JOIN entity e ON e.id = t.entity_id WHERE p.id = :person AND NOT p.disabled
"""
_ENTITIES = f"SELECT COUNT(*) FROM ({_VISIBLE}) AS visible"  # noqa: S608 - constants of this module, no values
_GROUPS = f"""
    SELECT market, COUNT(*) FROM drop_copy_group
    WHERE deleted_at IS NULL AND entity_id IN ({_VISIBLE}) GROUP BY market
"""  # noqa: S608 - constants of this module, no values
_SESSIONS = f"SELECT kind, COUNT(*) FROM session WHERE entity_id IN ({_VISIBLE}) GROUP BY kind"  # noqa: S608
_REQUESTS = "SELECT COUNT(*) FROM request WHERE submitted_by = :person"
_NOTICES = "SELECT COUNT(*) FROM notice WHERE person_id = :person AND unread = TRUE"
_DRAFTS = """
    SELECT id, name, market, step FROM draft
    WHERE person_id = :person AND submitted_at IS NULL ORDER BY updated_at DESC, id DESC
"""
_LIVING = f"""
    SELECT s.id, s.session_id, s.market, s.kind, k.expires_at FROM key_pair k JOIN session s ON s.id = k.session_pk
    WHERE k.deleted_at IS NULL AND k.slot IS NOT NULL AND k.expires_at > :now
      AND s.status = 'active' AND s.entity_id IN ({_VISIBLE})
    ORDER BY k.expires_at
"""  # noqa: S608
_WITHOUT = f"""
    SELECT s.id, s.session_id, s.market, s.kind, MAX(k.expires_at) FROM session s
    LEFT JOIN key_pair k ON k.session_pk = s.id AND k.deleted_at IS NULL
    WHERE s.status = 'active' AND s.entity_id IN ({_VISIBLE})
    GROUP BY s.id, s.session_id, s.market, s.kind
    HAVING MAX(k.expires_at) IS NULL OR MAX(k.expires_at) <= :now
    ORDER BY MAX(k.expires_at) DESC NULLS LAST, s.session_id
"""  # noqa: S608
_TO_REVIEW = """
    SELECT r.submitted_by, COUNT(DISTINCT r.id) FROM approval a JOIN request r ON r.id = a.request_id
    WHERE a.given_at IS NULL AND r.status = 'in_progress'
      AND a.entity_id IN (
        SELECT t.entity_id FROM entitlement t JOIN person p ON p.id = t.person_id
        WHERE p.id = :person AND NOT p.disabled AND t.role = 'administrative_manager')
    GROUP BY r.submitted_by
"""
_ACCOUNTS = "SELECT id, email, mobile FROM person"


# To sshd, no answer is a refusal, and the person reads that their key is denied. It asks twice within the two minutes
# that it gives a person (LoginGraceTime).
_AT_THE_DOOR = 45.0
_SSH_KEY = "SELECT {columns}, proof FROM ssh_key WHERE fingerprint = :value"


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """An SSH key in use, as sshd takes it (type and base64 text), and the user id of its person."""

    kind: str
    blob: str
    user_id: str


@dataclass(frozen=True, slots=True)
class LivingKey:
    """A key pair that gateways accept, and its session."""

    session_pk: int
    session_id: str
    market: str
    kind: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Keyless:
    """A session without an active key pair. `expired_at` is None if no expired pair of it is kept."""

    session_pk: int
    session_id: str
    market: str
    kind: str
    expired_at: datetime | None


@dataclass(frozen=True, slots=True)
class Glance:
    """The raw data of the first screen. `person` is None if no account matches; `held` are roles with their entity."""

    person: tuple[int, str, str] | None
    sandbox: bool
    entities: int
    groups: dict[str, int]
    sessions: dict[str, int]
    requests: int
    notices: int
    drafts: tuple[tuple[int, str, str, int], ...]
    living: tuple[LivingKey, ...]
    keyless: tuple[Keyless, ...]
    to_review: int
    held: frozenset[tuple[str, str | None]] = frozenset()


class _Connection(Protocol):
    """What sqlite3 and psycopg have in common."""

    def execute(self, query: Any, params: Any, /) -> Any:
        """A cursor with the rows."""


class Looker:
    """Runs the queries on one connection. psycopg, unlike sqlite3, writes a parameter as `%(name)s`."""

    def __init__(self, connection: _Connection, percent: bool = False) -> None:
        self._connection, self._percent = connection, percent

    def all(self, question: str, **values: Any) -> list[tuple[Any, ...]]:
        """Every row of the result. A moment is given, and comes back, as the driver has it."""
        if self._percent:
            question = re.sub(r":([a-z_]+)", r"%(\1)s", question)
        else:
            values = {name: _stored(value) for name, value in values.items()}
        found: list[tuple[Any, ...]] = self._connection.execute(question, values).fetchall()
        return found

    def count(self, question: str, **values: Any) -> int:
        """The single number of the result."""
        return int(self.all(question, **values)[0][0])


@contextmanager
def looking(place: Place, patience: float = PATIENCE) -> Iterator[Looker]:
    """Open one consistent snapshot of the store. Raises StoreUnusable, StoreBusy."""
    if isinstance(place, ServerPlace):
        from dropcopy_tui.store.server import connected, driver

        with connected(place) as connection:
            connection.isolation_level, connection.read_only = driver().IsolationLevel.REPEATABLE_READ, True
            yield Looker(connection, percent=True)
    else:
        with _looking_at_file(place, patience) as ask:
            yield ask


@contextmanager
def _looking_at_file(path: Path, patience: float) -> Iterator[Looker]:
    where = f"{path.as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(where, uri=True, timeout=patience, isolation_level=None)) as store:
            store.execute("PRAGMA trusted_schema=OFF")
            store.execute("BEGIN")
            yield Looker(store)
    except (sqlite3.Error, OSError) as error:
        raise (StoreBusy(BUSY) if is_busy(error) else StoreUnusable(f"The store cannot be read ({error}).")) from None


def key_holder(place: Place, fingerprint: str, key: Path) -> KeyHolder | None:
    """Who may sign in with the SSH key of this fingerprint, asked by sshd while they wait; None for no one.

    `key` is the file of the master key: a key or an account that was changed from outside the desk lets no one in.
    Raises StoreUnusable, StoreBusy, WrongMasterKey, MasterKeyLoose, MasterKeyMissing.
    """
    with looking(place, _AT_THE_DOOR) as ask:
        prover = _prover(dict(ask.all(_SETTINGS)), key)
        held = _proven(ask, prover, "ssh_key", _SSH_KEY, fingerprint)
        people = _proven(ask, prover, "person", _PERSON, held[0]["person_id"], name="id") if held else []
    if not people or held[0]["revoked_at"] is not None or people[0]["disabled"]:
        return None
    return KeyHolder(held[0]["kind"], held[0]["blob"], people[0]["user_id"])


def _prover(facts: dict[str, str], key: Path) -> Prover | None:
    """Who checks the proofs of this store; None for one of an earlier version. Raises as `vault_of` does."""
    if not {"store_id", CHECK_KEY} <= facts.keys():
        return None  # incomplete: whoever opens it says so
    vault = vault_of(key, facts)
    vault.require_open()
    return Prover(vault) if vault.says_sealed(facts[CHECK_KEY]) else None


def _proven(
    ask: Looker, prover: Prover | None, table: str, question: str, value: object, name: str = ""
) -> list[dict[str, Any]]:
    """The rows of a question about whole rows; none where one was changed from outside the desk."""
    columns = PROVEN[table].columns
    names = [*columns, "proof"]
    if prover is None:
        question = question.replace(", proof", ", NULL")
    found = ask.all(question.format(columns=", ".join(columns), name=name), value=value)
    rows = [dict(zip(names, row, strict=True)) for row in found]
    return rows if prover is None or all(prover.holds(table, row) for row in rows) else []


def glance(place: Place, now: datetime, *, user_id: str = "", os_account: str = "", key: Path | None = None) -> Glance:
    """The first screen's data for the person with this user id or this operating-system account.

    With the file of the master key, an account or a role that was changed from outside the desk shows nothing.
    """
    with looking(place) as ask:
        settings = dict(ask.all(_SETTINGS))
        prover = _prover(settings, key) if key is not None else None
        column, value = ("user_id", user_id) if user_id else ("os_account", os_account)
        person = _person(ask, prover, column, value)
        pk = person[0] if person else 0
        return Glance(
            person=person,
            sandbox=settings.get("sandbox") == "yes",
            entities=ask.count(_ENTITIES, person=pk),
            groups=dict(ask.all(_GROUPS, person=pk)),
            sessions=dict(ask.all(_SESSIONS, person=pk)),
            requests=ask.count(_REQUESTS, person=pk),
            notices=ask.count(_NOTICES, person=pk),
            drafts=tuple(ask.all(_DRAFTS, person=pk)),
            living=_latest(ask.all(_LIVING, person=pk, now=now)),
            keyless=tuple(_keyless(row) for row in ask.all(_WITHOUT, person=pk, now=now)),
            to_review=_to_review(ask, pk),
            held=frozenset((role, entity) for role, entity in ask.all(_ROLES, person=pk)),
        )


def _person(ask: Looker, prover: Prover | None, column: str, value: str) -> tuple[int, str, str] | None:
    found = _proven(ask, prover, "person", _PERSON, value, name=column)
    if not found or found[0]["disabled"]:
        return None
    held = ask.count("SELECT COUNT(*) FROM entitlement WHERE person_id = :value", value=found[0]["id"])
    if prover is not None and len(_proven(ask, prover, "entitlement", _HELD, found[0]["id"])) != held:
        return None
    return found[0]["id"], found[0]["user_id"], found[0]["name"]


def _latest(rows: list[tuple[Any, ...]]) -> tuple[LivingKey, ...]:
    """The pair of each session that expires last: its expiry is when the session's feed stops."""
    latest = {row[0]: LivingKey(row[0], row[1], row[2], row[3], _read(row[4])) for row in rows}
    return tuple(sorted(latest.values(), key=lambda key: key.expires_at))


def _keyless(row: tuple[Any, ...]) -> Keyless:
    return Keyless(row[0], row[1], row[2], row[3], _read(row[4]) if row[4] else None)


def _to_review(ask: Looker, person: int) -> int:
    """The number of requests that the person may approve; nobody approves requests of their own accounts."""
    waiting = dict(ask.all(_TO_REVIEW, person=person))
    if not waiting:
        return 0
    from dropcopy_tui.domain.accounts import marks, same_person

    own = same_person(person, {pk: marks(email, mobile) for pk, email, mobile in ask.all(_ACCOUNTS)})
    return int(sum(count for submitter, count in waiting.items() if submitter not in own))


def _stored(value: Any) -> Any:
    """Format a time as a file keeps it: in UTC, without an offset."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


def _read(found: str | datetime) -> datetime:
    if isinstance(found, datetime):
        return found.astimezone(UTC)
    return datetime.fromisoformat(found).replace(tzinfo=UTC)
